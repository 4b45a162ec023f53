//! A history of any length for [`ScriptedUpstream`]: its script of getJobLogs filters by dates, sorts, and returns 1,000 rows at most, as IPS does.

use std::fmt::Write;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Reply, ScriptedUpstream, envelope};

/// A job of the history.
#[derive(Clone, Debug)]
pub struct LoggedJob {
    pub name: String,
    /// Start in milliseconds since 1970.
    pub start: i64,
    /// Duration in seconds.
    pub duration: i64,
    pub log_type: &'static str,
    pub email: &'static str,
    /// Files that caused an error, of two.
    pub errors: u8,
    /// Whether the log has no end yet.
    pub is_running: bool,
}

impl LoggedJob {
    /// An upload by katlyn@example.com that ran for a minute.
    pub fn new(name: impl Into<String>, start: i64) -> Self {
        Self {
            name: name.into(),
            start,
            duration: 60,
            log_type: "BeginUploadUrls",
            email: "katlyn@example.com",
            errors: 0,
            is_running: false,
        }
    }

    fn row(&self, into: &mut String) {
        let Self { name, start, duration, log_type, email, errors, is_running } = self;
        let end =
            if *is_running { String::new() } else { format!("<endDate>{}</endDate>", date(start + duration * 1000)) };
        let _ = write!(
            into,
            "<items><companyHandle>c|110</companyHandle><jobHandle>j|110||{name}_x</jobHandle><jobName>{name}_x</jobName>\
             <originalJobName>{name}</originalJobName><submitUserEmail>{email}</submitUserEmail><logType>{log_type}</logType>\
             <startDate>{}</startDate>{end}<fileSuccessCount>{}</fileSuccessCount><fileErrorCount>{errors}</fileErrorCount>\
             <totalFileCount>2</totalFileCount><fatalError>false</fatalError></items>",
            date(*start),
            2 - errors,
        );
    }
}

/// A date of IPS from milliseconds since 1970.
pub fn date(millis: i64) -> String {
    let date = DateTime::<Utc>::from_timestamp_millis(millis).expect("a date");
    date.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn element<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = request.split_once(&format!("{name}>"))?;
    Some(rest.split_once('<')?.0)
}

/// The date in an element of a request, in milliseconds since 1970.
pub fn millis(request: &str, name: &str) -> Option<i64> {
    let date = DateTime::parse_from_rfc3339(element(request, name)?).expect("a date with its offset");
    Some(date.timestamp_millis())
}

/// How the script differs from the documented IPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    None,
    /// Rows come in the order of their names, whatever is asked for.
    IgnoresSort,
    /// Dates are compared by whole seconds.
    WholeSeconds,
}

/// An answer of getJobLogs with these jobs.
pub fn answer_of(jobs: impl Iterator<Item = LoggedJob>) -> String {
    let mut items = String::from("<jobLogArray>");
    jobs.for_each(|job| job.row(&mut items));
    items + "</jobLogArray>"
}

/// The rows that IPS answers a request with.
pub fn answer(jobs: &[LoggedJob], request: &str, quirk: Quirk) -> String {
    let unit = if quirk == Quirk::WholeSeconds { 1000 } else { 1 };
    let (from, to) = (millis(request, "startDate"), millis(request, "endDate"));
    let is_in = |job: &&LoggedJob| {
        from.is_none_or(|from| job.start / unit >= from / unit) && to.is_none_or(|to| job.start / unit <= to / unit)
    };
    let mut rows: Vec<&LoggedJob> = jobs.iter().filter(is_in).collect();
    if quirk == Quirk::IgnoresSort {
        rows.sort_by(|one, other| one.name.cmp(&other.name));
    } else if element(request, "sortDirection") == Some("Descending") {
        rows.sort_by_key(|job| -job.start);
    } else {
        rows.sort_by_key(|job| job.start);
    }
    let limit = element(request, "numRows").and_then(|rows| rows.parse().ok()).unwrap_or(1000).min(1000);
    answer_of(rows.into_iter().take(limit).cloned())
}

impl ScriptedUpstream {
    /// Sets the history.
    pub fn history(&self, jobs: Vec<LoggedJob>, quirk: Quirk) {
        let jobs = Arc::new(jobs);
        self.script("getJobLogs", move |request| {
            Reply::Xml(200, envelope("getJobLogs", &answer(&jobs, request, quirk)))
        });
    }
}
