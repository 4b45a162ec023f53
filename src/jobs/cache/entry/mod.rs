//! Cache entry of one list: the current snapshot, the load in flight, the last failure, the event log, and the watchers.

mod load;
mod shared_list;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

pub use self::load::{InFlightLoad, LoadEpochs, LoadFailure, ReadStep, Visibility};
pub use self::shared_list::SharedList;
pub use self::state::EntryState;
use crate::jobs::cache::key::ListKey;
use crate::jobs::cache::wire::ReceivedSnapshot;
use crate::jobs::events::{Event, EventCursor};
use crate::jobs::model::snapshot::Snapshot;
use crate::replicas::Notifications;
use crate::runtime::single_flight::SingleFlight;
use crate::upstream::Caller;

/// Cache entry of one list of one company for one caller.
pub struct Entry {
    state: Mutex<EntryState>,
    /// Counts changes of the content and of the staleness, and denials of access.
    changed: watch::Sender<u64>,
    shared: Option<SharedList>,
    sync: SingleFlight,
}

/// Cache entry with its key and the caller whose credentials load it.
#[derive(Clone, Copy)]
pub struct KeyedEntry<'a> {
    /// Entry.
    pub entry: &'a Arc<Entry>,
    /// Key of the entry.
    pub key: &'a ListKey,
    /// Caller.
    pub caller: &'a Caller,
}

impl Entry {
    /// Creates an empty entry with a new event log. `shared` is the list in the shared store, if there is one.
    pub fn new(log_id: u64, shared: Option<SharedList>) -> Self {
        let state = Mutex::new(EntryState::new(log_id));
        Self { state, changed: watch::Sender::new(0), shared, sync: SingleFlight::default() }
    }

    /// Locks the state. The guard must not be held across an await.
    pub fn lock(&self) -> MutexGuard<'_, EntryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the list in the shared store, if there is one.
    pub fn shared(&self) -> Option<&SharedList> {
        self.shared.as_ref()
    }

    /// Subscribes to changes of the list by other replicas; none without a shared store.
    pub fn notifications(&self) -> Notifications {
        self.shared.as_ref().map_or_else(Notifications::none, SharedList::subscribe)
    }

    /// Returns the single-flight group of reads of the shared store.
    pub fn sync(&self) -> &SingleFlight {
        &self.sync
    }

    /// Subscribes to changes of the content and of the staleness, and to denials of access.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Returns the current snapshot, even if it is invalidated.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.lock().snapshot().cloned()
    }

    /// Ends a successful load. Its snapshot becomes the current one, unless that was loaded under a later epoch or has a higher token.
    pub fn complete_load(&self, snapshot: Arc<Snapshot>, epochs: LoadEpochs, visibility: Visibility) {
        let is_changed = self.lock().complete_load(snapshot, epochs, visibility);
        if is_changed {
            self.notify();
        }
    }

    /// Ends a failed load, which was started under this epoch. If access is denied, the snapshot is dropped and a new event log begins.
    pub fn fail_load(&self, failure: LoadFailure, started_under: u64, new_log_id: u64) {
        let is_denied = self.lock().fail_load(failure, started_under, new_log_id);
        if is_denied {
            self.notify();
        }
    }

    /// Takes over a snapshot that another replica published under this token, and the events before it.
    pub fn receive(&self, received: ReceivedSnapshot, token: u64, batches: Vec<(EventCursor, Vec<Event>)>) {
        let is_changed = self.lock().receive(received, token, batches);
        if is_changed {
            self.notify();
        }
    }

    /// Takes over the failure of a load of another replica.
    pub fn receive_failure(&self, failure: LoadFailure, new_log_id: u64) {
        let is_denied = self.lock().set_failure(failure, new_log_id);
        if is_denied {
            self.notify();
        }
    }

    /// Marks the list as stale if `is_stale` holds for its state.
    pub fn mark_stale_if(&self, is_stale: impl FnOnce(&EntryState) -> bool) {
        let is_changed = {
            let mut state = self.lock();
            is_stale(&state) && state.mark_stale()
        };
        if is_changed {
            self.notify();
        }
    }

    /// Adds a watcher. Returns whether a refresher has to be started.
    #[must_use]
    pub fn add_watcher(&self) -> bool {
        self.lock().add_watcher()
    }

    /// Removes a watcher.
    pub fn remove_watcher(&self) {
        self.lock().remove_watcher();
    }

    /// Ends the refresh if there are no watchers. Returns whether it ended.
    #[must_use]
    pub fn stop_refresh_if_unwatched(&self) -> bool {
        self.lock().stop_refresh_if_unwatched()
    }

    /// Ends the refresh although there may be watchers: the refresher panicked. The next watcher starts another one.
    pub fn abort_refresh(&self) {
        self.lock().abort_refresh();
    }

    /// Returns the approximate memory of the entry, in bytes.
    pub fn weight(&self) -> u32 {
        u32::try_from(self.lock().weight()).unwrap_or(u32::MAX)
    }

    fn notify(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}
