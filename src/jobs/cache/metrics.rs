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
    /// Metrics of each hit, registered by the first one: their look-up in the registry takes longer than their record.
    hits: Arc<OnceLock<Counter>>,
    ages: Arc<OnceLock<Histogram>>,
}

impl CacheMetrics {
    /// Returns the metrics of the list with this name.
    #[must_use]
    pub fn new(list: &'static str) -> Self {
        Self { list, hits: Arc::default(), ages: Arc::default() }
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
            CacheStatus::Stale(_) | CacheStatus::Loaded => self.count_lookup(code),
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

    /// Counts a load by its result: `ok`, `error` or `superseded`.
    pub fn count_load(&self, result: &'static str) {
        metrics::counter!(names::REFRESHES, "list" => self.list, "result" => result).increment(1);
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
