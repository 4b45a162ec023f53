//! What the store does with other replicas: it catches up before it answers, and takes turns in asking IPS.
//!
//! A snapshot is in the shared store before anybody here gets it, and every reader waits for a look at the shared store that began after
//! it came. So a client that is sent from replica to replica never sees a list from before the one that it saw last. Where the shared
//! store fails, each replica goes on by itself.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;

use crate::jobs::cache::entry::{Ended, Entry, Failure, Reach};
use crate::jobs::cache::snapshot_cache::{Key, SnapshotCache};
use crate::jobs::error::{Error, Result};
use crate::jobs::events;
use crate::jobs::events::{Event, EventCursor};
use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::wire;
use crate::jobs::wire::{BatchForm, ErrorForm, EventForm, FailureForm, Received, SnapshotForm};
use crate::replicas;
use crate::replicas::{
    Coordinator, EventBatch, FailureReport, LastSnapshot, Lease, LeaseOutcome, ListLocation, Notifications, Publication,
};
use crate::upstream::Caller;

/// A replica that stops being heard of loses its turn after this time; about as long as a snapshot is fresh, within bounds.
const SHORTEST_LEASE: Duration = Duration::from_millis(500);
const LONGEST_LEASE: Duration = Duration::from_secs(2);
/// News may be lost: so often who waits for its turn looks by itself.
const LONGEST_WAIT: Duration = Duration::from_millis(500);
/// So long the store keeps a list that nobody may be served any more: readers of events may still come back for what happened.
const KEPT_FOR_READERS: Duration = Duration::from_mins(10);
/// A longer list of events than this is not kept, in bytes: who missed it gets the whole list of jobs.
const LONGEST_BATCH: usize = 32 * 1024;

/// The fleet, and where it keeps a list.
type Shelf<'a> = (&'a Arc<dyn Coordinator>, &'a ListLocation);

impl SnapshotCache {
    fn shelf<'a>(&'a self, slot: &'a Entry) -> Option<Shelf<'a>> {
        self.fleet().zip(slot.address.as_ref())
    }

    /// Whether answers have to wait for a look at what other replicas did.
    pub fn is_shared(&self) -> bool {
        self.fleet().is_some_and(|fleet| fleet.health().up)
    }

    /// What other replicas tell of a list and its company; nothing where there are none.
    pub fn news_of(&self, slot: &Entry) -> Notifications {
        self.shelf(slot).map_or_else(Notifications::none, |(fleet, at)| fleet.news(&[at.list, at.company]))
    }

    /// Takes over what the fleet knows of a list and this replica doesn't. However many ask, there is one look at a time.
    pub async fn catch_up(self: &Arc<Self>, slot: &Arc<Entry>, key: &Key) {
        if self.shelf(slot).is_none() {
            return;
        }
        let (store, here, key) = (Arc::clone(self), Arc::clone(slot), key.clone());
        // A store that fails has said so itself: then this replica's own view counts.
        let look = async move {
            let _ = store.look(&here, &key).await;
        };
        slot.looks.pass(look).await;
    }

    async fn look(&self, slot: &Entry, key: &Key) -> replicas::Result<()> {
        let Some((fleet, at)) = self.shelf(slot) else { return Ok(()) };
        let seen = fleet.look(at).await?;
        let here = self.generation(key);
        if seen.generation < here {
            fleet.remind(at.company, here).await?;
        }
        self.learn(key, seen.generation);
        if let Some(failure) = seen.failure.as_deref().and_then(wire::read) {
            self.take_note(slot, key, failure);
        }
        let newest = slot.lock().newest();
        match seen.token.cmp(&newest) {
            std::cmp::Ordering::Greater => self.receive((fleet, at), slot).await,
            std::cmp::Ordering::Less => self.offer((fleet, at), slot, key).await,
            std::cmp::Ordering::Equal => Ok(()),
        }
    }

    /// Takes the newest snapshot, and what happened since the last one.
    async fn receive(&self, (fleet, at): Shelf<'_>, slot: &Entry) -> replicas::Result<()> {
        let here = slot.lock().history().end();
        // As a rule it is the same history, and one way there and back does for both.
        let (stored, missed) = tokio::join!(fleet.fetch(at), fleet.batches(at, here.epoch, here.number));
        let Some(stored) = stored? else { return Ok(()) };
        let data = stored.data.unwrap_or_default();
        let received: Option<Received> =
            self.aside(move || wire::read::<SnapshotForm<'_>>(&data).map(SnapshotForm::receive)).await.flatten();
        let Some(received) = received else {
            slot.lock().pass_over(stored.token);
            return Ok(());
        };
        let missed = match received.place {
            EventCursor { epoch, .. } if epoch == here.epoch => missed?,
            EventCursor { number: 0, .. } => Vec::new(),
            EventCursor { epoch, .. } => fleet.batches(at, epoch, 0).await?,
        };
        let batch = |data: &Vec<u8>| wire::read::<BatchForm>(data);
        let events = |batch: BatchForm| (batch.after, batch.events.into_iter().map(Event::from).collect());
        let batches: Vec<(EventCursor, Vec<Event>)> = missed.iter().filter_map(batch).map(events).collect();
        self.tally().received(self.age(&received.snapshot));
        slot.receive(received, stored.token, batches);
        Ok(())
    }

    /// The store has lost what it had, or this replica was alone for a while: its snapshot is the newest one.
    async fn offer(&self, (fleet, at): Shelf<'_>, slot: &Entry, key: &Key) -> replicas::Result<()> {
        let generation = self.generation(key);
        let (snapshot, place, token) = {
            let state = slot.lock();
            let Some((snapshot, place)) = state.here().filter(|_| state.usable(generation).is_some()) else {
                return Ok(());
            };
            (snapshot, place, state.token())
        };
        let lease = Lease { generation, token };
        let Some(written) = self.write(snapshot, generation, place).await else { return Ok(()) };
        let publication = Publication { snapshot: written, events: None, keep: self.keep() };
        fleet.publish(at, lease, publication).await.map(drop)
    }

    async fn write(&self, snapshot: Arc<Snapshot>, generation: u64, place: EventCursor) -> Option<Vec<u8>> {
        self.aside(move || wire::write(&SnapshotForm::of(&snapshot, generation, place))).await.flatten()
    }

    /// Another replica asked IPS in vain.
    fn take_note(&self, slot: &Entry, key: &Key, failure: FailureForm) {
        let FailureForm { generation, until, in_a_row, error } = failure;
        let is_known = slot.lock().failure.as_ref().is_some_and(|known| known.until >= until);
        if generation != self.generation(key) || is_known {
            return;
        }
        if let Some(error) = error.receive() {
            slot.fail(Failure { error, until, generation }, None, self.epoch(), in_a_row);
        }
    }

    /// A load of the whole fleet: one replica asks IPS, the others wait for what it brings.
    pub async fn load_together(
        self: &Arc<Self>,
        slot: &Arc<Entry>,
        key: &Key,
        caller: &Caller,
        begun_under: u64,
    ) -> Result<Arc<Snapshot>> {
        let mut generation = begun_under;
        loop {
            let Some((fleet, at)) = self.shelf(slot) else { return Err(Error::Internal("there is no fleet")) };
            // Listened for from before the question: what is told meanwhile is not missed.
            let mut news = self.news_of(slot);
            let known = slot.lock().newest();
            let turn = fleet.begin(at, generation, known, self.lease()).await;
            self.tally().turned(turn_code(turn));
            match turn {
                Err(replicas::Unavailable) => return self.load_alone(slot, key, caller, begun_under, generation).await,
                Ok(LeaseOutcome::Granted(lease)) => {
                    let ended = Ended { begun_under, generation };
                    if let Some(answer) = self.load_for_all((fleet, at), slot, key, caller, ended, lease).await {
                        return answer;
                    }
                }
                Ok(LeaseOutcome::Taken(time)) => {
                    let _ = tokio::time::timeout(time.min(LONGEST_WAIT), news.changed()).await;
                    continue;
                }
                Ok(LeaseOutcome::Outdated(now)) => self.learn(key, now),
                Ok(LeaseOutcome::News | LeaseOutcome::FailureReport) => {}
            }
            self.catch_up(slot, key).await;
            generation = self.generation(key);
            let mut state = slot.lock();
            let failure = state.failure.as_ref().filter(|failure| failure.generation == generation);
            let answer = match (failure, state.usable(generation)) {
                (Some(failure), _) if turn == Ok(LeaseOutcome::FailureReport) => Err(failure.error.clone()),
                (_, Some(snapshot)) if state.newest() > known => Ok(Arc::clone(snapshot)),
                _ => continue,
            };
            state.end_load(begun_under);
            return answer;
        }
    }

    /// Asks IPS and tells the fleet; `None` when that was for nothing, because somebody was quicker.
    ///
    /// Whoever waits asked before what was changed meanwhile, and may see what was before: else, where changes come thick and fast,
    /// nobody would ever be answered.
    async fn load_for_all(
        self: &Arc<Self>,
        (fleet, at): Shelf<'_>,
        slot: &Arc<Entry>,
        key: &Key,
        caller: &Caller,
        ended: Ended,
        lease: Lease,
    ) -> Option<Result<Arc<Snapshot>>> {
        let renewing = async {
            loop {
                tokio::time::sleep(self.lease() / 3).await;
                let _ = fleet.renew(at, lease, self.lease()).await;
            }
        };
        let fetched = tokio::select! {
            fetched = self.fetch(slot, key, caller) => fetched,
            never = renewing => { let never: Infallible = never; match never {} }
        };
        let answer = fetched.map(Arc::new);
        let reach = match &answer {
            Ok(snapshot) => match self.publish((fleet, at), slot, snapshot, lease).await {
                Ok(true) => Reach::Fleet(lease.token),
                Ok(false) => {
                    self.catch_up(slot, key).await;
                    let is_overtaken = self.generation(key) > lease.generation && slot.lock().newest() < lease.token;
                    if !is_overtaken {
                        return None;
                    }
                    Reach::Process
                }
                Err(replicas::Unavailable) => self.alone(),
            },
            Err(_) => Reach::Process,
        };
        let failure = self.settle(slot, key, ended, answer.as_ref(), reach);
        if let Err(error) = &answer {
            let pause = failure.as_ref().map_or(Duration::ZERO, |failure| self.time_until(failure.until));
            let last = if error.denies_access() { LastSnapshot::Goes } else { LastSnapshot::Stays };
            let form = failure.and_then(|failure| failure_form(slot, &failure));
            let _ = fleet.fail(at, lease, FailureReport { failure: form, pause, last }).await;
        }
        Some(answer)
    }

    async fn publish(
        &self,
        (fleet, at): Shelf<'_>,
        slot: &Entry,
        snapshot: &Arc<Snapshot>,
        lease: Lease,
    ) -> replicas::Result<bool> {
        let (before, here) = {
            let state = slot.lock();
            (state.here().map(|(before, _)| before), state.history().end())
        };
        let events = before.map(|before| events::between(&before, snapshot)).unwrap_or_default();
        let place =
            EventCursor { epoch: here.epoch, number: here.number + u64::try_from(events.len()).unwrap_or_default() };
        let batch = BatchForm { after: here, events: events.iter().map(EventForm::from).collect() };
        let data = if events.is_empty() { None } else { wire::write(&batch) };
        let events = data.filter(|data| data.len() <= LONGEST_BATCH);
        let events = events.map(|data| EventBatch { epoch: place.epoch, last: place.number, data });
        let Some(written) = self.write(Arc::clone(snapshot), lease.generation, place).await else {
            return Err(replicas::Unavailable);
        };
        fleet.publish(at, lease, Publication { snapshot: written, events, keep: self.keep() }).await
    }

    async fn load_alone(
        self: &Arc<Self>,
        slot: &Arc<Entry>,
        key: &Key,
        caller: &Caller,
        begun_under: u64,
        generation: u64,
    ) -> Result<Arc<Snapshot>> {
        let answer = self.fetch(slot, key, caller).await.map(Arc::new);
        let ended = Ended { begun_under, generation };
        self.settle(slot, key, ended, answer.as_ref(), self.alone());
        answer
    }

    fn alone(&self) -> Reach {
        Reach::Replica { at: self.micros(), epoch: self.epoch() }
    }

    /// Asks IPS. A load that panics has failed as any other, or all who come later would join what never ends.
    pub async fn fetch(&self, slot: &Entry, key: &Key, caller: &Caller) -> Result<Snapshot> {
        let previous = slot.last();
        let load = AssertUnwindSafe(self.ask(caller, key, previous)).catch_unwind();
        load.await.unwrap_or(Err(Error::Internal("a load panicked")))
    }

    /// Long work of the processor, where it holds nobody up.
    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        self.runtime().spawn_blocking(work).await.ok()
    }

    fn lease(&self) -> Duration {
        self.freshness().fresh.clamp(SHORTEST_LEASE, LONGEST_LEASE)
    }

    fn keep(&self) -> Duration {
        let freshness = self.freshness();
        freshness.fresh + freshness.stale_while_revalidate.max(freshness.stale_if_error) + KEPT_FOR_READERS
    }
}

fn failure_form(slot: &Entry, failure: &Failure) -> Option<Vec<u8>> {
    let error = ErrorForm::of(&failure.error)?;
    let in_a_row = slot.lock().failures_in_a_row();
    wire::write(&FailureForm { generation: failure.generation, until: failure.until, in_a_row, error })
}

fn turn_code(turn: replicas::Result<LeaseOutcome>) -> &'static str {
    match turn {
        Ok(LeaseOutcome::Granted(_)) => "granted",
        Ok(LeaseOutcome::News) => "news",
        Ok(LeaseOutcome::FailureReport) => "failed",
        Ok(LeaseOutcome::Taken(_)) => "taken",
        Ok(LeaseOutcome::Outdated(_)) => "outdated",
        Err(replicas::Unavailable) => "unavailable",
    }
}
