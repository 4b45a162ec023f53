//! API keys: the file of their hashes, roles and companies, and new keys.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use constant_time_eq::constant_time_eq;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::config::parse_toml;
use crate::http::request_context::Role;

/// Prefix of all keys, by which scanners for leaked secrets recognize them.
const KEY_PREFIX: &str = "ipsgw_";

/// API keys of a gateway with a service account.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeys {
    #[serde(default)]
    keys: Vec<ApiKey>,
}

/// Entry of an API key.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    name: Arc<str>,
    hash: KeyHash,
    role: Role,
    companies: Option<Arc<[String]>>,
}

/// SHA-256 hash of a key. Keys have 256 random bits, so that a slow hash is not necessary.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct KeyHash([u8; 32]);

impl KeyHash {
    fn of(key: &str) -> Self {
        Self(Sha256::digest(key).into())
    }
}

impl TryFrom<String> for KeyHash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let hex = text
            .strip_prefix("sha256:")
            .filter(|hex| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let bytes: Option<Vec<u8>> =
            hex.and_then(|hex| (0..32).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()).collect());
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or("expected `sha256:` and 64 hexadecimal digits")
    }
}

/// Error of a file of API keys that can't be read or parsed.
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
    /// The file can't be read, has other entries than those of [`new_key`], or has the same hash twice.
    pub fn read(file: &Path) -> Result<Self, InvalidKeys> {
        Self::parse(file, &Self::content(file))
    }

    /// Returns the content of a file of API keys, or the reason why it can't be read.
    pub(super) fn content(file: &Path) -> Result<String, String> {
        std::fs::read_to_string(file).map_err(|error| format!("can't be read: {error}"))
    }

    /// Parses the result of [`ApiKeys::content`].
    ///
    /// # Errors
    /// Those of [`ApiKeys::read`].
    pub(super) fn parse(file: &Path, content: &Result<String, String>) -> Result<Self, InvalidKeys> {
        let invalid = |reason: String| InvalidKeys { file: file.display().to_string(), reason };
        let keys: Self = parse_toml(content.as_ref().map_err(|reason| invalid(reason.clone()))?).map_err(invalid)?;
        let mut names = HashMap::new();
        for ApiKey { name, hash, .. } in &keys.keys {
            if let Some(other) = names.insert(hash.0, name) {
                return Err(invalid(format!("{other:?} and {name:?} have the same hash")));
            }
        }
        Ok(keys)
    }

    /// Returns the entry of a key. The time that it takes doesn't depend on which entry matches.
    pub(super) fn find(&self, key: &str) -> Option<&ApiKey> {
        let hash = KeyHash::of(key);
        self.keys
            .iter()
            .fold(None, |found, entry| if constant_time_eq(&entry.hash.0, &hash.0) { Some(entry) } else { found })
    }

    /// Returns the entry of the key with this hash, as of [`ApiKey::hash`].
    pub(super) fn find_by_hash(&self, hash: &str) -> Option<&ApiKey> {
        self.keys.iter().find(|key| key.hash() == hash)
    }

    /// Returns the number of keys.
    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }
}

impl ApiKey {
    /// Returns the name.
    pub(super) fn name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// Returns the role.
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// Returns the handles of the permitted companies; `None`: all of the service account.
    pub(super) fn companies(&self) -> Option<Arc<[String]>> {
        self.companies.clone()
    }

    /// Returns the hash of the key, in base64.
    pub(super) fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.hash.0)
    }
}

/// Creates an API key: returns the key and its entry for the file of API keys, which contains only the hash of the key. Without `companies`
/// the key permits all companies of the service account.
///
/// # Errors
/// The operating system has no random bytes.
pub fn new_key(name: &str, role: Role, companies: &[String]) -> Result<(String, String), getrandom::Error> {
    let mut random = [0; 32];
    getrandom::fill(&mut random)?;
    let key = format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
    let hash = KeyHash::of(&key).0.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    // A TOML basic string has the escapes of a JSON string.
    let quote = |text: &str| serde_json::Value::from(text).to_string();
    let list: Vec<_> = companies.iter().map(|company| quote(company)).collect();
    let companies = if list.is_empty() { String::new() } else { format!("companies = [{}]\n", list.join(", ")) };
    let (name, role) = (quote(name), quote(role.name()));
    Ok((key, format!("[[keys]]\nname = {name}\nhash = \"sha256:{hash}\"\nrole = {role}\n{companies}")))
}
