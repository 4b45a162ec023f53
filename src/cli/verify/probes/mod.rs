//! Calls that answer the open questions, in the order of a run.

mod active;
mod companies;
mod details;
mod history;
mod schedules;
mod submits;
mod watch;

use std::time::Duration;

pub(super) use self::companies::Target;
pub(super) use self::submits::announcement;
use super::session::Session;
use crate::ips::types::{ActiveJob, JobLog, Timestamp};

/// What a run does beside reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProbeOptions {
    /// Maximum time for which it watches active jobs.
    pub(super) watch: Duration,
    /// Whether it submits a job.
    pub(super) submits: Submits,
}

/// Whether a run submits a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Submits {
    /// A scheduled one, which it deletes again.
    Scheduled,
    /// None.
    Never,
}

/// Makes the calls of a run for the company of this name or handle. Returns the company, or `None` if it was not found.
pub(super) async fn run(session: &mut Session, company: &str, options: ProbeOptions) -> Option<Target> {
    let target = companies::find(session, company).await?;
    let logs = history::probe(session, &target).await;
    let jobs = active::probe(session, &target, &logs).await;
    let schedules = schedules::probe(session, &target).await;
    details::probe(session, &target, &logs, &schedules).await;
    if options.submits == Submits::Scheduled {
        submits::probe(session, &target).await;
    }
    watch::probe(session, &target, jobs, options.watch).await;
    let offsets: Vec<_> = session.findings.offsets.iter().cloned().collect();
    if !offsets.is_empty() {
        session.findings.observe("dateOffsets", offsets.join(", "));
    }
    Some(target)
}

/// Returns the texts of the handle of an active job that its form names.
fn known_of_job(job: &ActiveJob) -> [(&'static str, Option<&str>); 2] {
    [("name", job.name.as_deref()), ("originalName", job.original_name.as_deref())]
}

/// Returns the texts of the handle of a log that its form names.
fn known_of_log(log: &JobLog) -> [(&'static str, Option<&str>); 2] {
    [("jobName", log.job_name.as_deref()), ("originalJobName", log.original_job_name.as_deref())]
}

/// Describes the order of dates.
fn order(dates: impl Iterator<Item = Option<Timestamp>>) -> Option<&'static str> {
    let micros: Vec<_> = dates.flatten().map(Timestamp::sort_micros).collect();
    let first = micros.first()?;
    if micros.iter().all(|date| date == first) {
        return None;
    }
    Some(if micros.is_sorted() {
        "ascending"
    } else if micros.is_sorted_by(|one, other| one >= other) {
        "descending"
    } else {
        "neither ascending nor descending"
    })
}

/// Returns the different texts of an iterator, sorted and separated by commas; `None` without any.
fn distinct(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: std::collections::BTreeSet<_> = texts.collect();
    (!texts.is_empty()).then(|| texts.into_iter().collect::<Vec<_>>().join(", "))
}

/// Returns a number with its noun.
fn count(number: usize, singular: &str) -> String {
    match (number, singular.strip_suffix('y')) {
        (0, _) => format!("no {singular}"),
        (1, _) => format!("1 {singular}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {singular}s"),
    }
}
