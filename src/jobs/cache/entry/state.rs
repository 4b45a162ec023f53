//! State of a cache entry, and its transitions when a load ends or another replica published something.

use std::sync::Arc;

use crate::jobs::cache::entry::load::{InFlightLoad, LoadEpochs, LoadFailure, Visibility};
use crate::jobs::cache::wire::ReceivedSnapshot;
use crate::jobs::error::Error;
use crate::jobs::events;
use crate::jobs::events::{Event, EventCursor, EventLog};
use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::model::status::StaleReason;

/// Overhead of an entry in its approximate memory, in bytes.
const OVERHEAD_BYTES: usize = 1024;

/// State of a cache entry, behind its lock.
pub struct EntryState {
    snapshot: Option<Arc<Snapshot>>,
    /// Invalidation epoch under which `snapshot` was loaded.
    snapshot_epoch: u64,
    /// Invalidation epoch of the company, and the number of invalidations when it was read.
    known_epoch: Option<(u64, u64)>,
    /// Fencing token of `snapshot`.
    token: u64,
    /// Highest fencing token that this replica knows; higher than `token` if the newest snapshot can't be decoded.
    newest_token: u64,
    /// Load in flight, and the epoch under which it was started.
    load: Option<(u64, InFlightLoad)>,
    failure: Option<LoadFailure>,
    /// Whether readers get the snapshot marked as stale, of which watchers were notified.
    is_stale: bool,
    log: EventLog,
    /// Whether other replicas have the event log, too.
    is_log_shared: bool,
    watchers: usize,
    /// Whether a refresher runs.
    is_refreshing: bool,
}

impl EntryState {
    pub(super) fn new(log_id: u64) -> Self {
        Self {
            snapshot: None,
            snapshot_epoch: 0,
            known_epoch: None,
            token: 0,
            newest_token: 0,
            load: None,
            failure: None,
            is_stale: false,
            log: EventLog::new(log_id),
            is_log_shared: false,
            watchers: 0,
            is_refreshing: false,
        }
    }

    /// Returns the current snapshot, even if it is invalidated.
    pub fn snapshot(&self) -> Option<&Arc<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// Returns the current snapshot if it was loaded under this epoch, else it is invalidated.
    pub fn valid_snapshot(&self, epoch: u64) -> Option<&Arc<Snapshot>> {
        self.snapshot.as_ref().filter(|_| self.snapshot_epoch == epoch)
    }

    /// Returns the invalidation epoch under which the current snapshot was loaded; 0 without one.
    pub fn snapshot_epoch(&self) -> u64 {
        self.snapshot_epoch
    }

    /// Returns the invalidation epoch of the company if it was read after this many invalidations; not before that of the current snapshot.
    pub fn epoch_as_of(&self, invalidations: u64) -> Option<u64> {
        let known = self.known_epoch.filter(|(_, read_after)| *read_after == invalidations);
        known.map(|(epoch, _)| epoch.max(self.snapshot_epoch))
    }

    /// Sets the invalidation epoch of the company, read after this many invalidations. Returns it, or that of the current snapshot if it is later.
    pub fn set_epoch(&mut self, epoch: u64, invalidations: u64) -> u64 {
        self.known_epoch = Some((epoch, invalidations));
        epoch.max(self.snapshot_epoch)
    }

    /// Returns the current snapshot and the end of the event log, which is the cursor after the snapshot.
    pub fn snapshot_with_cursor(&self) -> Option<(Arc<Snapshot>, EventCursor)> {
        self.snapshot.as_ref().map(|snapshot| (Arc::clone(snapshot), self.log.end()))
    }

    /// Returns the event log.
    pub fn event_log(&self) -> &EventLog {
        &self.log
    }

    /// Returns the fencing token of the current snapshot.
    pub fn token(&self) -> u64 {
        self.token
    }

    /// Returns the highest fencing token that this replica knows.
    pub fn newest_token(&self) -> u64 {
        self.newest_token
    }

    /// Skips the snapshot with this token, which can't be decoded.
    pub fn skip_token(&mut self, token: u64) {
        self.newest_token = self.newest_token.max(token);
    }

    /// Returns the load in flight that was started under this epoch.
    pub fn load_in_flight(&self, epoch: u64) -> Option<InFlightLoad> {
        self.load.as_ref().filter(|(started_under, _)| *started_under == epoch).map(|(_, load)| load.clone())
    }

    /// Sets the load in flight, started under this epoch.
    pub fn start_load(&mut self, epoch: u64, load: InFlightLoad) {
        self.load = Some((epoch, load));
    }

    /// Removes the load that was started under this epoch. Its result is stored under the same lock, or readers would start another load.
    pub fn end_load(&mut self, started_under: u64) {
        self.load.take_if(|(epoch, _)| *epoch == started_under);
    }

    /// Returns the failure of the last load, if that was under this epoch.
    pub fn failure(&self, epoch: u64) -> Option<&LoadFailure> {
        self.failure.as_ref().filter(|failure| failure.epoch == epoch)
    }

    /// Returns the number of failed loads in a row.
    pub fn failure_count(&self) -> u32 {
        self.failure.as_ref().map_or(0, |failure| failure.count)
    }

    /// Returns the reason why the list is stale, as watchers are notified of it.
    pub fn stale_reason(&self) -> Option<StaleReason> {
        self.is_stale.then_some(StaleReason::UpstreamFailed)
    }

    /// Marks the list as stale, until a load succeeds. Returns whether it was not.
    pub(super) fn mark_stale(&mut self) -> bool {
        !std::mem::replace(&mut self.is_stale, true)
    }

    /// Returns the error of the last load if that denied access to the list.
    pub fn access_error(&self) -> Option<Error> {
        self.failure.as_ref().map(|failure| &failure.error).filter(|error| error.denies_access()).cloned()
    }

    /// Returns whether the content changed, or the list is no longer stale.
    pub(super) fn complete_load(
        &mut self,
        snapshot: Arc<Snapshot>,
        epochs: LoadEpochs,
        visibility: Visibility,
    ) -> bool {
        self.end_load(epochs.started_under);
        if epochs.result < self.snapshot_epoch {
            return false;
        }
        match visibility {
            Visibility::Local => {}
            // The snapshot was already received back from the shared store.
            Visibility::Published(token) if token <= self.newest_token => return false,
            Visibility::Published(token) => self.set_token(token),
            Visibility::Unpublished { micros, log_id } => {
                self.newest_token = micros.max(self.newest_token + 1);
                self.token = self.newest_token;
                if std::mem::take(&mut self.is_log_shared) {
                    self.log.fork(log_id);
                }
            }
        }
        // Chains of jobs that left the list have events, but are not part of the content of the list.
        let end = self.log.end();
        if let Some(before) = &self.snapshot {
            let events = events::diff(before, &snapshot);
            self.log.extend(events);
        }
        (self.log.end() != end) | self.replace_snapshot(snapshot, epochs.result)
    }

    /// Returns whether the content changed, or the list is no longer stale.
    pub(super) fn receive(
        &mut self,
        received: ReceivedSnapshot,
        token: u64,
        batches: Vec<(EventCursor, Vec<Event>)>,
    ) -> bool {
        if token <= self.newest_token {
            return false;
        }
        self.set_token(token);
        let end = self.log.end();
        self.log.follow(received.cursor, batches);
        (self.log.end() != end) | self.replace_snapshot(Arc::new(received.snapshot), received.epoch)
    }

    fn set_token(&mut self, token: u64) {
        self.token = token;
        self.newest_token = token;
        self.is_log_shared = true;
    }

    fn replace_snapshot(&mut self, snapshot: Arc<Snapshot>, epoch: u64) -> bool {
        let is_changed = self.snapshot.as_ref().is_none_or(|before| before.etag() != snapshot.etag());
        let was_stale = std::mem::take(&mut self.is_stale);
        self.snapshot = Some(snapshot);
        self.snapshot_epoch = epoch;
        self.failure = None;
        is_changed || was_stale
    }

    /// Returns whether access is denied.
    pub(super) fn fail_load(&mut self, failure: LoadFailure, started_under: u64, new_log_id: u64) -> bool {
        self.end_load(started_under);
        self.set_failure(failure, new_log_id)
    }

    /// Returns whether access is denied.
    pub(super) fn set_failure(&mut self, failure: LoadFailure, new_log_id: u64) -> bool {
        let is_denied = failure.error.denies_access();
        if is_denied && self.snapshot.take().is_some() {
            self.log = EventLog::new(new_log_id);
            self.is_log_shared = false;
        }
        self.is_stale &= !is_denied;
        self.failure = Some(failure);
        is_denied
    }

    pub(super) fn add_watcher(&mut self) -> bool {
        self.watchers += 1;
        !std::mem::replace(&mut self.is_refreshing, true)
    }

    pub(super) fn remove_watcher(&mut self) {
        self.watchers -= 1;
    }

    pub(super) fn stop_refresh_if_unwatched(&mut self) -> bool {
        let is_unwatched = self.watchers == 0;
        if is_unwatched {
            self.is_refreshing = false;
        }
        is_unwatched
    }

    /// Ends the refresh although there may be watchers: the refresher panicked. The next watcher starts another one.
    pub(super) fn abort_refresh(&mut self) {
        self.is_refreshing = false;
    }

    pub(super) fn weight(&self) -> usize {
        let snapshot = self.snapshot.as_ref().map_or(0, |snapshot| snapshot.weight());
        snapshot + self.log.weight() + OVERHEAD_BYTES
    }
}
