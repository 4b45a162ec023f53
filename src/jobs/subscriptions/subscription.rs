//! Event stream of one reader: it keeps only its cursor in the event log, so that a slow reader costs no memory and one that reconnects
//! misses no event.

use std::sync::Arc;

use bytes::Bytes;

use crate::jobs::cache::entry::EntryState;
use crate::jobs::cache::refresh::Watcher;
use crate::jobs::error::{Error, Result};
use crate::jobs::events::{ChangeKind, Event, EventCursor};
use crate::jobs::model::id::JobId;
use crate::jobs::model::json::ListBody;
use crate::jobs::queries::{FoundJob, JobLookup};
use crate::upstream::Caller;

/// Item of an event stream.
#[derive(Debug, Clone)]
pub enum StreamMessage {
    /// The whole list: at the start, and when the event log no longer contains the cursor.
    Snapshot {
        /// Cursor after the snapshot.
        cursor: EventCursor,
        /// JSON of the list.
        body: Bytes,
    },
    /// A change of a job.
    Event {
        /// Cursor after the event.
        cursor: EventCursor,
        /// Event.
        event: Arc<Event>,
    },
    /// Last item: the caller has no access, or the job can't be found.
    Failed(Error),
}

/// Event stream of a company or of one job.
pub struct Subscription {
    lookup: Arc<JobLookup>,
    caller: Caller,
    active: Watcher,
    cursor: Option<EventCursor>,
    job: Option<SubscribedJob>,
    /// Item that comes before the next one of the event log.
    pending: Option<StreamMessage>,
    state: StreamState,
}

/// The only job of a subscription.
pub(super) struct SubscribedJob {
    pub id: JobId,
    /// Id as in events.
    pub encoded_id: String,
    /// Content hash of the last item while the job is not in the active list.
    pub last_content_hash: Option<[u8; 32]>,
    /// Watcher of the scheduled list, as long as the job is scheduled.
    pub scheduled: Option<Watcher>,
}

/// Whether items may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StreamState {
    Open,
    Ended,
}

impl Subscription {
    pub(super) fn new(
        lookup: Arc<JobLookup>,
        caller: Caller,
        active: Watcher,
        cursor: Option<EventCursor>,
        job: Option<SubscribedJob>,
    ) -> Self {
        Self { lookup, caller, active, cursor, job, pending: None, state: StreamState::Open }
    }

    /// Returns whether the last item was returned.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.state == StreamState::Ended
    }

    /// Waits for the next item; `None` after the last one. Dropping the future loses no item.
    pub async fn next(&mut self) -> Option<StreamMessage> {
        loop {
            if self.has_ended() {
                return None;
            }
            if let Some(item) = self.pending.take() {
                return Some(self.emit(item));
            }
            if let Some(error) = self.active.with(EntryState::access_error) {
                return Some(self.emit(StreamMessage::Failed(error)));
            }
            match self.cursor.map(|cursor| self.active.with(|state| state.event_log().next(cursor))) {
                Some(Ok(Some((cursor, event)))) => {
                    self.cursor = Some(cursor);
                    if self.includes(&event.job) {
                        return Some(self.emit(StreamMessage::Event { cursor, event }));
                    }
                }
                Some(Ok(None)) => self.changed().await,
                Some(Err(_)) | None => match self.start().await {
                    Some(item) => return Some(self.emit(item)),
                    None => self.changed().await,
                },
            }
        }
    }

    /// Waits until there may be a next item.
    async fn changed(&mut self) {
        let Some(scheduled) = self.job.as_mut().and_then(|job| job.scheduled.as_mut()) else {
            return self.active.changed().await;
        };
        tokio::select! {
            () = self.active.changed() => {}
            () = scheduled.changed() => self.check_inactive_job().await,
        }
    }

    /// Looks up the job of the subscription if it is not in the active list: it may be scheduled, deleted, or already completed.
    pub async fn check_inactive_job(&mut self) {
        let Some(job) = self.job.as_ref().filter(|_| !self.has_ended()) else { return };
        let current = self.active.with(EntryState::snapshot_with_cursor);
        let Some((_, cursor)) = current.filter(|(snapshot, _)| snapshot.job(&job.encoded_id).is_none()) else { return };
        let found = self.find(&job.id).await;
        let Some(job) = &mut self.job else { return };
        let event = match found {
            Ok(found) if found.job.job.is_final() => Event::new(ChangeKind::Finished, &found.job),
            Ok(found) if job.last_content_hash.replace(found.job.content_hash) != Some(found.job.content_hash) => {
                Event::new(ChangeKind::Status, &found.job)
            }
            Err(Error::JobNotFound) => Event::removed(&job.encoded_id),
            _ => return,
        };
        // The lookup may return another id than the active list.
        let event = Event { job: job.encoded_id.clone(), ..event };
        self.pending = Some(StreamMessage::Event { cursor, event: Arc::new(event) });
    }

    /// Updates the state for an item that is about to be returned.
    fn emit(&mut self, item: StreamMessage) -> StreamMessage {
        let is_last = match &item {
            StreamMessage::Event { event, .. } => {
                if let Some(job) = self.job.as_mut().filter(|_| event.change == ChangeKind::Created) {
                    job.scheduled = None;
                }
                self.job.is_some() && event.change.is_last()
            }
            StreamMessage::Failed(_) => true,
            StreamMessage::Snapshot { .. } => false,
        };
        if is_last {
            self.state = StreamState::Ended;
        }
        item
    }

    fn includes(&self, id: &str) -> bool {
        self.job.as_ref().is_none_or(|job| job.encoded_id == id)
    }

    /// Returns the current list as the first item, and sets the cursor after it; `None` if there is no snapshot.
    async fn start(&mut self) -> Option<StreamMessage> {
        let (snapshot, cursor) = self.active.with(EntryState::snapshot_with_cursor)?;
        let Some(SubscribedJob { id, encoded_id, .. }) = &self.job else {
            self.cursor = Some(cursor);
            return Some(StreamMessage::Snapshot { cursor, body: snapshot.body.clone() });
        };
        // The following events are relative to this snapshot, so it takes precedence over a newer lookup.
        let job = match snapshot.job(encoded_id) {
            Some(job) => Arc::clone(job),
            None => match self.find(id).await {
                Ok(found) => found.job,
                Err(error) => return Some(StreamMessage::Failed(error)),
            },
        };
        self.cursor = Some(cursor);
        if let Some(own) = &mut self.job {
            own.last_content_hash = Some(job.content_hash);
        }
        if job.job.is_final() {
            let event = Event::new(ChangeKind::Finished, &job);
            self.pending = Some(StreamMessage::Event { cursor, event: Arc::new(event) });
        }
        let jobs = [job];
        let body = ListBody {
            member: "jobs",
            jobs: &jobs,
            bad_items: &[],
            observed_at: None,
            stale: None,
            next: None,
            denied: &[],
        };
        Some(StreamMessage::Snapshot { cursor, body: body.write() })
    }

    async fn find(&self, id: &JobId) -> Result<FoundJob> {
        self.lookup.find_by_job_id(&self.caller, id).await
    }
}
