//! Command line, one command per file.

mod check;
mod demo;
mod error;
mod healthcheck;
mod key;
mod openapi;
mod sandbox;
mod script;
mod serve;
mod stdout;
mod verify;

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use crate::app::install_tls_provider;
use crate::telemetry::print_error;

/// Returns the definition of the command line.
#[must_use]
pub fn command() -> Command {
    Command::new("ips-gateway")
        .about("REST/JSON gateway for the job API of Adobe's Image Production System (IPS)")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            serve::command(),
            demo::command(),
            sandbox::command(),
            key::command(),
            openapi::command(),
            healthcheck::command(),
            verify::command(),
        ])
}

/// Runs the command of the command line. An error is printed to stderr. The exit status is 0, 2 for errors in the settings, or 1 for others.
pub async fn run(matches: &ArgMatches) -> ExitCode {
    install_tls_provider();
    let result = match matches.subcommand() {
        Some((serve::NAME, matches)) => serve::run(matches).await,
        Some((demo::NAME, matches)) => demo::run(matches).await,
        Some((sandbox::NAME, matches)) => sandbox::run(matches).await,
        Some((key::NAME, matches)) => key::run(matches),
        Some((openapi::NAME, matches)) => openapi::run(matches),
        Some((healthcheck::NAME, matches)) => healthcheck::run(matches).await,
        Some((verify::NAME, matches)) => verify::run(matches).await,
        _ => unreachable!("clap requires one of the commands"),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(format!("ips-gateway: {error}{}", error.hint()));
            error.exit_code()
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_of_the_command_line_is_valid() {
        super::command().debug_assert();
    }
}
