//! `jobs` and `history`: client of a running gateway.

mod args;
mod change;
mod connection;
mod credentials;
mod error;
mod export;
mod follow;
mod members;
mod output;
mod read;
mod refusal;
mod text;
mod variables;

use std::process::ExitCode;

use clap::{ArgMatches, Command};

use self::connection::Connection;
use self::error::{ClientError, USAGE};

/// Names of the commands of the client.
pub(super) const NAMES: [&str; 2] = [args::JOBS, args::HISTORY];

/// Exit status of invalid arguments of a command of the client.
pub(super) const USAGE_ERROR: u8 = USAGE;

pub(super) fn commands() -> [Command; 2] {
    [args::jobs(), args::history()]
}

/// Runs a command of the client. The exit status is an outcome or that of an error, see `docs/cli.md`.
pub(super) async fn run(name: &str, matches: &ArgMatches) -> ExitCode {
    let result = match matches.subcommand() {
        _ if name == args::HISTORY => run_history(matches).await,
        Some((command, matches)) => run_jobs(command, matches).await,
        None => unreachable!("clap requires one of the commands"),
    };
    result.unwrap_or_else(|error| {
        if error.is_closed_stdout() {
            return ExitCode::SUCCESS;
        }
        output::hint(&format!("ips-gateway: {error}"));
        error.exit_code()
    })
}

async fn run_history(matches: &ArgMatches) -> Result<ExitCode, ClientError> {
    read::history(&Connection::new(matches)?, matches).await?;
    Ok(ExitCode::SUCCESS)
}

async fn run_jobs(command: &str, matches: &ArgMatches) -> Result<ExitCode, ClientError> {
    let connection = Connection::new(matches)?;
    let job = matches.try_get_one::<String>("job").ok().flatten().map(String::as_str).unwrap_or_default();
    match command {
        "list" => read::list(&connection, matches).await?,
        "get" => read::get(&connection, job, matches).await?,
        "log" => read::log(&connection, job, matches).await?,
        "results" => read::results(&connection, job, matches).await?,
        "submit" => return change::submit(&connection, matches).await,
        "validate" => change::validate(&connection, matches).await?,
        "watch" => return change::watch(&connection, matches).await,
        "wait" => return change::wait(&connection, job, matches).await,
        "delete" => change::delete(&connection, job).await?,
        action => change::act(&connection, job, action, matches).await?,
    }
    Ok(ExitCode::SUCCESS)
}
