//! Cache of single completed jobs, which do not change except for the state of their follow-on jobs.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use crate::jobs::cache::key::{JobKey, MAX_JOB_BYTES, job_cache};
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, MIN_LOAD_INTERVAL};
use crate::jobs::model::json::RenderedJob;
use crate::jobs::model::links::JobLinks;
use crate::jobs::queries::found::FoundJob;
use crate::runtime::clock::ClockReading;
use crate::telemetry::metrics::report_table;
use crate::upstream::{Caller, CallerKey};

/// Time for which completed jobs are cached.
const TIME_TO_LIVE: Duration = Duration::from_hours(1);

/// Completed job in the cache.
#[derive(Clone)]
struct CompletedJob {
    job: Arc<RenderedJob>,
    loaded_at: ClockReading,
}

/// Completed jobs of all callers.
pub(super) struct CompletedJobs(Cache<JobKey, CompletedJob>);

impl Default for CompletedJobs {
    fn default() -> Self {
        Self(job_cache(TIME_TO_LIVE, |completed: &CompletedJob| completed.job.json.len()))
    }
}

impl CompletedJobs {
    /// Sets the gauge of the memory of the cache.
    pub(super) fn report_metrics(&self) {
        report_table("completed_jobs", self.0.weighted_size(), MAX_JOB_BYTES);
    }

    /// Returns the job with this id, if its age at `now` fits the cache directive.
    pub(super) fn get(
        &self,
        caller: &Caller,
        id: &str,
        directive: CacheDirective,
        now: ClockReading,
    ) -> Option<FoundJob> {
        let CompletedJob { job, loaded_at } = self.0.get(&(CallerKey::of(caller), id.to_owned()))?;
        let age = now.since(loaded_at);
        let fits = match directive {
            CacheDirective::Unspecified | CacheDirective::OnlyIfCached => age < TIME_TO_LIVE,
            CacheDirective::MaxAge(max_age) => age <= max_age.max(MIN_LOAD_INTERVAL),
            CacheDirective::Reload => false,
        };
        fits.then_some(FoundJob { job, cache_status: CacheStatus::Hit, age })
    }

    /// Caches a job that IPS returned at `loaded_at`.
    pub(super) fn insert(&self, caller: &Caller, job: Arc<RenderedJob>, loaded_at: ClockReading) {
        self.0.insert((CallerKey::of(caller), job.job.id.clone()), CompletedJob { job, loaded_at });
    }

    /// Returns a cached job with its follow-on jobs as in `links`, and its chain at `now`; the job with other ones replaces it in the cache.
    pub(super) fn relink(&self, caller: &Caller, found: FoundJob, links: &JobLinks, now: ClockReading) -> FoundJob {
        let Some(linked) = links.relinked(&found.job.job, now.server) else { return found };
        let key = (CallerKey::of(caller), linked.id.clone());
        let Some(CompletedJob { loaded_at, .. }) = self.0.get(&key) else { return found };
        let job = Arc::new(RenderedJob::new(linked, loaded_at.wall));
        self.0.insert(key, CompletedJob { job: Arc::clone(&job), loaded_at });
        FoundJob { job, ..found }
    }
}
