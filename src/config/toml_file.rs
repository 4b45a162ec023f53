//! Reading of TOML files.

use std::path::Path;

use serde::de::DeserializeOwned;

/// Reads a TOML file.
///
/// # Errors
/// The file can't be read, or those of [`parse_toml`].
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    parse_toml(&std::fs::read_to_string(path).map_err(|error| format!("can't be read: {error}"))?)
}

/// Parses the text of a TOML file.
///
/// # Errors
/// Line and reason of an error. The line is not quoted, since it may contain a secret.
pub fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| {
        let line = 1 + text[..error.span().map_or(0, |span| span.start)].matches('\n').count();
        format!("line {line}: {}", error.message())
    })
}
