//! The values given for settings, and the complaints about them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use secrecy::SecretString;

use super::settings::{self, CONFIG, Kind, PREFIX, SETTINGS, Setting};

/// Where values may come from. Nothing else is looked at, neither the process environment nor the command line.
#[derive(Default, Clone)]
pub struct Sources {
    /// Environment variables; only those whose name begins with `IPS_GATEWAY_` matter.
    pub variables: Vec<(OsString, OsString)>,
    /// The values of flags by key (`upstream_url` for `--upstream-url`).
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// Variables such as those of [`std::env::vars_os`], and the flags that a command with [`super::arguments`] was given.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>, matches: &ArgMatches) -> Self {
        Self { variables: variables.into_iter().collect(), flags: settings::flags(matches).collect() }
    }
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A key of the settings file.
    File(PathBuf, String),
    /// An environment variable.
    Variable(String),
    /// A flag.
    Flag(String),
    /// The table of settings.
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

/// What is wrong with the settings, all of it; one line each. Secrets aren't shown.
#[derive(Debug, Default, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Complaints(pub Vec<String>);

/// A complaint was noted, so there will be no configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noted;

/// Turns text into a value, or says what was expected instead.
pub(super) type Parse<T> = fn(&str) -> Result<T, String>;

/// The values that count: of several for one setting the one from the source with precedence.
pub(super) struct Values {
    given: BTreeMap<String, (Origin, Content)>,
    complaints: Vec<String>,
}

#[derive(Clone)]
enum Content {
    Text(String),
    List(Vec<String>),
}

impl Values {
    /// Collects the values from the settings file, then the variables, then the flags, and complains about unknown names.
    pub(super) fn collect(sources: &Sources) -> Self {
        let mut values = Self { given: BTreeMap::new(), complaints: Vec::new() };
        let variables = values.variables(&sources.variables);
        if let Some((_, path)) = sources.flags.iter().chain(&variables).find(|(key, _)| key == CONFIG) {
            values.read_file(Path::new(path));
        }
        for (key, text) in variables {
            let origin = Origin::Variable(settings::variable(&key));
            values.give(key, origin, Content::Text(text));
        }
        for (key, text) in &sources.flags {
            values.give(key.clone(), Origin::Flag(settings::flag(key)), Content::Text(text.clone()));
        }
        values
    }

    /// The variables that matter, by key. An empty one counts as not set: that is how container platforms leave them out.
    fn variables(&mut self, variables: &[(OsString, OsString)]) -> Vec<(String, String)> {
        let mut known = Vec::new();
        for (name, value) in variables {
            let Some(name) = name.to_str().filter(|name| name.starts_with(PREFIX)) else { continue };
            let Some(value) = value.to_str() else {
                self.complain(name, "is not UTF-8");
                continue;
            };
            let key = name[PREFIX.len()..].to_lowercase();
            if !known_keys().chain([CONFIG.into()]).any(|known| settings::variable(&known) == name) {
                self.complain(name, format_args!("is no setting{}", suggestion(&key, settings::variable)));
            } else if !value.is_empty() {
                known.push((key, value.to_owned()));
            }
        }
        known
    }

    fn read_file(&mut self, path: &Path) {
        let table = match read_table(path) {
            Ok(table) => table,
            Err(problem) => {
                self.complain(path.display(), problem);
                return;
            }
        };
        for (key, value) in table {
            let origin = Origin::File(path.to_owned(), key.clone());
            if !known_keys().any(|known| known == key) {
                self.complain(&origin, format_args!("is no setting{}", suggestion(&key, str::to_owned)));
            } else if let Some(content) = content(value) {
                self.give(key, origin, content);
            } else {
                self.complain(&origin, "expected a text or a list of texts");
            }
        }
    }

    fn give(&mut self, key: String, origin: Origin, content: Content) {
        self.given.insert(key, (origin, content));
    }

    /// Notes that something is wrong at `place`.
    pub(super) fn complain(&mut self, place: impl fmt::Display, problem: impl fmt::Display) -> Noted {
        self.complaints.push(format!("{place}: {problem}"));
        Noted
    }

    /// Whether anybody gave a value.
    pub(super) fn has(&self, setting: &Setting) -> bool {
        self.given(setting).is_some()
    }

    /// Where the value of a setting came from, or where it could.
    pub(super) fn place(&self, setting: &Setting) -> String {
        self.given(setting).map_or_else(|| setting.variable(), |(origin, _)| origin.to_string())
    }

    fn given(&self, setting: &Setting) -> Option<&(Origin, Content)> {
        self.given.get(setting.key).or_else(|| self.given.get(&setting.file_key()?))
    }

    /// The value of a setting that has a default.
    pub(super) fn value<T>(&mut self, setting: &'static Setting, parse: Parse<T>) -> Result<T, Noted> {
        if let Some(value) = self.optional(setting, parse)? {
            return Ok(value);
        }
        let default = setting.default.unwrap_or_default();
        parse(default)
            .map_err(|expected| self.complain(Origin::Default(setting.key), format_args!("expected {expected}")))
    }

    /// The value of a setting that may be absent.
    pub(super) fn optional<T>(&mut self, setting: &Setting, parse: Parse<T>) -> Result<Option<T>, Noted> {
        match self.given.get(setting.key).cloned() {
            None => Ok(None),
            Some((origin, Content::Text(text))) => match parse(&text) {
                Ok(value) => Ok(Some(value)),
                Err(expected) => Err(self.wrong(setting, &origin, &text, &expected)),
            },
            Some((origin, Content::List(_))) => Err(self.complain(&origin, "expected one value, not a list")),
        }
    }

    /// The values of a list; it is empty if nobody gave one.
    pub(super) fn list<T>(&mut self, setting: &Setting, parse: Parse<T>) -> Result<Vec<T>, Noted> {
        let Some((origin, content)) = self.given.get(setting.key).cloned() else { return Ok(Vec::new()) };
        let texts = match content {
            Content::Text(text) => text.split(',').map(|text| text.trim().to_owned()).collect(),
            Content::List(texts) => texts,
        };
        let results: Vec<_> = texts
            .iter()
            .map(|text| parse(text).map_err(|expected| self.wrong(setting, &origin, text, &expected)))
            .collect();
        results.into_iter().collect()
    }

    /// A secret, given as such or by the name of a file that holds it.
    pub(super) fn secret(&mut self, setting: &Setting, parse: Parse<String>) -> Result<Option<SecretString>, Noted> {
        let file = setting.file_key().and_then(|key| self.given.get(&key).cloned());
        let direct = self.given.get(setting.key).map(|(origin, _)| origin.clone());
        match (direct, file) {
            (_, None) => Ok(self.optional(setting, parse)?.map(SecretString::from)),
            (Some(direct), Some((file, _))) => {
                Err(self.complain(&direct, format!("also given by {file}; expected one of the two")))
            }
            (None, Some((origin, Content::List(_)))) => Err(self.complain(&origin, "expected one value, not a list")),
            (None, Some((origin, Content::Text(path)))) => {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| self.complain(&origin, format_args!("{path:?} can't be read: {error}")))?;
                // Editors and `echo` end a file with a line break that is no part of the secret.
                let text = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
                match parse(text) {
                    Ok(secret) => Ok(Some(secret.into())),
                    Err(expected) => Err(self.wrong(setting, &origin, text, &expected)),
                }
            }
        }
    }

    /// Notes a value that could not be parsed, without showing what may hold credentials.
    fn wrong(&mut self, setting: &Setting, origin: &Origin, text: &str, expected: &str) -> Noted {
        if setting.kind == Kind::Secret || text.contains('@') {
            self.complain(origin, format_args!("expected {expected}"))
        } else {
            self.complain(origin, format_args!("{text:?} given, expected {expected}"))
        }
    }

    /// The configuration, if there was nothing to complain about.
    pub(super) fn finish<T>(self, config: Result<T, Noted>) -> Result<T, Complaints> {
        match config {
            Ok(config) if self.complaints.is_empty() => Ok(config),
            _ => Err(Complaints(self.complaints)),
        }
    }
}

fn read_table(path: &Path) -> Result<toml::Table, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("can't be read: {error}"))?;
    text.parse::<toml::Table>().map_err(|error| {
        // Its Display would quote the line, which may hold a secret.
        let line = 1 + text[..error.span().map_or(0, |span| span.start)].matches('\n').count();
        format!("line {line}: {}", error.message())
    })
}

/// A value of the settings file; dates too, since nobody expects an API version without quotes to be one.
fn content(value: toml::Value) -> Option<Content> {
    Some(match value {
        toml::Value::String(text) => Content::Text(text),
        toml::Value::Integer(number) => Content::Text(number.to_string()),
        toml::Value::Float(number) => Content::Text(number.to_string()),
        toml::Value::Boolean(switch) => Content::Text(switch.to_string()),
        toml::Value::Datetime(date) => Content::Text(date.to_string()),
        toml::Value::Array(items) => {
            Content::List(items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>()?)
        }
        toml::Value::Table(_) => return None,
    })
}

fn known_keys() -> impl Iterator<Item = String> {
    SETTINGS.iter().flat_map(|setting| std::iter::once(setting.key.to_owned()).chain(setting.file_key()))
}

/// The known name that is closest to a wrong one, if one is close.
fn suggestion(wrong: &str, name: fn(&str) -> String) -> String {
    let similarity = |key: &String| strsim::jaro_winkler(key, wrong);
    known_keys()
        .map(|key| (similarity(&key), key))
        .filter(|(similarity, _)| *similarity > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(String::new(), |(_, key)| format!("; did you mean {}?", name(&key)))
}
