//! `jobs`, `history`, `job-stats` and `publish-queue`: client of a running gateway.

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

use self::connection::GatewayConnection;
use self::error::{ClientError, USAGE};

/// Names of the commands of the client.
pub(super) const NAMES: [&str; 4] = [args::JOBS, args::HISTORY, args::JOB_STATS, args::PUBLISH_QUEUE];

/// Exit status of invalid arguments of a command of the client.
pub(super) const USAGE_ERROR: u8 = USAGE;

pub(super) fn commands() -> [Command; 4] {
    [args::jobs(), args::history(), args::job_stats(), args::publish_queue()]
}

/// Runs a command of the client. The exit status is an outcome or that of an error, see `docs/cli.md`.
pub(super) async fn run(name: &str, matches: &ArgMatches) -> ExitCode {
    let result = match matches.subcommand() {
        Some((command, matches)) => run_jobs(command, matches).await,
        None => run_report(name, matches).await,
    };
    result.unwrap_or_else(|error| {
        if error.is_closed_stdout() {
            return ExitCode::SUCCESS;
        }
        output::hint(&format!("ips-gateway: {error}"));
        error.exit_code()
    })
}

/// Runs a command that has no commands of its own.
async fn run_report(name: &str, matches: &ArgMatches) -> Result<ExitCode, ClientError> {
    let connection = GatewayConnection::new(matches)?;
    match name {
        args::HISTORY => read::history(&connection, matches).await?,
        args::JOB_STATS => read::job_stats(&connection, matches).await?,
        args::PUBLISH_QUEUE => read::publish_queue(&connection, matches).await?,
        _ => unreachable!("clap requires one of the commands"),
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_jobs(command: &str, matches: &ArgMatches) -> Result<ExitCode, ClientError> {
    let connection = GatewayConnection::new(matches)?;
    let job = matches.try_get_one::<String>("job").ok().flatten().map(String::as_str).unwrap_or_default();
    match command {
        "list" => read::list(&connection, matches).await?,
        "get" => read::get(&connection, job, matches).await?,
        "log" => read::log(&connection, job, matches).await?,
        "results" => read::results(&connection, job, matches).await?,
        "submit" => return change::submit(&connection, matches).await,
        "retry" => return change::retry(&connection, job, matches).await,
        "validate" => change::validate(&connection, matches).await?,
        "watch" => return change::watch(&connection, matches).await,
        "wait" => return change::wait(&connection, job, matches).await,
        "delete" => change::delete(&connection, job).await?,
        action => change::act(&connection, job, action, matches).await?,
    }
    Ok(ExitCode::SUCCESS)
}
