//! `demo`: runs the gateway with a built-in sandbox IPS.

use clap::{ArgMatches, Command};

use super::error::CliError;
use super::script;
use super::serve::{base_url, log_start, run_until_signal};
use super::stdout::print_line;
use crate::app::{self, Demo, Dependencies};
use crate::config::{self, Config, Group, Sources};
use crate::http::DemoUser;
use crate::sandbox::users::{USERS, User};
use crate::sandbox::{Population, Sandbox, SandboxConfig};
use crate::server::Signals;
use crate::telemetry;

pub(super) const NAME: &str = "demo";

pub(super) fn command() -> Command {
    let groups: Vec<_> = Group::ALL.into_iter().filter(|group| *group != Group::Upstream).collect();
    Command::new(NAME)
        .about("Run the gateway with a built-in sandbox IPS, to try it out")
        .args(config::arguments(&groups))
        .arg(script::argument())
}

pub(super) async fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let script = script::read(matches)?;
    let population = Population::SeededWithHistory;
    let sandbox = Sandbox::start(SandboxConfig { population, script, ..SandboxConfig::default() })?;
    let sources = Sources::new(std::env::vars_os(), matches);
    let url = sandbox.url().parse().expect("a socket address makes a URL");
    let config = Config::read_for(&sources, url, sandbox.version().clone())?;
    let _telemetry = telemetry::init(config.log_format)?;
    let demo = Demo { note: note(), users: active_users().map(demo_user).collect() };
    let signals = Signals::listen()?;
    let reload_requests = Some(signals.reloads());
    let server = app::build(&config, Dependencies { demo: Some(demo), reload_requests, ..Dependencies::default() })?;
    log_start(&config, &sources);
    print_line(&base_url(&server))?;
    print_line(&welcome(&format!("{}{}", base_url(&server), config.listen.path_prefix)))?;
    run_until_signal(server, &signals).await?;
    sandbox.stop().await;
    Ok(())
}

fn active_users() -> impl Iterator<Item = &'static User> {
    USERS.into_iter().filter(|user| user.active)
}

/// Returns the text for the terminal: links, users, and a request to start with.
fn welcome(url: &str) -> String {
    let users: Vec<_> =
        active_users().map(|user| format!("  {} {}  {}", user.email, user.password, user.about())).collect();
    let User { email, password, .. } = USERS[0];
    let users = users.join("\n");
    format!(
        "\nBoard: {url}/\nSwagger UI: {url}/swagger-ui/\nUsers of the sandbox and their passwords:\n{users}\n\
         List the jobs of one of them:\n  curl -u {email}:{password} {url}/jobs\n"
    )
}

/// Returns a user for the sign-in page.
fn demo_user(user: &User) -> DemoUser {
    DemoUser { email: user.email, password: user.password, access_token: user.access_token, about: user.about() }
}

/// Returns the note for readers of the OpenAPI document.
fn note() -> String {
    let row = |user: &User| {
        format!(
            "| `{}` | `{}` | `{}` | {} ({}) |",
            user.email,
            user.password,
            user.access_token,
            user.about(),
            user.role.as_str()
        )
    };
    let rows: Vec<_> = active_users().map(row).collect();
    format!(
        "**This is the demo**, with a sandbox IPS in memory: every call works, and no job is real. Authorize with one of its users:\n\n\
         | e-mail | password | or token | role |\n|---|---|---|---|\n{}",
        rows.join("\n")
    )
}
