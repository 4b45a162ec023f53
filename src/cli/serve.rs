//! `serve`: runs the gateway.

use clap::{ArgMatches, Command};

use super::error::CliError;
use super::stdout::print_line;
use crate::app::{self, Dependencies};
use crate::config::{self, Config, Group, Sources};
use crate::server::{Server, Signals};
use crate::telemetry;

pub(super) const NAME: &str = "serve";

pub(super) fn command() -> Command {
    Command::new(NAME).about("Run the gateway").args(config::arguments(&Group::ALL))
}

pub(super) async fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let config = Config::read(&Sources::new(std::env::vars_os(), matches))?;
    let _telemetry = telemetry::init(config.log_format)?;
    let signals = Signals::listen()?;
    let dependencies = Dependencies { reload_requests: Some(signals.reloads()), ..Dependencies::default() };
    let server = app::build(&config, dependencies)?;
    print_line(&base_url(&server))?;
    run_until_signal(server, &signals).await
}

/// Returns the URL of the server, without the path prefix.
pub(super) fn base_url(server: &Server) -> String {
    format!("http://{}", server.address())
}

/// Serves until the first shutdown signal, and to the end of the graceful shutdown; a second signal exits the process immediately.
pub(super) async fn run_until_signal(server: Server, signals: &Signals) -> Result<(), CliError> {
    tokio::select! {
        result = server.run_until(signals.count(1)) => Ok(result?),
        () = signals.count(2) => {
            telemetry::print_error("ips-gateway: second signal: exiting immediately".to_owned());
            // No destructors: neither the export of the remaining spans nor a blocked thread may delay the exit.
            std::process::exit(1)
        }
    }
}
