//! Reading of TOML files.

use std::path::Path;

use serde::de::DeserializeOwned;

/// Reads a TOML file.
///
/// # Errors
/// The file can't be read, or line and reason of an error in it. The line is not quoted, since it may contain a secret.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("can't be read: {error}"))?;
    toml::from_str(&text).map_err(|error| {
        let line = 1 + text[..error.span().map_or(0, |span| span.start)].matches('\n').count();
        format!("line {line}: {}", error.message())
    })
}
