//! Lists of jobs, from the snapshot caches.

use crate::jobs::cache::lists::ListCaches;
use crate::jobs::cache::policy::{CacheDirective, Lookup};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::{Job, Phase};
use crate::jobs::queries::list_query::ListQuery;
use crate::jobs::queries::page::JobPage;
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

    /// Lists the jobs of `company`, without those of lists that the caller may not read.
    ///
    /// # Errors
    /// [`Error::NotCached`] with [`CacheDirective::OnlyIfCached`], a cursor of another sort order, and the errors of IPS; the refusal if the
    /// caller may read none of the lists.
    pub async fn list(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Result<JobListing> {
        if query.is_whole_active_list() {
            return self.caches.active.read(caller, company, directive).await.map(JobListing::Snapshot);
        }
        let mut snapshots = Vec::new();
        let (mut denied, mut refusal) = (Vec::new(), None);
        for (phase, cache) in self.caches.all() {
            if !query.phases().contains(&phase) {
                continue;
            }
            match cache.read(caller, company, directive).await {
                Ok(lookup) => snapshots.push(lookup),
                Err(error) if error.denies_operation() => {
                    denied.push(phase);
                    refusal.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(refusal) = refusal.filter(|_| snapshots.is_empty()) {
            return Err(refusal);
        }
        // Without the active list, what it would take out of the history stays there.
        let active = if needs_active_list(&snapshots, query) {
            self.caches.active.read(caller, company, directive).await.ok()
        } else {
            None
        };
        JobPage::of(&snapshots, active.as_ref(), &denied, query).map(JobListing::Page)
    }

    /// Lists the jobs of `company` if all snapshots are cached and fresh: the fast path, which needs no await.
    ///
    /// # Errors
    /// [`Error::NotCached`] if a snapshot is not fresh, or the request has a cache directive; and a cursor of another sort order.
    pub fn list_fresh(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Result<JobListing> {
        if directive != CacheDirective::Unspecified {
            return Err(Error::NotCached);
        }
        let caches = self.caches.of_phases(query.phases());
        let snapshots: Option<Vec<Lookup>> = caches.map(|cache| cache.get_fresh(caller, company)).collect();
        let mut snapshots = snapshots.ok_or(Error::NotCached)?;
        if query.is_whole_active_list() {
            return snapshots.pop().map(JobListing::Snapshot).ok_or(Error::NotCached);
        }
        let active = if needs_active_list(&snapshots, query) {
            Some(self.caches.active.get_fresh(caller, company).ok_or(Error::NotCached)?)
        } else {
            None
        };
        JobPage::of(&snapshots, active.as_ref(), &[], query).map(JobListing::Page)
    }
}

/// Returns whether the active list decides which jobs of these snapshots are completed, and is not one of them: a log without an end may be
/// that of a running job.
fn needs_active_list(snapshots: &[Lookup], query: &ListQuery) -> bool {
    let is_open_log = |job: &Job| job.phase == Phase::Completed && !job.is_final();
    !query.phases().contains(&Phase::Active)
        && snapshots.iter().flat_map(|part| &part.snapshot.jobs).any(|job| is_open_log(&job.job))
}
