//! `serve`: runs the gateway.

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::check;
use super::error::CliError;
use super::stdout::print_line;
use crate::app::{self, Dependencies};
use crate::config::{self, Config, Group, Sources};
use crate::server::{Server, Signals};
use crate::telemetry;

pub(super) const NAME: &str = "serve";
const CHECK: &str = "check";

pub(super) fn command() -> Command {
    let check = Arg::new(CHECK).long(CHECK).action(ArgAction::SetTrue);
    let check = check.help("check the settings, IPS and the shared store, and exit: with 0 if all are right");
    Command::new(NAME).about("Run the gateway").args(config::arguments(&Group::ALL)).arg(check)
}

pub(super) async fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let sources = Sources::new(std::env::vars_os(), matches);
    let config = Config::read(&sources)?;
    if matches.get_flag(CHECK) {
        return check::run(&config).await;
    }
    let _telemetry = telemetry::init(config.log_format)?;
    let signals = Signals::listen()?;
    let dependencies = Dependencies { reload_requests: Some(signals.reloads()), ..Dependencies::default() };
    let server = app::build(&config, dependencies)?;
    log_start(&config, &sources);
    print_line(&base_url(&server))?;
    run_until_signal(server, &signals).await
}

/// Logs what runs: version, IPS, and the settings that differ from their defaults.
pub(super) fn log_start(config: &Config, sources: &Sources) {
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        upstream = config.upstream.url.as_str(),
        api_version = config.upstream.api_version.to_string(),
        settings = config::changed_settings(sources).join(" "),
        "started"
    );
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
