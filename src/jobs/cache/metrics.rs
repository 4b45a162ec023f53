//! What metrics tell of a list.

use std::time::Duration;

use crate::jobs::cache::policy::Lookup;
use crate::telemetry::metrics::names;

/// Counts for one kind of list.
#[derive(Debug, Clone, Copy)]
pub struct CacheMetrics(pub &'static str);

impl CacheMetrics {
    /// A snapshot was served.
    pub fn served(self, read: &Lookup) {
        self.read(read.source.code());
        metrics::histogram!(names::SNAPSHOT_AGE, "list" => self.0).record(read.age.as_secs_f64());
    }

    /// A read ended like this.
    pub fn read(self, result: &'static str) {
        metrics::counter!(names::SNAPSHOT_READS, "list" => self.0, "result" => result).increment(1);
    }

    /// A load ended like this.
    pub fn refreshed(self, result: &'static str) {
        metrics::counter!(names::REFRESHES, "list" => self.0, "result" => result).increment(1);
    }

    /// Another replica's snapshot came, at this age.
    pub fn received(self, age: Duration) {
        metrics::histogram!(names::SHARED_SNAPSHOT_AGE, "list" => self.0).record(age.as_secs_f64());
    }

    /// The fleet was asked whether this replica may ask IPS, and answered this.
    pub fn turned(self, turn: &'static str) {
        metrics::counter!(names::SHARED_TURNS, "list" => self.0, "turn" => turn).increment(1);
    }

    /// So many snapshots of this size in all are kept.
    pub fn kept(self, snapshots: u64, bytes: u64) {
        metrics::gauge!(names::SNAPSHOTS, "list" => self.0).set(snapshots as f64);
        metrics::gauge!(names::SNAPSHOT_BYTES, "list" => self.0).set(bytes as f64);
    }

    /// One more watches.
    pub fn watched(self) {
        metrics::gauge!(names::WATCHERS, "list" => self.0).increment(1.0);
    }

    /// One watches no longer.
    pub fn unwatched(self) {
        metrics::gauge!(names::WATCHERS, "list" => self.0).decrement(1.0);
    }
}
