//! Callers whose credentials IPS accepted.

use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::telemetry::metrics::report_table;
use crate::upstream::caller::{Caller, CallerKey};

/// Maximum approximate memory, in bytes; beyond it the least recently used callers are evicted.
const MAX_BYTES: u64 = 4 << 20;
/// Approximate memory of a caller, in bytes.
const CALLER_BYTES: u32 = 200;
/// Time without a call after which a caller is evicted.
const TIME_TO_IDLE: Duration = Duration::from_hours(24);

/// Table of the callers whose credentials IPS accepted since the start of the process.
pub(super) struct AcceptedCallers(Cache<CallerKey, ()>);

impl AcceptedCallers {
    pub(super) fn new() -> Self {
        Self(
            Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(|_, ()| CALLER_BYTES)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(TIME_TO_IDLE)
                .build(),
        )
    }

    pub(super) fn contains(&self, caller: &Caller) -> bool {
        self.0.get(&CallerKey::ignoring_locale(caller)).is_some()
    }

    pub(super) fn insert(&self, caller: &Caller) {
        self.0.insert(CallerKey::ignoring_locale(caller), ());
        report_table("accepted_callers", self.0.weighted_size(), MAX_BYTES);
    }

    pub(super) fn remove(&self, caller: &Caller) {
        self.0.invalidate(&CallerKey::ignoring_locale(caller));
    }
}
