//! Event stream of one reader: it keeps only its cursor in the event log, so that a slow reader costs no memory and one that reconnects
//! misses no event.

use std::sync::Arc;

use bytes::Bytes;

use crate::jobs::cache::entry::EntryState;
use crate::jobs::cache::refresh::Watcher;
use crate::jobs::error::{Error, Result};
use crate::jobs::events::{ChangeKind, Event, EventCursor};
use crate::jobs::model::id::JobId;
use crate::jobs::model::job::to_timestamp;
use crate::jobs::model::json::{ContentHash, ListBody};
use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::model::status::StaleReason;
use crate::jobs::queries::{FoundJob, JobLookup};
use crate::jobs::subscriptions::position::StreamPosition;
use crate::upstream::Caller;

/// Item of an event stream.
#[derive(Debug, Clone)]
pub enum StreamMessage {
    /// The whole list: at the start, and when the event log no longer contains the cursor.
    Snapshot {
        /// Position after the snapshot.
        position: StreamPosition,
        /// JSON of the list.
        body: Bytes,
    },
    /// A change of a job.
    Event {
        /// Position after the event.
        position: StreamPosition,
        /// Event.
        event: Arc<Event>,
    },
    /// The list became stale, or is no longer.
    Staleness {
        /// Position after the message, with the staleness of the list.
        position: StreamPosition,
        /// JSON object with `stale`, `staleReason` and `observedAt` of the list.
        body: Bytes,
    },
    /// Last item: the caller has no access, or the job can't be found.
    Failed(Error),
}

/// Event stream of a company or of one job.
pub struct Subscription {
    lookup: Arc<JobLookup>,
    caller: Arc<Caller>,
    active: Watcher,
    cursor: Option<EventCursor>,
    /// Staleness of which the reader was informed last.
    stale: Option<StaleReason>,
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
    pub last_content_hash: Option<ContentHash>,
    /// Watcher of the scheduled list, as long as the job is scheduled.
    pub scheduled: Option<Watcher>,
    /// When the stream ends.
    pub until: StreamEnd,
    /// Whether the completed job was returned.
    pub is_finished: bool,
}

/// End of the stream of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StreamEnd {
    /// When the job is completed or removed.
    Job,
    /// When its chain is completed, too.
    #[default]
    Chain,
}

impl SubscribedJob {
    /// Updates the state for an event of the job. Returns whether it is the last one of the stream.
    fn ends_with(&mut self, event: &Event) -> bool {
        if event.change == ChangeKind::Created {
            self.scheduled = None;
        }
        self.is_finished |= event.change == ChangeKind::Finished;
        match event.change {
            ChangeKind::Removed => true,
            ChangeKind::Finished | ChangeKind::Chain => self.until == StreamEnd::Job || !event.awaits_chain,
            ChangeKind::Created | ChangeKind::Progress | ChangeKind::Status => false,
        }
    }
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
        caller: Arc<Caller>,
        active: Watcher,
        position: Option<StreamPosition>,
        job: Option<SubscribedJob>,
    ) -> Self {
        let cursor = position.map(|position| position.cursor);
        let stale = position.and_then(|position| position.stale);
        Self { lookup, caller, active, cursor, stale, job, pending: None, state: StreamState::Open }
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
                        let position = self.position_at(cursor);
                        return Some(self.emit(StreamMessage::Event { position, event }));
                    }
                    // The event log has no events of the chain of a job that was completed before.
                    if self.job.as_ref().is_some_and(|job| job.is_finished) {
                        self.check_inactive_job().await;
                    }
                }
                // After all events, so that a reader knows that its list is current again.
                Some(Ok(None)) => match self.change_of_staleness() {
                    Some(item) => return Some(self.emit(item)),
                    None => self.changed().await,
                },
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

    /// Returns the staleness of the lists of the subscription.
    fn current_staleness(&self) -> Option<StaleReason> {
        let scheduled = self.job.as_ref().and_then(|job| job.scheduled.as_ref());
        let mut lists = std::iter::once(&self.active).chain(scheduled);
        lists.find_map(|list| list.with(EntryState::stale_reason))
    }

    /// Returns the message about the staleness of the list if it is another than the reader knows.
    fn change_of_staleness(&mut self) -> Option<StreamMessage> {
        let (cursor, current) = (self.cursor?, self.current_staleness());
        if current == self.stale {
            return None;
        }
        self.stale = current;
        let observed_at = self.active.with(|state| state.snapshot().map(|snapshot| snapshot.observed_at.wall));
        let mut body = serde_json::json!({ "stale": current.is_some() });
        if let Some(reason) = current {
            body["staleReason"] = reason.name().into();
        }
        if let Some(observed_at) = observed_at {
            body["observedAt"] = to_timestamp(observed_at).to_string().into();
        }
        Some(StreamMessage::Staleness { position: self.position_at(cursor), body: body.to_string().into() })
    }

    fn position_at(&self, cursor: EventCursor) -> StreamPosition {
        StreamPosition { cursor, stale: self.stale }
    }

    /// Looks up the job of the subscription if it is not in the active list: it may be scheduled, deleted, or already completed.
    pub async fn check_inactive_job(&mut self) {
        let Some(job) = self.job.as_ref().filter(|_| !self.has_ended()) else { return };
        let current = self.active.with(EntryState::snapshot_with_cursor);
        let is_in_log = |id: &str, snapshot: &Snapshot| {
            snapshot.job(id).is_some() || (job.is_finished && snapshot.completed_job(id).is_some())
        };
        let Some((_, cursor)) = current.filter(|(snapshot, _)| !is_in_log(&job.encoded_id, snapshot)) else { return };
        let found = self.find(&job.id).await;
        let Some(job) = &mut self.job else { return };
        let event = match found {
            Ok(found) => {
                let is_new = job.last_content_hash.replace(found.job.content_hash) != Some(found.job.content_hash);
                let change = match (found.job.job.is_final(), job.is_finished) {
                    (true, false) => ChangeKind::Finished,
                    _ if !is_new => return,
                    (true, true) => ChangeKind::Chain,
                    (false, _) => ChangeKind::Status,
                };
                Event::new(change, &found.job)
            }
            Err(Error::JobNotFound) => Event::removed(&job.encoded_id),
            _ => return,
        };
        // The lookup may return another id than the active list.
        let event = Event { job: job.encoded_id.clone(), ..event };
        self.pending = Some(StreamMessage::Event { position: self.position_at(cursor), event: Arc::new(event) });
    }

    /// Updates the state for an item that is about to be returned.
    fn emit(&mut self, item: StreamMessage) -> StreamMessage {
        let is_last = match &item {
            StreamMessage::Event { event, .. } => self.job.as_mut().is_some_and(|job| job.ends_with(event)),
            StreamMessage::Failed(_) => true,
            StreamMessage::Snapshot { .. } | StreamMessage::Staleness { .. } => false,
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
            let body = snapshot.rendered(self.current_staleness()).body.clone();
            return Some(StreamMessage::Snapshot { position: self.position_at(cursor), body });
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
            self.pending = Some(StreamMessage::Event { position: self.position_at(cursor), event: Arc::new(event) });
        }
        let (jobs, stale) = ([job], self.current_staleness());
        let body = ListBody {
            member: "jobs",
            jobs: &jobs,
            bad_items: &[],
            observed_at: None,
            stale,
            next: None,
            is_truncated: false,
            denied: &[],
        };
        Some(StreamMessage::Snapshot { position: self.position_at(cursor), body: body.write() })
    }

    async fn find(&self, id: &JobId) -> Result<FoundJob> {
        // Boxed: the future of a stream, which mostly waits, would have space for this one several times.
        Box::pin(self.lookup.find_by_job_id(&self.caller, id)).await
    }
}
