//! Descriptions of answers, without names.

use std::collections::BTreeSet;

use crate::ips::types::{ActiveJob, JobLog, Timestamp};

/// Returns the texts of the handle of an active job that its form names.
pub(super) fn known_of_job(job: &ActiveJob) -> [(&'static str, Option<&str>); 2] {
    [("name", job.name.as_deref()), ("originalName", job.original_name.as_deref())]
}

/// Returns the texts of the handle of a log that its form names.
pub(super) fn known_of_log(log: &JobLog) -> [(&'static str, Option<&str>); 2] {
    [("jobName", log.job_name.as_deref()), ("originalJobName", log.original_job_name.as_deref())]
}

/// Describes the order of dates.
pub(super) fn order(dates: impl Iterator<Item = Option<Timestamp>>) -> Option<&'static str> {
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
pub(super) fn distinct(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: BTreeSet<_> = texts.collect();
    (!texts.is_empty()).then(|| texts.into_iter().collect::<Vec<_>>().join(", "))
}

/// Returns a number with its noun.
pub(super) fn count(number: usize, singular: &str) -> String {
    match (number, singular.strip_suffix('y')) {
        (0, _) => format!("no {singular}"),
        (1, _) => format!("1 {singular}"),
        (_, Some(stem)) => format!("{number} {stem}ies"),
        (_, None) => format!("{number} {singular}s"),
    }
}
