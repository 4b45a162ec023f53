//! Writes to the shared store: publish snapshots with their events, and failures.

use std::sync::Arc;
use std::time::Duration;

use crate::jobs::cache::SnapshotCache;
use crate::jobs::cache::entry::{Entry, LoadFailure, SharedList};
use crate::jobs::cache::wire;
use crate::jobs::cache::wire::{WireError, WireEventBatch, WireFailure, WireSnapshot};
use crate::jobs::error::Error;
use crate::jobs::events;
use crate::jobs::events::EventCursor;
use crate::jobs::model::snapshot::Snapshot;
use crate::replicas;
use crate::replicas::{EventBatch, FailureReport, Lease, Publication, SnapshotRetention, Unavailable};
use crate::runtime::clock::ClockReading;

/// Maximum size of a batch of events, in bytes. A larger one is not published: its readers get a snapshot instead.
const MAX_BATCH_BYTES: usize = 32 * 1024;

impl SnapshotCache {
    /// Publishes a snapshot that was loaded under a lease, and the events since the current one. Returns whether the store accepted it; a
    /// later lease or a mutation supersedes it.
    pub(super) async fn publish(
        &self,
        entry: &Entry,
        SharedList { coordinator, location }: &SharedList,
        snapshot: &Arc<Snapshot>,
        lease: Lease,
    ) -> replicas::Result<bool> {
        let (before, start) = {
            let state = entry.lock();
            (state.snapshot().cloned(), state.event_log().end())
        };
        let events = before.map(|before| events::diff(&before, snapshot)).unwrap_or_default();
        let end = start.after(events.len());
        let data = if events.is_empty() { None } else { wire::encode(&WireEventBatch::new(start, &events)) };
        let data = data.filter(|data| data.len() <= MAX_BATCH_BYTES);
        let events = data.map(|data| EventBatch { log_id: end.log_id, last: end.number, data });
        let Some(snapshot) = self.encode(Arc::clone(snapshot), lease.epoch, end).await else {
            return Err(Unavailable);
        };
        coordinator.publish(location, lease, Publication { snapshot, events, ttl: self.publication_ttl() }).await
    }

    /// Publishes a snapshot that was loaded earlier, without events.
    pub(super) async fn publish_again(
        &self,
        SharedList { coordinator, location }: &SharedList,
        snapshot: Arc<Snapshot>,
        cursor: EventCursor,
        lease: Lease,
    ) -> replicas::Result<()> {
        let Some(snapshot) = self.encode(snapshot, lease.epoch, cursor).await else { return Ok(()) };
        let publication = Publication { snapshot, events: None, ttl: self.publication_ttl() };
        coordinator.publish(location, lease, publication).await.map(drop)
    }

    /// Publishes the error of a load and gives the lease back. `failure` is what this replica stored; `None` if a mutation superseded it.
    pub(super) async fn publish_failure(
        &self,
        SharedList { coordinator, location }: &SharedList,
        lease: Lease,
        error: &Error,
        failure: Option<LoadFailure>,
    ) {
        let back_off = failure
            .as_ref()
            .map_or(Duration::ZERO, |failure| failure.retry_at.saturating_duration_since(self.clock().instant()));
        let snapshot = if error.denies_access() { SnapshotRetention::Delete } else { SnapshotRetention::Keep };
        let failure = failure.as_ref().and_then(|failure| encode_failure(failure, self.clock().read()));
        let _ = coordinator.publish_failure(location, lease, FailureReport { failure, back_off, snapshot }).await;
    }

    async fn encode(&self, snapshot: Arc<Snapshot>, epoch: u64, cursor: EventCursor) -> Option<Vec<u8>> {
        let (age, ttl) = (self.age(&snapshot), self.publication_ttl());
        let encode = move || wire::encode(&WireSnapshot::new(&snapshot, epoch, cursor, age, ttl));
        self.run_blocking(encode).await.flatten()
    }

    fn publication_ttl(&self) -> Duration {
        self.freshness().shared_retention()
    }
}

/// Encodes a failure, with the end of its back-off by the wall clock; `None` if its error concerns only this replica.
pub(super) fn encode_failure(failure: &LoadFailure, now: ClockReading) -> Option<Vec<u8>> {
    let LoadFailure { error, retry_at, epoch, count } = failure;
    let error = WireError::of(error)?;
    let retry_at = now.wall + retry_at.saturating_duration_since(now.monotonic);
    wire::encode(&WireFailure { epoch: *epoch, retry_at, count: *count, error })
}
