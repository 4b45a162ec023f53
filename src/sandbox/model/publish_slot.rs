//! Publish slot of a company: one publish runs at a time, the others wait for it in the order in which they are ready.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::job::{Job, JobSpec};
use super::kinds::JobDetails;

/// Plans the starts of the publishes that had not started at `since`. Those that had keep theirs, also if several run: a job that the caller
/// executes starts at once.
pub(in crate::sandbox) fn plan(jobs: &mut [Job], since: DateTime<Utc>) {
    let mut free_at = HashMap::new();
    let mut waiting = Vec::new();
    for (index, job) in jobs.iter().enumerate().filter(|(_, job)| job.needs_slot()) {
        if job.start() <= since {
            let free = free_at.entry(job.spec.company.number).or_insert(job.end());
            *free = job.end().max(*free);
        } else if job.stop.is_none() && !job.pauses.is_open() {
            waiting.push(index);
        }
    }
    waiting.sort_by_key(|index| (jobs[*index].pauses.delayed(jobs[*index].ready()), jobs[*index].number));
    for index in waiting {
        let job = &mut jobs[index];
        let ready = job.pauses.delayed(job.ready());
        let free = free_at.entry(job.spec.company.number).or_insert(ready);
        job.slot = Some(job.pauses.planned(ready.max(*free)));
        *free = job.end().max(*free);
    }
}

impl JobDetails {
    /// Returns whether the job is a publish, and so runs in the slot of its company.
    fn is_publish(&self) -> bool {
        self.kind().job_type.ends_with("Publish")
    }
}

impl JobSpec {
    /// Returns whether the job is a publish, or one follows it.
    pub fn publishes(&self) -> bool {
        self.details.is_publish() || !self.details.follow_ons().is_empty()
    }
}

impl Job {
    /// Returns whether the job runs in the publish slot of its company.
    pub fn needs_slot(&self) -> bool {
        self.spec.details.is_publish()
    }

    /// Returns whether the job waits, or will at `at`.
    pub fn waits_at(&self, at: DateTime<Utc>) -> bool {
        self.queued <= at && at < self.start() && self.stop.is_none()
    }
}
