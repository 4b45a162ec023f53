//! Sources of values: settings file, environment variables and flags, in order of increasing precedence. Collects the errors in them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use secrecy::SecretString;

use super::flags;
use super::parse::Expected;
use super::settings::{self, CONFIG, PREFIX, SETTINGS, Setting, ValueKind};
use super::toml_file::read_toml;

/// Variables of the client commands: address, user, password, token, and file of credentials. They are no settings of a gateway, and ignored by one that
/// is started in the same environment.
pub const CLIENT_VARIABLES: [&str; 5] =
    ["IPS_GATEWAY_URL", "IPS_GATEWAY_USER", "IPS_GATEWAY_PASSWORD", "IPS_GATEWAY_TOKEN", "IPS_GATEWAY_CREDENTIALS"];

/// Environment variables and flags. Process environment and command line are not read directly, so that tests can replace them.
#[derive(Default, Clone)]
pub struct Sources {
    /// Environment variables; those without the prefix `IPS_GATEWAY_` are ignored.
    pub variables: Vec<(OsString, OsString)>,
    /// Values of flags by key (`upstream_url` for `--upstream-url`).
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// Takes environment variables, as from [`std::env::vars_os`], and the flags of a command with [`super::arguments`].
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, matches: &ArgMatches) -> Self {
        Self { variables: variables.into_iter().collect(), flags: flags::values(matches).collect() }
    }
}

/// Origin of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// Key of the settings file.
    File(PathBuf, String),
    /// Environment variable.
    Variable(String),
    /// Flag.
    Flag(String),
    /// Default of the setting with this key.
    Default(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, key) => write!(f, "{}: {key}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
            Self::Default(key) => write!(f, "default of {key}"),
        }
    }
}

/// All errors in the settings, one line each, with the origin of the value. Secrets aren't shown.
#[derive(Debug, Default, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct ConfigErrors(pub Vec<String>);

/// Marker of an error that was reported to [`Values`]: [`Values::finish`] returns no configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reported;

/// Values by key, each from the source with the highest precedence, and the reported errors.
pub(super) struct Values {
    given: BTreeMap<String, (Origin, RawValue)>,
    errors: Vec<String>,
}

/// Value before it is parsed.
#[derive(Clone)]
enum RawValue {
    Text(String),
    List(Vec<String>),
}

impl Values {
    /// Reads the settings file, then the variables, then the flags, and reports unknown names.
    pub(super) fn collect(sources: &Sources) -> Self {
        let mut values = Self { given: BTreeMap::new(), errors: Vec::new() };
        let variables = values.known_variables(&sources.variables);
        if let Some((_, path)) = sources.flags.iter().chain(&variables).find(|(key, _)| key == CONFIG) {
            values.read_file(Path::new(path));
        }
        for (key, text) in variables {
            let origin = Origin::Variable(settings::variable(&key));
            values.given.insert(key, (origin, RawValue::Text(text)));
        }
        for (key, text) in &sources.flags {
            let origin = Origin::Flag(settings::flag(key));
            values.given.insert(key.clone(), (origin, RawValue::Text(text.clone())));
        }
        values
    }

    /// Returns the variables of settings, by key. An empty variable counts as not set, since some container platforms can't omit one.
    fn known_variables(&mut self, variables: &[(OsString, OsString)]) -> Vec<(String, String)> {
        let mut known = Vec::new();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX) && !CLIENT_VARIABLES.contains(name))
            else {
                continue;
            };
            let Some(value) = value.to_str() else {
                self.report(name, "is not UTF-8");
                continue;
            };
            let key = name[PREFIX.len()..].to_lowercase();
            if !known_keys().chain([CONFIG.into()]).any(|known| settings::variable(&known) == name) {
                self.report(name, format_args!("is not a setting{}", suggestion(&key, settings::variable)));
            } else if !value.is_empty() {
                known.push((key, value.to_owned()));
            }
        }
        known
    }

    fn read_file(&mut self, path: &Path) {
        let table = match read_toml::<toml::Table>(path) {
            Ok(table) => table,
            Err(error) => {
                self.report(path.display(), error);
                return;
            }
        };
        for (key, value) in table {
            let origin = Origin::File(path.to_owned(), key.clone());
            if !known_keys().any(|known| known == key) {
                self.report(&origin, format_args!("is not a setting{}", suggestion(&key, str::to_owned)));
            } else if let Some(value) = raw_value(value) {
                self.given.insert(key, (origin, value));
            } else {
                self.report(&origin, "expected a string or an array of strings");
            }
        }
    }

    /// Returns the settings with another value than their default, as `key=value`; secrets, and values that may contain credentials, as
    /// `key=[redacted]`.
    pub(super) fn changed(&self) -> Vec<String> {
        let text = |setting: &Setting, key: &str, value: &RawValue| {
            let value = match value {
                RawValue::Text(text) => text.clone(),
                RawValue::List(texts) => texts.join(","),
            };
            let is_secret = setting.kind == ValueKind::Secret && key == setting.key;
            let shown = if is_secret || value.contains('@') { "[redacted]" } else { &value };
            (Some(&*value) != setting.default).then(|| format!("{key}={shown}"))
        };
        let keys = SETTINGS.iter().flat_map(|setting| {
            std::iter::once(setting.key.to_owned()).chain(setting.file_key()).map(move |key| (setting, key))
        });
        keys.filter_map(|(setting, key)| text(setting, &key, &self.given.get(&key)?.1)).collect()
    }

    /// Reports an error at `place`.
    pub(super) fn report(&mut self, place: impl fmt::Display, error: impl fmt::Display) -> Reported {
        self.errors.push(format!("{place}: {error}"));
        Reported
    }

    /// Returns whether a source has a value.
    pub(super) fn has(&self, setting: &Setting) -> bool {
        self.given(setting).is_some()
    }

    /// Returns the origin of the value of a setting; the name of its variable if no source has one.
    pub(super) fn place(&self, setting: &Setting) -> String {
        self.given(setting).map_or_else(|| setting.variable(), |(origin, _)| origin.to_string())
    }

    fn given(&self, setting: &Setting) -> Option<&(Origin, RawValue)> {
        self.given.get(setting.key).or_else(|| self.given.get(&setting.file_key()?))
    }

    fn given_or_default(&self, setting: &Setting) -> Option<(Origin, RawValue)> {
        let default = || Some((Origin::Default(setting.key), RawValue::Text(setting.default?.to_owned())));
        self.given.get(setting.key).cloned().or_else(default)
    }

    /// Parses the value of a required setting, or its default.
    pub(super) fn required<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, Expected>,
    ) -> Result<T, Reported> {
        match self.optional(setting, parse)? {
            Some(value) => Ok(value),
            None => Err(self.report(self.place(setting), "is missing")),
        }
    }

    /// Parses the value of a setting, or its default; `None` if there is neither.
    pub(super) fn optional<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, Expected>,
    ) -> Result<Option<T>, Reported> {
        match self.given_or_default(setting) {
            None => Ok(None),
            Some((origin, RawValue::Text(text))) => match parse(&text) {
                Ok(value) => Ok(Some(value)),
                Err(expected) => Err(self.report_invalid(setting, &origin, &text, &expected)),
            },
            Some((origin, RawValue::List(_))) => Err(self.report(&origin, "expected one value, not a list")),
        }
    }

    /// Parses the values of a list, or its default; empty if there is neither.
    pub(super) fn list<T>(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<T, Expected>,
    ) -> Result<Vec<T>, Reported> {
        let Some((origin, value)) = self.given_or_default(setting) else { return Ok(Vec::new()) };
        let texts = match value {
            RawValue::Text(text) => text.split(',').map(|text| text.trim().to_owned()).collect(),
            RawValue::List(texts) => texts,
        };
        let results: Vec<_> = texts
            .iter()
            .map(|text| parse(text).map_err(|expected| self.report_invalid(setting, &origin, text, &expected)))
            .collect();
        results.into_iter().collect()
    }

    /// Parses a secret, which is the value of the setting or the content of the file that it names.
    pub(super) fn secret(
        &mut self,
        setting: &Setting,
        parse: impl Fn(&str) -> Result<String, Expected>,
    ) -> Result<Option<SecretString>, Reported> {
        let file = setting.file_key().and_then(|key| self.given.get(&key).cloned());
        let direct = self.given.get(setting.key).map(|(origin, _)| origin.clone());
        match (direct, file) {
            (_, None) => Ok(self.optional(setting, parse)?.map(SecretString::from)),
            (Some(direct), Some((file, _))) => {
                Err(self.report(&direct, format!("also given by {file}; expected one of the two")))
            }
            (None, Some((origin, RawValue::List(_)))) => Err(self.report(&origin, "expected one value, not a list")),
            (None, Some((origin, RawValue::Text(path)))) => {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| self.report(&origin, format_args!("{path:?} can't be read: {error}")))?;
                // Editors and `echo` append a line break, which isn't part of the secret.
                let text = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
                match parse(text) {
                    Ok(secret) => Ok(Some(secret.into())),
                    Err(expected) => Err(self.report_invalid(setting, &origin, text, &expected)),
                }
            }
        }
    }

    /// Reports an invalid value, without the value if it may contain credentials.
    fn report_invalid(&mut self, setting: &Setting, origin: &Origin, text: &str, expected: &Expected) -> Reported {
        if setting.kind == ValueKind::Secret || text.contains('@') {
            self.report(origin, expected)
        } else {
            self.report(origin, format_args!("{text:?} given, {expected}"))
        }
    }

    /// Returns the configuration, or all errors if any was reported.
    pub(super) fn finish<T>(self, config: Result<T, Reported>) -> Result<T, ConfigErrors> {
        match config {
            Ok(config) if self.errors.is_empty() => Ok(config),
            _ => Err(ConfigErrors(self.errors)),
        }
    }
}

/// Converts a value of the settings file. Dates are accepted, since an API version without quotes is a date in TOML.
fn raw_value(value: toml::Value) -> Option<RawValue> {
    Some(match value {
        toml::Value::String(text) => RawValue::Text(text),
        toml::Value::Integer(number) => RawValue::Text(number.to_string()),
        toml::Value::Float(number) => RawValue::Text(number.to_string()),
        toml::Value::Boolean(switch) => RawValue::Text(switch.to_string()),
        toml::Value::Datetime(date) => RawValue::Text(date.to_string()),
        toml::Value::Array(items) => {
            RawValue::List(items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?)
        }
        toml::Value::Table(_) => return None,
    })
}

fn known_keys() -> impl Iterator<Item = String> {
    SETTINGS.iter().flat_map(|setting| std::iter::once(setting.key.to_owned()).chain(setting.file_key()))
}

/// Returns a hint with the known name that is most similar to an unknown one, if one is similar enough.
fn suggestion(unknown: &str, name: fn(&str) -> String) -> String {
    let similarity = |key: &String| strsim::jaro_winkler(key, unknown);
    known_keys()
        .map(|key| (similarity(&key), key))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(String::new(), |(_, key)| format!("; did you mean {}?", name(&key)))
}
