//! How one snapshot follows another: jobs that left the active list are finalizing until the log has them, and no percent goes back.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::jobs::events::is_restart;
use crate::jobs::model::job::{Job, RenderedJob};
use crate::jobs::model::snapshot::Snapshot;
use crate::upstream::BadItem;

/// So long a job that left the list is believed to be on its way into the log.
const FINALIZING: TimeDelta = TimeDelta::minutes(5);
/// So long it is remembered that a job is in the log.
const REMEMBERED: TimeDelta = TimeDelta::minutes(10);

/// What became of a job that left the active list.
#[derive(Debug)]
pub enum Ended {
    /// The log has it.
    Logged(Box<Job>),
    /// It was deleted.
    Deleted,
    /// Nobody knows yet.
    NotYet,
}

/// A job that left the list and is not in the log yet, and since when.
#[derive(Debug, Clone)]
pub struct Departure {
    job: Job,
    since: DateTime<Utc>,
}

/// A new look at the active jobs, becoming a snapshot.
pub struct Merge<'a> {
    previous: Option<&'a Snapshot>,
    now: DateTime<Utc>,
    jobs: Vec<Arc<RenderedJob>>,
    departed: Vec<Departure>,
    concluded: HashMap<String, (Arc<RenderedJob>, DateTime<Utc>)>,
}

impl<'a> Merge<'a> {
    /// `jobs` is what IPS lists now; `previous` the snapshot before.
    #[must_use]
    pub fn new(jobs: Vec<Job>, previous: Option<&'a Snapshot>, now: DateTime<Utc>) -> Self {
        let jobs: Vec<_> = jobs.into_iter().map(|job| Arc::new(follow(job, previous, now))).collect();
        let here: HashSet<&str> = jobs.iter().map(|job| job.job.id.as_str()).collect();
        let gone =
            previous.iter().flat_map(|previous| &previous.jobs).filter(|job| !here.contains(job.job.id.as_str()));
        let departed = gone.map(|gone| Departure {
            since: previous.and_then(|previous| previous.departed_at(&gone.job.id)).unwrap_or(now),
            job: gone.job.clone(),
        });
        let remembered =
            previous.iter().flat_map(|previous| &previous.concluded).filter(|(_, (_, at))| now - *at < REMEMBERED);
        Self {
            previous,
            now,
            departed: departed.collect(),
            concluded: remembered.map(|(id, job)| (id.clone(), job.clone())).collect(),
            jobs,
        }
    }

    /// The ids of the jobs that have left the list and whose end is not known.
    #[must_use]
    pub fn departed(&self) -> Vec<&str> {
        self.departed.iter().map(|departure| departure.job.id.as_str()).collect()
    }

    /// Asks of each job that left the list what became of it.
    pub fn conclude(&mut self, mut ended: impl FnMut(&str) -> Ended) {
        let now = self.now;
        let concluded = &mut self.concluded;
        self.departed.retain(|departure| match ended(&departure.job.id) {
            Ended::Logged(job) => {
                concluded.insert(departure.job.id.clone(), (Arc::new(RenderedJob::new(*job, now)), now));
                false
            }
            Ended::Deleted => false,
            Ended::NotYet => now - departure.since < FINALIZING,
        });
    }

    /// The snapshot: what IPS lists, and after that what is finalizing.
    #[must_use]
    pub fn finish(self, bad_items: Vec<BadItem>) -> Snapshot {
        let Self { previous, now, mut jobs, departed, concluded } = self;
        let mut departures = HashMap::new();
        for Departure { job, since } in departed {
            departures.insert(job.id.clone(), since);
            jobs.push(Arc::new(follow(job.finalizing(), previous, now)));
        }
        Snapshot::of(jobs, bad_items, now, departures, concluded)
    }
}

/// Percent only goes back when IPS began the job anew: it is a promise to progress bars.
fn follow(mut job: Job, previous: Option<&Snapshot>, now: DateTime<Utc>) -> RenderedJob {
    let earlier = previous.and_then(|previous| previous.job(&job.id));
    let held = earlier.and_then(|earlier| earlier.job.percent);
    if held > job.percent {
        let rendered = RenderedJob::new(job, now);
        if earlier.is_some_and(|earlier| is_restart(earlier, &rendered)) {
            return rendered;
        }
        job = Job { percent: held, ..rendered.job };
    }
    RenderedJob::new(job, now)
}
