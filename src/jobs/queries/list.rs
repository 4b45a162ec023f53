//! Lists of jobs, from the snapshot caches.

use crate::jobs::cache::lists::ListCaches;
use crate::jobs::cache::policy::{CacheDirective, Lookup};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::{Job, Phase};
use crate::jobs::queries::list_query::ListQuery;
use crate::jobs::queries::page::{JobPage, LoadedLists};
use crate::upstream::Caller;

/// Result of a list query.
#[derive(Debug, Clone)]
pub enum JobListing {
    /// Snapshot of all active jobs, which has the response body and the entity tag rendered.
    Snapshot(Lookup),
    /// Page of jobs.
    Page(JobPage),
}

/// Queries of job lists.
pub struct ListQueries {
    caches: ListCaches,
}

impl ListQueries {
    /// Answers queries from these caches.
    #[must_use]
    pub fn new(caches: ListCaches) -> Self {
        Self { caches }
    }

    /// Returns the whole active list of `company`.
    ///
    /// # Errors
    /// [`Error::NotCached`] with [`CacheDirective::OnlyIfCached`], and the errors of IPS.
    pub async fn active(&self, caller: &Caller, company: &str, directive: CacheDirective) -> Result<Lookup> {
        self.caches.active.read(caller, company, directive).await
    }

    /// Returns the whole active list of `company` if it is cached and fresh.
    #[must_use]
    pub fn active_fresh(&self, caller: &Caller, company: &str) -> Option<Lookup> {
        self.caches.active.get_fresh(caller, company)
    }

    /// Returns the lists for `query`, without those that the caller may not read.
    ///
    /// # Errors
    /// [`Error::NotCached`] with [`CacheDirective::OnlyIfCached`], and the errors of IPS; the refusal if the caller may read none of the lists.
    pub async fn load(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Result<LoadedLists> {
        let mut lists = LoadedLists::default();
        let mut refusal = None;
        for (phase, cache) in self.caches.all() {
            if !query.phases().contains(&phase) {
                continue;
            }
            match cache.read(caller, company, directive).await {
                Ok(lookup) => lists.snapshots.push(lookup),
                Err(error) if error.denies_operation() => {
                    lists.denied.push(phase);
                    refusal.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(refusal) = refusal.filter(|_| lists.snapshots.is_empty()) {
            return Err(refusal);
        }
        // Without the active list, what it would take out of the history stays there.
        if needs_active_list(&lists.snapshots, query) {
            lists.active = self.active(caller, company, directive).await.ok();
        }
        Ok(lists)
    }

    /// Returns the lists for `query` if all of them are cached and fresh: the fast path, which needs no await.
    ///
    /// # Errors
    /// [`Error::NotCached`] if a snapshot is not fresh.
    pub fn load_fresh(&self, caller: &Caller, company: &str, query: &ListQuery) -> Result<LoadedLists> {
        let caches = self.caches.of_phases(query.phases());
        let snapshots: Option<Vec<Lookup>> = caches.map(|cache| cache.get_fresh(caller, company)).collect();
        let snapshots = snapshots.ok_or(Error::NotCached)?;
        let active = if needs_active_list(&snapshots, query) {
            Some(self.active_fresh(caller, company).ok_or(Error::NotCached)?)
        } else {
            None
        };
        Ok(LoadedLists { snapshots, active, denied: Vec::new() })
    }
}

/// Returns whether the active list decides which jobs of these snapshots are completed, and is not one of them: a log without an end may be
/// that of a running job.
fn needs_active_list(snapshots: &[Lookup], query: &ListQuery) -> bool {
    !query.phases().contains(&Phase::Active)
        && snapshots.iter().flat_map(|part| &part.snapshot.jobs).any(|job| is_open_log(&job.job))
}

/// Returns whether the log of a job has no end yet.
pub(in crate::jobs) fn is_open_log(job: &Job) -> bool {
    job.phase == Phase::Completed && !job.is_final()
}
