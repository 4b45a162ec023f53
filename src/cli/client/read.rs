//! Commands that read: `list`, `get`, `log`, `results`, `history`, `job-stats` and `publish-queue`.

use std::time::Duration;

use clap::ArgMatches;
use serde_json::Value;

use super::args;
use super::connection::{GatewayConnection, GatewayRequest, job_path};
use super::error::ClientError;
use super::export;
use super::members::{JobMembers, ROW_HEADER, with_percent};
use super::output::{hint, print};
use super::text::{local_time, printable, table};

pub(super) async fn list(connection: &GatewayConnection, matches: &ArgMatches) -> Result<(), ClientError> {
    let list = connection.send(&GatewayRequest::get("jobs").query(args::query(matches))).await?.json()?;
    if !print_json(matches, &list)? {
        print_jobs(&list, "jobs")?;
        if JobMembers(&list).is_stale() {
            hint(&format!("IPS does not answer; the list is of {}", JobMembers(&list).time("observedAt")));
        }
        let denied: Vec<_> = items(&list, "denied").filter_map(Value::as_str).collect();
        if !denied.is_empty() {
            hint(&format!("without {}: your role in IPS may not read them", denied.join(", ")));
        }
    }
    Ok(())
}

pub(super) async fn history(connection: &GatewayConnection, matches: &ArgMatches) -> Result<(), ClientError> {
    let mut query = args::query(matches);
    let request = GatewayRequest::get("job-logs");
    if let Some(format) = matches.get_one::<String>("format") {
        return export::copy(connection, request.query(query), format).await;
    }
    if !matches.get_flag("json") && query.iter().all(|(name, _)| *name != "limit") {
        query.push(("limit", "50".into()));
    }
    let list = connection.send(&request.query(query)).await?.json()?;
    if !print_json(matches, &list)? {
        print_jobs(&list, "logs")?;
    }
    Ok(())
}

pub(super) async fn job_stats(connection: &GatewayConnection, matches: &ArgMatches) -> Result<(), ClientError> {
    let stats = connection.send(&GatewayRequest::get("job-stats").query(args::query(matches))).await?.json()?;
    if print_json(matches, &stats)? {
        return Ok(());
    }
    let span = JobMembers(&stats);
    hint(&format!("{} jobs from {} to {}", stats["jobs"], span.time("from"), span.time("to")));
    let rows: Vec<_> = items(&stats, "groups").map(stats_row).collect();
    if !rows.is_empty() {
        print(&table(STATS_HEADER, rows))?;
    }
    if let Some(more) = stats["moreGroups"].as_u64() {
        hint(&format!("{more} more groups are not shown"));
    }
    if stats["complete"] == false {
        hint(&format!("older jobs are not counted: only those since {}", span.time("countedFrom")));
    }
    Ok(())
}

/// Header of [`stats_row`].
const STATS_HEADER: [&str; 10] =
    ["KIND", "JOBS", "SUCCEEDED", "WARNINGS", "FAILED", "STOPPED", "UNKNOWN", "MEDIAN", "95 %", "SUBMITTED BY"];

/// Returns the row of a group of statistics.
fn stats_row(group: &Value) -> [String; 10] {
    let text = |name: &str| group[name].as_str().unwrap_or_default().to_owned();
    let outcome = |name: &str| group["outcomes"][name].as_u64().unwrap_or_default().to_string();
    let duration = |name: &str| group["duration"][name].as_f64().map(rounded_duration).unwrap_or_default();
    [
        text("kind"),
        group["jobs"].to_string(),
        outcome("succeeded"),
        outcome("succeededWithWarnings"),
        outcome("failed"),
        outcome("stopped"),
        outcome("unknown"),
        duration("median"),
        duration("p95"),
        text("submittedBy"),
    ]
}

/// Shows seconds in whole units, such as `3m 1s`.
fn rounded_duration(seconds: f64) -> String {
    let duration = Duration::try_from_secs_f64(seconds.round()).unwrap_or_default();
    humantime::format_duration(duration).to_string()
}

pub(super) async fn publish_queue(connection: &GatewayConnection, matches: &ArgMatches) -> Result<(), ClientError> {
    let queue = connection.send(&GatewayRequest::get("publish-queue")).await?.json()?;
    if print_json(matches, &queue)? {
        return Ok(());
    }
    let rows: Vec<_> = items(&queue, "running").chain(items(&queue, "waiting")).map(queue_row).collect();
    if rows.is_empty() {
        hint("no publish runs or waits");
    } else {
        print(&table(QUEUE_HEADER, rows))?;
    }
    if queue["complete"] == false {
        hint("publishes that wait may be missing: this API version of IPS does not list them for certain");
    }
    if JobMembers(&queue).is_stale() {
        hint(&format!("IPS does not answer; the list is of {}", JobMembers(&queue).time("observedAt")));
    }
    Ok(())
}

/// Header of [`queue_row`].
const QUEUE_HEADER: [&str; 8] = ["STATE", "%", "KIND", "STARTED", "EXPECTED END", "SUBMITTED BY", "TITLE", "ID"];

/// Returns the row of a publish that runs or waits.
fn queue_row(publish: &Value) -> [String; 8] {
    let job = JobMembers(publish);
    [
        job.state().to_owned(),
        job.percent_text(),
        job.text("kind").to_owned(),
        job.time("startedAt"),
        JobMembers(&publish["expectedEnd"]).time("at"),
        job.text("submittedBy").to_owned(),
        job.title(),
        job.id().to_owned(),
    ]
}

/// Prints a table of jobs, and how to get those that it lacks.
fn print_jobs(list: &Value, member: &str) -> Result<(), ClientError> {
    let rows: Vec<_> = items(list, member).map(|job| JobMembers(job).row()).collect();
    if rows.is_empty() {
        hint("no jobs");
    } else {
        print(&table(ROW_HEADER, rows))?;
    }
    if let Some(next) = list["next"].as_str() {
        hint(&format!("more with --cursor {next}"));
    }
    if list["truncated"] == true {
        hint("some jobs are missing: see truncated in the documentation of the API");
    }
    let unreadable = items(list, "badItems").count();
    if unreadable > 0 {
        hint(&format!("{unreadable} jobs are missing, since IPS sent no name and no handle; --json shows them"));
    }
    Ok(())
}

pub(super) async fn get(connection: &GatewayConnection, id: &str, matches: &ArgMatches) -> Result<(), ClientError> {
    let job = connection.send(&GatewayRequest::get(job_path(id))).await?.json()?;
    if !print_json(matches, &job)? {
        print(&description(&job))?;
    }
    Ok(())
}

/// Describes a job, a line for each member that it has.
pub(super) fn description(value: &Value) -> String {
    let job = JobMembers(value);
    let actions: Vec<_> = items(value, "actions").filter_map(Value::as_str).collect();
    let mut lines = vec![
        ("id", job.id().to_owned()),
        ("title", job.title()),
        ("kind", job.text("kind").to_owned()),
        ("state", with_percent(job.state(), value)),
        ("message", job.text("progressMessage").to_owned()),
        ("chain", job.chain_text().unwrap_or_default()),
        ("submitted by", job.text("submittedBy").to_owned()),
        ("waits for", job.text("waitsFor").to_owned()),
        ("started", job.time("startedAt")),
        ("expected end", JobMembers(&value["expectedEnd"]).time("at")),
        ("ended", job.time("endedAt")),
        ("next run", job.time("nextRunAt")),
        ("schedule", job.text("execSchedule").to_owned()),
        ("description", job.text("description").to_owned()),
        ("fatal error", job.text("fatalError").to_owned()),
        ("actions", actions.join(", ")),
    ];
    for follow_on in job.follow_ons() {
        let follow_on_job = JobMembers(follow_on);
        let state = with_percent(follow_on_job.state(), follow_on);
        lines.push(("follow-on job", format!("{state}  {}  {}", follow_on_job.text("kind"), follow_on_job.id())));
    }
    if job.is_stale() {
        lines.push(("stale", format!("IPS does not answer; this is of {}", job.time("observedAt"))));
    }
    if value["unconfirmed"] == true {
        lines.push(("unconfirmed", "it is not known yet whether IPS has this job".into()));
    }
    let lines = lines.into_iter().filter(|(_, text)| !text.is_empty());
    lines.map(|(name, text)| format!("{name:15}{}", printable(&text))).collect::<Vec<_>>().join("\n")
}

pub(super) async fn log(connection: &GatewayConnection, id: &str, matches: &ArgMatches) -> Result<(), ClientError> {
    let request = GatewayRequest::get(format!("{}/log", job_path(id))).query(args::query(matches));
    if let Some(format) = matches.get_one::<String>("format") {
        return export::copy(connection, request, format).await;
    }
    let log = connection.send(&request).await?.json()?;
    if print_json(matches, &log)? {
        return Ok(());
    }
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let rows: Vec<_> = items(&log, "entries")
        .map(|entry| {
            let time = local_time(&text(entry, "dateCreated"));
            [time, text(entry, "level"), text(entry, "assetName"), text(entry, "logMessage")]
        })
        .collect();
    print_page(&log, "entries", (!rows.is_empty()).then(|| table(["TIME", "LEVEL", "ASSET", "MESSAGE"], rows)))
}

pub(super) async fn results(connection: &GatewayConnection, id: &str, matches: &ArgMatches) -> Result<(), ClientError> {
    let request = GatewayRequest::get(format!("{}/results", job_path(id))).query(args::query(matches));
    if let Some(format) = matches.get_one::<String>("format") {
        return export::copy(connection, request, format).await;
    }
    let results = connection.send(&request).await?.json()?;
    if print_json(matches, &results)? {
        return Ok(());
    }
    for link in items(&results, "links") {
        print(&printable(link["url"].as_str().unwrap_or_default()))?;
    }
    let text = |asset: &Value, name: &str| asset[name].as_str().unwrap_or_default().to_owned();
    let rows: Vec<_> = items(&results, "assets")
        .map(|asset| {
            let reason = asset["reasons"][0].as_str().map_or_else(|| text(asset, "message"), str::to_owned);
            [text(asset, "status"), text(asset, "assetName"), text(asset, "assetHandle"), reason]
        })
        .collect();
    print_page(&results, "assets", (!rows.is_empty()).then(|| table(["STATUS", "ASSET", "HANDLE", "MESSAGE"], rows)))
}

/// Prints the table of a page, and how much there is beside it.
fn print_page(page: &Value, things: &str, table: Option<String>) -> Result<(), ClientError> {
    match table {
        Some(table) => print(&table)?,
        None => hint(&format!("no {things}")),
    }
    let number = |name: &str| page[name].as_u64().unwrap_or_default();
    let shown = number("page") * number("perPage");
    if shown < number("total") {
        let next = number("page") + 1;
        hint(&format!("page {} of {} {things}; the next one: --page {next}", number("page"), number("total")));
    }
    if page["truncated"] == true {
        hint("the log is longer: only its first 10,000 entries were read; --format ndjson reads all");
    }
    if page["complete"] == false {
        hint("the job is not completed: more may come");
    }
    Ok(())
}

/// Prints the value if `--json` asks for it.
pub(super) fn print_json(matches: &ArgMatches, value: &Value) -> Result<bool, ClientError> {
    let is_json = matches.get_flag("json");
    if is_json {
        print(&value.to_string())?;
    }
    Ok(is_json)
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}
