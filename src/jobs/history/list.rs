//! Lists of jobs from the snapshot caches, continued by older completed jobs.

use std::sync::Arc;

use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::error::{Error, Result};
use crate::jobs::history::axis::{Axis, start_of};
use crate::jobs::history::logs::MAX_CALLS;
use crate::jobs::history::steps::MAX_ROWS;
use crate::jobs::history::walk::{HistorySource, HistorySpan, HistoryWalk, Place};
use crate::jobs::model::job::Phase;
use crate::jobs::model::json::RenderedJob;
use crate::jobs::queries::{
    JobListing, JobPage, JobSort, ListQueries, ListQuery, LoadedLists, OlderJobs, PageCursor, is_open_log, jobs_of_page,
};
use crate::upstream::Caller;

/// Lists of jobs.
pub struct JobLists {
    lists: ListQueries,
    source: HistorySource,
}

/// Continuation of a list by completed jobs that the snapshot of the history lacks.
struct Continuation {
    axis: Axis,
    place: Place,
    older: OlderJobs,
    /// The query with the limit that the page has.
    query: ListQuery,
}

impl Continuation {
    /// Returns the continuation of a list; `None` if the snapshots have all its jobs, or its order is not that of the start.
    fn of(lists: &LoadedLists, query: &ListQuery) -> Option<Self> {
        if !query.phases().contains(&Phase::Completed) || lists.denied.contains(&Phase::Completed) {
            return None;
        }
        let history = lists.history().filter(|history| history.snapshot.is_truncated());
        if history.is_none() && query.user_handle.is_none() {
            return None;
        }
        let axis = Axis(query.effective_sort().unwrap_or(JobSort::NEWEST_FIRST).direction_by_start()?);
        let is_usable = query.user_handle.is_none() && axis.is_descending();
        let starts = history.iter().flat_map(|history| &history.snapshot.jobs).filter_map(|job| start_of(&job.job));
        // The last second of the snapshot may not be complete.
        let end = starts.map(|start| axis.second(start)).max().filter(|_| is_usable);
        let (time, window) = query.cursor.as_ref().map_or((None, None), PageCursor::time);
        let second = time.map(|time| axis.second_of_micros(time)).filter(|second| axis.is_sendable(*second));
        let second = second.max(end);
        let until = end.map(|end| axis.first_micros(end));
        let has_all = end.zip(query.from).is_some_and(|(end, from)| axis.second(from) < end);
        let begin = if axis.is_descending() { i64::MAX } else { i64::MIN };
        let known_until = if has_all { None } else { until.or(Some(begin)) };
        let older = OlderJobs { snapshot_until: until, known_until, window, ..OlderJobs::default() };
        let is_continued = query.cursor.is_some() || end.is_none();
        let limit = query.limit.or(is_continued.then_some(MAX_ROWS));
        let place = Place { second, window: window.filter(|_| second.is_some()) };
        Some(Self { axis, place, older, query: ListQuery { limit, ..query.clone() } })
    }

    /// Returns whether the page lacks jobs that a call to IPS can find.
    fn is_incomplete(&self, lists: &LoadedLists) -> Result<bool> {
        if self.older.known_until.is_none() {
            return Ok(false);
        }
        // One more than the page has, so that its jobs and the next one are known.
        let limit = self.query.limit.map(|limit| limit + 1);
        let query = ListQuery { limit, ..self.query.clone() };
        let (jobs, _) = jobs_of_page(lists, Some(&self.older), &query)?;
        Ok(jobs.len() < limit.unwrap_or(1))
    }
}

impl JobLists {
    /// Lists jobs from `lists`, and older completed ones from `source`.
    #[must_use]
    pub fn new(lists: ListQueries, source: HistorySource) -> Self {
        Self { lists, source }
    }

    /// Lists the jobs of `company`, without those of lists that the caller may not read. Completed jobs that the snapshot of the history lacks
    /// are read from IPS, with at most 8 calls for a page.
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
            return self.lists.active(caller, company, directive).await.map(JobListing::Snapshot);
        }
        let mut lists = self.lists.load(caller, company, query, directive).await?;
        let Some(mut continuation) = Continuation::of(&lists, query) else {
            return JobPage::of(&lists, None, query).map(JobListing::Page);
        };
        if continuation.is_incomplete(&lists)? {
            if directive == CacheDirective::OnlyIfCached {
                return Err(Error::NotCached);
            }
            self.continue_list(caller, company, &lists, &mut continuation).await?;
            let has_open_logs = continuation.older.jobs.iter().any(|job| is_open_log(&job.job));
            if has_open_logs && lists.active.is_none() && !query.phases().contains(&Phase::Active) {
                lists.active = self.lists.active(caller, company, directive).await.ok();
            }
        }
        JobPage::of(&lists, Some(&continuation.older), &continuation.query).map(JobListing::Page)
    }

    /// Reads completed jobs that the snapshot of the history lacks until the page is complete.
    async fn continue_list(
        &self,
        caller: &Caller,
        company: &str,
        lists: &LoadedLists,
        continuation: &mut Continuation,
    ) -> Result<()> {
        let Continuation { axis, place, .. } = *continuation;
        let query = &continuation.query;
        let span = HistorySpan { from: query.from, to: query.to, user_handle: query.user_handle.clone() };
        let mut walk = HistoryWalk::new(&self.source, caller, company, span, (axis, place));
        for _ in 0..MAX_CALLS {
            let batch = walk.next_batch(MAX_ROWS).await?;
            let now = self.source.clock.now();
            let matching = batch.jobs.into_iter().filter(|job| continuation.query.matches(job));
            continuation.older.jobs.extend(matching.map(|job| Arc::new(RenderedJob::new(job, now))));
            continuation.older.bad_items.extend(batch.bad_items);
            continuation.older.has_gap = walk.has_gap();
            let next = walk.place();
            continuation.older.window = next.and_then(|place| place.window);
            // A walk that completed nothing yet stays at its beginning.
            continuation.older.known_until = match next {
                Some(Place { second: Some(second), .. }) => Some(axis.first_micros(second)),
                Some(Place { second: None, .. }) => continuation.older.known_until,
                None => None,
            };
            if !continuation.is_incomplete(lists)? {
                break;
            }
        }
        Ok(())
    }

    /// Lists the jobs of `company` if all snapshots are cached and fresh: the fast path, which needs no await.
    ///
    /// # Errors
    /// [`Error::NotCached`] if a snapshot is not fresh, lacks jobs of the page, or the request has a cache directive; and a cursor of another
    /// sort order.
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
        if query.is_whole_active_list() {
            return self.lists.active_fresh(caller, company).map(JobListing::Snapshot).ok_or(Error::NotCached);
        }
        let lists = self.lists.load_fresh(caller, company, query)?;
        match Continuation::of(&lists, query) {
            Some(continuation) if continuation.is_incomplete(&lists)? => Err(Error::NotCached),
            Some(continuation) => JobPage::of(&lists, Some(&continuation.older), &continuation.query),
            None => JobPage::of(&lists, None, query),
        }
        .map(JobListing::Page)
    }
}
