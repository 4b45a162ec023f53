//! Event subscriptions. A subscriber keeps a cursor into the event log: a slow one costs no memory, a returning one resumes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::jobs::cache::entry::EntryState;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::refresh::Watcher;
use crate::jobs::company::CompanyChoice;
use crate::jobs::error::{Error, Result};
use crate::jobs::events::{Change, Event, EventCursor};
use crate::jobs::model::id::{JobId, JobRef};
use crate::jobs::model::job::{Phase, RenderedJob};
use crate::jobs::model::snapshot::ListBody;
use crate::jobs::queries::find::{Found, JobLookup};
use crate::jobs::queries::list::JobLists;
use crate::upstream::Caller;

/// Message to a subscriber.
#[derive(Debug, Clone)]
pub enum StreamMessage {
    /// Whole list: at the start, and after missed events.
    Snapshot {
        /// Cursor after it.
        cursor: EventCursor,
        /// JSON body of the list.
        body: Bytes,
    },
    /// Event.
    Event {
        /// Cursor after it.
        cursor: EventCursor,
        /// Event with its data.
        event: Arc<Event>,
    },
    /// The subscriber has lost access to the list.
    Denied(Error),
}

/// Subscription to the events of a company or of one job.
pub struct Subscription {
    lookup: Arc<JobLookup>,
    caller: Caller,
    watcher: Watcher,
    cursor: Option<EventCursor>,
    /// Job of a subscription to one job.
    job: Option<SubscribedJob>,
    /// Message to deliver before the next event.
    pending: Option<StreamMessage>,
    is_over: bool,
}

/// Job of a subscription to one job.
struct SubscribedJob {
    id: JobId,
    /// Id as text, as events have it.
    text: String,
    /// Meaning of the last delivered state while the job is not in the list of active jobs.
    delivered: Option<[u8; 32]>,
    /// Watcher of the scheduled jobs, as long as the job is scheduled.
    scheduled: Option<Watcher>,
}

/// Subscriptions to events.
pub struct Subscriptions {
    lists: Arc<JobLists>,
    lookup: Arc<JobLookup>,
}

impl Subscriptions {
    /// Creates subscriptions to the events of these lists.
    #[must_use]
    pub fn new(lists: Arc<JobLists>, lookup: Arc<JobLookup>) -> Self {
        Self { lists, lookup }
    }

    /// Subscribes to the events of the active jobs of `company`, from `cursor` on if the log still has it.
    ///
    /// # Errors
    /// The first read of the list fails.
    pub async fn of_company(&self, caller: Caller, company: &str, cursor: Option<EventCursor>) -> Result<Subscription> {
        let caller = caller.without_locale();
        let watcher = self.lists.active.watch(&caller, company);
        self.lists.active.read(&caller, company, CacheDirective::Any).await?;
        let lookup = Arc::clone(&self.lookup);
        Ok(Subscription { lookup, caller, watcher, cursor, job: None, pending: None, is_over: false })
    }

    /// Subscribes to the events of one job, until it is final or deleted.
    ///
    /// # Errors
    /// Those of [`JobLookup::find`].
    pub async fn of_job(
        &self,
        caller: Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        cursor: Option<EventCursor>,
    ) -> Result<Subscription> {
        let caller = caller.without_locale();
        let company = self.lookup.company_of(&caller, choice, job).await?;
        let found = self.lookup.find(&caller, choice, job, CacheDirective::Any).await?;
        let watcher = self.lists.active.watch(&caller, &company);
        self.lists.active.read(&caller, &company, CacheDirective::Any).await?;
        // Events have the canonical id.
        let text = found.job.job.id.clone();
        let id = JobId::decode(&text).map_err(|_| Error::Internal("an id of our own can't be read"))?;
        let is_scheduled = found.job.job.phase == Phase::Scheduled;
        let scheduled = is_scheduled.then(|| self.lists.scheduled.watch(&caller, &company));
        // The event log has active jobs only: a scheduled job starts with its whole state.
        let cursor = cursor.filter(|_| !is_scheduled);
        let job = Some(SubscribedJob { id, text, delivered: None, scheduled });
        let lookup = Arc::clone(&self.lookup);
        Ok(Subscription { lookup, caller, watcher, cursor, job, pending: None, is_over: false })
    }
}

impl Subscription {
    /// Whether the last message was delivered.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// Waits for the next message; `None` after the last one.
    pub async fn next(&mut self) -> Option<StreamMessage> {
        loop {
            if self.is_over {
                return None;
            }
            if let Some(message) = self.pending.take() {
                return Some(self.deliver(message));
            }
            if let Some(error) = self.watcher.with(EntryState::denied) {
                return Some(self.deliver(StreamMessage::Denied(error)));
            }
            match self.cursor.map(|cursor| self.watcher.with(|state| state.history().next(cursor))) {
                Some(Ok(Some((cursor, event)))) => {
                    self.cursor = Some(cursor);
                    if self.is_about(&event.job) {
                        return Some(self.deliver(StreamMessage::Event { cursor, event }));
                    }
                }
                Some(Ok(None)) => self.changed().await,
                Some(Err(_)) | None => match self.start().await {
                    Some(message) => return Some(self.deliver(message)),
                    None => self.changed().await,
                },
            }
        }
    }

    /// Waits until there may be a message.
    async fn changed(&mut self) {
        let Some(scheduled) = self.job.as_mut().and_then(|job| job.scheduled.as_mut()) else {
            return self.watcher.changed().await;
        };
        tokio::select! {
            () = self.watcher.changed() => {}
            () = scheduled.changed() => self.check_unlisted().await,
        }
    }

    /// Looks up a job that is not in the list of active jobs: it may be scheduled, deleted, or final already.
    pub async fn check_unlisted(&mut self) {
        let Some(job) = self.job.as_ref().filter(|_| !self.is_over) else { return };
        let here = self.watcher.with(EntryState::here);
        let Some((_, cursor)) = here.filter(|(snapshot, _)| snapshot.job(&job.text).is_none()) else { return };
        let found = self.find(&job.id).await;
        let Some(job) = &mut self.job else { return };
        let (change, data) = match found {
            Ok(found) if found.job.job.is_final() => (Change::Finished, found.job.json.clone()),
            Ok(found) if job.delivered.replace(found.job.meaning) != Some(found.job.meaning) => {
                (Change::Status, found.job.json.clone())
            }
            Err(Error::JobNotFound) => (Change::Removed, serde_json::json!({ "id": job.text }).to_string().into()),
            _ => return,
        };
        let event = Event { change, job: job.text.clone(), data };
        self.pending = Some(StreamMessage::Event { cursor, event: Arc::new(event) });
    }

    /// Notes whether a message is the last one.
    fn deliver(&mut self, message: StreamMessage) -> StreamMessage {
        self.is_over = match &message {
            StreamMessage::Event { event, .. } => {
                if let Some(job) = self.job.as_mut().filter(|_| event.change == Change::Created) {
                    job.scheduled = None;
                }
                self.job.is_some() && event.change.is_last()
            }
            StreamMessage::Denied(_) => true,
            StreamMessage::Snapshot { .. } => false,
        };
        message
    }

    fn is_about(&self, id: &str) -> bool {
        self.job.as_ref().is_none_or(|own| own.text == id)
    }

    /// Returns the current list, and sets the cursor after it. Cancel-safe.
    async fn start(&mut self) -> Option<StreamMessage> {
        let (snapshot, cursor) = self.watcher.with(EntryState::here)?;
        let Some(SubscribedJob { id, text, .. }) = &self.job else {
            self.cursor = Some(cursor);
            return Some(StreamMessage::Snapshot { cursor, body: snapshot.body.clone() });
        };
        // The events that follow start at this snapshot, so it takes precedence over a newer lookup.
        let job = match snapshot.job(text) {
            Some(job) => Arc::clone(job),
            None => match self.find(id).await {
                Ok(found) => found.job,
                Err(error) => return Some(StreamMessage::Denied(error)),
            },
        };
        self.cursor = Some(cursor);
        if let Some(own) = &mut self.job {
            own.delivered = Some(job.meaning);
        }
        if job.job.is_final() {
            self.pending = Some(finished(cursor, &job));
        }
        let jobs = [job];
        let body = ListBody { member: "jobs", jobs: &jobs, bad_items: &[], observed_at: None, stale: None, next: None };
        Some(StreamMessage::Snapshot { cursor, body: body.write() })
    }

    async fn find(&self, id: &JobId) -> Result<Found> {
        self.lookup.find(&self.caller, &CompanyChoice::default(), &JobRef::Id(id.clone()), CacheDirective::Any).await
    }
}

fn finished(cursor: EventCursor, job: &RenderedJob) -> StreamMessage {
    let event = Event { change: Change::Finished, job: job.job.id.clone(), data: job.json.clone() };
    StreamMessage::Event { cursor, event: Arc::new(event) }
}

/// Interval of heartbeats on an idle stream: proxies close silent connections.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
