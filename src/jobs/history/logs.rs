//! Pages of the history of a company.

use crate::ips::types::GetJobLogsParam;
use crate::jobs::error::{Error, Result};
use crate::jobs::history::axis::Axis;
use crate::jobs::history::cursor::HistoryCursor;
use crate::jobs::history::query::{HistoryPage, JobLogsQuery};
use crate::jobs::history::steps::MAX_ROWS;
use crate::jobs::history::walk::{HistorySource, HistoryWalk, Place};
use crate::jobs::model::distinct::jobs_of_records;
use crate::jobs::model::job::Job;
use crate::jobs::queries::ListQuery;
use crate::upstream::Caller;

/// Maximum number of calls to IPS for one page.
pub const MAX_CALLS: usize = 8;
/// Rows that are requested beyond a page, so that its last second is complete and an order by start is no coincidence.
const SPARE_ROWS: usize = 16;

/// Queries of the history.
pub struct HistoryQueries {
    source: HistorySource,
    uncoalesced: HistorySource,
}

impl HistoryQueries {
    /// Reads pages of the history from `source`, and long spans from `uncoalesced`, whose answers are not kept for other reads.
    #[must_use]
    pub fn new(source: HistorySource, uncoalesced: HistorySource) -> Self {
        Self { source, uncoalesced }
    }

    pub(super) fn uncoalesced(&self) -> &HistorySource {
        &self.uncoalesced
    }

    /// Returns a page of the history as completed jobs (`getJobLogs`). By start, it goes on over any span, with at most 8 calls for a page,
    /// which can have fewer jobs than asked for, or none; in another order it has the first 1,000 jobs.
    ///
    /// # Errors
    /// A cursor of another sort order, and the errors of IPS.
    pub async fn page(&self, caller: &Caller, company: &str, query: &JobLogsQuery) -> Result<HistoryPage> {
        let axis = query.sort.direction_by_start().map(Axis);
        let cursor = query.cursor.as_ref();
        if cursor.is_some_and(|cursor| axis.is_none_or(|axis| !cursor.is_of(axis))) {
            return Err(Error::invalid_parameter("cursor", "the cursor belongs to another `sort`"));
        }
        match axis {
            Some(axis) => self.page_by_start(caller, company, query, axis).await,
            None => self.first_page(caller, company, query).await,
        }
    }

    async fn page_by_start(
        &self,
        caller: &Caller,
        company: &str,
        query: &JobLogsQuery,
        axis: Axis,
    ) -> Result<HistoryPage> {
        let (cursor, limit) = (query.cursor.as_ref(), query.limit);
        let conditions = query.filter.conditions();
        let rows = match conditions {
            Some(_) => MAX_ROWS,
            None => limit + SPARE_ROWS + cursor.map_or(0, HistoryCursor::ties),
        };
        let start = cursor.map(HistoryCursor::place).unwrap_or_default();
        let mut walk = HistoryWalk::new(&self.source, caller, company, query.filter.span(), (axis, start));
        let mut page = HistoryPage::default();
        // Where the call for the last jobs of the page began.
        let mut begin = Place::default();
        for _ in 0..MAX_CALLS {
            let Some(place) = walk.place().filter(|_| page.jobs.len() <= limit) else { break };
            let batch = walk.next_batch(rows).await?;
            let jobs = match cursor {
                Some(cursor) => cursor.rest_of(axis, batch.jobs),
                None => batch.jobs,
            };
            page.bad_items.extend(batch.bad_items);
            let before = page.jobs.len();
            page.jobs.extend(jobs.into_iter().filter(|job| matches(conditions.as_ref(), job)));
            if before <= limit && page.jobs.len() >= limit.min(before + 1) {
                begin = place;
            }
        }
        page.is_truncated = walk.has_gap();
        page.next = if page.jobs.len() > limit {
            page.jobs.truncate(limit);
            Some(HistoryCursor::after(&page.jobs, axis, begin).encode())
        } else {
            walk.place().map(|place| HistoryCursor::at(axis, place).encode())
        };
        Ok(page)
    }

    /// Returns the first jobs of an order that IPS can't continue.
    async fn first_page(&self, caller: &Caller, company: &str, query: &JobLogsQuery) -> Result<HistoryPage> {
        let conditions = query.filter.conditions();
        let rows = if conditions.is_some() { MAX_ROWS } else { (query.limit + 1).min(MAX_ROWS) };
        let request = GetJobLogsParam {
            company_handle: Some(company.to_owned()),
            user_handle: query.filter.user_handle.clone(),
            sort_by: Some(query.sort.field.into()),
            sort_direction: Some(query.sort.direction.ips_name().into()),
            start_date: query.filter.from,
            end_date: query.filter.to,
            num_rows: i32::try_from(rows).ok(),
        };
        let answer = self.source.upstream.get_job_logs(caller, &request).await.map_err(Error::of_call(caller))?;
        let is_full = answer.value.job_log_array.len() + answer.bad_items.len() >= rows;
        let (mut jobs, bad_items) =
            jobs_of_records("jobLogArray", answer.value.job_log_array, answer.bad_items, None, |record| {
                Job::completed(company, record)
            });
        self.source.lookup.enrich(caller, company, &mut jobs).await;
        jobs.retain(|job| matches(conditions.as_ref(), job));
        let is_truncated = is_full || jobs.len() > query.limit;
        jobs.truncate(query.limit);
        Ok(HistoryPage { jobs, bad_items, next: None, is_truncated })
    }
}

/// Returns whether a job fulfils the conditions, if there are any.
pub fn matches(conditions: Option<&ListQuery>, job: &Job) -> bool {
    conditions.is_none_or(|conditions| conditions.matches(job))
}
