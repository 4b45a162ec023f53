//! Definition of the client commands.

use std::time::Duration;

use chrono::{SecondsFormat, Utc};
use clap::{Arg, ArgAction, ArgMatches, Command};

/// Name of the command for jobs.
pub(super) const JOBS: &str = "jobs";
/// Name of the command for completed jobs of any span.
pub(super) const HISTORY: &str = "history";
/// Name of the command for statistics of completed jobs.
pub(super) const JOB_STATS: &str = "job-stats";
/// Name of the command for publishes that run or wait.
pub(super) const PUBLISH_QUEUE: &str = "publish-queue";

/// Flag that becomes a parameter of the query.
struct QueryFlag {
    parameter: &'static str,
    flag: &'static str,
    value: &'static str,
    help: &'static str,
}

const fn flag(parameter: &'static str, flag: &'static str, value: &'static str, help: &'static str) -> QueryFlag {
    QueryFlag { parameter, flag, value, help }
}

/// Flags that select jobs.
const JOB_FILTERS: [QueryFlag; 11] = [
    flag("phase", "phase", "PHASE,…", "active (default), scheduled, completed"),
    flag("status", "status", "STATUS,…", "waiting, running, paused, stopping, finalizing, completed, …"),
    flag("outcome", "outcome", "OUTCOME,…", "succeeded, succeededWithWarnings, failed, stopped, unknown"),
    flag("kind", "kind", "KIND,…", "such as uploadUrls or imageServingPublish"),
    flag("type", "type", "TYPE,…", "type of IPS"),
    flag("originalName", "original-name", "NAME", "exact name of IPS"),
    flag("submittedBy", "submitted-by", "EMAIL", "user who submitted the job"),
    flag("userHandle", "user-handle", "HANDLE", "handle of the user who submitted the job; of completed jobs only"),
    flag("from", "from", "TIME", "not started before this time (RFC 3339), or age such as 2h or 7d"),
    flag("to", "to", "TIME", "not started after this time, or age"),
    flag("q", "q", "TEXT", "text in title, name, description or submitter"),
];

const ORDER: QueryFlag = flag("sort", "sort", "FIELD", "order, with a - before it for descending, such as -startDate");
const LOG_ORDER: QueryFlag = flag("sort", "sort", "FIELD", "order: date or logType, with a - before it for descending");
const LIMIT: QueryFlag = flag("limit", "limit", "N", "number of jobs of a page, up to 1000");
const CURSOR: QueryFlag = flag("cursor", "cursor", "CURSOR", "place of the next page");
const PAGE: QueryFlag = flag("page", "page", "N", "number of the page, from 1");
const PER_PAGE: QueryFlag = flag("perPage", "per-page", "N", "number of entries of a page");
const LEVEL: QueryFlag = flag("level", "level", "LEVEL", "error, warning or info");
const LOG_TEXT: QueryFlag = flag("q", "q", "TEXT", "text in messages and names of assets");
const RESULT_STATUS: QueryFlag = flag("status", "status", "STATUS,…", "ok, warning, error, canceled");

impl QueryFlag {
    fn arg(&self) -> Arg {
        let is_sort = self.parameter == ORDER.parameter;
        Arg::new(self.parameter).long(self.flag).value_name(self.value).help(self.help).allow_hyphen_values(is_sort)
    }
}

/// Returns the definition of `jobs`.
pub(super) fn jobs() -> Command {
    let job = |name: &'static str, about: &'static str| Command::new(name).about(about).arg(job_arg().required(true));
    let filters = || JOB_FILTERS.iter().map(QueryFlag::arg);
    Command::new(JOBS)
        .about("List, submit, follow and stop jobs through a running gateway")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(connection_args())
        .subcommands([
            Command::new("list")
                .about("List jobs: the active ones, unless others are selected")
                .args(filters())
                .args([ORDER, LIMIT, CURSOR].iter().map(QueryFlag::arg)),
            job("get", "Show a job in any phase"),
            Command::new("submit")
                .about("Submit a job and print its id")
                .args(submit_args())
                .arg(idempotency_key_arg())
                .arg(switch("wait", "wait for the end of the job, with the exit status of its outcome"))
                .args(follow_args()),
            job("retry", "Submit a job for the failed items of a completed one and print its id")
                .args(submit_args())
                .arg(
                    switch("dry-run", "show the items that would be retried, and submit nothing")
                        .conflicts_with("wait"),
                )
                .arg(idempotency_key_arg())
                .arg(switch("wait", "wait for the end of the new job, with the exit status of its outcome"))
                .args(follow_args()),
            Command::new("validate").about("Check a job without submitting it").args(submit_args()),
            Command::new("watch")
                .about("Show the changes of a job until its end, or of all jobs until Ctrl-C")
                .arg(job_arg())
                .args(filters().map(|filter| filter.conflicts_with("job")))
                .arg(switch("exit-status", "end with the exit status of the outcome, as wait does").requires("job"))
                .args(follow_args()),
            job("wait", "Wait for the end of a job; the exit status is its outcome").args(follow_args()),
            job("log", "Show the log of a job")
                .args([PAGE, PER_PAGE, LEVEL, LOG_TEXT, LOG_ORDER].iter().map(QueryFlag::arg))
                .args([archived_arg(), format_arg()]),
            job("results", "Show the links that a job made and the assets that it touched")
                .args([PAGE, PER_PAGE, RESULT_STATUS].iter().map(QueryFlag::arg))
                .args([archived_arg(), format_arg()]),
            job("stop", "Stop an active job"),
            job("pause", "Pause the schedule of a scheduled job"),
            job("resume", "Resume a paused schedule"),
            job("execute", "Run a scheduled job now"),
            job("delete", "Delete an active or scheduled job"),
        ])
}

/// Returns the definition of `history`.
pub(super) fn history() -> Command {
    let filters = JOB_FILTERS.iter().filter(|filter| {
        ["outcome", "kind", "submittedBy", "userHandle", "from", "to", "q"].contains(&filter.parameter)
    });
    Command::new(HISTORY)
        .about("List completed jobs of any span, newest first, through a running gateway")
        .args(connection_args())
        .args(filters.map(QueryFlag::arg))
        .args([ORDER, LIMIT, CURSOR].iter().map(QueryFlag::arg))
        .arg(format_arg())
}

/// Returns the definition of `job-stats`.
pub(super) fn job_stats() -> Command {
    let filters = JOB_FILTERS.iter().filter(|filter| ["userHandle", "from", "to"].contains(&filter.parameter));
    Command::new(JOB_STATS)
        .about("Count completed jobs by kind and submitter, with outcomes and durations, through a running gateway")
        .args(connection_args())
        .args(filters.map(QueryFlag::arg))
}

/// Returns the definition of `publish-queue`.
pub(super) fn publish_queue() -> Command {
    Command::new(PUBLISH_QUEUE)
        .about("Show the publishes that run or wait, through a running gateway")
        .args(connection_args())
}

fn connection_args() -> [Arg; 6] {
    let text = |id: &'static str, value: &'static str, help: &'static str| {
        Arg::new(id).long(id.replace('_', "-")).value_name(value).help(help).global(true).help_heading("Gateway")
    };
    [
        text("gateway", "URL", "address of the gateway [env: IPS_GATEWAY_URL]"),
        text(
            "user",
            "EMAIL",
            "IPS user, whose password is asked for [env: IPS_GATEWAY_USER and IPS_GATEWAY_PASSWORD, or IPS_GATEWAY_TOKEN]",
        ),
        text("credentials", "FILE", "TOML file with user and password, or with token [env: IPS_GATEWAY_CREDENTIALS]")
            .conflicts_with("user"),
        text("company", "NAME", "company by name, if you are a member of several").conflicts_with("company_handle"),
        text("company_handle", "HANDLE", "company by handle"),
        switch("json", "print the JSON of the API").global(true),
    ]
}

fn job_arg() -> Arg {
    Arg::new("job").value_name("JOB").help("id of the job, or its jobHandle of IPS")
}

fn idempotency_key_arg() -> Arg {
    let help = "key that makes the submit happen once [default: a random one]";
    Arg::new("idempotency-key").long("idempotency-key").value_name("KEY").help(help)
}

fn submit_args() -> [Arg; 2] {
    [
        Arg::new("file").value_name("FILE").default_value("-").help("JSON of the job; - is stdin"),
        switch("same-name", "send the name unchanged, without the suffix that makes it unique"),
    ]
}

fn follow_args() -> [Arg; 4] {
    let duration = |id: &'static str, help: &'static str| {
        Arg::new(id).long(id).value_name("DURATION").value_parser(humantime::parse_duration).help(help)
    };
    [
        Arg::new("until")
            .long("until")
            .value_name("END")
            .value_parser(["chain", "job"])
            .default_value("chain")
            .help("end of the job alone, or of the jobs, too, that IPS runs after it"),
        duration("timeout", "time after which to stop waiting, with exit status 124; the job goes on"),
        duration("retry-for", "time for which to repeat requests while the gateway can't be reached")
            .default_value("2m"),
        switch("quiet", "no progress on stderr").short('q'),
    ]
}

fn archived_arg() -> Arg {
    switch("archived", "read the archive")
}

fn format_arg() -> Arg {
    Arg::new("format")
        .long("format")
        .value_name("FORMAT")
        .value_parser(["csv", "ndjson"])
        .conflicts_with("json")
        .help("print everything, not a page, as CSV or NDJSON")
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// Returns the parameters of the query that the flags of a command give.
pub(super) fn query(matches: &ArgMatches) -> Vec<(&'static str, String)> {
    let others = [&ORDER, &LIMIT, &CURSOR, &PAGE, &PER_PAGE, &LEVEL];
    let names = JOB_FILTERS.iter().chain(others).map(|flag| flag.parameter);
    let mut query: Vec<_> = names
        .filter_map(|name| {
            let value = matches.try_get_one::<String>(name).ok()??;
            Some((name, if matches!(name, "from" | "to") { time(value) } else { value.clone() }))
        })
        .collect();
    if matches.try_get_one::<bool>("archived").is_ok_and(|archived| archived == Some(&true)) {
        query.push(("archived", "true".into()));
    }
    query
}

/// Makes a time of an age such as `2h`; leaves everything else to the gateway.
fn time(value: &str) -> String {
    match humantime::parse_duration(value)
        .ok()
        .and_then(|age: Duration| Utc::now().checked_sub_signed(chrono::TimeDelta::from_std(age).ok()?))
    {
        Some(time) => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        None => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_become_parameters_of_the_query_under_the_names_of_the_api() {
        let arguments =
            ["jobs", "list", "--submitted-by", "a@example.com", "--phase", "active,completed", "--limit", "20"];
        let matches = jobs().get_matches_from(arguments);
        let (_, list) = matches.subcommand().expect("a subcommand");
        let expected = [("phase", "active,completed"), ("submittedBy", "a@example.com"), ("limit", "20")];
        assert_eq!(query(list), expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn a_time_may_be_an_age() {
        assert_eq!(time("2026-11-30T00:00:00Z"), "2026-11-30T00:00:00Z");
        let hours =
            (Utc::now() - chrono::DateTime::parse_from_rfc3339(&time("2h")).expect("a date").to_utc()).num_minutes();
        assert!((119..=121).contains(&hours), "{hours}");
    }
}
