//! One entry of the store: the last snapshot, the load that is under way, the last failure, and what happened so far.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::watch;

use crate::jobs::cache::single_flight::SingleFlight;
use crate::jobs::error::{Error, Result};
use crate::jobs::events;
use crate::jobs::events::{Event, EventCursor, EventLog};
use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::wire::Received;
use crate::replicas::ListLocation;

/// A load that is under way: whoever waits for it holds a clone.
pub type Load = Shared<BoxFuture<'static, Result<Arc<Snapshot>>>>;

/// What is known of one list of one company for one caller.
pub struct Entry {
    state: Mutex<EntryState>,
    /// Wakes those who wait whenever the list means something else.
    changed: watch::Sender<u64>,
    /// Where the fleet keeps the list, if there is a fleet.
    pub address: Option<ListLocation>,
    /// Looks at what the fleet knows.
    pub looks: SingleFlight,
}

/// What changes over time.
pub struct EntryState {
    current: Option<Arc<Snapshot>>,
    /// The generation under which `current` was loaded.
    current_generation: u64,
    /// The load that is under way, and the generation under which it began.
    pub load: Option<(u64, Load)>,
    /// The last load failed so.
    pub failure: Option<Failure>,
    failures_in_a_row: u32,
    history: EventLog,
    /// How many watch: the list is refreshed as long as somebody does.
    pub watchers: usize,
    /// Whether the task that refreshes it runs.
    pub refreshed: bool,
    /// The token of `current`, and of the newest snapshot that this replica knows of, in the words of the fleet.
    token: u64,
    newest: u64,
    /// Whether the fleet knows the history, too.
    is_shared: bool,
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

/// A load that ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// The generation under which it is known among those who wait for it.
    pub begun_under: u64,
    /// The generation that its answer belongs to.
    pub generation: u64,
}

/// Who has a snapshot.
#[derive(Debug, Clone, Copy)]
pub enum Reach {
    /// This process, which is all there is.
    Process,
    /// The fleet, under this token.
    Fleet(u64),
    /// This replica alone, since the shared store can't be reached.
    Replica {
        /// The time, in microseconds: what has no token of the fleet is ordered by that.
        at: u64,
        /// The epoch of a history of its own.
        epoch: u64,
    },
}

impl Entry {
    /// Nothing is known yet; `epoch` grows from one slot to the next.
    pub fn new(epoch: u64, address: Option<ListLocation>) -> Self {
        let state = EntryState {
            current: None,
            current_generation: 0,
            load: None,
            failure: None,
            failures_in_a_row: 0,
            history: EventLog::new(epoch),
            watchers: 0,
            refreshed: false,
            token: 0,
            newest: 0,
            is_shared: false,
        };
        Self { state: Mutex::new(state), changed: watch::Sender::new(0), address, looks: SingleFlight::default() }
    }

    /// The state, to look at or to change: for a moment, never across an await.
    pub fn lock(&self) -> MutexGuard<'_, EntryState> {
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
    pub fn succeed(&self, snapshot: Arc<Snapshot>, ended: Ended, reach: Reach) {
        let mut state = self.lock();
        state.end_load(ended.begun_under);
        if ended.generation < state.current_generation {
            return;
        }
        match reach {
            Reach::Process => {}
            // It came back already, as news of the fleet.
            Reach::Fleet(token) if token <= state.newest => return,
            Reach::Fleet(token) => {
                (state.token, state.newest, state.is_shared) = (token, token, true);
            }
            Reach::Replica { at, epoch } => {
                state.newest = at.max(state.newest + 1);
                state.token = state.newest;
                if std::mem::take(&mut state.is_shared) {
                    state.history.fork(epoch);
                }
            }
        }
        if let Some(before) = &state.current {
            let events = events::between(before, &snapshot);
            state.history.extend(events);
        }
        self.replace(state, snapshot, ended.generation);
    }

    /// Another replica loaded a snapshot; these events tell what happened meanwhile.
    pub fn receive(&self, received: Received, token: u64, batches: Vec<(EventCursor, Vec<Event>)>) {
        let mut state = self.lock();
        if token <= state.newest {
            return;
        }
        (state.token, state.newest, state.is_shared) = (token, token, true);
        state.history.follow(received.place, batches);
        self.replace(state, Arc::new(received.snapshot), received.generation);
    }

    fn replace(&self, mut state: MutexGuard<'_, EntryState>, snapshot: Arc<Snapshot>, generation: u64) {
        let news = state.current.as_ref().is_none_or(|before| before.etag != snapshot.etag);
        state.current = Some(snapshot);
        state.current_generation = generation;
        state.failure = None;
        state.failures_in_a_row = 0;
        drop(state);
        if news {
            self.changed.send_modify(|count| *count += 1);
        }
    }

    /// A load failed, this replica's own if it is known by the generation that it began under; `in_a_row` loads did. A caller who may not see the list any more sees nothing of it.
    pub fn fail(&self, failure: Failure, begun_under: Option<u64>, epoch: u64, in_a_row: u32) {
        let mut state = self.lock();
        if let Some(begun_under) = begun_under {
            state.end_load(begun_under);
        }
        let denied = failure.error.denies_access();
        if denied && state.current.take().is_some() {
            state.history = EventLog::new(epoch);
            state.is_shared = false;
        }
        state.failure = Some(failure);
        state.failures_in_a_row = in_a_row;
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

impl EntryState {
    /// The load that began under this generation is over. Under the same lock as what it brought, or readers would begin another.
    pub fn end_load(&mut self, generation: u64) {
        self.load.take_if(|(begun_under, _)| *begun_under == generation);
    }

    /// The snapshot, unless something was changed since it was loaded.
    pub fn usable(&self, generation: u64) -> Option<&Arc<Snapshot>> {
        self.current.as_ref().filter(|_| self.current_generation == generation)
    }

    /// The snapshot and the place in the history that belongs to it.
    pub fn here(&self) -> Option<(Arc<Snapshot>, EventCursor)> {
        self.current.as_ref().map(|snapshot| (Arc::clone(snapshot), self.history.end()))
    }

    /// What happened so far.
    pub fn history(&self) -> &EventLog {
        &self.history
    }

    /// How many loads failed in a row.
    pub fn failures_in_a_row(&self) -> u32 {
        self.failures_in_a_row
    }

    /// The token of the newest snapshot that this replica knows of.
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// The token of the snapshot that is here.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// A newer snapshot can't be read: it is there, and as good as none.
    pub fn pass_over(&mut self, token: u64) {
        self.newest = self.newest.max(token);
    }

    /// The error of a caller who may not see the list.
    pub fn denied(&self) -> Option<Error> {
        self.failure.as_ref().map(|failure| &failure.error).filter(|error| error.denies_access()).cloned()
    }
}
