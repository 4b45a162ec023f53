//! Who may call: anybody with IPS credentials of their own, or holders of API keys where the gateway has an account.

use std::path::Path;
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::SecretString;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::http::problem::Problem;
use crate::upstream::{Caller, CredentialSource, Credentials};

const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// What every key begins with, so that scanners for leaked secrets can know them.
const KEY_PREFIX: &str = "ipsgw_";

/// How callers are told apart.
pub enum Access {
    /// Callers bring IPS credentials, which are passed on.
    PassThrough,
    /// Callers bring an API key; IPS sees the gateway's own account.
    ApiKeys {
        /// The keys.
        keys: ApiKeys,
        /// The account.
        account: Credentials,
    },
}

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May look.
    Viewer,
    /// May submit, stop and delete, too.
    Operator,
}

/// The API keys that a file names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeys {
    #[serde(default)]
    keys: Vec<ApiKey>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKey {
    /// For the operator's eyes.
    #[expect(dead_code, reason = "tells the people who keep the file whose key it is")]
    name: String,
    hash: KeyHash,
    role: Role,
    /// Handles of the companies that its holder may see; all of the account's unless told.
    companies: Option<Arc<[String]>>,
}

/// The SHA-256 of a key: enough for 256 random bits, which nobody can guess.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct KeyHash([u8; 32]);

impl TryFrom<String> for KeyHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let hex = text.strip_prefix("sha256:").filter(|hex| hex.len() == 64 && hex.is_ascii());
        let bytes: Option<Vec<u8>> =
            hex.and_then(|hex| (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()).collect());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or("expected `sha256:` and 64 hexadecimal digits")
    }
}

/// The file of API keys can't be used.
#[derive(Debug, thiserror::Error)]
#[error("API keys in {file}: {reason}")]
pub struct InvalidKeys {
    file: String,
    reason: String,
}

impl ApiKeys {
    /// Reads the keys from a TOML file.
    ///
    /// # Errors
    /// The file can't be read, or is not what [`new_key`] writes entries for.
    pub fn read(file: &Path) -> Result<Self, InvalidKeys> {
        let invalid = |reason: String| InvalidKeys { file: file.display().to_string(), reason };
        let text = std::fs::read_to_string(file).map_err(|error| invalid(error.to_string()))?;
        toml::from_str(&text).map_err(|error| invalid(error.message().to_owned()))
    }

    /// The entry of a key: every hash is compared, in the same time whichever matches.
    fn find(&self, key: &str) -> Option<&ApiKey> {
        let hash: [u8; 32] = Sha256::digest(key).into();
        self.keys
            .iter()
            .fold(None, |found, entry| if bool::from(entry.hash.0.ct_eq(&hash)) { Some(entry) } else { found })
    }
}

/// Makes a key: it and the entry for the file, which doesn't tell it.
///
/// # Errors
/// The operating system has no random bytes.
pub fn new_key(name: &str, role: &str, companies: &[String]) -> Result<(String, String), getrandom::Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let key = format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let hex = Sha256::digest(&key).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    // A TOML basic string escapes as JSON does.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let list: Vec<_> = companies.iter().map(|company| quoted(company)).collect();
    let companies = if list.is_empty() { String::new() } else { format!("companies = [{}]\n", list.join(", ")) };
    Ok((
        key,
        format!("[[keys]]\nname = {}\nhash = \"sha256:{hex}\"\nrole = {}\n{companies}", quoted(name), quoted(role)),
    ))
}

impl Access {
    /// Who is calling, and as what.
    pub fn authenticate(&self, request: &HttpRequest) -> Result<(Caller, Role), Problem> {
        let locale = locale_of(request);
        match self {
            Self::PassThrough => {
                let caller = Caller {
                    credentials: credentials_of(request)?,
                    source: CredentialSource::Caller,
                    companies: None,
                    api_key_hash: None,
                    locale,
                };
                Ok((caller, Role::Operator))
            }
            Self::ApiKeys { keys, account } => {
                let key = keys
                    .find(presented_key(request)?)
                    .ok_or_else(|| Problem::unauthenticated("the API key is not known here"))?;
                let companies = key.companies.clone();
                let caller = Caller {
                    credentials: account.clone(),
                    source: CredentialSource::Gateway,
                    companies,
                    api_key_hash: Some(URL_SAFE_NO_PAD.encode(key.hash.0)),
                    locale,
                };
                Ok((caller, key.role))
            }
        }
    }

    /// The account that callers with API keys share.
    pub(super) fn account(&self) -> Option<&Credentials> {
        match self {
            Self::PassThrough => None,
            Self::ApiKeys { account, .. } => Some(account),
        }
    }

    /// What a client is told that sends none or the wrong credentials (RFC 9110 §11.6.1).
    pub fn challenge(&self) -> &'static str {
        match self {
            Self::PassThrough => "Basic realm=\"IPS\", charset=\"UTF-8\", Bearer realm=\"IPS\"",
            Self::ApiKeys { .. } => "Bearer realm=\"ips-gateway\"",
        }
    }

    /// What a script in a browser is told instead: to `Basic` the browser would open a dialog of its own, and the script would wait.
    pub fn challenge_to_scripts(&self) -> &'static str {
        match self {
            Self::PassThrough => "Bearer realm=\"IPS\"",
            Self::ApiKeys { .. } => self.challenge(),
        }
    }
}

/// The only value of a header. Of several, one in front of the gateway may have looked at another one than the gateway would.
fn only<'a>(request: &'a HttpRequest, name: &HeaderName) -> Result<Option<&'a HeaderValue>, Problem> {
    let mut values = request.headers().get_all(name);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Problem::bad_request(format!("the request has several `{name}` headers"))),
    }
}

/// Scheme and credentials. Neither a token (RFC 6750 §2.1) nor base64 has space in it.
fn authorization(request: &HttpRequest) -> Result<(&str, &str), Problem> {
    let header = only(request, &header::AUTHORIZATION)?
        .ok_or_else(|| Problem::unauthenticated("the request has no `Authorization` header"))?;
    let parts =
        header.to_str().ok().and_then(|text| text.trim().split_once(' ')).map(|(scheme, value)| (scheme, value.trim()));
    parts
        .filter(|(_, value)| !value.is_empty() && !value.contains(|letter: char| letter.is_ascii_whitespace()))
        .ok_or_else(unreadable)
}

fn unreadable() -> Problem {
    Problem::unauthenticated("the `Authorization` header can't be read: expected `Basic` or `Bearer` credentials")
}

fn presented_key(request: &HttpRequest) -> Result<&str, Problem> {
    if let Some(key) = only(request, &API_KEY)? {
        return key.to_str().map_err(|_| unreadable());
    }
    match authorization(request)? {
        (scheme, key) if scheme.eq_ignore_ascii_case("bearer") => Ok(key),
        _ => Err(Problem::unauthenticated("expected an API key, as `Authorization: Bearer …` or as `X-API-Key`")),
    }
}

fn credentials_of(request: &HttpRequest) -> Result<Credentials, Problem> {
    let (scheme, value) = authorization(request)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credentials::AccessToken(SecretString::from(value)));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let plain = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(unreadable)?;
    // Neither has control characters (RFC 7617 §2), and XML could not carry most of them.
    let (user, password) =
        plain.split_once(':').filter(|_| !plain.contains(char::is_control)).ok_or_else(unreadable)?;
    Ok(Credentials::Password { user: user.to_owned(), password: SecretString::from(password) })
}

/// The first language of `Accept-Language` in the form that IPS takes: `ll` or `ll-CC`.
fn locale_of(request: &HttpRequest) -> Option<String> {
    let header = request.headers().get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let first = header.split(',').next()?.split(';').next()?.trim();
    let (language, country) = first.split_once('-').map_or((first, None), |(language, rest)| (language, Some(rest)));
    let letters = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !letters(language) {
        return None;
    }
    let language = language.to_ascii_lowercase();
    Some(match country {
        Some(country) if letters(country) => format!("{language}-{}", country.to_ascii_uppercase()),
        _ => language,
    })
}
