//! Commands that change something, and those that wait for the end: `submit`, `retry`, `validate`, `wait`, `watch` and the actions.

use std::io::{self, IsTerminal, Read};
use std::process::ExitCode;

use clap::ArgMatches;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use serde_json::Value;

use super::connection::{GatewayConnection, GatewayRequest, job_path};
use super::error::ClientError;
use super::follow::{FollowLimits, Retries, follow_job, follow_list};
use super::members::{JobMembers, exit_status};
use super::output::{ProgressOutput, hint, print};
use super::read::{description, print_json};
use super::text::printable;

pub(super) async fn submit(connection: &GatewayConnection, matches: &ArgMatches) -> Result<ExitCode, ClientError> {
    submit_once(connection, submit_request("jobs", matches)?, matches, |answer| answer).await
}

/// Submits a job for the failed items of a completed one, or shows them with `--dry-run`.
pub(super) async fn retry(
    connection: &GatewayConnection,
    id: &str,
    matches: &ArgMatches,
) -> Result<ExitCode, ClientError> {
    let request = submit_request(&format!("{}/retry", job_path(id)), matches)?;
    if !matches.get_flag("dry-run") {
        return submit_once(connection, request, matches, retried_job).await;
    }
    let plan = connection.send(&request.query([("dryRun", "true".to_owned())])).await?.json()?;
    if !print_json(matches, &plan)? {
        for item in plan["items"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            print(&printable(item))?;
        }
        hint_unmapped(&plan);
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns the new job of a retry, and says on stderr what it leaves out.
fn retried_job(retry: &Value) -> &Value {
    hint_unmapped(retry);
    &retry["job"]
}

/// Prints the failed items that are not retried to stderr.
fn hint_unmapped(retry: &Value) {
    for item in retry["unmapped"].as_array().into_iter().flatten() {
        let text = |name: &str| item[name].as_str().map(printable);
        let name = text("assetName").or_else(|| text("assetHandle")).unwrap_or("an item without a name".into());
        hint(&format!("not retried: {name}: {}", text("detail").unwrap_or_default()));
    }
    if retry["truncated"] == true {
        hint("the log is longer: failed items after its first 10,000 entries are not retried");
    }
}

/// Sends a submit, which its idempotency key makes happen once, and follows its job if `--wait` asks for it. `job_of` finds the job in the answer.
async fn submit_once(
    connection: &GatewayConnection,
    request: GatewayRequest,
    matches: &ArgMatches,
    job_of: fn(&Value) -> &Value,
) -> Result<ExitCode, ClientError> {
    let key = match matches.get_one::<String>("idempotency-key") {
        Some(key) => key.clone(),
        None => random_key()?,
    };
    let header = HeaderValue::from_str(&key);
    let header = header.map_err(|_| ClientError::Usage("an idempotency key has printable characters only".into()))?;
    let request = request.header(HeaderName::from_static("idempotency-key"), header);
    let limits = FollowLimits::new(matches);
    let is_waiting = matches.get_flag("wait");
    let sending = send_until_answered(connection, &request, limits);
    let sent = tokio::select! {
        sent = sending => sent,
        Ok(()) = tokio::signal::ctrl_c() => Err(ClientError::Interrupted(format!(
            "interrupted; IPS may have the job. The same submit with --idempotency-key {key} finds it, and submits it at most once"
        ))),
    };
    let id = match sent {
        Ok(answer) => {
            let id = JobMembers(job_of(&answer)).id().to_owned();
            match (is_waiting, matches.get_flag("json")) {
                (false, true) => print(&answer.to_string())?,
                (true, true) => {}
                (_, false) => print(&id)?,
            }
            if !is_waiting {
                if io::stderr().is_terminal() {
                    hint(&format!("submitted; to follow it: ips-gateway jobs watch '{id}'"));
                }
                return Ok(ExitCode::SUCCESS);
            }
            id
        }
        Err(ClientError::Refused(refusal)) if refusal.code() == "submit-outcome-unknown" => {
            let Some(id) = refusal.job().map(str::to_owned) else { return Err(ClientError::Refused(refusal)) };
            if !matches.get_flag("json") {
                print(&id)?;
            }
            if !is_waiting {
                let text = format!("{refusal}\nto find out: ips-gateway jobs wait '{id}'");
                return Err(ClientError::Lost(text));
            }
            hint(&format!("ips-gateway: {refusal}"));
            id
        }
        Err(error) => return Err(error),
    };
    wait_for(connection, &id, limits.of_submitted_job(), matches).await
}

/// Sends a submit until it is answered for certain. The idempotency key makes it happen once.
async fn send_until_answered(
    connection: &GatewayConnection,
    request: &GatewayRequest,
    limits: FollowLimits,
) -> Result<Value, ClientError> {
    let mut retries = Retries::new(limits.retry_for);
    let mut output = ProgressOutput::silent();
    loop {
        match connection.send(request).await {
            Ok(answer) => return answer.json(),
            Err(error) if error.is_transient() => {
                retries.pause(&error, &mut output).await.map_err(|()| error)?;
            }
            Err(error) => return Err(error),
        }
    }
}

pub(super) async fn validate(connection: &GatewayConnection, matches: &ArgMatches) -> Result<(), ClientError> {
    let validation = connection.send(&submit_request("jobs/validate", matches)?).await?.json()?;
    if print_json(matches, &validation)? {
        return Ok(());
    }
    print("valid")?;
    for warning in validation["warnings"].as_array().into_iter().flatten() {
        let text = |name: &str| printable(warning[name].as_str().unwrap_or_default());
        print(&format!("warning: {}: {}", text("pointer"), text("detail")))?;
    }
    let runs: Vec<_> = validation["nextRuns"].as_array().into_iter().flatten().collect();
    if !runs.is_empty() {
        let zone = validation["timeZone"].as_str().unwrap_or("unknown");
        print(&format!("next runs, in the time zone of the IPS server ({}) and in UTC:", printable(zone)))?;
    }
    for run in runs {
        let text = |name: &str| printable(run[name].as_str().unwrap_or("-"));
        print(&format!("  {}  {}", text("local"), text("utc")))?;
    }
    Ok(())
}

fn submit_request(path: &str, matches: &ArgMatches) -> Result<GatewayRequest, ClientError> {
    let file = matches.get_one::<String>("file").map_or("-", String::as_str);
    let body = if file == "-" {
        if io::stdin().is_terminal() {
            hint("reading the JSON of the job from this terminal; Ctrl-D ends it");
        }
        let mut body = String::new();
        io::stdin().lock().read_to_string(&mut body).map(|_| body)
    } else {
        std::fs::read_to_string(file)
    };
    let body = body.map_err(|error| ClientError::Usage(format!("{file}: {error}")))?;
    let request = GatewayRequest::new(Method::POST, path).json(body);
    Ok(if matches.get_flag("same-name") { request.query([("uniqueName", "false".to_owned())]) } else { request })
}

/// Makes an idempotency key of 128 random bits.
fn random_key() -> Result<String, ClientError> {
    let random = getrandom::u64().and_then(|high| Ok((high, getrandom::u64()?)));
    let (high, low) = random.map_err(|error| ClientError::Usage(format!("no random bytes: {error}")))?;
    Ok(format!("{high:016x}{low:016x}"))
}

pub(super) async fn wait(
    connection: &GatewayConnection,
    id: &str,
    matches: &ArgMatches,
) -> Result<ExitCode, ClientError> {
    wait_for(connection, id, FollowLimits::new(matches), matches).await
}

async fn wait_for(
    connection: &GatewayConnection,
    id: &str,
    limits: FollowLimits,
    matches: &ArgMatches,
) -> Result<ExitCode, ClientError> {
    let mut output = if matches.get_flag("quiet") { ProgressOutput::silent() } else { ProgressOutput::stderr() };
    let job = follow_job(connection, id, limits, &mut output).await?;
    let outcome = JobMembers(&job).outcome(limits.end).unwrap_or("unknown").to_owned();
    let printed = if matches.get_flag("json") { print(&job.to_string()) } else { print(&outcome) };
    // The outcome is the exit status, also if stdout is closed.
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(exit_status(&outcome).into()),
    }
}

pub(super) async fn watch(connection: &GatewayConnection, matches: &ArgMatches) -> Result<ExitCode, ClientError> {
    let mut output = if matches.get_flag("json") { ProgressOutput::json() } else { ProgressOutput::stdout() };
    let Some(id) = matches.get_one::<String>("job") else {
        follow_list(connection, matches, &mut output).await?;
        return Ok(ExitCode::SUCCESS);
    };
    let limits = FollowLimits::new(matches);
    let job = follow_job(connection, id, limits, &mut output).await?;
    let outcome = JobMembers(&job).outcome(limits.end).unwrap_or("unknown");
    Ok(if matches.get_flag("exit-status") { exit_status(outcome).into() } else { ExitCode::SUCCESS })
}

/// Sends `stop`, `pause`, `resume` or `execute`, and shows the job as it is afterwards.
pub(super) async fn act(
    connection: &GatewayConnection,
    id: &str,
    action: &str,
    matches: &ArgMatches,
) -> Result<(), ClientError> {
    let request = GatewayRequest::new(Method::POST, format!("{}/{action}", job_path(id)));
    let job = connection.send(&request).await?.json()?;
    if !print_json(matches, &job)? {
        print(&description(&job))?;
    }
    Ok(())
}

pub(super) async fn delete(connection: &GatewayConnection, id: &str) -> Result<(), ClientError> {
    connection.send(&GatewayRequest::new(Method::DELETE, job_path(id))).await?;
    hint("deleted");
    Ok(())
}
