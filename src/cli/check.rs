//! `serve --check`: checks the settings and what the gateway depends on, without serving.

use super::error::CliError;
use super::stdout::print_line;
use crate::app;
use crate::config::Config;

/// Checks IPS and the shared store of a valid configuration, and prints what is right.
///
/// # Errors
/// What is wrong.
pub(super) async fn run(config: &Config) -> Result<(), CliError> {
    print_line("settings: valid")?;
    let mut errors = Vec::new();
    for (name, result) in app::check(config).await? {
        match result {
            Ok(state) => print_line(&format!("{name}: {state}"))?,
            Err(error) => errors.push(format!("{name}: {error}")),
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(CliError::Check(errors)) }
}
