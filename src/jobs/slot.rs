//! One entry of the store: the last snapshot, the load that is under way, the last failure, and what happened so far.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::watch;

use super::error::{Error, Result};
use super::events::{self, History, Place};
use super::snapshot::Snapshot;

/// A load that is under way: whoever waits for it holds a clone.
pub type Load = Shared<BoxFuture<'static, Result<Arc<Snapshot>>>>;

/// What is known of one list of one company for one caller.
pub struct Slot {
    state: Mutex<State>,
    /// Wakes those who wait whenever the list means something else.
    changed: watch::Sender<u64>,
}

/// What changes over time.
pub struct State {
    current: Option<Arc<Snapshot>>,
    /// The generation under which `current` was loaded.
    current_generation: u64,
    /// The load that is under way, and the generation under which it began.
    pub load: Option<(u64, Load)>,
    /// The last load failed so.
    pub failure: Option<Failure>,
    failures_in_a_row: u32,
    history: History,
    /// How many watch: the list is refreshed as long as somebody does.
    pub watchers: usize,
    /// Whether the task that refreshes it runs.
    pub refreshed: bool,
}

/// The last failed load: nobody asks again before `until`.
#[derive(Clone)]
pub struct Failure {
    /// What went wrong.
    pub error: Error,
    /// When it may be tried again.
    pub until: DateTime<Utc>,
    /// The generation under which it was tried.
    pub generation: u64,
}

impl Slot {
    /// Nothing is known yet; `epoch` grows from one slot to the next.
    pub fn new(epoch: u64) -> Self {
        let state = State {
            current: None,
            current_generation: 0,
            load: None,
            failure: None,
            failures_in_a_row: 0,
            history: History::new(epoch),
            watchers: 0,
            refreshed: false,
        };
        Self { state: Mutex::new(state), changed: watch::Sender::new(0) }
    }

    /// The state, to look at or to change: for a moment, never across an await.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells whenever the list means something else, or may not be seen any more.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The last snapshot, whatever became of it since.
    pub fn last(&self) -> Option<Arc<Snapshot>> {
        self.lock().current.clone()
    }

    /// A load ended well. What was loaded under an older generation than what is known is no news.
    pub fn succeed(&self, snapshot: Arc<Snapshot>, generation: u64) {
        let mut state = self.lock();
        state.end_load(generation);
        if generation < state.current_generation {
            return;
        }
        let news = state.current.as_ref().is_none_or(|before| before.etag != snapshot.etag);
        if let Some(before) = state.current.replace(Arc::clone(&snapshot)) {
            state.history.extend(events::between(&before, &snapshot));
        }
        state.current_generation = generation;
        state.failure = None;
        state.failures_in_a_row = 0;
        drop(state);
        if news {
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// A load failed; `until` is told how many did in a row before. A caller who may not see the list any more sees nothing of it.
    pub fn fail(&self, error: &Error, generation: u64, epoch: u64, until: impl FnOnce(u32) -> DateTime<Utc>) {
        let mut state = self.lock();
        state.end_load(generation);
        let denied = error.denies_access();
        if denied && state.current.take().is_some() {
            state.history = History::new(epoch);
        }
        state.failure = Some(Failure { error: error.clone(), until: until(state.failures_in_a_row), generation });
        state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
        drop(state);
        if denied {
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// About how many bytes of memory it takes.
    pub fn weight(&self) -> u32 {
        let state = self.lock();
        let snapshot = state.current.as_ref().map_or(0, |snapshot| snapshot.weight());
        u32::try_from(snapshot + state.history.weight() + 1024).unwrap_or(u32::MAX)
    }
}

impl State {
    /// The load that began under this generation is over. Under the same lock as what it brought, or readers would begin another.
    pub fn end_load(&mut self, generation: u64) {
        self.load.take_if(|(begun_under, _)| *begun_under == generation);
    }

    /// The snapshot, unless something was changed since it was loaded.
    pub fn usable(&self, generation: u64) -> Option<&Arc<Snapshot>> {
        self.current.as_ref().filter(|_| self.current_generation == generation)
    }

    /// The snapshot and the place in the history that belongs to it.
    pub fn here(&self) -> Option<(Arc<Snapshot>, Place)> {
        self.current.as_ref().map(|snapshot| (Arc::clone(snapshot), self.history.end()))
    }

    /// What happened so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The error of a caller who may not see the list.
    pub fn denied(&self) -> Option<Error> {
        self.failure.as_ref().map(|failure| &failure.error).filter(|error| error.denies_access()).cloned()
    }
}
