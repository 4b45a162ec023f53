//! Command line, one command per file.

mod check;
mod client;
mod completions;
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
            completions::command(),
            verify::command(),
        ])
        .subcommands(client::commands())
}

/// Reads the command line and runs its command. The exit status of an invalid command line is 2, of `jobs` and `history` 64.
pub async fn run_command_line() -> ExitCode {
    match command().try_get_matches() {
        Ok(matches) => run(&matches).await,
        Err(error) => {
            // Also the help and the version, whose exit status is 0. A closed stdout is not an error.
            let _ = error.print();
            let is_client = std::env::args().nth(1).is_some_and(|name| client::NAMES.contains(&name.as_str()));
            match u8::try_from(error.exit_code()) {
                Ok(0) => ExitCode::SUCCESS,
                _ if is_client => client::USAGE_ERROR.into(),
                Ok(code) => code.into(),
                Err(_) => ExitCode::FAILURE,
            }
        }
    }
}

/// Runs the command of the command line. An error is printed to stderr. The exit status is 0, 2 for errors in the settings, or 1 for others;
/// those of `jobs` and `history` are in `docs/cli.md`.
async fn run(matches: &ArgMatches) -> ExitCode {
    install_tls_provider();
    let result = match matches.subcommand() {
        Some((serve::NAME, matches)) => serve::run(matches).await,
        Some((demo::NAME, matches)) => demo::run(matches).await,
        Some((sandbox::NAME, matches)) => sandbox::run(matches).await,
        Some((key::NAME, matches)) => key::run(matches),
        Some((openapi::NAME, matches)) => openapi::run(matches),
        Some((healthcheck::NAME, matches)) => healthcheck::run(matches).await,
        Some((verify::NAME, matches)) => verify::run(matches).await,
        Some((completions::NAME, matches)) => completions::run(matches, command()),
        Some((name, matches)) => return client::run(name, matches).await,
        None => unreachable!("clap requires one of the commands"),
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
