//! The snapshots of many companies for many callers: fresh, stale and loading, with one call to IPS however many ask.
//!
//! moka keeps the entries within their bounds; what is in an entry is a small state machine, because a cache alone can neither serve
//! stale data while it revalidates nor let a mutation make a running load worthless.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use moka::sync::Cache;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::error::{Error, Result};
use super::identity::CallerKey;
use super::snapshot::{Snapshot, StaleReason};
use super::upstream::Caller;
use crate::clock::Clock;

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
    /// A fresh snapshot was there.
    Hit,
    /// An old one was there.
    Stale(StaleReason),
    /// IPS was asked for this.
    Loaded,
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

/// Makes a new snapshot by asking IPS.
pub type Loader = Arc<dyn Fn(Caller, String) -> BoxFuture<'static, Result<Snapshot>> + Send + Sync>;

/// Whose snapshot, of what. The upstream and the API version are those of the process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    caller: CallerKey,
    company: String,
}

/// Numbers that are never used twice in this process.
static NEXT_GENERATION: AtomicU64 = AtomicU64::new(1);

/// A company's generation changes with every mutation: loads that began under an older one are worthless afterwards.
type Generation = Arc<watch::Sender<u64>>;

type Load = Shared<BoxFuture<'static, Result<Arc<Snapshot>>>>;

#[derive(Default)]
struct State {
    current: Option<Arc<Snapshot>>,
    /// The generation under which `current` was loaded.
    current_generation: u64,
    load: Option<(u64, Load)>,
    failure: Option<Failure>,
    failures_in_a_row: u32,
}

/// The last failed load: nobody asks again before `until`.
#[derive(Clone)]
struct Failure {
    error: Error,
    until: DateTime<Utc>,
    generation: u64,
}

struct Slot {
    state: Mutex<State>,
}

/// What a reader does next.
enum Next {
    Answer(Result<Read>),
    Wait(Load),
}

const CAPACITY_BYTES: u64 = 256 * 1024 * 1024;
const IDLE: Duration = Duration::from_mins(10);
const FIRST_BACK_OFF: Duration = Duration::from_secs(1);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(30);
/// `no-cache` asks IPS at most this often for one entry.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// Snapshots of one kind of list, for every caller and company.
pub struct Store {
    slots: Cache<Key, Arc<Slot>>,
    generations: Cache<String, Generation>,
    loader: Loader,
    freshness: Freshness,
    clock: Clock,
    runtime: Handle,
}

impl Store {
    /// An empty store. Loads run on `runtime`, so that nobody who hangs up takes one along.
    #[must_use]
    pub fn new(loader: Loader, freshness: Freshness, clock: Clock, runtime: Handle) -> Arc<Self> {
        let slots = Cache::builder()
            .max_capacity(CAPACITY_BYTES)
            .weigher(|_: &Key, slot: &Arc<Slot>| slot.weight())
            .time_to_idle(IDLE)
            .build();
        let generations = Cache::builder().max_capacity(100_000).time_to_idle(2 * IDLE).build();
        Arc::new(Self { slots, generations, loader, freshness, clock, runtime })
    }

    /// The active jobs of `company` as `caller` may see them.
    ///
    /// # Errors
    /// What IPS answered, when there is nothing that may be served instead; `Ok(None)` only for [`Want::OnlyIfCached`].
    pub async fn read(self: &Arc<Self>, caller: &Caller, company: &str, want: Want) -> Result<Option<Read>> {
        let key = Key { caller: CallerKey::of(caller), company: company.to_owned() };
        if want == Want::OnlyIfCached && !self.slots.contains_key(&key) {
            return Ok(None);
        }
        let slot = self.slots.get_with_by_ref(&key, || Arc::new(Slot { state: Mutex::default() }));
        let next = self.next(&slot, &key, caller, want);
        match next {
            None => Ok(None),
            Some(Next::Answer(answer)) => answer.map(Some),
            Some(Next::Wait(load)) => match load.await {
                Ok(snapshot) => Ok(Some(self.answer(snapshot, Source::Loaded))),
                Err(error) => self.instead_of(&slot, company, error).map(Some),
            },
        }
    }

    /// Makes every snapshot of `company` and every running load of it worthless: something was changed there.
    pub fn invalidate(&self, company: &str) {
        self.generation(company).send_replace(NEXT_GENERATION.fetch_add(1, Ordering::Relaxed));
    }

    fn generation(&self, company: &str) -> Generation {
        self.generations
            .get_with_by_ref(company, || Arc::new(watch::Sender::new(NEXT_GENERATION.fetch_add(1, Ordering::Relaxed))))
    }

    fn next(self: &Arc<Self>, slot: &Arc<Slot>, key: &Key, caller: &Caller, want: Want) -> Option<Next> {
        let generation = *self.generation(&key.company).borrow();
        let mut state = slot.lock();
        let usable = state.usable(generation).map(|snapshot| (Arc::clone(snapshot), self.age(snapshot)));
        let limit = match want {
            Want::Any => self.freshness.fresh,
            Want::NotOlderThan(age) => age.max(SHORTEST_INTERVAL).min(self.freshness.fresh.max(age)),
            Want::OnlyIfCached => Duration::MAX,
        };
        match &usable {
            Some((snapshot, age)) if *age <= limit => {
                let source =
                    if *age <= self.freshness.fresh { Source::Hit } else { Source::Stale(StaleReason::Revalidating) };
                return Some(Next::Answer(Ok(self.answer(Arc::clone(snapshot), source))));
            }
            None if want == Want::OnlyIfCached => return None,
            _ => {}
        }
        if let Some(failure) =
            state.failure.clone().filter(|failure| failure.generation == generation && self.clock.now() < failure.until)
        {
            return Some(Next::Answer(self.stale_or(usable, failure.error)));
        }
        let load = self.load(&mut state, slot, key, caller, generation);
        match usable {
            Some((snapshot, age))
                if want == Want::Any && age <= self.freshness.fresh + self.freshness.stale_while_revalidate =>
            {
                Some(Next::Answer(Ok(self.answer(snapshot, Source::Stale(StaleReason::Revalidating)))))
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
        let fetch = (self.loader)(caller.clone(), key.company.clone());
        let task = self.runtime.spawn(async move {
            let answer = fetch.await.map(|snapshot| Arc::new(slot.succeed(snapshot)));
            store.settle(&slot, &key, generation, answer.as_ref());
            answer
        });
        let load =
            task.map(|ended| ended.unwrap_or_else(|_| Err(Error::Internal("a load ended early")))).boxed().shared();
        state.load = Some((generation, load.clone()));
        load
    }

    fn settle(&self, slot: &Arc<Slot>, key: &Key, generation: u64, answer: Result<&Arc<Snapshot>, &Error>) {
        {
            let mut state = slot.lock();
            if state.load.as_ref().is_some_and(|(begun_under, _)| *begun_under == generation) {
                state.load = None;
            }
            if *self.generation(&key.company).borrow() != generation {
                return;
            }
            match answer {
                Ok(snapshot) => {
                    *state = State {
                        current: Some(Arc::clone(snapshot)),
                        current_generation: generation,
                        ..State::default()
                    };
                }
                Err(error) => {
                    if error.denies_access() {
                        state.current = None;
                    }
                    let back_off = back_off(state.failures_in_a_row);
                    state.failures_in_a_row = state.failures_in_a_row.saturating_add(1);
                    let until = self.clock.now() + TimeDelta::from_std(back_off).unwrap_or(TimeDelta::MAX);
                    state.failure = Some(Failure { error: error.clone(), until, generation });
                }
            }
        }
        // Inserted again, the entry is weighed again.
        self.slots.insert(key.clone(), Arc::clone(slot));
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

impl State {
    /// The snapshot, unless something was changed since it was loaded.
    fn usable(&self, generation: u64) -> Option<&Arc<Snapshot>> {
        self.current.as_ref().filter(|_| self.current_generation == generation)
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn succeed(&self, snapshot: Snapshot) -> Snapshot {
        match &self.lock().current {
            Some(previous) => snapshot.after(previous),
            None => snapshot,
        }
    }

    fn weight(&self) -> u32 {
        let bytes = self.lock().current.as_ref().map_or(0, |snapshot| snapshot.weight());
        u32::try_from(bytes + 512).unwrap_or(u32::MAX)
    }
}

/// Doubles with every failure in a row; the jitter keeps replicas from asking in step.
fn back_off(failures: u32) -> Duration {
    let longest = FIRST_BACK_OFF.saturating_mul(1 << failures.min(5)).min(LONGEST_BACK_OFF);
    let jitter = getrandom::u32().unwrap_or_default() % 250;
    longest.mul_f64(1.0 - f64::from(jitter) / 1000.0)
}
