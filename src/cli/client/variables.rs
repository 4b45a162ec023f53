//! Environment variables of the client commands.

use super::error::ClientError;
use crate::config::CLIENT_VARIABLES;

const NAMES: [&str; 5] = CLIENT_VARIABLES;

pub(super) const GATEWAY: &str = NAMES[0];
pub(super) const USER: &str = NAMES[1];
pub(super) const PASSWORD: &str = NAMES[2];
pub(super) const TOKEN: &str = NAMES[3];
pub(super) const CREDENTIALS: &str = NAMES[4];

/// Reads a variable; an empty one counts as not set.
pub(super) fn read(name: &str) -> Result<Option<String>, ClientError> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(ClientError::Usage(format!("{name} is not UTF-8"))),
    }
}
