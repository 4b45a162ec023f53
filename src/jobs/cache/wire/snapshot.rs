//! Wire format of snapshots.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::jobs::cache::wire::job::WireJob;
use crate::jobs::events::EventCursor;
use crate::jobs::model::job::{Job, RunDurations};
use crate::jobs::model::json::RenderedJob;
use crate::jobs::model::snapshot::{DepartedJobs, Snapshot};
use crate::runtime::clock::ClockReading;
use crate::upstream::BadItem;

/// Wire format of a snapshot, with its invalidation epoch and its cursor in the event log.
#[derive(Serialize, Deserialize)]
pub struct WireSnapshot<'a> {
    #[serde(rename = "generation")]
    epoch: u64,
    #[serde(rename = "place")]
    cursor: EventCursor,
    observed_at: DateTime<Utc>,
    /// Age of the snapshot when it was published, and the time for which the store keeps it from then on; unknown to replicas of version
    /// 0.1.0, whose snapshots are as old as the wall clocks say.
    #[serde(default)]
    published: Option<PublishedAge>,
    jobs: Vec<WireJob<'a>>,
    bad_items: Cow<'a, [BadItem]>,
    #[serde(rename = "departures")]
    finalizing: HashMap<Cow<'a, str>, DateTime<Utc>>,
    #[serde(rename = "concluded")]
    completed: Vec<(Cow<'a, str>, WireJob<'a>, DateTime<Utc>)>,
    #[serde(default, skip_serializing_if = "no_durations")]
    durations: Cow<'a, RunDurations>,
}

/// Age of a snapshot when it was published, and the TTL in the store, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct PublishedAge {
    age: u64,
    ttl: u64,
}

/// Snapshot that another replica published.
pub struct ReceivedSnapshot {
    /// Snapshot.
    pub snapshot: Snapshot,
    /// Invalidation epoch under which it was loaded.
    pub epoch: u64,
    /// Cursor after the snapshot in the event log of the other replica.
    pub cursor: EventCursor,
}

impl<'a> WireSnapshot<'a> {
    /// Returns the wire format of a snapshot of this age, which the store keeps for `ttl`.
    pub fn new(snapshot: &'a Snapshot, epoch: u64, cursor: EventCursor, age: Duration, ttl: Duration) -> Self {
        let millis = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let DepartedJobs { finalizing, completed } = snapshot.departed();
        // Their ages count for the receiver, relative to `observed_at`.
        let wall_of = |at| snapshot.observed_at.wall_of(at);
        let completed = completed.iter().map(|(id, (job, at))| (Cow::Borrowed(&**id), (&job.job).into(), wall_of(*at)));
        let finalizing = finalizing.iter().map(|(id, since)| (Cow::Borrowed(&**id), wall_of(*since)));
        Self {
            epoch,
            cursor,
            observed_at: snapshot.observed_at.wall,
            published: Some(PublishedAge { age: millis(age), ttl: millis(ttl) }),
            jobs: snapshot.jobs.iter().map(|job| (&job.job).into()).collect(),
            bad_items: Cow::Borrowed(&snapshot.bad_items),
            finalizing: finalizing.collect(),
            completed: completed.collect(),
            durations: Cow::Borrowed(snapshot.durations()),
        }
    }

    /// Returns the snapshot, rendered to the same bytes as on the replica that published it, at `now`, the time of the receipt. Its age is
    /// by the clock of the store, which keeps it for the time `remaining`; by the wall clocks if that is unknown.
    pub fn into_received(self, now: ClockReading, remaining: Option<Duration>) -> ReceivedSnapshot {
        let age = self.published.zip(remaining).map(|(PublishedAge { age, ttl }, remaining)| {
            Duration::from_millis(age) + Duration::from_millis(ttl).saturating_sub(remaining)
        });
        let observed_at = match age {
            Some(age) => now.before(age).with_wall(self.observed_at),
            None => now.at_wall(self.observed_at),
        };
        let render = |job: WireJob<'_>, at| Arc::new(RenderedJob::new(job.into(), at));
        let jobs = self.jobs.into_iter().map(Job::from).collect();
        let completed = self.completed.into_iter();
        let completed =
            completed.map(|(id, job, at)| (id.into_owned(), (render(job, at), observed_at.at_wall(at)))).collect();
        let finalizing = self.finalizing.into_iter().map(|(id, since)| (id.into_owned(), observed_at.at_wall(since)));
        let departed = DepartedJobs { finalizing: finalizing.collect(), completed };
        ReceivedSnapshot {
            snapshot: Snapshot::with_departed(jobs, self.bad_items.into_owned(), observed_at, departed)
                .with_durations(Arc::new(self.durations.into_owned())),
            epoch: self.epoch,
            cursor: self.cursor,
        }
    }
}

fn no_durations(durations: &RunDurations) -> bool {
    durations.is_empty()
}
