//! Reads of the shared store: take over what other replicas published.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use crate::jobs::cache::SnapshotCache;
use crate::jobs::cache::entry::{Entry, KeyedEntry, LoadFailure, SharedList};
use crate::jobs::cache::key::ListKey;
use crate::jobs::cache::load::BACKOFF;
use crate::jobs::cache::wire;
use crate::jobs::cache::wire::{ReceivedSnapshot, WireEventBatch, WireFailure, WireSnapshot};
use crate::jobs::events::{Event, EventCursor};
use crate::replicas;
use crate::replicas::Lease;

/// Maximum back-off of a failure of another replica, whose wall clock may differ: that of failed loads.
const MAX_BACK_OFF: Duration = BACKOFF.max;
/// Difference between wall clock and monotonic clock within which the end of a back-off counts as the known one.
const CLOCK_TOLERANCE: Duration = Duration::from_millis(50);

impl SnapshotCache {
    /// Takes over what other replicas published for a list. Concurrent callers share one read of the shared store, which starts after all
    /// of them called. Nothing changes if the store is unavailable.
    pub(in crate::jobs::cache) async fn sync_with_replicas(self: &Arc<Self>, keyed: KeyedEntry<'_>) {
        if keyed.entry.shared().is_none() {
            return;
        }
        let (cache, entry, key, caller) =
            (Arc::clone(self), Arc::clone(keyed.entry), keyed.key.clone(), keyed.caller.clone());
        let read = async move {
            // An unavailable store is logged by its connection.
            let _ = cache.read_shared(KeyedEntry { entry: &entry, key: &key, caller: &caller }).await;
        };
        keyed.entry.sync().run(read).await;
    }

    /// Reads what other replicas published, and restores what the store lost: not for a caller that IPS has not accepted.
    async fn read_shared(&self, KeyedEntry { entry, key, caller }: KeyedEntry<'_>) -> replicas::Result<()> {
        let Some(shared) = entry.shared() else { return Ok(()) };
        let SharedList { coordinator, location } = shared;
        let status = coordinator.status(location).await?;
        let epoch = self.epoch(key, entry);
        if status.epoch < epoch && self.is_accepted(caller) {
            coordinator.restore_epoch(location.company, epoch).await?;
        }
        self.epochs().observe(&key.company, status.epoch);
        if let Some(failure) = status.failure.as_deref().and_then(wire::decode) {
            self.receive_failure(entry, key, failure);
        }
        let newest_token = entry.lock().newest_token();
        match status.token.cmp(&newest_token) {
            Ordering::Greater => self.receive_snapshot(entry, key, shared).await,
            Ordering::Less if self.is_accepted(caller) => self.restore_snapshot(entry, shared, key).await,
            Ordering::Less | Ordering::Equal => Ok(()),
        }
    }

    /// Takes over the newest snapshot, and the events since the current one.
    async fn receive_snapshot(
        &self,
        entry: &Arc<Entry>,
        key: &ListKey,
        SharedList { coordinator, location }: &SharedList,
    ) -> replicas::Result<()> {
        let end = entry.lock().event_log().end();
        // The event log is usually the same one, so that the events are requested together with the snapshot.
        let (stored, events) =
            tokio::join!(coordinator.snapshot(location), coordinator.events(location, end.log_id, end.number));
        let Some(stored) = stored? else { return Ok(()) };
        let data = stored.data.unwrap_or_default();
        let now = self.clock().read();
        let decode = move || {
            wire::decode::<WireSnapshot<'_>>(&data).map(|snapshot| snapshot.into_received(now, stored.remaining))
        };
        let received: Option<ReceivedSnapshot> = self.run_blocking(decode).await.flatten();
        let Some(received) = received else {
            entry.lock().skip_token(stored.token);
            return Ok(());
        };
        let events = match received.cursor {
            EventCursor { log_id, .. } if log_id == end.log_id => events?,
            EventCursor { number: 0, .. } => Vec::new(),
            EventCursor { log_id, .. } => coordinator.events(location, log_id, 0).await?,
        };
        let batches = events.iter().filter_map(|batch| wire::decode::<WireEventBatch>(batch));
        let batches: Vec<(EventCursor, Vec<Event>)> = batches.map(WireEventBatch::into_events).collect();
        self.metrics().record_received(self.age(&received.snapshot));
        entry.receive(received, stored.token, batches);
        self.reweigh(key, entry);
        Ok(())
    }

    /// Publishes the current snapshot again: the store lost it, or was unavailable when this replica loaded it.
    async fn restore_snapshot(&self, entry: &Entry, shared: &SharedList, key: &ListKey) -> replicas::Result<()> {
        let epoch = self.epoch(key, entry);
        let (snapshot, cursor, token) = {
            let state = entry.lock();
            let current = state.snapshot_with_cursor().filter(|_| state.valid_snapshot(epoch).is_some());
            let Some((snapshot, cursor)) = current else { return Ok(()) };
            (snapshot, cursor, state.token())
        };
        self.publish_again(shared, snapshot, cursor, Lease { epoch, token }).await
    }

    /// Takes over the failure of a load of another replica, unless it is older than the known one or than the last mutation.
    fn receive_failure(&self, entry: &Arc<Entry>, key: &ListKey, failure: WireFailure) {
        let WireFailure { epoch, retry_at, count, error } = failure;
        let now = self.clock().read();
        let back_off = (retry_at - now.wall).to_std().unwrap_or_default().min(MAX_BACK_OFF);
        let retry_at = now.monotonic + back_off;
        let is_known = entry.lock().failure(epoch).is_some_and(|known| known.retry_at + CLOCK_TOLERANCE >= retry_at);
        if epoch != self.epoch(key, entry) || is_known {
            return;
        }
        if let Some(error) = error.into_error() {
            entry.receive_failure(LoadFailure { error, retry_at, epoch, count }, self.new_log_id());
            self.reweigh(key, entry);
        }
    }

    /// Runs work that occupies a processor on a blocking thread; `None` if it panics.
    pub(super) async fn run_blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        self.runtime().spawn_blocking(work).await.ok()
    }
}
