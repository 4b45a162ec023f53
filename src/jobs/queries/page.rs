//! Pages of jobs: filters, sorts and cuts snapshots, and renders the result.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::jobs::cache::policy::{CacheStatus, Lookup};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::{Job, Phase};
use crate::jobs::model::json::{ListBody, RenderedJob, etag_of, etag_with_staleness};
use crate::jobs::model::status::StaleReason;
use crate::jobs::queries::cursor::PageCursor;
use crate::jobs::queries::list_query::ListQuery;
use crate::upstream::BadItem;

/// Page of a list of jobs.
#[derive(Debug, Clone)]
pub struct JobPage {
    /// JSON of the page.
    pub body: Bytes,
    /// Weak entity tag of the page.
    pub etag: String,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
    /// Cache status of the least fresh snapshot.
    pub cache_status: CacheStatus,
    /// Age of the oldest snapshot.
    pub age: Duration,
}

impl JobPage {
    /// Renders the page of `query` from the snapshots of its phases. A job that `active`, the active list, has is left out of the history
    /// until its log has an end. `denied` are the phases whose list the caller may not read.
    ///
    /// # Errors
    /// The cursor belongs to another sort order.
    pub(super) fn of(
        snapshots: &[Lookup],
        active: Option<&Lookup>,
        denied: &[Phase],
        query: &ListQuery,
    ) -> Result<Self> {
        let mut jobs = matching_jobs(snapshots, active, query);
        let mut next = None;
        if let Some(sort) = query.effective_sort() {
            let mut keyed: Vec<_> = jobs.into_iter().map(|job| (sort.key(&job.job), job)).collect();
            keyed.sort_by(|a, b| sort.compare((&a.0, &a.1.job.id), (&b.0, &b.1.job.id)));
            if let Some(cursor) = &query.cursor {
                if !cursor.is_of(sort) {
                    return Err(Error::invalid_parameter("cursor", "the cursor belongs to another `sort`"));
                }
                keyed.retain(|(key, job)| sort.compare((key, &job.job.id), cursor.position()).is_gt());
            }
            if let Some(limit) = query.limit.filter(|limit| *limit < keyed.len()) {
                keyed.truncate(limit);
                next = keyed.last().map(|(_, job)| PageCursor::after(&job.job, sort).encode());
            }
            jobs = keyed.into_iter().map(|(_, job)| job).collect();
        }
        let bad_items: Vec<BadItem> =
            snapshots.iter().flat_map(|part| part.snapshot.bad_items.iter().cloned()).collect();
        let oldest = snapshots.iter().max_by_key(|part| part.age);
        let statuses = snapshots.iter().map(|part| part.cache_status);
        let cache_status = statuses.max_by_key(|status| staleness_rank(*status)).unwrap_or(CacheStatus::Hit);
        let stale = cache_status.stated_stale_reason();
        let is_truncated = snapshots.iter().any(|part| part.snapshot.is_truncated());
        let body = ListBody {
            member: "jobs",
            jobs: &jobs,
            bad_items: &bad_items,
            observed_at: oldest.map(|part| part.snapshot.observed_at.wall),
            stale,
            next: next.as_deref(),
            is_truncated,
            denied,
        };
        let denied = format!("{denied:?}");
        let truncated = if is_truncated { "truncated" } else { "" };
        let etag = etag_of(&jobs, &bad_items, &[next.as_deref().unwrap_or_default(), truncated, &denied]);
        let etag = etag_with_staleness(&etag, stale);
        let age = oldest.map(|part| part.age).unwrap_or_default();
        Ok(Self { body: body.write(), etag, next, cache_status, age })
    }
}

/// Returns the jobs that match the filters. Of a job in several lists, the one that is furthest counts.
fn matching_jobs(snapshots: &[Lookup], active: Option<&Lookup>, query: &ListQuery) -> Vec<Arc<RenderedJob>> {
    let lists = || snapshots.iter().chain(active);
    let is_superseded = |job: &Job| {
        let mut others = lists().filter_map(|list| list.snapshot.job(&job.id));
        others.any(|other| other.job.progress_rank() > job.progress_rank())
    };
    let jobs = snapshots.iter().flat_map(|part| &part.snapshot.jobs);
    jobs.filter(|job| query.matches(&job.job) && !is_superseded(&job.job)).cloned().collect()
}

/// Returns the rank of a cache status by staleness; 0 is a fresh one.
fn staleness_rank(status: CacheStatus) -> u8 {
    match status {
        CacheStatus::Hit => 0,
        CacheStatus::Loaded => 1,
        CacheStatus::Stale(StaleReason::Revalidating) => 2,
        CacheStatus::Stale(StaleReason::UpstreamFailed) => 3,
    }
}
