//! The snapshots of many companies for many callers: fresh, stale and loading, with one call to IPS however many ask.
//!
//! moka keeps the entries within their bounds; what is in an entry is a small state machine, because a cache alone can neither serve
//! stale data while it revalidates nor let a mutation make a running load worthless.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use moka::sync::Cache;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::error::{Error, Result};
use super::identity::CallerKey;
use super::slot::{Load, Slot, State};
use super::snapshot::{Snapshot, StaleReason};
use super::tally::Tally;
use super::upstream::Caller;
use crate::clock::Clock;
use crate::trace;

/// How long a snapshot is good for.
#[derive(Debug, Clone, Copy)]
pub struct Freshness {
    /// Answers are served without a thought for this long.
    pub fresh: Duration,
    /// So long after that they are served while one call in the background refreshes them.
    pub stale_while_revalidate: Duration,
    /// So long after being fresh they are served, marked, when IPS fails.
    pub stale_if_error: Duration,
}

/// What a reader wants of the cache (RFC 9111 §5.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Whatever the settings allow.
    Any,
    /// Nothing older than this; zero for `no-cache`.
    NotOlderThan(Duration),
    /// Whatever is there, without asking IPS.
    OnlyIfCached,
}

/// How an answer came about (RFC 9211).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A snapshot was there that is fresh enough for the reader.
    Hit,
    /// An old one was there.
    Stale(StaleReason),
    /// IPS was asked for this.
    Loaded,
}

impl Source {
    /// One word for it, for metrics and logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale(StaleReason::Revalidating) => "stale",
            Self::Stale(StaleReason::UpstreamFailed) => "stale_if_error",
            Self::Loaded => "loaded",
        }
    }
}

/// An answer from the store.
#[derive(Debug, Clone)]
pub struct Read {
    /// What IPS said.
    pub snapshot: Arc<Snapshot>,
    /// How it came about.
    pub source: Source,
    /// How long ago IPS said it.
    pub age: Duration,
}

/// Makes a new snapshot by asking IPS; the last one tells what came before.
pub type Loader =
    Arc<dyn Fn(Caller, String, Option<Arc<Snapshot>>) -> BoxFuture<'static, Result<Snapshot>> + Send + Sync>;

/// Whose snapshot, of what. The upstream and the API version are those of the process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    caller: CallerKey,
    company: String,
}

impl Key {
    /// What a list holds is the same in every language.
    fn new(caller: &Caller, company: &str) -> Self {
        Self { caller: CallerKey::whatever_locale(caller), company: company.to_owned() }
    }
}

/// Numbers that are never used twice in this process.
static NEXT_GENERATION: AtomicU64 = AtomicU64::new(1);

/// A company's generation changes with every mutation: loads that began under an older one are worthless afterwards.
type Generation = Arc<watch::Sender<u64>>;

/// What a reader does next.
enum Next {
    Answer(Result<Read>),
    Wait(Load),
}

const CAPACITY_BYTES: u64 = 256 * 1024 * 1024;
const IDLE: Duration = Duration::from_mins(10);
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
/// Short: that IPS is left alone when it fails is the business of its client, which knows all calls.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);
/// `no-cache` asks IPS at most this often for one entry.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// Snapshots of one kind of list, for every caller and company.
pub struct Store {
    slots: Cache<Key, Arc<Slot>>,
    generations: Cache<String, Generation>,
    tally: Tally,
    loader: Loader,
    freshness: Freshness,
    clock: Clock,
    runtime: Handle,
}

impl Store {
    /// An empty store; metrics call the list by this name. Loads run on `runtime`, so that nobody who hangs up takes one along.
    #[must_use]
    pub fn new(name: &'static str, loader: Loader, freshness: Freshness, clock: Clock, runtime: Handle) -> Arc<Self> {
        let slots = Cache::builder()
            .max_capacity(CAPACITY_BYTES)
            .weigher(|_: &Key, slot: &Arc<Slot>| slot.weight())
            .time_to_idle(IDLE)
            .build();
        let generations = Cache::builder().max_capacity(100_000).time_to_idle(2 * IDLE).build();
        Arc::new(Self { slots, generations, tally: Tally(name), loader, freshness, clock, runtime })
    }

    /// The active jobs of `company` as `caller` may see them.
    ///
    /// # Errors
    /// What IPS answered, when there is nothing that may be served instead; `Ok(None)` only for [`Want::OnlyIfCached`].
    pub async fn read(self: &Arc<Self>, caller: &Caller, company: &str, want: Want) -> Result<Option<Read>> {
        let key = Key::new(caller, company);
        if want == Want::OnlyIfCached && !self.slots.contains_key(&key) {
            return Ok(None);
        }
        let slot = self.slot(&key);
        let answer = match self.next(&slot, &key, caller, want) {
            None => Ok(None),
            Some(Next::Answer(answer)) => answer.map(Some),
            Some(Next::Wait(load)) => match load.await {
                Ok(snapshot) => Ok(Some(self.answer(snapshot, Source::Loaded))),
                Err(error) => self.instead_of(&slot, company, error).map(Some),
            },
        };
        match &answer {
            Ok(Some(read)) => self.tally.served(read),
            Ok(None) => self.tally.read("absent"),
            Err(_) => self.tally.read("error"),
        }
        answer
    }

    /// The snapshot that [`Store::read`] would give, when it is there and fresh.
    #[must_use]
    pub fn at_hand(&self, caller: &Caller, company: &str) -> Option<Read> {
        let key = Key::new(caller, company);
        let slot = self.slots.get(&key)?;
        let generation = *self.generation(company).borrow();
        let snapshot = slot.lock().usable(generation).cloned()?;
        let read = self.answer(snapshot, Source::Hit);
        (read.age <= self.freshness.fresh).then(|| {
            self.tally.served(&read);
            read
        })
    }

    /// Tells how much is kept, for metrics.
    pub fn report(&self) {
        self.tally.kept(self.slots.entry_count(), self.slots.weighted_size());
    }

    /// Watches a list: as long as the answer lives it is refreshed as often as it may be, by one task however many watch.
    pub fn watch(self: &Arc<Self>, caller: &Caller, company: &str) -> Watch {
        let key = Key::new(caller, company);
        let slot = self.slot(&key);
        let changed = slot.subscribe();
        self.tally.watched();
        let mut state = slot.lock();
        state.watchers += 1;
        if !state.refreshed {
            state.refreshed = true;
            self.runtime.spawn(Arc::clone(self).refresh(Arc::clone(&slot), key, caller.clone()));
        }
        drop(state);
        Watch { slot, changed, tally: self.tally }
    }

    async fn refresh(self: Arc<Self>, slot: Arc<Slot>, key: Key, caller: Caller) {
        // Held, so that the receiver has a sender even if the cache forgets it.
        let sender = self.generation(&key.company);
        let mut generation = sender.subscribe();
        loop {
            let age = slot.last().map(|snapshot| self.age(&snapshot));
            let rest = age.map_or(Duration::ZERO, |age| self.freshness.fresh.saturating_sub(age));
            let wait = if rest.is_zero() { self.pause() } else { rest };
            let _ = tokio::time::timeout(wait, generation.changed()).await;
            {
                let mut state = slot.lock();
                if state.watchers == 0 {
                    state.refreshed = false;
                    return;
                }
            }
            // The entry must not be forgotten while somebody watches it.
            self.slots.get_with_by_ref(&key, || Arc::clone(&slot));
            if let Some(Next::Wait(load)) = self.next(&slot, &key, &caller, Want::NotOlderThan(self.freshness.fresh)) {
                let _ = load.await;
            }
        }
    }

    /// Between two looks of a watch when nothing else tells: where nothing is fresh for any time, too.
    fn pause(&self) -> Duration {
        Some(self.freshness.fresh).filter(|fresh| !fresh.is_zero()).unwrap_or(SHORTEST_INTERVAL).min(SHORTEST_INTERVAL)
    }

    /// Makes every snapshot of `company` and every running load of it worthless: something was changed there.
    pub fn invalidate(&self, company: &str) {
        self.generation(company).send_replace(NEXT_GENERATION.fetch_add(1, Ordering::Relaxed));
    }

    fn slot(&self, key: &Key) -> Arc<Slot> {
        self.slots.get_with_by_ref(key, || Arc::new(Slot::new(self.epoch())))
    }

    /// Grows with time, across restarts too.
    fn epoch(&self) -> u64 {
        u64::try_from(self.clock.now().timestamp_micros()).unwrap_or_default()
    }

    fn generation(&self, company: &str) -> Generation {
        self.generations
            .get_with_by_ref(company, || Arc::new(watch::Sender::new(NEXT_GENERATION.fetch_add(1, Ordering::Relaxed))))
    }

    fn next(self: &Arc<Self>, slot: &Arc<Slot>, key: &Key, caller: &Caller, want: Want) -> Option<Next> {
        let generation = *self.generation(&key.company).borrow();
        let Freshness { fresh, stale_while_revalidate, stale_if_error } = self.freshness;
        let mut state = slot.lock();
        let usable = state.usable(generation).map(|snapshot| (Arc::clone(snapshot), self.age(snapshot)));
        let limit = match want {
            Want::Any => fresh,
            Want::NotOlderThan(age) => age.max(SHORTEST_INTERVAL).min(fresh.max(age)),
            Want::OnlyIfCached => fresh + stale_while_revalidate.max(stale_if_error),
        };
        let failure = state.failure.clone().filter(|failure| failure.generation == generation);
        let waited = failure.as_ref().map(|failure| (self.clock.now() - failure.until).to_std().ok());
        // Tried in vain, and not so long ago that IPS may well be back.
        let failing = waited.is_some_and(|waited| waited.is_none_or(|waited| waited <= stale_while_revalidate));
        match &usable {
            Some((snapshot, age)) if *age <= limit => {
                let source =
                    if failing && *age > fresh { Source::Stale(StaleReason::UpstreamFailed) } else { Source::Hit };
                return Some(Next::Answer(Ok(self.answer(Arc::clone(snapshot), source))));
            }
            _ if want == Want::OnlyIfCached => return None,
            _ => {}
        }
        if let (Some(failure), Some(None)) = (failure, waited) {
            return Some(Next::Answer(self.stale_or(usable, failure.error)));
        }
        let load = self.load(&mut state, slot, key, caller, generation);
        // While IPS is down, one load tries again and nobody waits for it.
        let (reason, patience) = if failing {
            (StaleReason::UpstreamFailed, stale_if_error)
        } else {
            (StaleReason::Revalidating, stale_while_revalidate)
        };
        match usable {
            Some((snapshot, age)) if want == Want::Any && age <= fresh + patience => {
                Some(Next::Answer(Ok(self.answer(snapshot, Source::Stale(reason)))))
            }
            _ => Some(Next::Wait(load)),
        }
    }

    /// Joins the load that is under way, unless it began before the last mutation.
    fn load(
        self: &Arc<Self>,
        state: &mut State,
        slot: &Arc<Slot>,
        key: &Key,
        caller: &Caller,
        generation: u64,
    ) -> Load {
        match &state.load {
            Some((begun_under, load)) if *begun_under == generation => return load.clone(),
            _ => {}
        }
        let (store, slot, key) = (Arc::clone(self), Arc::clone(slot), key.clone());
        let fetch =
            (self.loader)(caller.without_locale(), key.company.clone(), state.here().map(|(snapshot, _)| snapshot));
        let task = self.runtime.spawn(trace::carry(async move {
            // A load that panics has failed as any other, or all who come later would join what never ends.
            let fetched = AssertUnwindSafe(fetch).catch_unwind().await;
            let answer = fetched.unwrap_or(Err(Error::Internal("a load panicked"))).map(Arc::new);
            store.settle(&slot, &key, generation, answer.as_ref());
            answer
        }));
        let load =
            task.map(|ended| ended.unwrap_or_else(|_| Err(Error::Internal("a load ended early")))).boxed().shared();
        state.load = Some((generation, load.clone()));
        load
    }

    fn settle(&self, slot: &Arc<Slot>, key: &Key, generation: u64, answer: Result<&Arc<Snapshot>, &Error>) {
        let is_superseded = *self.generation(&key.company).borrow() != generation;
        let result = match answer {
            _ if is_superseded => "superseded",
            Ok(_) => "ok",
            Err(_) => "error",
        };
        self.tally.refreshed(result);
        if is_superseded {
            slot.lock().end_load(generation);
            return;
        }
        match answer {
            Ok(snapshot) => slot.succeed(Arc::clone(snapshot), generation),
            Err(error) => slot.fail(error, generation, self.epoch(), |failures| {
                let wait = error.retry_after().unwrap_or_else(|| back_off(failures));
                self.clock.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
            }),
        }
        // Inserted again, the entry is weighed again; but if it was forgotten meanwhile, another may have taken its place.
        if self.slots.get(key).is_none_or(|known| Arc::ptr_eq(&known, slot)) {
            self.slots.insert(key.clone(), Arc::clone(slot));
        }
    }

    /// What to serve when a load failed: the last snapshot as long as it may be, else the error.
    fn instead_of(&self, slot: &Slot, company: &str, error: Error) -> Result<Read> {
        let generation = *self.generation(company).borrow();
        let usable = slot.lock().usable(generation).map(|snapshot| (Arc::clone(snapshot), self.age(snapshot)));
        self.stale_or(usable, error)
    }

    fn stale_or(&self, usable: Option<(Arc<Snapshot>, Duration)>, error: Error) -> Result<Read> {
        match usable {
            Some((snapshot, age))
                if age <= self.freshness.fresh + self.freshness.stale_if_error && !error.denies_access() =>
            {
                Ok(self.answer(snapshot, Source::Stale(StaleReason::UpstreamFailed)))
            }
            _ => Err(error),
        }
    }

    fn answer(&self, snapshot: Arc<Snapshot>, source: Source) -> Read {
        let age = self.age(&snapshot);
        Read { snapshot, source, age }
    }

    fn age(&self, snapshot: &Snapshot) -> Duration {
        (self.clock.now() - snapshot.observed_at).to_std().unwrap_or_default()
    }
}

/// Doubles with every failure in a row; the jitter keeps replicas from asking in step.
fn back_off(failures: u32) -> Duration {
    let longest = FIRST_BACK_OFF.saturating_mul(1 << failures.min(5)).min(LONGEST_BACK_OFF);
    let jitter = getrandom::u32().unwrap_or_default() % 250;
    longest.mul_f64(1.0 - f64::from(jitter) / 1000.0)
}

/// Somebody watches a list.
pub struct Watch {
    slot: Arc<Slot>,
    changed: watch::Receiver<u64>,
    tally: Tally,
}

impl Watch {
    /// Waits until the list means something else than when this was asked last.
    pub async fn changed(&mut self) {
        // The sender lives in the slot that is held here.
        let _ = self.changed.changed().await;
    }

    /// What is known, and what happened so far.
    pub fn with<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.slot.lock())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.slot.lock().watchers -= 1;
        self.tally.unwatched();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use secrecy::SecretString;

    use super::*;
    use crate::jobs::upstream::{CredentialSource, Credentials};

    #[tokio::test]
    async fn a_load_that_panics_is_a_failure_and_not_the_end() {
        let loads = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&loads);
        let clock = Clock::manual(chrono::DateTime::default());
        let now = clock.now();
        let loader: Loader = Arc::new(move |_, _, _| {
            let load = counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                assert!(load > 0, "the first load panics");
                Ok(Snapshot::new(Vec::new(), Vec::new(), now))
            })
        });
        let second = Duration::from_secs(1);
        let freshness = Freshness { fresh: second, stale_while_revalidate: second, stale_if_error: second };
        let store = Store::new("test", loader, freshness, clock.clone(), Handle::current());
        let credentials = Credentials::AccessToken(SecretString::from("token"));
        let caller = Caller { credentials, source: CredentialSource::Caller, companies: None, locale: None };
        let read = || store.read(&caller, "c|1", Want::Any);
        assert!(matches!(read().await, Err(Error::Internal(_))));
        assert!(matches!(read().await, Err(Error::Internal(_))), "it is not asked again at once");
        assert_eq!(loads.load(Ordering::Relaxed), 1);
        clock.advance(TimeDelta::seconds(1));
        assert!(matches!(read().await, Ok(Some(Read { source: Source::Loaded, .. }))));
    }
}
