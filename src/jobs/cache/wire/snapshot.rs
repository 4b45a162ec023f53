//! Wire format of snapshots.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::jobs::cache::wire::job::WireJob;
use crate::jobs::events::EventCursor;
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
    jobs: Vec<WireJob<'a>>,
    bad_items: Cow<'a, [BadItem]>,
    #[serde(rename = "departures")]
    finalizing: HashMap<Cow<'a, str>, DateTime<Utc>>,
    #[serde(rename = "concluded")]
    completed: Vec<(Cow<'a, str>, WireJob<'a>, DateTime<Utc>)>,
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
    /// Returns the wire format of a snapshot.
    pub fn new(snapshot: &'a Snapshot, epoch: u64, cursor: EventCursor) -> Self {
        let DepartedJobs { finalizing, completed } = snapshot.departed();
        let completed = completed.iter().map(|(id, (job, at))| (Cow::Borrowed(&**id), (&job.job).into(), at.wall));
        let finalizing = finalizing.iter().map(|(id, since)| (Cow::Borrowed(&**id), since.wall));
        Self {
            epoch,
            cursor,
            observed_at: snapshot.observed_at.wall,
            jobs: snapshot.jobs.iter().map(|job| (&job.job).into()).collect(),
            bad_items: Cow::Borrowed(&snapshot.bad_items),
            finalizing: finalizing.collect(),
            completed: completed.collect(),
        }
    }

    /// Returns the snapshot, rendered to the same bytes as on the replica that published it. The ages of its times are by the wall clock at
    /// `now`, the time of the receipt.
    pub fn into_received(self, now: ClockReading) -> ReceivedSnapshot {
        let render = |job: WireJob<'_>, at| Arc::new(RenderedJob::new(job.into(), at));
        let jobs = self.jobs.into_iter().map(|job| render(job, self.observed_at)).collect();
        let completed = self.completed.into_iter();
        let completed = completed.map(|(id, job, at)| (id.into_owned(), (render(job, at), now.at_wall(at)))).collect();
        let finalizing = self.finalizing.into_iter().map(|(id, since)| (id.into_owned(), now.at_wall(since)));
        let departed = DepartedJobs { finalizing: finalizing.collect(), completed };
        let observed_at = now.at_wall(self.observed_at);
        ReceivedSnapshot {
            snapshot: Snapshot::of_rendered(jobs, self.bad_items.into_owned(), observed_at, departed),
            epoch: self.epoch,
            cursor: self.cursor,
        }
    }
}
