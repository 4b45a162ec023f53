//! Merge of a response of IPS with the previous snapshot: a job that left the active list is finalizing until the job log has it, and
//! percent does not decrease.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::jobs::events::is_restart;
use crate::jobs::model::job::{FollowOn, Job};
use crate::jobs::model::json::RenderedJob;
use crate::jobs::model::links::JobLinks;
use crate::jobs::model::snapshot::{DepartedJobs, Snapshot};
use crate::runtime::clock::ClockReading;
use crate::upstream::BadItem;

/// Time for which a job that left the list counts as finalizing while the job log does not have it.
const MAX_FINALIZING: Duration = Duration::from_mins(5);
/// Time for which a job that left the list is kept after it was found in the job log.
const MAX_COMPLETED: Duration = Duration::from_mins(10);
/// Time for which it is kept while its chain is not completed.
const MAX_CHAIN: Duration = Duration::from_hours(24);

/// Reason why a job left the active list.
#[derive(Debug)]
pub enum Departure {
    /// The job is in the job log.
    Logged(Box<Job>),
    /// It was deleted.
    Deleted,
    /// Unknown yet: the job log may get it later.
    Pending,
}

/// Job that left the list and is not in the job log.
#[derive(Debug, Clone)]
struct FinalizingJob {
    job: Job,
    since: ClockReading,
}

/// Merge of the active list of IPS with the previous snapshot.
pub struct Merge<'a> {
    previous: Option<&'a Snapshot>,
    now: ClockReading,
    jobs: Vec<Job>,
    finalizing: Vec<FinalizingJob>,
    departed: DepartedJobs,
}

impl<'a> Merge<'a> {
    /// Merges `jobs`, the list that IPS returned at `now`, with the snapshot before.
    #[must_use]
    pub fn new(mut jobs: Vec<Job>, previous: Option<&'a Snapshot>, now: ClockReading) -> Self {
        for job in &mut jobs {
            keep_percent(job, previous);
        }
        let earlier = previous.iter().flat_map(|previous| &previous.jobs);
        let listed: HashSet<&str> = previous.iter().flat_map(|_| &jobs).map(|job| job.id.as_str()).collect();
        let missing = earlier.filter(|job| !listed.contains(job.job.id.as_str()));
        let finalizing = missing.map(|job| FinalizingJob {
            since: previous
                .and_then(|previous| previous.departed().finalizing.get(&job.job.id).copied())
                .unwrap_or(now),
            job: job.job.clone(),
        });
        let completed = previous.iter().flat_map(|previous| &previous.departed().completed);
        let completed = completed
            .filter(|(_, (job, at))| now.since(*at) < if job.job.is_settled() { MAX_COMPLETED } else { MAX_CHAIN });
        let completed = completed.map(|(id, job)| (id.clone(), job.clone())).collect();
        Self {
            previous,
            now,
            finalizing: finalizing.collect(),
            departed: DepartedJobs { completed, ..DepartedJobs::default() },
            jobs,
        }
    }

    /// Returns the ids of the jobs that left the list and are not known to be in the job log.
    #[must_use]
    pub fn departed(&self) -> Vec<&str> {
        self.finalizing.iter().map(|departed| departed.job.id.as_str()).collect()
    }

    /// Returns the jobs that the last snapshot showed as stopping and that have left the list since: they were stopped.
    pub fn newly_stopped(&self) -> impl Iterator<Item = &Job> {
        let is_new = |departed: &&FinalizingJob| departed.since.monotonic == self.now.monotonic;
        self.finalizing.iter().filter(is_new).map(|departed| &departed.job).filter(|job| job.was_stopping())
    }

    /// Resolves why each of these jobs left the list. One that is pending for five minutes is dropped.
    pub fn resolve_departed(&mut self, mut departure_of: impl FnMut(&str) -> Departure) {
        let now = self.now;
        let completed = &mut self.departed.completed;
        self.finalizing.retain(|departed| match departure_of(&departed.job.id) {
            Departure::Logged(mut job) => {
                // The log does not have the details of the job.
                job.requests_follow_on |= departed.job.requests_follow_on;
                completed.insert(departed.job.id.clone(), (Arc::new(RenderedJob::new(*job, now.wall)), now));
                false
            }
            Departure::Deleted => false,
            Departure::Pending => now.since(departed.since) < MAX_FINALIZING,
        });
    }

    /// Returns the snapshot: the jobs in the list of IPS, then the finalizing ones. They are linked with each other and with the jobs of
    /// `history`.
    #[must_use]
    pub fn finish(self, bad_items: Vec<BadItem>, history: Option<&Snapshot>) -> Snapshot {
        let Self { previous, now, mut jobs, finalizing, mut departed } = self;
        for FinalizingJob { job, since } in finalizing {
            departed.finalizing.insert(job.id.clone(), since);
            let mut job = job.finalizing();
            keep_percent(&mut job, previous);
            jobs.push(job);
        }
        let own = jobs.iter().chain(departed.completed.values().map(|(job, _)| &job.job));
        let links = JobLinks::between(own.chain(history.into_iter().flat_map(Snapshot::all_jobs)));
        for job in &mut jobs {
            if let Some(linked) = links.relinked(job, now.server) {
                *job = linked;
            }
        }
        for (job, at) in departed.completed.values_mut() {
            if let Some(linked) = links.relinked(&job.job, now.server) {
                *job = Arc::new(RenderedJob::new(linked, at.wall));
            }
            if let Some(job_without) = without_lost_follow_ons(&job.job, &links, now) {
                *job = Arc::new(RenderedJob::new(job_without, at.wall));
            }
        }
        Snapshot::with_departed(jobs, bad_items, now, departed)
    }
}

/// Returns a completed job without those follow-on jobs that were not completed and that no list shows any more, such as deleted ones: whether
/// they ran is unknown. `None` if it has none of these.
fn without_lost_follow_ons(job: &Job, links: &JobLinks, now: ClockReading) -> Option<Job> {
    if job.follow_ons.iter().all(FollowOn::is_final) || links.has_follow_ons_of(&job.id) {
        return None;
    }
    let mut job = job.clone();
    job.follow_ons.retain(FollowOn::is_final);
    job.requests_follow_on = true;
    job.set_chain(now.server);
    Some(job)
}

/// Raises the percent of a job to that of the previous snapshot, unless IPS restarted the job.
fn keep_percent(job: &mut Job, previous: Option<&Snapshot>) {
    if let Some(earlier) = previous.and_then(|previous| previous.job(&job.id))
        && earlier.job.percent > job.percent
        && !is_restart(&earlier.job, job)
    {
        job.percent = earlier.job.percent;
    }
}
