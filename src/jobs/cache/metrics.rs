//! Metrics of a snapshot cache.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics::{Counter, Histogram};

use crate::jobs::cache::policy::{CacheStatus, Lookup};
use crate::telemetry::metrics::{names, report_table};

/// Metrics of the snapshot cache of one kind of list, which is their label `list`.
#[derive(Clone)]
pub struct CacheMetrics {
    list: &'static str,
    /// Metrics of hits and loads, registered by the first one: their look-up in the registry takes longer than their record.
    hits: Arc<OnceLock<Counter>>,
    loaded: Arc<OnceLock<Counter>>,
    ages: Arc<OnceLock<Histogram>>,
    successful_loads: Arc<OnceLock<Counter>>,
}

impl CacheMetrics {
    /// Returns the metrics of the list with this name.
    #[must_use]
    pub fn new(list: &'static str) -> Self {
        let (hits, loaded, ages, successful_loads) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        Self { list, hits, loaded, ages, successful_loads }
    }

    /// Returns the name of the list.
    #[must_use]
    pub fn list(&self) -> &'static str {
        self.list
    }

    /// Records a served snapshot: its cache status and its age.
    pub fn record_lookup(&self, lookup: &Lookup) {
        let code = lookup.cache_status.code();
        match lookup.cache_status {
            CacheStatus::Hit => self.hits.get_or_init(|| self.lookups(code)).increment(1),
            CacheStatus::Loaded => self.loaded.get_or_init(|| self.lookups(code)).increment(1),
            CacheStatus::Stale(_) => self.count_lookup(code),
        }
        let ages = || metrics::histogram!(names::SNAPSHOT_AGE, "list" => self.list);
        self.ages.get_or_init(ages).record(lookup.age.as_secs_f64());
    }

    fn lookups(&self, result: &'static str) -> Counter {
        metrics::counter!(names::SNAPSHOT_READS, "list" => self.list, "result" => result)
    }

    /// Counts a lookup by its result: a cache status, `absent` or `error`.
    pub fn count_lookup(&self, result: &'static str) {
        self.lookups(result).increment(1);
    }

    /// Counts a load that did not succeed by its result: `error` or `superseded`.
    pub fn count_load(&self, result: &'static str) {
        self.loads(result).increment(1);
    }

    /// Counts a successful load.
    pub fn count_successful_load(&self) {
        self.successful_loads.get_or_init(|| self.loads("ok")).increment(1);
    }

    fn loads(&self, result: &'static str) -> Counter {
        metrics::counter!(names::REFRESHES, "list" => self.list, "result" => result)
    }

    /// Counts a request for the lease of a load by its outcome.
    pub fn count_lease_request(&self, outcome: &'static str) {
        metrics::counter!(names::SHARED_TURNS, "list" => self.list, "turn" => outcome).increment(1);
    }

    /// Records the age of a snapshot received from another replica.
    pub fn record_received(&self, age: Duration) {
        metrics::histogram!(names::SHARED_SNAPSHOT_AGE, "list" => self.list).record(age.as_secs_f64());
    }

    /// Sets the gauges of the memory of the entries of callers that IPS has not accepted.
    pub fn set_stranger_size(&self, bytes: u64, limit: u64) {
        let table = match self.list {
            "active" => "strangers_active",
            "scheduled" => "strangers_scheduled",
            _ => "strangers_history",
        };
        report_table(table, bytes, limit);
    }

    /// Sets the gauges of the number of snapshots and of their approximate memory.
    pub fn set_size(&self, snapshots: u64, bytes: u64, limit: u64) {
        report_table(self.list, bytes, limit);
        metrics::gauge!(names::SNAPSHOTS, "list" => self.list).set(snapshots as f64);
        metrics::gauge!(names::SNAPSHOT_BYTES, "list" => self.list).set(bytes as f64);
    }

    /// Adds a watcher to the gauge.
    pub fn add_watcher(&self) {
        metrics::gauge!(names::WATCHERS, "list" => self.list).increment(1.0);
    }

    /// Removes a watcher from the gauge.
    pub fn remove_watcher(&self) {
        metrics::gauge!(names::WATCHERS, "list" => self.list).decrement(1.0);
    }
}
