//! Credentials of the client commands: from a prompt, a file, or the environment; never from an argument, which other users of the machine can read.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use clap::ArgMatches;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use super::error::ClientError;
use super::variables::{self, CREDENTIALS, PASSWORD, TOKEN, USER};

/// Credentials of a user, or a token: an access token of IMS or an API key of the gateway. Also the content of a file of credentials, in TOML.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    user: Option<String>,
    #[serde(default, deserialize_with = "secret")]
    password: Option<SecretString>,
    #[serde(default, deserialize_with = "secret")]
    token: Option<SecretString>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    String::deserialize(deserializer).map(|text| Some(text.into()))
}

/// Returns the value of `Authorization`.
///
/// `--user` takes precedence over `--credentials`, flags over the environment.
pub(super) fn authorization(matches: &ArgMatches) -> Result<HeaderValue, ClientError> {
    let flag = |id: &str| matches.get_one::<String>(id).cloned();
    let credentials = if let Some(user) = flag("user") {
        let password = rpassword::prompt_password(format!("Password of {user}: "));
        let password = password.map_err(|error| {
            ClientError::Usage(format!(
                "no terminal to ask for the password ({error}); set {USER} and {PASSWORD}, or use --credentials FILE"
            ))
        })?;
        Credentials { user: Some(user), password: Some(password.into()), token: None }
    } else if let Some(path) = flag("credentials") {
        read_file(Path::new(&path))?
    } else {
        let of_environment = Credentials {
            user: variables::read(USER)?,
            password: variables::read(PASSWORD)?.map(Into::into),
            token: variables::read(TOKEN)?.map(Into::into),
        };
        match (of_environment, variables::read(CREDENTIALS)?) {
            (Credentials { user: None, password: None, token: None }, Some(path)) => read_file(Path::new(&path))?,
            (of_environment, _) => of_environment,
        }
    };
    credentials.header()
}

fn read_file(path: &Path) -> Result<Credentials, ClientError> {
    let usage = |error: &dyn std::fmt::Display| ClientError::Usage(format!("{}: {error}", path.display()));
    let mut file = File::open(path).map_err(|error| usage(&error))?;
    check_permissions(&file, path)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| usage(&error))?;
    // The error of the parser would show the line with the password.
    toml::from_str(&text).map_err(|_| usage(&"is not TOML with user and password, or with token"))
}

/// Refuses a file that other users can read or write.
#[cfg(unix)]
fn check_permissions(file: &File, path: &Path) -> Result<(), ClientError> {
    use std::os::unix::fs::MetadataExt;

    let mode = file.metadata()?.mode() & 0o777;
    let of_others = mode & 0o077;
    if of_others == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(ClientError::Usage(format!("{path}: other users have access to it (mode {mode:o}): chmod 600 {path}")))
}

#[cfg(not(unix))]
fn check_permissions(_: &File, _: &Path) -> Result<(), ClientError> {
    Ok(())
}

impl Credentials {
    fn header(self) -> Result<HeaderValue, ClientError> {
        let value: SecretString = match (self.user, self.password, self.token) {
            (Some(user), Some(_), None) if user.contains(':') => {
                return Err(ClientError::Usage("a user name has no colon".into()));
            }
            (Some(user), Some(password), None) => {
                let pair: SecretString = format!("{user}:{}", password.expose_secret()).into();
                format!("Basic {}", BASE64_STANDARD.encode(pair.expose_secret())).into()
            }
            (None, None, Some(token)) => format!("Bearer {}", token.expose_secret()).into(),
            (None, None, None) => {
                return Err(ClientError::Usage(format!(
                    "no credentials: set {USER} and {PASSWORD}, or {TOKEN}, or use --credentials FILE or --user EMAIL"
                )));
            }
            _ => return Err(ClientError::Usage("credentials are either user and password, or token".into())),
        };
        let header = HeaderValue::from_str(value.expose_secret());
        let mut header = header.map_err(|_| ClientError::Usage("a token has no control characters".into()))?;
        header.set_sensitive(true);
        Ok(header)
    }
}
