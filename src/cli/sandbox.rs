//! `sandbox`: runs only the sandbox IPS, over SOAP.

use clap::{Arg, ArgMatches, Command, value_parser};

use super::error::CliError;
use super::script;
use super::stdout::print_line;
use crate::config::LogFormat;
use crate::ips::types::ApiVersion;
use crate::sandbox::{Sandbox, SandboxConfig};
use crate::server::Signals;
use crate::telemetry;

pub(super) const NAME: &str = "sandbox";

pub(super) fn command() -> Command {
    Command::new(NAME).about("Run only the sandbox IPS, over SOAP").args([
        Arg::new("listen")
            .long("listen")
            .value_name("ADDRESS")
            .help("address and port to listen on; port 0 picks a free port, which the URL on stdout names")
            .default_value("127.0.0.1:8081"),
        Arg::new("api_version")
            .long("api-version")
            .value_name("VERSION")
            .help("API version of the WSDL at ?wsdl [default: the newest]; requests may be of any version")
            .value_parser(value_parser!(ApiVersion)),
        script::argument(),
    ])
}

pub(super) async fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let mut config = SandboxConfig { script: script::read(matches)?, ..SandboxConfig::default() };
    if let Some(listen) = matches.get_one::<String>("listen") {
        config.listen.clone_from(listen);
    }
    if let Some(version) = matches.get_one::<ApiVersion>("api_version") {
        config.version.clone_from(version);
    }
    let _telemetry = telemetry::init(LogFormat::Auto)?;
    let sandbox = Sandbox::start(config)?;
    let signals = Signals::listen()?;
    print_line(&sandbox.url())?;
    signals.count(1).await;
    sandbox.stop().await;
    Ok(())
}
