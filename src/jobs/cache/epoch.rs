//! Invalidation epochs of companies: every mutation that IPS may have carried out bumps the epoch of its company, and what was loaded under
//! an older epoch is invalid.
//!
//! A company has no epoch until its first mutation, so that naming a company in a request allocates nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::watch;

use crate::jobs::cache::key::company_store_key;
use crate::replicas::Coordinator;
use crate::runtime::clock::Clock;
use crate::telemetry::metrics::report_table;
use crate::upstream::Invalidations;

/// Maximum approximate memory of the epochs, in bytes; beyond it the least recently used ones are evicted.
const MAX_BYTES: u64 = 4 << 20;
/// Overhead of an epoch in its approximate memory, in bytes.
const OVERHEAD_BYTES: usize = 256;
/// Time without use after which the epoch of a company is evicted.
const TIME_TO_IDLE: Duration = Duration::from_mins(20);
/// Attempts to bump the epoch in the shared store. A store that is down fails at once.
const BUMP_ATTEMPTS: usize = 3;

/// Last epoch that this process chose.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Returns an epoch that is greater than every earlier one, also of earlier processes: the time in microseconds, or one more than the last.
fn next_epoch(clock: &Clock) -> u64 {
    let now = clock.micros();
    let next = |last: u64| last.max(now) + 1;
    LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last))).map_or(now, next)
}

/// Current epoch of a company, which can be watched.
pub type CompanyEpoch = Arc<watch::Sender<u64>>;

/// Invalidation epochs of the companies.
pub struct CompanyEpochs {
    epochs: Cache<String, CompanyEpoch>,
    /// Counter of all increases.
    invalidations: Invalidations,
    coordinator: Option<Arc<dyn Coordinator>>,
    clock: Clock,
}

impl CompanyEpochs {
    /// Creates the epochs of this process, shared by `coordinator` if there is one.
    #[must_use]
    pub fn new(coordinator: Option<Arc<dyn Coordinator>>, clock: Clock) -> Self {
        let epochs = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|company: &String, _| u32::try_from(company.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX))
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(TIME_TO_IDLE)
            .build();
        Self { epochs, invalidations: Invalidations::default(), coordinator, clock }
    }

    /// Returns the current epoch of a company; 0, which is older than any other, without a known mutation.
    pub fn current(&self, company: &str) -> u64 {
        self.epochs.get(company).map_or(0, |epoch| *epoch.borrow())
    }

    /// Returns the epoch of a company, to be watched.
    pub fn of(&self, company: &str) -> CompanyEpoch {
        self.epochs.get_with_by_ref(company, CompanyEpoch::default)
    }

    /// Bumps the epoch of a company for a mutation: in this process at once, and on every other replica before this returns,
    /// unless the shared store is unavailable.
    pub async fn bump(&self, company: &str) {
        let epoch = self.of(company);
        let local = next_epoch(&self.clock);
        self.raise(&epoch, local);
        let Some(coordinator) = &self.coordinator else { return };
        let key = company_store_key(&**coordinator, company);
        for _ in 0..BUMP_ATTEMPTS {
            if let Ok(shared) = coordinator.bump_epoch(key, local).await {
                self.raise(&epoch, shared);
                return;
            }
        }
    }

    /// Observes the epoch that another replica knows; an older one than that of this process is ignored.
    pub fn observe(&self, company: &str, epoch: u64) {
        if epoch > self.current(company) {
            self.raise(&self.of(company), epoch);
        }
    }

    /// Sets the gauge of the memory of the epochs.
    pub fn report_metrics(&self) {
        report_table("epochs", self.epochs.weighted_size(), MAX_BYTES);
    }

    /// Returns the counter of invalidations of all companies.
    #[must_use]
    pub fn invalidations(&self) -> Invalidations {
        self.invalidations.clone()
    }

    /// Returns the number of increases of all epochs. While it is the same, so are the epochs.
    pub fn invalidation_count(&self) -> u64 {
        self.invalidations.count()
    }

    fn raise(&self, epoch: &CompanyEpoch, to: u64) {
        epoch.send_if_modified(|epoch| {
            let is_older = *epoch < to;
            *epoch = to.max(*epoch);
            is_older && {
                self.invalidations.add();
                true
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn epochs_are_bounded_in_bytes_and_only_a_mutation_allocates_one() {
        let epochs = CompanyEpochs::new(None, Clock::system());
        assert_eq!(epochs.current("c|1"), 0);
        assert_eq!(epochs.epochs.iter().count(), 0);
        for number in 0..20_000 {
            epochs.bump(&format!("c|{number}{}", "n".repeat(200))).await;
        }
        epochs.epochs.run_pending_tasks();
        assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&epochs.epochs.weighted_size()));
        assert!(epochs.current(&format!("c|19999{}", "n".repeat(200))) > 0);
    }
}
