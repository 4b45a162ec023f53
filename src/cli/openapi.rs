//! `openapi`: prints the OpenAPI document.

use clap::{Arg, ArgMatches, Command};

use super::error::CliError;
use super::stdout::print_line;
use crate::http::openapi::{Version, committed, in_version};

pub(super) const NAME: &str = "openapi";

pub(super) fn command() -> Command {
    Command::new(NAME).about("Print the OpenAPI document of the gateway").arg(
        Arg::new("version")
            .long("version")
            .value_name("VERSION")
            .value_parser(Version::ALL.map(Version::name))
            .default_value(Version::V3_1.name())
            .help("OpenAPI version"),
    )
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let name = matches.get_one::<String>("version").map_or(Version::V3_1.name(), String::as_str);
    let version = Version::ALL.into_iter().find(|version| version.name() == name).unwrap_or(Version::V3_1);
    print_line(&format!("{:#}", in_version(committed(), version)))?;
    Ok(())
}
