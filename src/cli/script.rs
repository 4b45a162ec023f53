//! `--script` of the commands with a sandbox: a file with faults.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, value_parser};

use super::error::CliError;
use crate::sandbox::{FaultScript, InvalidScript};

const SCRIPT: &str = "script";

/// Returns the argument with the script file.
pub(super) fn argument() -> Arg {
    Arg::new(SCRIPT)
        .long(SCRIPT)
        .value_name("FILE")
        .help("TOML file with faults that the sandbox raises, see examples/faults.toml")
        .value_parser(value_parser!(PathBuf))
}

/// Reads the script file; without one, the script is empty.
pub(super) fn read(matches: &ArgMatches) -> Result<FaultScript, CliError> {
    let Some(path) = matches.get_one::<PathBuf>(SCRIPT) else { return Ok(FaultScript::default()) };
    let invalid = |errors| CliError::Script { path: path.clone(), errors };
    let text = std::fs::read_to_string(path).map_err(|error| invalid(error.to_string()))?;
    text.parse().map_err(|errors: InvalidScript| invalid(errors.to_string()))
}
