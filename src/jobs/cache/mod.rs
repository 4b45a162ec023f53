//! Snapshot cache of the job lists: stale-while-revalidate, stale-if-error, single-flight loads, invalidation by epoch, shared by replicas.
//!
//! | file | content |
//! |---|---|
//! | `mod.rs` | [`SnapshotCache`]: lookups, and the table of entries |
//! | `policy` | freshness, request directives, cache status |
//! | `lists` | the caches of the three lists |
//! | `load` | decision between hit, stale response and load; start and end of a load |
//! | `entry` | state of one list |
//! | `key` | keys of lists and jobs, in this process and in the shared store |
//! | `epoch` | invalidation epochs of companies |
//! | `refresh` | background refresh of watched lists |
//! | `replicated`, `wire` | one load for all replicas, reads of the shared store, and their format |
//! | `loaders`, `merge`, `recent` | calls to IPS, merge with the previous snapshot, recent mutations |
//! | `metrics` | metrics of the cache |

pub mod entry;
pub mod epoch;
pub mod key;
pub mod lists;
mod load;
pub mod loaders;
pub mod merge;
mod metrics;
pub mod policy;
pub mod recent;
pub mod refresh;
mod replicated;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::runtime::Handle;

use crate::jobs::cache::entry::{Entry, KeyedEntry, ReadStep, SharedList};
use crate::jobs::cache::epoch::CompanyEpochs;
use crate::jobs::cache::key::ListKey;
use crate::jobs::cache::metrics::CacheMetrics;
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Freshness, Lookup};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::snapshot::Snapshot;
use crate::replicas::Coordinator;
use crate::runtime::clock::Clock;
use crate::upstream::Caller;

/// Loads a list of a company from IPS; the previous snapshot is merged into the new one.
pub type Loader =
    Arc<dyn Fn(Caller, String, Option<Arc<Snapshot>>) -> BoxFuture<'static, Result<Snapshot>> + Send + Sync>;

/// Maximum approximate memory of the entries of callers that IPS has not accepted, in bytes, in each cache.
const MAX_STRANGER_BYTES: u64 = 1 << 20;
/// Time without use after which an entry is evicted.
const TIME_TO_IDLE: Duration = Duration::from_mins(10);

/// Dependencies that the snapshot caches of a process have in common.
#[derive(Clone)]
pub struct CacheDependencies {
    /// Freshness of snapshots.
    pub freshness: Freshness,
    /// Invalidation epochs of the companies.
    pub epochs: Arc<CompanyEpochs>,
    /// Clock: wall clock of observations, monotonic clock of ages and back-off.
    pub clock: Clock,
    /// Runtime of refreshers, of loads after the first of an entry, and of large answers.
    pub runtime: Handle,
    /// Coordinator of the replicas, if there are several.
    pub coordinator: Option<Arc<dyn Coordinator>>,
    /// Maximum approximate memory of a cache, in bytes; beyond it the least recently used entries are evicted.
    pub max_bytes: u64,
    /// Whether IPS has accepted the credentials of a caller.
    pub is_accepted: Arc<dyn Fn(&Caller) -> bool + Send + Sync>,
}

/// Snapshots of one kind of list, for every company and caller.
pub struct SnapshotCache {
    entries: Cache<ListKey, Arc<Entry>>,
    /// Entries of callers that IPS has not accepted: their failures and loads in flight.
    strangers: Cache<ListKey, Arc<Entry>>,
    metrics: CacheMetrics,
    loader: Loader,
    dependencies: CacheDependencies,
}

impl SnapshotCache {
    /// Creates an empty cache. `list` is the name of the list in metrics and in the shared store.
    #[must_use]
    pub fn new(list: &'static str, loader: Loader, dependencies: CacheDependencies) -> Arc<Self> {
        let entries = |max_bytes| {
            Cache::builder()
                .max_capacity(max_bytes)
                .eviction_policy(EvictionPolicy::lru())
                .weigher(|key: &ListKey, entry: &Arc<Entry>| entry.weight().saturating_add(key.weight()))
                .time_to_idle(TIME_TO_IDLE)
                .build()
        };
        let (entries, strangers) = (entries(dependencies.max_bytes), entries(MAX_STRANGER_BYTES));
        Arc::new(Self { entries, strangers, metrics: CacheMetrics::new(list), loader, dependencies })
    }

    /// Looks up the list of `company` for `caller`, and loads it if the policy requires it.
    ///
    /// # Errors
    /// [`Error::NotCached`] with [`CacheDirective::OnlyIfCached`], and the errors of IPS if no snapshot may be served instead.
    pub async fn read(self: &Arc<Self>, caller: &Caller, company: &str, directive: CacheDirective) -> Result<Lookup> {
        let key = ListKey::new(caller, company);
        if directive == CacheDirective::OnlyIfCached && !self.is_replicated() && !self.entries.contains_key(&key) {
            return Err(Error::NotCached);
        }
        let entry = self.entry(&key, caller);
        let keyed = KeyedEntry { entry: &entry, key: &key, caller };
        self.sync_with_replicas(keyed).await;
        if directive == CacheDirective::Reload {
            self.finish_load_in_flight(keyed).await;
        }
        let result = match self.next_step(keyed, directive) {
            Ok(ReadStep::Respond(lookup)) => Ok(lookup),
            Ok(ReadStep::Wait(load)) => match load.await {
                Ok(snapshot) => Ok(self.lookup(snapshot, CacheStatus::Loaded)),
                Err(error) if directive == CacheDirective::Reload => Err(error),
                Err(error) => self.stale_if_error(keyed, error),
            },
            Err(error) => Err(error),
        };
        let is_current = result.as_ref().is_ok_and(|lookup| lookup.cache_status.stated_stale_reason().is_none());
        if !is_current {
            self.mark_if_stale(keyed);
        }
        match &result {
            Ok(lookup) => self.metrics.record_lookup(lookup),
            Err(Error::NotCached) => self.metrics.count_lookup("absent"),
            Err(_) => self.metrics.count_lookup("error"),
        }
        result
    }

    /// Returns the snapshot that [`SnapshotCache::read`] would return if it is a fresh hit that needs no await: the fast path. Always
    /// `None` while the shared store is available, which has to be read first.
    #[must_use]
    pub fn get_fresh(&self, caller: &Caller, company: &str) -> Option<Lookup> {
        if self.is_replicated() {
            return None;
        }
        let key = ListKey::new(caller, company);
        let entry = self.entries.get(&key)?;
        let epoch = self.epoch(&key, &entry);
        let snapshot = entry.lock().valid_snapshot(epoch).cloned()?;
        let lookup = self.lookup(snapshot, CacheStatus::Hit);
        (lookup.age <= self.freshness().fresh).then(|| {
            self.metrics.record_lookup(&lookup);
            lookup
        })
    }

    /// Returns the last snapshot that is not too old to be served, without a load; it may be invalidated.
    #[must_use]
    pub fn cached(&self, caller: &Caller, company: &str) -> Option<Arc<Snapshot>> {
        let snapshot = self.entries.get(&ListKey::new(caller, company))?.snapshot()?;
        (self.age(&snapshot) <= self.freshness().max_usable_age()).then_some(snapshot)
    }

    /// Returns the number of entries.
    pub fn entry_count(&self) -> u64 {
        // The count of moka is only exact after its pending tasks.
        self.entries.run_pending_tasks();
        self.entries.entry_count()
    }

    /// Sets the gauges of the number of entries and of their memory.
    pub fn report_metrics(&self) {
        self.metrics.set_size(self.entries.entry_count(), self.entries.weighted_size(), self.dependencies.max_bytes);
        self.metrics.set_stranger_size(self.strangers.weighted_size(), MAX_STRANGER_BYTES);
    }

    /// Returns whether the shared store is available, so that lookups have to read it.
    fn is_replicated(&self) -> bool {
        self.dependencies.coordinator.as_ref().is_some_and(|coordinator| coordinator.health().up)
    }

    /// Returns the entry of a list, created if it is absent.
    fn entry(&self, key: &ListKey, caller: &Caller) -> Arc<Entry> {
        let create = || {
            let coordinator = self.dependencies.coordinator.as_ref();
            let shared =
                coordinator.map(|coordinator| SharedList::new(coordinator, self.metrics.list(), caller, &key.company));
            Arc::new(Entry::new(self.new_log_id(), shared))
        };
        if !self.is_accepted(caller) && !self.entries.contains_key(key) {
            return self.strangers.get_with_by_ref(key, create);
        }
        self.entries.get_with_by_ref(key, || self.strangers.remove(key).unwrap_or_else(create))
    }

    /// Whether IPS has accepted the credentials of the caller.
    fn is_accepted(&self, caller: &Caller) -> bool {
        (self.dependencies.is_accepted)(caller)
    }

    /// Marks the entry as used, and inserts it again if it was evicted and not replaced.
    fn retain(&self, key: &ListKey, entry: &Arc<Entry>) {
        self.entries.get_with_by_ref(key, || Arc::clone(entry));
    }

    /// Updates the weight of an entry after it changed, unless another one replaced it.
    fn reweigh(&self, key: &ListKey, entry: &Arc<Entry>) {
        if entry.snapshot().is_none() && self.strangers.contains_key(key) {
            return;
        }
        self.strangers.invalidate(key);
        if self.entries.get(key).is_none_or(|current| Arc::ptr_eq(&current, entry)) {
            self.entries.insert(key.clone(), Arc::clone(entry));
        }
    }

    fn lookup(&self, snapshot: Arc<Snapshot>, cache_status: CacheStatus) -> Lookup {
        let age = self.age(&snapshot);
        Lookup { snapshot, cache_status, age }
    }

    fn age(&self, snapshot: &Snapshot) -> Duration {
        self.clock().instant().saturating_duration_since(snapshot.observed_at.monotonic)
    }

    /// Returns the current invalidation epoch of the list's company, as far as this replica knows: not before that of the current snapshot,
    /// if the table of epochs has evicted it.
    fn epoch(&self, key: &ListKey, entry: &Entry) -> u64 {
        let epochs = self.epochs();
        // Before the epoch is read, so that one that changes meanwhile is read again.
        let invalidations = epochs.invalidation_count();
        let known = entry.lock().epoch_as_of(invalidations);
        known.unwrap_or_else(|| entry.lock().set_epoch(epochs.current(&key.company), invalidations))
    }

    /// Returns a new id of an event log: greater than earlier ones, also across restarts, with 8 random bits against equal ids of replicas.
    fn new_log_id(&self) -> u64 {
        (self.clock().micros() << 8) | u64::from(getrandom::u32().unwrap_or_default() & 0xff)
    }

    fn epochs(&self) -> &CompanyEpochs {
        &self.dependencies.epochs
    }

    fn freshness(&self) -> Freshness {
        self.dependencies.freshness
    }

    fn clock(&self) -> &Clock {
        &self.dependencies.clock
    }

    fn runtime(&self) -> &Handle {
        &self.dependencies.runtime
    }

    fn metrics(&self) -> &CacheMetrics {
        &self.metrics
    }
}
