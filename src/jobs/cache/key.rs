//! Keys of what is cached for a caller: in this process, and in the store that replicas share.

use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::replicas::{Coordinator, StoreKey};
use crate::upstream::{Caller, CallerKey};

/// Maximum approximate memory of a cache of single jobs, in bytes; beyond it the least recently used ones are evicted.
pub const MAX_JOB_BYTES: u64 = 16 << 20;
/// Overhead of a single job in its approximate memory, in bytes.
const JOB_OVERHEAD_BYTES: usize = 512;

/// Key of a list: its company and the caller. The locale is left out, because lists don't depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ListKey {
    caller: CallerKey,
    /// Handle of the company.
    pub company: String,
}

impl ListKey {
    /// Returns the approximate memory of the key, in bytes.
    pub fn weight(&self) -> u32 {
        u32::try_from(size_of::<Self>() + self.company.len()).unwrap_or(u32::MAX)
    }

    /// Returns the key of a list of `company` for `caller`.
    pub fn new(caller: &Caller, company: &str) -> Self {
        Self { caller: CallerKey::ignoring_locale(caller), company: company.to_owned() }
    }
}

/// Key of a single job: the caller and the job id.
pub type JobKey = (CallerKey, String);

/// Returns the key of the job with this id, for this caller with any locale.
pub fn job_key(caller: &Caller, id: &str) -> JobKey {
    (CallerKey::ignoring_locale(caller), id.to_owned())
}

/// Creates an empty cache of single jobs. `json_length` returns the length of the JSON of a job: parsed, a job takes about twice that.
pub fn job_cache<V: Clone + Send + Sync + 'static>(
    time_to_live: Duration,
    json_length: impl Fn(&V) -> usize + Send + Sync + 'static,
) -> Cache<JobKey, V> {
    let weight = move |(_, id): &JobKey, job: &V| {
        u32::try_from(3 * json_length(job) + id.len() + JOB_OVERHEAD_BYTES).unwrap_or(u32::MAX)
    };
    Cache::builder()
        .max_capacity(MAX_JOB_BYTES)
        .weigher(weight)
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(time_to_live)
        .build()
}

/// Returns the key in the shared store of a value that belongs to a caller, with any locale. `kind` separates values of different kinds.
pub fn caller_store_key(coordinator: &dyn Coordinator, kind: &str, caller: &Caller, parts: &[&str]) -> StoreKey {
    let parts = [kind].into_iter().chain(caller.credential_parts()).chain(parts.iter().copied());
    coordinator.store_key(&parts.map(str::as_bytes).collect::<Vec<_>>())
}

/// Returns the key in the shared store of a company.
pub fn company_store_key(coordinator: &dyn Coordinator, company: &str) -> StoreKey {
    coordinator.store_key(&[b"company", company.as_bytes()])
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::upstream::{CredentialSource, Credentials};

    #[test]
    fn a_new_job_is_cached_when_the_cache_is_full_of_frequently_used_ones() {
        let credentials = Credentials::AccessToken(SecretString::from("token"));
        let caller = Caller::new(credentials, CredentialSource::Caller);
        let cache = job_cache(Duration::from_hours(1), |()| 5_000);
        let jobs = MAX_JOB_BYTES / 15_500;
        let keys: Vec<_> = (0..jobs).map(|number| job_key(&caller, &number.to_string())).collect();
        for key in &keys {
            cache.insert(key.clone(), ());
            cache.get(key);
            cache.get(key);
        }
        let new = job_key(&caller, "new");
        cache.insert(new.clone(), ());
        cache.run_pending_tasks();
        assert!((MAX_JOB_BYTES / 2..=MAX_JOB_BYTES).contains(&cache.weighted_size()), "{}", cache.weighted_size());
        assert!(cache.contains_key(&new) && !cache.contains_key(&keys[0]), "the least recently used one is evicted");
    }
}
