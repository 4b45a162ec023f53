//! `verify`: checks the conformance of an IPS, by calls that read, and writes a report.

mod findings;
mod markdown;
mod probes;
mod questions;
mod redaction;
mod report;
mod session;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::Utc;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use secrecy::SecretString;
use tokio::time::Instant;

use self::markdown::Markdown;
use self::probes::{ProbeOptions, Submits};
use self::redaction::Pseudonyms;
use self::report::{Report, Subject};
use self::session::{Session, Stop};
use super::error::CliError;
use super::stdout::print_line;
use crate::app;
use crate::config::{self, Group, Sources, UpstreamAccess, UpstreamConfig};
use crate::runtime::clock::Clock;
use crate::runtime::timing::Timing;
use crate::telemetry::print_error;
use crate::upstream::{Caller, CredentialSource, Credentials};

pub(super) const NAME: &str = "verify";

const SUBMIT: &str = "submit";
const OUTPUT: &str = "output";
const WATCH: &str = "watch";
/// Environment variable with an access token, instead of user and password.
const TOKEN_VARIABLE: &str = "IPS_GATEWAY_TOKEN";
/// Maximum of `--watch`.
const MAX_WATCH: Duration = Duration::from_mins(10);

pub(super) fn command() -> Command {
    Command::new(NAME)
        .about("Check the conformance of an IPS by calls that read, and write a report without names")
        .after_help(format!(
            "The credentials are those of the service account (--service-user, --service-password-file and their variables), or the access \
             token in {TOKEN_VARIABLE}. Exit status: 0 without deviations, 1 with deviations, 2 if the check could not be made."
        ))
        .args(config::arguments(&[Group::Upstream, Group::Calls, Group::Account]))
        .args([
            Arg::new(SUBMIT)
                .long(SUBMIT)
                .action(ArgAction::SetTrue)
                .help("also submit a job, for a staging system: one that is scheduled in a year, and deleted again"),
            Arg::new(WATCH)
                .long(WATCH)
                .value_name("DURATION")
                .default_value("20s")
                .value_parser(watch_time)
                .help("maximum time for which active jobs are watched until one has ended in the log; 0s for not at all"),
            Arg::new(OUTPUT).long(OUTPUT).value_name("DIR").value_parser(value_parser!(PathBuf)).help(
                "folder for verify.json and verify.md, or - for the JSON on stdout [default: the Markdown on stdout]",
            ),
        ])
}

fn watch_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time <= MAX_WATCH { Ok(time) } else { Err("expected at most 10 minutes".to_owned()) }
}

pub(super) async fn run(matches: &ArgMatches) -> Result<(), CliError> {
    let access = UpstreamAccess::read(&Sources::new(std::env::vars_os(), matches))?;
    let caller = caller(&access, std::env::var(TOKEN_VARIABLE).ok())?;
    let Some(company) = access.company else {
        return Err(CliError::Verify("--company is missing".to_owned()));
    };
    let submits = if matches.get_flag(SUBMIT) { Submits::Scheduled } else { Submits::Never };
    if submits == Submits::Scheduled {
        print_error(format!("ips-gateway: {}", probes::announcement()));
    }
    let watch = matches.get_one::<Duration>(WATCH).copied().unwrap_or_default();
    // The circuit breaker would hide the answers that the check is about.
    let upstream = UpstreamConfig { min_failures: None, ..access.upstream };
    let client = app::ips_client(&upstream, Clock::system(), Timing::default());
    let client = client.map_err(|error| CliError::Verify(error.to_string()))?;
    let (started, began) = (Utc::now(), Instant::now());
    let mut session = Session::new(client, caller, Pseudonyms::new()?, watch);
    let target = probes::run(&mut session, &company, ProbeOptions { watch, submits }).await;
    let leftover = session.leftover.take();
    let subject = Subject {
        url: upstream.url.as_str(),
        company: target.as_ref().map_or(&company, |target| &target.handle),
        version: &upstream.api_version,
        started,
        duration: began.elapsed(),
        submitted_job: (submits == Submits::Scheduled).then_some(match leftover {
            Some(_) => "it may still be scheduled",
            None => "none is left",
        }),
    };
    let report = Report::of(&session, &subject);
    if let Some(name) = leftover {
        print_error(format!("ips-gateway: the job {name} may still be scheduled: delete it"));
    }
    if let Some(error) = cannot_verify(&session, target.is_some()) {
        if session.calls() > 1 {
            write(&report, matches.get_one::<PathBuf>(OUTPUT).map(PathBuf::as_path))?;
        }
        return Err(error);
    }
    write(&report, matches.get_one::<PathBuf>(OUTPUT).map(PathBuf::as_path))?;
    match report.deviations.len() {
        0 => Ok(()),
        number => Err(CliError::Deviations(number)),
    }
}

/// Returns the caller: with the access token, or the service account.
fn caller(access: &UpstreamAccess, token: Option<String>) -> Result<Caller, CliError> {
    let credentials = match (token.filter(|token| !token.is_empty()), &access.account) {
        (Some(token), None) => Credentials::AccessToken(SecretString::from(token)),
        (None, Some(account)) => {
            Credentials::Password { user: account.user.clone(), password: account.password.clone() }
        }
        (Some(_), Some(_)) => {
            return Err(CliError::Verify(format!(
                "{TOKEN_VARIABLE} and the service account are set; expected one of the two"
            )));
        }
        (None, None) => {
            return Err(CliError::Verify(format!(
                "credentials are missing: set IPS_GATEWAY_SERVICE_USER and IPS_GATEWAY_SERVICE_PASSWORD, or {TOKEN_VARIABLE}"
            )));
        }
    };
    Ok(Caller::new(credentials, CredentialSource::Caller))
}

/// Returns why the check could not be made.
fn cannot_verify(session: &Session, is_found: bool) -> Option<CliError> {
    let reason = match &session.stopped {
        Some(Stop::NoAnswer { message, .. }) => format!("IPS gave no answer: {message}"),
        Some(Stop::Credentials(fault)) => format!("IPS rejects the credentials: {fault}"),
        Some(Stop::Limit(limit)) => format!("the limit of {limit} of a check is reached"),
        None if !is_found => "the company was not found".to_owned(),
        None => return None,
    };
    Some(CliError::Verify(reason))
}

/// Writes the report to stdout, or to a folder.
fn write(report: &Report, output: Option<&Path>) -> Result<(), CliError> {
    let json = serde_json::to_string_pretty(report).map_err(io::Error::from);
    let json = json.map_err(|error| CliError::Verify(error.to_string()))?;
    match output {
        None => print_line(Markdown(report).to_string().trim_end())?,
        Some(path) if path == Path::new("-") => print_line(&json)?,
        Some(folder) => {
            let files = [("verify.json", json + "\n"), ("verify.md", Markdown(report).to_string())];
            for (name, text) in files {
                let path = folder.join(name);
                let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, text));
                written.map_err(|error| CliError::Verify(format!("can't write {}: {error}", path.display())))?;
                print_line(&path.display().to_string())?;
            }
        }
    }
    Ok(())
}
