//! Background refresh: while a list has watchers, one task loads it once per freshness interval.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::jobs::cache::SnapshotCache;
use crate::jobs::cache::entry::{Entry, EntryState, KeyedEntry, ReadStep};
use crate::jobs::cache::key::ListKey;
use crate::jobs::cache::metrics::CacheMetrics;
use crate::jobs::cache::policy::{CacheDirective, MIN_LOAD_INTERVAL};
use crate::upstream::Caller;

impl SnapshotCache {
    /// Watches a list: it is refreshed until the watcher is dropped.
    pub fn watch(self: &Arc<Self>, caller: &Caller, company: &str) -> Watcher {
        let key = ListKey::new(caller, company);
        let entry = self.entry(&key, caller);
        let changed = entry.subscribe();
        self.metrics().add_watcher();
        if entry.add_watcher() {
            let (cache, entry, caller) = (Arc::clone(self), Arc::clone(&entry), caller.clone());
            self.runtime().spawn(Refresher { cache, entry, key, caller }.run());
        }
        Watcher { entry, changed, metrics: self.metrics().clone() }
    }
}

/// Task that refreshes a list until it has no watchers.
struct Refresher {
    cache: Arc<SnapshotCache>,
    entry: Arc<Entry>,
    key: ListKey,
    caller: Caller,
}

impl Refresher {
    async fn run(self) {
        let Self { cache, entry, key, caller } = &self;
        // Nothing is allocated for a caller that IPS has not accepted.
        while !cache.is_accepted(caller) && entry.snapshot().is_none() {
            tokio::time::sleep(MIN_LOAD_INTERVAL).await;
            if entry.stop_refresh_if_unwatched() {
                return;
            }
        }
        let keyed = KeyedEntry { entry, key, caller };
        // Held, so that the receiver keeps its sender when the epoch is evicted.
        let sender = cache.epochs().of(&key.company);
        let mut epoch = sender.subscribe();
        let mut notifications = entry.notifications();
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.pause()) => {}
                _ = epoch.changed() => {}
                () = notifications.changed() => {}
            }
            if entry.stop_refresh_if_unwatched() {
                return;
            }
            // Neither the entry nor the epoch is evicted while it is watched.
            cache.retain(key, entry);
            cache.epochs().of(&key.company);
            cache.sync_with_replicas(keyed).await;
            let directive = CacheDirective::MaxAge(cache.freshness().fresh);
            if let Ok(ReadStep::Wait(load)) = cache.next_step(keyed, directive) {
                let _ = load.await;
            }
            cache.mark_if_stale(keyed);
        }
    }

    /// Returns the pause until the snapshot is no longer fresh; a second, or the freshness lifetime if that is shorter and not zero, if it
    /// is stale already.
    fn pause(&self) -> Duration {
        let fresh = self.cache.freshness().fresh;
        let age = self.entry.snapshot().map(|snapshot| self.cache.age(&snapshot));
        let remaining = age.map_or(Duration::ZERO, |age| fresh.saturating_sub(age));
        match (remaining.is_zero(), fresh.is_zero()) {
            (false, _) => remaining,
            (true, false) => fresh.min(MIN_LOAD_INTERVAL),
            (true, true) => MIN_LOAD_INTERVAL,
        }
    }
}

impl Drop for Refresher {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.entry.abort_refresh();
        }
    }
}

/// Guard of a watched list: while it exists, the list is refreshed.
pub struct Watcher {
    entry: Arc<Entry>,
    changed: watch::Receiver<u64>,
    metrics: CacheMetrics,
}

impl Watcher {
    /// Waits until the content of the list or its staleness changes, or access to it is denied, after the last call.
    pub async fn changed(&mut self) {
        // The sender is in the entry, which the watcher holds.
        let _ = self.changed.changed().await;
    }

    /// Returns what `read` returns for the state of the entry, which is locked meanwhile.
    pub fn with<T>(&self, read: impl FnOnce(&EntryState) -> T) -> T {
        read(&self.entry.lock())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.entry.remove_watcher();
        self.metrics.remove_watcher();
    }
}
