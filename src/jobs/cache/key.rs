//! Keys of what is cached for a caller: in this process, and in the store that replicas share.

use std::time::Duration;

use moka::sync::Cache;

use crate::replicas::{Coordinator, StoreKey};
use crate::upstream::{Caller, CallerKey};

/// Cache capacity for jobs that are remembered one by one.
const MAX_JOBS: u64 = 50_000;

/// Cache key of something about one job, for one caller.
pub type JobKey = (CallerKey, String);

/// Returns the cache key of the job with this id, for this caller in whatever locale.
pub fn job_key(caller: &Caller, id: &str) -> JobKey {
    (CallerKey::ignoring_locale(caller), id.to_owned())
}

/// Returns an empty cache of something about single jobs.
pub fn job_cache<V: Clone + Send + Sync + 'static>(time_to_live: Duration) -> Cache<JobKey, V> {
    Cache::builder().max_capacity(MAX_JOBS).time_to_live(time_to_live).build()
}

/// Returns the key in the shared store of something of a caller in whatever locale: `what` it is, and which.
pub fn name_of(fleet: &dyn Coordinator, what: &str, caller: &Caller, which: &[&str]) -> StoreKey {
    let parts = [what].into_iter().chain(caller.credential_parts()).chain(which.iter().copied());
    fleet.name(&parts.map(str::as_bytes).collect::<Vec<_>>())
}
