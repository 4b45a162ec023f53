//! Jobs of an answer of IPS.

use crate::jobs::model::distinct::make_ids_distinct;
use crate::jobs::model::job::Job;
use crate::jobs::model::snapshot::Snapshot;
use crate::telemetry::metrics::names;
use crate::upstream::BadItem;

/// Returns the jobs of the records in `array`, an element of an answer, and the bad items of that answer: to those that it has come the
/// records without any name or handle. No two jobs share an id; each keeps that of the `previous` snapshot of the list.
pub fn jobs_of_records<R>(
    array: &str,
    records: Vec<R>,
    mut bad_items: Vec<BadItem>,
    previous: Option<&Snapshot>,
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
    let changed = make_ids_distinct(&mut jobs, previous);
    if changed > 0 {
        metrics::counter!(names::ID_COLLISIONS, "array" => array.to_owned()).increment(changed as u64);
    }
    (jobs, bad_items)
}
