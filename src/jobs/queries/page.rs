//! Pages of jobs: filters, sorts and cuts snapshots, and renders the result.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::ips::types::Timestamp;
use crate::jobs::cache::policy::{CacheStatus, Lookup};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::{Job, Phase};
use crate::jobs::model::json::{ListBody, RenderedJob, etag_of, etag_with_staleness};
use crate::jobs::model::snapshot::RenderedPage;
use crate::jobs::model::status::StaleReason;
use crate::jobs::queries::cursor::PageCursor;
use crate::jobs::queries::list_query::ListQuery;
use crate::jobs::queries::sort::{JobSort, SortKey};
use crate::upstream::BadItem;

/// Lists of jobs from which a page is made.
#[derive(Debug, Clone, Default)]
pub struct LoadedLists {
    /// Snapshots of the phases of the query.
    pub snapshots: Vec<Lookup>,
    /// The active list, if it decides which jobs are completed and is not one of the snapshots.
    pub active: Option<Lookup>,
    /// Phases whose list the caller may not read.
    pub denied: Vec<Phase>,
}

impl LoadedLists {
    /// Returns the snapshot of the history, if the query is for completed jobs.
    #[must_use]
    pub fn history(&self) -> Option<&Lookup> {
        self.snapshots.iter().find(|part| part.snapshot.is_history())
    }
}

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

/// Completed jobs that were loaded because the snapshot of the history does not have them.
#[derive(Debug, Clone, Default)]
pub struct OlderJobs {
    /// The jobs that match the filters.
    pub jobs: Vec<Arc<RenderedJob>>,
    /// Items of the answers of IPS that could not be read.
    pub bad_items: Vec<BadItem>,
    /// Whether jobs are missing that IPS can't be asked for.
    pub has_gap: bool,
    /// Time in microseconds since 1970, in the order of the list, up to which the snapshot of the history counts; `None` if it does not.
    pub snapshot_until: Option<i64>,
    /// Time up to which the jobs of the list are known; `None` if all are.
    pub known_until: Option<i64>,
    /// Where the walk through the history goes on, for the cursor.
    pub window: Option<i64>,
}

impl JobPage {
    /// Renders the page of `query` from the lists of its phases and the older jobs, if the snapshot of the history lacks some.
    ///
    /// # Errors
    /// The cursor belongs to another sort order.
    pub(in crate::jobs) fn of(lists: &LoadedLists, older: Option<&OlderJobs>, query: &ListQuery) -> Result<Self> {
        let snapshots = &lists.snapshots;
        let statuses = snapshots.iter().map(|part| part.cache_status);
        let cache_status = statuses.max_by_key(|status| staleness_rank(*status)).unwrap_or(CacheStatus::Loaded);
        let stale = cache_status.stated_stale_reason();
        let render = || Self::render(lists, older, query, stale);
        let page = match &snapshots[..] {
            // Such a page depends on nothing else.
            [only] if older.is_none() && lists.active.is_none() && lists.denied.is_empty() => {
                only.snapshot.page(&page_key(query, stale), render)
            }
            _ => render(),
        };
        let RenderedPage { body, etag, next } = page?;
        let age = snapshots.iter().map(|part| part.age).max().unwrap_or_default();
        Ok(Self { body, etag, next, cache_status, age })
    }

    fn render(
        lists: &LoadedLists,
        older: Option<&OlderJobs>,
        query: &ListQuery,
        stale: Option<StaleReason>,
    ) -> Result<RenderedPage> {
        let snapshots = &lists.snapshots;
        let (jobs, next) = jobs_of_page(lists, older, query)?;
        let mut bad_items: Vec<BadItem> =
            snapshots.iter().flat_map(|part| part.snapshot.bad_items.iter().cloned()).collect();
        bad_items.extend(older.iter().flat_map(|older| older.bad_items.iter().cloned()));
        let oldest = snapshots.iter().max_by_key(|part| part.age);
        let is_truncated = match older {
            Some(older) => older.has_gap,
            None => snapshots.iter().any(|part| part.snapshot.is_truncated()),
        };
        let body = ListBody {
            bad_items: &bad_items,
            observed_at: oldest.map(|part| part.snapshot.observed_at.wall),
            stale,
            next: next.as_deref(),
            is_truncated,
            denied: &lists.denied,
            ..ListBody::of(&jobs)
        };
        let denied = format!("{:?}", lists.denied);
        let truncated = if is_truncated { "truncated" } else { "" };
        let etag = etag_of(&jobs, &bad_items, &[next.as_deref().unwrap_or_default(), truncated, &denied]);
        let etag = etag_with_staleness(&etag, stale);
        Ok(RenderedPage { body: body.write(), etag, next })
    }
}

/// Returns what determines the page of a snapshot.
fn page_key(query: &ListQuery, stale: Option<StaleReason>) -> Vec<u8> {
    let ListQuery {
        phases: _,
        statuses,
        outcomes,
        kinds,
        types,
        original_name,
        submitted_by,
        user_handle,
        from,
        to,
        text,
        sort,
        limit,
        cursor,
    } = query;
    let (from, to) = (from.map(Timestamp::sort_micros), to.map(Timestamp::sort_micros));
    let filters = (statuses, outcomes, kinds, types, original_name, submitted_by, user_handle, from, to, text);
    let key = (filters, sort.map(JobSort::as_parameter), limit, cursor, stale);
    serde_json::to_vec(&key).expect("strings and numbers can be serialized")
}

/// Returns the jobs of the page and the cursor of the next one.
///
/// # Errors
/// The cursor belongs to another sort order.
pub(in crate::jobs) fn jobs_of_page(
    lists: &LoadedLists,
    older: Option<&OlderJobs>,
    query: &ListQuery,
) -> Result<(Vec<Arc<RenderedJob>>, Option<String>)> {
    let sort = query.effective_sort().or(older.map(|_| JobSort::NEWEST_FIRST));
    let Some(sort) = sort else { return Ok((matching_jobs(lists, None, query), None)) };
    // A job is before a time if the list shows it before one that started then.
    let is_before = |job: &RenderedJob, time: Option<i64>| {
        time.is_none_or(|time| sort.compare((&sort.key(&job.job), ""), (&SortKey::Number(time), "")).is_lt())
    };
    let mut jobs = matching_jobs(lists, older, query);
    if let Some(older) = older {
        jobs.retain(|job| job.job.phase != Phase::Completed || is_before(job, older.snapshot_until));
        jobs.extend(older.jobs.iter().filter(|job| !is_superseded(lists, &job.job)).cloned());
        jobs.retain(|job| is_before(job, older.known_until));
    }
    let mut keyed: Vec<_> = jobs.into_iter().map(|job| (sort.key(&job.job), job)).collect();
    keyed.sort_by(|a, b| sort.compare((&a.0, &a.1.job.id), (&b.0, &b.1.job.id)));
    if let Some(cursor) = &query.cursor {
        if !cursor.is_of(sort) {
            return Err(Error::invalid_parameter("cursor", "the cursor belongs to another `sort`"));
        }
        keyed.retain(|(key, job)| sort.compare((key, &job.job.id), cursor.position()).is_gt());
    }
    let window = older.and_then(|older| older.window);
    let mut next =
        older.and_then(|older| older.known_until).map(|until| PageCursor::before(until, sort, window).encode());
    if let Some(limit) = query.limit.filter(|limit| *limit < keyed.len()) {
        keyed.truncate(limit);
        next = keyed.last().map(|(_, job)| PageCursor::after(&job.job, sort, window).encode());
    }
    Ok((keyed.into_iter().map(|(_, job)| job).collect(), next))
}

/// Returns the jobs of the snapshots that match the filters. Of a job in several lists, the one that is furthest counts: a job that the active
/// list has is left out of the history until its log has an end.
fn matching_jobs(lists: &LoadedLists, older: Option<&OlderJobs>, query: &ListQuery) -> Vec<Arc<RenderedJob>> {
    let has_history = older.is_none_or(|older| older.snapshot_until.is_some());
    let is_listed = |job: &Job| has_history || job.phase != Phase::Completed;
    let has_other_lists = lists.snapshots.len() > 1 || lists.active.is_some();
    let is_superseded = |job: &Job| has_other_lists && is_superseded(lists, job);
    let jobs = lists.snapshots.iter().flat_map(|part| &part.snapshot.jobs);
    jobs.filter(|job| is_listed(&job.job) && query.matches(&job.job) && !is_superseded(&job.job)).cloned().collect()
}

fn is_superseded(lists: &LoadedLists, job: &Job) -> bool {
    let lists = lists.snapshots.iter().chain(&lists.active);
    let mut others = lists.filter_map(|list: &Lookup| list.snapshot.job(&job.id));
    others.any(|other| other.job.progress_rank() > job.progress_rank())
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
