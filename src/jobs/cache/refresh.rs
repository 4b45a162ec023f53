//! Watching a list: whoever waits for changes has it refreshed, by one task however many watch.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::jobs::cache::entry::{Entry, EntryState};
use crate::jobs::cache::metrics::CacheMetrics;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::snapshot_cache::{Key, Next, SHORTEST_INTERVAL, SnapshotCache};
use crate::upstream::Caller;

impl SnapshotCache {
    /// Watches a list: as long as the answer lives it is refreshed as often as it may be, by one task however many watch.
    pub fn watch(self: &Arc<Self>, caller: &Caller, company: &str) -> Watcher {
        let key = Key::new(caller, company);
        let slot = self.slot(&key, caller);
        let changed = slot.subscribe();
        self.tally().watched();
        let mut state = slot.lock();
        state.watchers += 1;
        if !state.refreshed {
            state.refreshed = true;
            self.runtime().spawn(Arc::clone(self).refresh(Arc::clone(&slot), key, caller.clone()));
        }
        drop(state);
        Watcher { slot, changed, tally: self.tally() }
    }

    async fn refresh(self: Arc<Self>, slot: Arc<Entry>, key: Key, caller: Caller) {
        // Held, so that the receiver has a sender even if the cache forgets it.
        let sender = self.generations().of(&key.company);
        let mut generation = sender.subscribe();
        let mut news = self.news_of(&slot);
        loop {
            let age = slot.last().map(|snapshot| self.age(&snapshot));
            let rest = age.map_or(Duration::ZERO, |age| self.freshness().fresh.saturating_sub(age));
            let wait = if rest.is_zero() { self.pause() } else { rest };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = generation.changed() => {}
                () = news.changed() => {}
            }
            {
                let mut state = slot.lock();
                if state.watchers == 0 {
                    state.refreshed = false;
                    return;
                }
            }
            // The entry must not be forgotten while somebody watches it.
            self.keep_slot(&key, &slot);
            self.catch_up(&slot, &key).await;
            if let Some(Next::Wait(load)) =
                self.next(&slot, &key, &caller, CacheDirective::NotOlderThan(self.freshness().fresh))
            {
                let _ = load.await;
            }
        }
    }

    /// Between two looks of a watch when nothing else tells: where nothing is fresh for any time, too.
    fn pause(&self) -> Duration {
        Some(self.freshness().fresh)
            .filter(|fresh| !fresh.is_zero())
            .unwrap_or(SHORTEST_INTERVAL)
            .min(SHORTEST_INTERVAL)
    }
}

/// Somebody watches a list.
pub struct Watcher {
    slot: Arc<Entry>,
    changed: watch::Receiver<u64>,
    tally: CacheMetrics,
}

impl Watcher {
    /// Waits until the list means something else than when this was asked last.
    pub async fn changed(&mut self) {
        // The sender lives in the slot that is held here.
        let _ = self.changed.changed().await;
    }

    /// What is known, and what happened so far.
    pub fn with<T>(&self, look: impl FnOnce(&EntryState) -> T) -> T {
        look(&self.slot.lock())
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.slot.lock().watchers -= 1;
        self.tally.unwatched();
    }
}
