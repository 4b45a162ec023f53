//! The snapshots of many companies for many callers: fresh, stale and loading, with one call to IPS however many ask.
//!
//! moka keeps the entries within their bounds; what is in an entry is a small state machine, because a cache alone can neither serve
//! stale data while it revalidates nor let a mutation make a running load worthless.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use moka::sync::Cache;
use tokio::runtime::Handle;

use crate::jobs::cache::entry::{Ended, Entry, EntryState, Failure, Load, Reach};
use crate::jobs::cache::epoch;
use crate::jobs::cache::epoch::CompanyEpochs;
use crate::jobs::cache::key::name_of;
use crate::jobs::cache::metrics::CacheMetrics;
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Freshness, Lookup};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::snapshot::{Snapshot, StaleReason};
use crate::replicas::{Coordinator, ListLocation};
use crate::runtime::backoff::Backoff;
use crate::runtime::clock::Clock;
use crate::telemetry::span;
use crate::upstream::Caller;
use crate::upstream::CallerKey;

/// Makes a new snapshot by asking IPS; the last one tells what came before.
pub type Loader =
    Arc<dyn Fn(Caller, String, Option<Arc<Snapshot>>) -> BoxFuture<'static, Result<Snapshot>> + Send + Sync>;

/// Whose snapshot, of what. The upstream and the API version are those of the process.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    caller: CallerKey,
    pub company: String,
}

impl Key {
    /// What a list holds is the same in every language.
    pub fn new(caller: &Caller, company: &str) -> Self {
        Self { caller: CallerKey::ignoring_locale(caller), company: company.to_owned() }
    }
}

/// What a reader does next.
pub enum Next {
    /// This is the answer.
    Answer(Result<Lookup>),
    /// The load brings it.
    Wait(Load),
}

const CAPACITY_BYTES: u64 = 256 * 1024 * 1024;
const IDLE: Duration = Duration::from_mins(10);
/// Pauses after failed loads of one entry. The maximum is short: protecting IPS is the task of the circuit breaker, which sees all calls.
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(5), jitter: 0.25 };
/// `no-cache` asks IPS at most this often for one entry.
pub const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// Snapshots of one kind of list, for every caller and company.
pub struct SnapshotCache {
    slots: Cache<Key, Arc<Entry>>,
    tally: CacheMetrics,
    loader: Loader,
    common: Common,
}

/// What the stores of a process have in common.
#[derive(Clone)]
pub struct Common {
    /// How long snapshots are good for.
    pub freshness: Freshness,
    /// What was changed.
    pub generations: Arc<CompanyEpochs>,
    /// Tells the time.
    pub clock: Clock,
    /// Where loads run, so that nobody who hangs up takes one along.
    pub runtime: Handle,
    /// What is shared with other replicas, if there are any.
    pub fleet: Option<Arc<dyn Coordinator>>,
}

impl SnapshotCache {
    /// An empty store; metrics and the fleet call the list by this name.
    #[must_use]
    pub fn new(name: &'static str, loader: Loader, common: Common) -> Arc<Self> {
        let slots = Cache::builder()
            .max_capacity(CAPACITY_BYTES)
            .weigher(|_: &Key, slot: &Arc<Entry>| slot.weight())
            .time_to_idle(IDLE)
            .build();
        Arc::new(Self { slots, tally: CacheMetrics(name), loader, common })
    }

    /// The active jobs of `company` as `caller` may see them.
    ///
    /// # Errors
    /// What IPS answered, when there is nothing that may be served instead; `Ok(None)` only for [`Want::OnlyIfCached`].
    pub async fn read(
        self: &Arc<Self>,
        caller: &Caller,
        company: &str,
        want: CacheDirective,
    ) -> Result<Option<Lookup>> {
        let key = Key::new(caller, company);
        if want == CacheDirective::OnlyIfCached && !self.is_shared() && !self.slots.contains_key(&key) {
            return Ok(None);
        }
        let slot = self.slot(&key, caller);
        self.catch_up(&slot, &key).await;
        let answer = match self.next(&slot, &key, caller, want) {
            None => Ok(None),
            Some(Next::Answer(answer)) => answer.map(Some),
            Some(Next::Wait(load)) => match load.await {
                Ok(snapshot) => Ok(Some(self.answer(snapshot, CacheStatus::Loaded))),
                Err(error) => self.instead_of(&slot, &key, error).map(Some),
            },
        };
        match &answer {
            Ok(Some(read)) => self.tally.served(read),
            Ok(None) => self.tally.read("absent"),
            Err(_) => self.tally.read("error"),
        }
        answer
    }

    /// The snapshot that [`SnapshotCache::read`] would give, when it is there and fresh.
    #[must_use]
    pub fn at_hand(&self, caller: &Caller, company: &str) -> Option<Lookup> {
        if self.is_shared() {
            return None;
        }
        let key = Key::new(caller, company);
        let slot = self.slots.get(&key)?;
        let snapshot = slot.lock().usable(self.generation(&key)).cloned()?;
        let read = self.answer(snapshot, CacheStatus::Hit);
        (read.age <= self.common.freshness.fresh).then(|| {
            self.tally.served(&read);
            read
        })
    }

    /// How many snapshots are kept.
    pub fn count(&self) -> u64 {
        // Or those of the last moments would not be among them.
        self.slots.run_pending_tasks();
        self.slots.entry_count()
    }

    /// Tells how much is kept, for metrics.
    pub fn report(&self) {
        self.tally.kept(self.slots.entry_count(), self.slots.weighted_size());
    }

    pub fn slot(&self, key: &Key, caller: &Caller) -> Arc<Entry> {
        let address = || {
            let fleet = &**self.fleet()?;
            let list = name_of(fleet, self.tally.0, caller, &[&key.company]);
            Some(ListLocation { company: epoch::company_name(fleet, &key.company), list })
        };
        self.slots.get_with_by_ref(key, || Arc::new(Entry::new(self.epoch(), address())))
    }

    /// Keeps the entry, whatever became of it; unless another has taken its place.
    pub fn keep_slot(&self, key: &Key, slot: &Arc<Entry>) {
        self.slots.get_with_by_ref(key, || Arc::clone(slot));
    }

    /// Grows with time, across restarts too, and is another one on every replica.
    pub fn epoch(&self) -> u64 {
        (self.micros() << 8) | u64::from(getrandom::u32().unwrap_or_default() & 0xff)
    }

    /// The time in microseconds.
    pub fn micros(&self) -> u64 {
        self.common.clock.micros()
    }

    /// The generation of a list's company, as far as this replica knows.
    pub fn generation(&self, key: &Key) -> u64 {
        *self.common.generations.of(&key.company).borrow()
    }

    /// Another replica told of a generation.
    pub fn learn(&self, key: &Key, generation: u64) {
        self.common.generations.learn(&key.company, generation);
    }

    pub fn generations(&self) -> &CompanyEpochs {
        &self.common.generations
    }

    /// What is shared with other replicas, if there are any.
    pub fn fleet(&self) -> Option<&Arc<dyn Coordinator>> {
        self.common.fleet.as_ref()
    }

    pub fn freshness(&self) -> Freshness {
        self.common.freshness
    }

    pub fn runtime(&self) -> &Handle {
        &self.common.runtime
    }

    /// What metrics tell of it.
    pub fn tally(&self) -> CacheMetrics {
        self.tally
    }

    /// Asks IPS.
    pub fn ask(
        &self,
        caller: &Caller,
        key: &Key,
        previous: Option<Arc<Snapshot>>,
    ) -> BoxFuture<'static, Result<Snapshot>> {
        (self.loader)(caller.without_locale(), key.company.clone(), previous)
    }

    /// How long it is until then.
    pub fn time_until(&self, then: DateTime<Utc>) -> Duration {
        (then - self.common.clock.now()).to_std().unwrap_or_default()
    }

    /// What a reader does next; `None` only for [`Want::OnlyIfCached`].
    pub fn next(self: &Arc<Self>, slot: &Arc<Entry>, key: &Key, caller: &Caller, want: CacheDirective) -> Option<Next> {
        let generation = self.generation(key);
        let Freshness { fresh, stale_while_revalidate, stale_if_error } = self.common.freshness;
        let mut state = slot.lock();
        let usable = state.usable(generation).map(|snapshot| (Arc::clone(snapshot), self.age(snapshot)));
        let limit = match want {
            CacheDirective::Any => fresh,
            CacheDirective::NotOlderThan(age) => age.max(SHORTEST_INTERVAL).min(fresh.max(age)),
            CacheDirective::OnlyIfCached => fresh + stale_while_revalidate.max(stale_if_error),
        };
        let failure = state.failure.clone().filter(|failure| failure.generation == generation);
        let waited = failure.as_ref().map(|failure| (self.common.clock.now() - failure.until).to_std().ok());
        // Tried in vain, and not so long ago that IPS may well be back.
        let failing = waited.is_some_and(|waited| waited.is_none_or(|waited| waited <= stale_while_revalidate));
        match &usable {
            Some((snapshot, age)) if *age <= limit => {
                let source = if failing && *age > fresh {
                    CacheStatus::Stale(StaleReason::UpstreamFailed)
                } else {
                    CacheStatus::Hit
                };
                return Some(Next::Answer(Ok(self.answer(Arc::clone(snapshot), source))));
            }
            _ if want == CacheDirective::OnlyIfCached => return None,
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
            Some((snapshot, age)) if want == CacheDirective::Any && age <= fresh + patience => {
                Some(Next::Answer(Ok(self.answer(snapshot, CacheStatus::Stale(reason)))))
            }
            _ => Some(Next::Wait(load)),
        }
    }

    /// Joins the load that is under way, unless it began before the last mutation.
    fn load(
        self: &Arc<Self>,
        state: &mut EntryState,
        slot: &Arc<Entry>,
        key: &Key,
        caller: &Caller,
        generation: u64,
    ) -> Load {
        match &state.load {
            Some((begun_under, load)) if *begun_under == generation => return load.clone(),
            _ => {}
        }
        let (store, slot, key, caller) = (Arc::clone(self), Arc::clone(slot), key.clone(), caller.clone());
        let task = self.common.runtime.spawn(span::in_current_span(async move {
            if slot.address.is_some() {
                return store.load_together(&slot, &key, &caller, generation).await;
            }
            let answer = store.fetch(&slot, &key, &caller).await.map(Arc::new);
            let ended = Ended { begun_under: generation, generation };
            store.settle(&slot, &key, ended, answer.as_ref(), Reach::Process);
            answer
        }));
        let load =
            task.map(|ended| ended.unwrap_or_else(|_| Err(Error::Internal("a load ended early")))).boxed().shared();
        state.load = Some((generation, load.clone()));
        load
    }

    /// A load is over; tells how it failed, if that is to be known.
    pub fn settle(
        &self,
        slot: &Arc<Entry>,
        key: &Key,
        ended: Ended,
        answer: Result<&Arc<Snapshot>, &Error>,
        reach: Reach,
    ) -> Option<Failure> {
        let is_superseded = self.generation(key) != ended.generation;
        let result = match answer {
            _ if is_superseded => "superseded",
            Ok(_) => "ok",
            Err(_) => "error",
        };
        self.tally.refreshed(result);
        if is_superseded {
            slot.lock().end_load(ended.begun_under);
            return None;
        }
        let failure = match answer {
            Ok(snapshot) => {
                slot.succeed(Arc::clone(snapshot), ended, reach);
                None
            }
            Err(error) => {
                let failures = slot.lock().failures_in_a_row();
                let pause = error.retry_after().unwrap_or_else(|| BACKOFF.pause(failures));
                let pause = TimeDelta::from_std(pause).unwrap_or(TimeDelta::MAX);
                let until = self.common.clock.now() + pause;
                let failure = Failure { error: error.clone(), until, generation: ended.generation };
                slot.fail(failure.clone(), Some(ended.begun_under), self.epoch(), failures.saturating_add(1));
                Some(failure)
            }
        };
        // Inserted again, the entry is weighed again; but if it was forgotten meanwhile, another may have taken its place.
        if self.slots.get(key).is_none_or(|known| Arc::ptr_eq(&known, slot)) {
            self.slots.insert(key.clone(), Arc::clone(slot));
        }
        failure
    }

    /// What to serve when a load failed: the last snapshot as long as it may be, else the error.
    fn instead_of(&self, slot: &Entry, key: &Key, error: Error) -> Result<Lookup> {
        let usable =
            slot.lock().usable(self.generation(key)).map(|snapshot| (Arc::clone(snapshot), self.age(snapshot)));
        self.stale_or(usable, error)
    }

    fn stale_or(&self, usable: Option<(Arc<Snapshot>, Duration)>, error: Error) -> Result<Lookup> {
        match usable {
            Some((snapshot, age))
                if age <= self.common.freshness.fresh + self.common.freshness.stale_if_error
                    && !error.denies_access() =>
            {
                Ok(self.answer(snapshot, CacheStatus::Stale(StaleReason::UpstreamFailed)))
            }
            _ => Err(error),
        }
    }

    fn answer(&self, snapshot: Arc<Snapshot>, source: CacheStatus) -> Lookup {
        let age = self.age(&snapshot);
        Lookup { snapshot, source, age }
    }

    pub fn age(&self, snapshot: &Snapshot) -> Duration {
        (self.common.clock.now() - snapshot.observed_at).to_std().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use secrecy::SecretString;

    use super::*;
    use crate::upstream::{CredentialSource, Credentials};

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
        let common = Common {
            freshness,
            generations: Arc::new(CompanyEpochs::new(None, clock.clone())),
            clock: clock.clone(),
            runtime: Handle::current(),
            fleet: None,
        };
        let store = SnapshotCache::new("test", loader, common);
        let credentials = Credentials::AccessToken(SecretString::from("token"));
        let caller =
            Caller { credentials, source: CredentialSource::Caller, companies: None, api_key_hash: None, locale: None };
        let read = || store.read(&caller, "c|1", CacheDirective::Any);
        assert!(matches!(read().await, Err(Error::Internal(_))));
        assert!(matches!(read().await, Err(Error::Internal(_))), "it is not asked again at once");
        assert_eq!(loads.load(Ordering::Relaxed), 1);
        clock.advance(TimeDelta::seconds(1));
        assert!(matches!(read().await, Ok(Some(Lookup { source: CacheStatus::Loaded, .. }))));
    }
}
