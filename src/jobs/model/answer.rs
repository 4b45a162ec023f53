//! Jobs of an answer of IPS.

use crate::jobs::model::job::Job;
use crate::upstream::BadItem;

/// Returns the jobs of the records in `array`, an element of an answer, and the bad items of that answer: to those that it has come the
/// records without any name or handle.
pub fn jobs_of_records<R>(
    array: &str,
    records: Vec<R>,
    mut bad_items: Vec<BadItem>,
    job_of: impl Fn(R) -> Option<Job>,
) -> (Vec<Job>, Vec<BadItem>) {
    let mut jobs = Vec::with_capacity(records.len());
    for (index, record) in records.into_iter().enumerate() {
        match job_of(record) {
            Some(job) => jobs.push(job),
            None => bad_items.push(BadItem {
                path: format!("{array}.items[{index}]"),
                reason: "has neither a name nor a handle".into(),
            }),
        }
    }
    (jobs, bad_items)
}
