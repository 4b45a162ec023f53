//! A reader of events: it keeps its place in the history, so that a slow one costs no memory and a returning one misses nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::jobs::cache::entry::EntryState;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::refresh::Watcher;
use crate::jobs::error::{Error, Result};
use crate::jobs::events::{Change, Event, EventCursor};
use crate::jobs::model::id::{JobId, JobRef};
use crate::jobs::model::snapshot::ListBody;
use crate::jobs::{CompanyChoice, Found, Jobs, Phase, RenderedJob};
use crate::upstream::Caller;

/// What a reader is told next.
#[derive(Debug, Clone)]
pub enum Told {
    /// The whole list: at the start, and when events were missed.
    Snapshot {
        /// The place after it.
        place: EventCursor,
        /// The list as JSON.
        body: Bytes,
    },
    /// Something happened.
    Event {
        /// The place after it.
        place: EventCursor,
        /// What.
        event: Arc<Event>,
    },
    /// The reader may not see the list any more.
    Denied(Error),
}

/// A reader of the events of a company or of one job.
pub struct Subscription {
    jobs: Arc<Jobs>,
    caller: Caller,
    watch: Watcher,
    place: Option<EventCursor>,
    /// The only job that it reads about.
    job: Option<OneJob>,
    /// Told before anything else happens.
    pending: Option<Told>,
    over: bool,
}

/// The job of a reader who reads about no other.
struct OneJob {
    id: JobId,
    /// The id as events have it.
    text: String,
    /// What the reader knows of it while it is in no list of active jobs.
    told: Option<[u8; 32]>,
    /// Watched as long as it is scheduled.
    scheduled: Option<Watcher>,
}

impl Jobs {
    /// Reads the events of the active jobs of `company`, from `place` on if that is still known.
    ///
    /// # Errors
    /// Whatever IPS answers to a first look.
    pub async fn subscribe(
        self: Arc<Self>,
        caller: Caller,
        company: &str,
        place: Option<EventCursor>,
    ) -> Result<Subscription> {
        let caller = caller.without_locale();
        let watch = self.active.watch(&caller, company);
        self.active.read(&caller, company, CacheDirective::Any).await?;
        Ok(Subscription { jobs: self, caller, watch, place, job: None, pending: None, over: false })
    }

    /// Reads the events of one job, until it is finished or gone.
    ///
    /// # Errors
    /// Whatever [`Jobs::find`] finds.
    pub async fn subscribe_to(
        self: Arc<Self>,
        caller: Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        place: Option<EventCursor>,
    ) -> Result<Subscription> {
        let caller = caller.without_locale();
        let company = self.company_of(&caller, choice, job).await?;
        let found = self.find(&caller, choice, job, CacheDirective::Any).await?;
        let watch = self.active.watch(&caller, &company);
        self.active.read(&caller, &company, CacheDirective::Any).await?;
        // The canonical id: events are told by it.
        let text = found.job.job.id.clone();
        let id = JobId::decode(&text).map_err(|_| Error::Internal("an id of our own can't be read"))?;
        let is_scheduled = found.job.job.phase == Phase::Scheduled;
        let scheduled = is_scheduled.then(|| self.scheduled.watch(&caller, &company));
        // The history is that of the active jobs: what happened to a schedule meanwhile, only the whole job tells.
        let place = place.filter(|_| !is_scheduled);
        let job = Some(OneJob { id, text, told: None, scheduled });
        Ok(Subscription { jobs: self, caller, watch, place, job, pending: None, over: false })
    }

    /// Watches the lists that an answer about `phases` is made of.
    #[must_use]
    pub fn watch(&self, caller: &Caller, company: &str, phases: &[Phase]) -> Watches {
        let stores = self.stores().into_iter().filter(|(phase, _)| phases.contains(phase));
        Watches(stores.map(|(_, store)| store.watch(caller, company)).collect())
    }
}

/// Somebody waits for changes of some lists.
pub struct Watches(Vec<Watcher>);

impl Watches {
    /// Waits until one of the lists means something else; for ever where there is none.
    pub async fn changed(&mut self) {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let changes = self.0.iter_mut().map(|watch| Box::pin(watch.changed()));
        futures_util::future::select_all(changes).await;
    }
}

impl Found {
    /// The phases in which the next change of this job will show; none when nothing will change any more.
    #[must_use]
    pub fn next_phases(&self) -> &'static [Phase] {
        match self.job.job.phase {
            _ if self.job.job.is_final() => &[],
            Phase::Scheduled => &[Phase::Scheduled, Phase::Active],
            Phase::Active | Phase::Completed => &[Phase::Active],
        }
    }
}

impl Subscription {
    /// Whether all was told: nothing will happen any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// What the reader is told next, when there is something; `None` once there will be nothing any more.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if self.over {
                return None;
            }
            if let Some(told) = self.pending.take() {
                return Some(self.tell(told));
            }
            if let Some(error) = self.watch.with(EntryState::denied) {
                return Some(self.tell(Told::Denied(error)));
            }
            match self.place.map(|place| self.watch.with(|state| state.history().next(place))) {
                Some(Ok(Some((place, event)))) => {
                    self.place = Some(place);
                    if self.is_about(&event.job) {
                        return Some(self.tell(Told::Event { place, event }));
                    }
                }
                Some(Ok(None)) => self.changed().await,
                Some(Err(_)) | None => match self.start().await {
                    Some(told) => return Some(self.tell(told)),
                    None => self.changed().await,
                },
            }
        }
    }

    /// Waits until there may be something to tell.
    async fn changed(&mut self) {
        let Some(scheduled) = self.job.as_mut().and_then(|job| job.scheduled.as_mut()) else {
            return self.watch.changed().await;
        };
        tokio::select! {
            () = self.watch.changed() => {}
            () = scheduled.changed() => self.look().await,
        }
    }

    /// Looks after a job that is not in the list of active jobs: it may be scheduled, be deleted, or have run unseen.
    pub async fn look(&mut self) {
        let Some(job) = self.job.as_ref().filter(|_| !self.over) else { return };
        let here = self.watch.with(EntryState::here);
        let Some((_, place)) = here.filter(|(snapshot, _)| snapshot.job(&job.text).is_none()) else { return };
        let found = self.find(&job.id).await;
        let Some(job) = &mut self.job else { return };
        let (change, data) = match found {
            Ok(found) if found.job.job.is_final() => (Change::Finished, found.job.json.clone()),
            Ok(found) if job.told.replace(found.job.meaning) != Some(found.job.meaning) => {
                (Change::Status, found.job.json.clone())
            }
            Err(Error::JobNotFound) => (Change::Removed, serde_json::json!({ "id": job.text }).to_string().into()),
            _ => return,
        };
        let event = Event { change, job: job.text.clone(), data };
        self.pending = Some(Told::Event { place, event: Arc::new(event) });
    }

    /// Remembers what ends the stream.
    fn tell(&mut self, told: Told) -> Told {
        self.over = match &told {
            Told::Event { event, .. } => {
                if let Some(job) = self.job.as_mut().filter(|_| event.change == Change::Created) {
                    job.scheduled = None;
                }
                self.job.is_some() && event.change.is_last()
            }
            Told::Denied(_) => true,
            Told::Snapshot { .. } => false,
        };
        told
    }

    fn is_about(&self, id: &str) -> bool {
        self.job.as_ref().is_none_or(|own| own.text == id)
    }

    /// The list as it is now, and the place from where the events go on. May be given up at any await: nothing is lost then.
    async fn start(&mut self) -> Option<Told> {
        let (snapshot, place) = self.watch.with(EntryState::here)?;
        let Some(OneJob { id, text, .. }) = &self.job else {
            self.place = Some(place);
            return Some(Told::Snapshot { place, body: snapshot.body.clone() });
        };
        // The events that follow are told after this very snapshot: it goes before a newer look.
        let job = match snapshot.job(text) {
            Some(job) => Arc::clone(job),
            None => match self.find(id).await {
                Ok(found) => found.job,
                Err(error) => return Some(Told::Denied(error)),
            },
        };
        self.place = Some(place);
        if let Some(own) = &mut self.job {
            own.told = Some(job.meaning);
        }
        if job.job.is_final() {
            self.pending = Some(finished(place, &job));
        }
        let jobs = [job];
        let body = ListBody { member: "jobs", jobs: &jobs, bad_items: &[], observed_at: None, stale: None, next: None };
        Some(Told::Snapshot { place, body: body.write() })
    }

    async fn find(&self, id: &JobId) -> Result<Found> {
        self.jobs.find(&self.caller, &CompanyChoice::default(), &JobRef::Id(id.clone()), CacheDirective::Any).await
    }
}

fn finished(place: EventCursor, job: &RenderedJob) -> Told {
    let event = Event { change: Change::Finished, job: job.job.id.clone(), data: job.json.clone() };
    Told::Event { place, event: Arc::new(event) }
}

/// How often a reader hears something even when nothing happens: proxies cut silent connections.
pub const HEARTBEAT: Duration = Duration::from_secs(15);
