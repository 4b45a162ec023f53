//! The command line: `serve`, `sandbox`, `demo`, `openapi` and `healthcheck`.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ips_gateway::app::{self, Dependencies};
use ips_gateway::config::{self, Address, Complaints, Config, Group, LogFormat, Sources, Upstream};
use ips_gateway::http::DemoUser;
use ips_gateway::http::openapi::{Version, in_version};
use ips_gateway::http::openapi_document;
use ips_gateway::ips::types::ApiVersion;
use ips_gateway::sandbox::users::{USERS, User};
use ips_gateway::sandbox::{Sandbox, SandboxConfig};
use ips_gateway::server::{Server, Signals};
use ips_gateway::{healthcheck, telemetry};

/// Answers of IPS become many small strings: this allocator is quicker with them, and gives memory back without a pause.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn command() -> Command {
    use Group::{Address, Callers, Operation, Time, Upstream};
    Command::new("ips-gateway")
        .about("A REST/JSON gateway for the jobs of Adobe's Image Production System (IPS)")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            Command::new("serve")
                .about("Serve the gateway")
                .args(config::arguments(&[Address, Upstream, Callers, Time, Operation])),
            Command::new("demo")
                .about("Serve the gateway over a sandbox IPS of its own, to try it out")
                .args(config::arguments(&[Address, Callers, Time, Operation])),
            Command::new("sandbox").about("Serve the sandbox IPS alone, over SOAP").args([
                Arg::new("listen")
                    .long("listen")
                    .value_name("ADDRESS")
                    .help("address and port to listen on; port 0 picks a free one")
                    .default_value("127.0.0.1:8081"),
                Arg::new("api_version")
                    .long("api-version")
                    .value_name("VERSION")
                    .help("IPS API version to speak [default: the newest]")
                    .value_parser(value_parser!(ApiVersion)),
            ]),
            Command::new("key").about("Manage API keys").subcommand_required(true).subcommand(
                Command::new("new")
                    .about("Make an API key: prints it once, and the entry for the file of API keys")
                    .args([
                        Arg::new("name").required(true).help("whose key it is"),
                        Arg::new("role")
                            .long("role")
                            .value_parser(["viewer", "operator"])
                            .default_value("viewer")
                            .help("what it is good for"),
                        Arg::new("company").long("company").value_name("HANDLE").action(ArgAction::Append).help(
                            "a company that its holder may see, by its handle; all of the account's unless given",
                        ),
                    ]),
            ),
            Command::new("openapi").about("Print the OpenAPI document of the gateway").arg(
                Arg::new("version")
                    .long("version")
                    .value_parser(Version::ALL.map(Version::name))
                    .default_value(Version::V3_1.name())
                    .help("the version of OpenAPI"),
            ),
            Command::new("healthcheck")
                .about("Succeed if the gateway with the same settings lives")
                .args(config::arguments(&[Address])),
        ])
}

#[tokio::main]
async fn main() -> ExitCode {
    let matches = command().get_matches();
    let result = match matches.subcommand() {
        Some(("serve", matches)) => serve(matches).await,
        Some(("demo", matches)) => demo(matches).await,
        Some(("sandbox", matches)) => sandbox(matches).await,
        Some(("key", matches)) => key(matches),
        Some(("openapi", matches)) => openapi(matches),
        Some(("healthcheck", matches)) => return check_health(matches),
        _ => unreachable!("clap requires one of the subcommands"),
    };
    let Err(error) = result else { return ExitCode::SUCCESS };
    if let Some(complaints) = error.downcast_ref::<Complaints>() {
        eprintln!("ips-gateway can't start with these settings:\n{complaints}");
        return ExitCode::from(2);
    }
    eprintln!("ips-gateway: {error}{}", hint(&*error));
    ExitCode::FAILURE
}

async fn serve(matches: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let config = Config::read(&sources(matches))?;
    let _telemetry = telemetry::init(config.log_format)?;
    let server = app::build(&config, Dependencies::default())?;
    let signals = Signals::listen()?;
    announce(&base_url(&server))?;
    run(server, &signals).await
}

/// Serves until the process is asked to end, and to the end of what is under way unless it is asked again.
async fn run(server: Server, signals: &Signals) -> Result<(), Box<dyn Error>> {
    // Shells and containers often begin with 1,024 open files, and each connection is one. As many as may be; fewer will do.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    tokio::select! {
        ended = server.run_until(signals.count(1)) => Ok(ended?),
        () = signals.count(2) => {
            eprintln!("ips-gateway: told twice to end, so it did at once");
            // Not even for the last traces, or a thread that is held up.
            std::process::exit(1)
        }
    }
}

async fn demo(matches: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start(SandboxConfig::default())?;
    let upstream = Upstream { url: sandbox.url().parse()? };
    let config = Config::read_for(&sources(matches), upstream, sandbox.version().clone())?;
    let _telemetry = telemetry::init(config.log_format)?;
    let server =
        app::build(&config, Dependencies { note: Some(note()), users: demo_users(), ..Dependencies::default() })?;
    let signals = Signals::listen()?;
    announce(&base_url(&server))?;
    announce(&welcome(&format!("{}{}", base_url(&server), config.path_prefix)))?;
    run(server, &signals).await?;
    sandbox.stop().await;
    Ok(())
}

async fn sandbox(matches: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let mut config = SandboxConfig::default();
    if let Some(listen) = matches.get_one::<String>("listen") {
        config.listen.clone_from(listen);
    }
    if let Some(version) = matches.get_one::<ApiVersion>("api_version") {
        config.version.clone_from(version);
    }
    let _telemetry = telemetry::init(LogFormat::Auto)?;
    let sandbox = Sandbox::start(config)?;
    let signals = Signals::listen()?;
    announce(&sandbox.url())?;
    signals.count(1).await;
    sandbox.stop().await;
    Ok(())
}

fn openapi(matches: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let name = matches.get_one::<String>("version").map_or(Version::V3_1.name(), String::as_str);
    let version = Version::ALL.into_iter().find(|version| version.name() == name).unwrap_or(Version::V3_1);
    Ok(announce(&format!("{:#}", in_version(openapi_document(), version)))?)
}

fn key(matches: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let Some(("new", matches)) = matches.subcommand() else { unreachable!("clap requires the subcommand") };
    let text = |id: &str| matches.get_one::<String>(id).map(String::as_str).unwrap_or_default();
    let companies: Vec<_> = matches.get_many::<String>("company").unwrap_or_default().cloned().collect();
    let (key, entry) = ips_gateway::http::new_key(text("name"), text("role"), &companies)?;
    Ok(announce(&format!("{key}\n\nThe key is not kept anywhere. Add this to the file of API keys:\n\n{entry}"))?)
}

/// Says no more than yes or no: Docker reserves the other exit codes.
fn check_health(matches: &ArgMatches) -> ExitCode {
    let result = Address::read(&sources(matches))
        .map_err(Box::<dyn Error>::from)
        .and_then(|address| Ok(healthcheck::probe(&address, Duration::from_secs(2))?));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("ips-gateway is not healthy: {error}");
            ExitCode::FAILURE
        }
    }
}

fn sources(matches: &ArgMatches) -> Sources {
    Sources::new(std::env::vars_os(), matches)
}

fn base_url(server: &Server) -> String {
    format!("http://{}", server.address())
}

fn welcome(url: &str) -> String {
    let users = USERS.iter().filter(|user| user.active);
    let users: Vec<_> = users.map(|user| format!("  {} {}", user.email, user.password)).collect();
    let user = USERS[0];
    format!(
        "\nWatch jobs in the browser: {url}/\nTry every call there: {url}/swagger-ui/\nUsers of the sandbox and their passwords:\n{}\n\
         The jobs of one of them:\n  curl -u {}:{} {url}/jobs\n",
        users.join("\n"),
        user.email,
        user.password,
    )
}

/// For those who sign in on a page.
fn demo_users() -> Vec<DemoUser> {
    let user = |user: &User| DemoUser {
        email: user.email,
        password: user.password,
        access_token: user.access_token,
        about: user.about(),
    };
    USERS.iter().filter(|user| user.active).map(|active| user(active)).collect()
}

/// For readers of the OpenAPI document.
fn note() -> String {
    let users = USERS.iter().filter(|user| user.active);
    let row = |user: &&User| {
        format!("| `{}` | `{}` | `{}` | {} |", user.email, user.password, user.access_token, user.role.as_str())
    };
    let rows: Vec<_> = users.map(row).collect();
    format!(
        "**This is the demo**, over a sandbox IPS in memory: every call works, nothing is real. Authorize with one of its users:\n\n\
         | e-mail | password | or token | role |\n|---|---|---|---|\n{}",
        rows.join("\n")
    )
}

/// Prints at once. That nobody reads (any more) is no reason to stop.
fn announce(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{text}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// What to do about an address that is in use.
fn hint(error: &(dyn Error + 'static)) -> &'static str {
    match error.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::AddrInUse) => "; choose another address with --listen, or port 0 for any free one",
        _ => error.source().map_or("", hint),
    }
}
