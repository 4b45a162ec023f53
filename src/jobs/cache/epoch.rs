//! CompanyEpochs: a company's changes with every change that is asked for there, and makes worthless what was loaded before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::watch;

use crate::replicas::{Coordinator, StoreKey};
use crate::runtime::clock::Clock;
use crate::upstream::Invalidations;

const MOST_COMPANIES: u64 = 100_000;
const IDLE: Duration = Duration::from_mins(20);
/// So often the shared store is told of a change before it counts as lost. It says so itself when it is down.
const ATTEMPTS: usize = 3;

/// Numbers that are never used twice in this process, and are greater than those of earlier ones.
static LAST: AtomicU64 = AtomicU64::new(0);

fn next(clock: &Clock) -> u64 {
    let now = clock.micros();
    let next = |last: u64| last.max(now) + 1;
    LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last))).map_or(now, next)
}

/// A company's generation, to look at and to watch.
pub type Generation = Arc<watch::Sender<u64>>;

/// The generations of all companies.
pub struct CompanyEpochs {
    companies: Cache<String, Generation>,
    /// How often one of them changed.
    invalidations: Invalidations,
    fleet: Option<Arc<dyn Coordinator>>,
    clock: Clock,
}

impl CompanyEpochs {
    /// Those of this process, or of the whole fleet.
    #[must_use]
    pub fn new(fleet: Option<Arc<dyn Coordinator>>, clock: Clock) -> Self {
        let companies = Cache::builder().max_capacity(MOST_COMPANIES).time_to_idle(IDLE).build();
        Self { companies, invalidations: Invalidations::default(), fleet, clock }
    }

    /// The generation of a company. Where there is a fleet, an unknown one is older than any.
    pub fn of(&self, company: &str) -> Generation {
        let unknown = || Arc::new(watch::Sender::new(if self.fleet.is_some() { 0 } else { next(&self.clock) }));
        self.companies.get_with_by_ref(company, unknown)
    }

    /// Something was changed at a company, or is about to be: what was loaded before is worthless, here at once, and on every other
    /// replica when this is over, unless the shared store can't be reached.
    pub async fn change(&self, company: &str) {
        let generation = self.of(company);
        let here = next(&self.clock);
        self.raise(&generation, here);
        let Some(fleet) = &self.fleet else { return };
        let name = company_name(&**fleet, company);
        for _ in 0..ATTEMPTS {
            if let Ok(everywhere) = fleet.change(name, here).await {
                self.raise(&generation, everywhere);
                return;
            }
        }
    }

    /// Another replica told of this generation, or of an older one.
    pub fn learn(&self, company: &str, generation: u64) {
        self.raise(&self.of(company), generation);
    }

    /// Returns the counter of invalidations of all companies that this replica knows of.
    #[must_use]
    pub fn invalidations(&self) -> Invalidations {
        self.invalidations.clone()
    }

    fn raise(&self, generation: &Generation, least: u64) {
        generation.send_if_modified(|generation| {
            let is_older = *generation < least;
            *generation = least.max(*generation);
            is_older && {
                self.invalidations.add();
                true
            }
        });
    }
}

/// By what a company is known to the fleet.
pub fn company_name(fleet: &dyn Coordinator, company: &str) -> StoreKey {
    fleet.name(&[b"company", company.as_bytes()])
}
