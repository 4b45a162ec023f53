//! Queries of results: a page with all links and the counts, or all results page by page.

use serde::Serialize;
use utoipa::ToSchema;

use super::item::{JobResult, ResultAsset, ResultLink, ResultStatus};
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::company::CompanyChoice;
use crate::jobs::error::Result;
use crate::jobs::model::id::JobRef;
use crate::jobs::model::kind::JobKind;
use crate::jobs::queries::{JobLookup, LogPage, LogQueries, LogQuery, LogSource, MAX_PER_PAGE};
use crate::upstream::{BadItem, Caller};

/// Maximum number of pages of the log that are read for one page of results.
pub(super) const MAX_PAGES_READ: u32 = 10;

/// Query of the results of a job.
#[derive(Debug, Clone)]
pub struct ResultQuery {
    /// Page, from 1.
    pub page: u32,
    /// Assets per page, 1 to 1000.
    pub per_page: u32,
    /// Statuses of assets; empty for all.
    pub statuses: Vec<ResultStatus>,
    /// Log storage to read.
    pub source: LogSource,
}

impl ResultQuery {
    fn includes(&self, asset: &ResultAsset) -> bool {
        self.statuses.is_empty() || self.statuses.contains(&asset.status)
    }
}

/// Number of log entries about assets, by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ResultCounts {
    /// Entries that are neither errors nor warnings.
    pub ok: u32,
    /// Warnings.
    pub warning: u32,
    /// Errors.
    pub error: u32,
    /// Assets that a stopped job did not handle.
    pub canceled: u32,
}

impl ResultCounts {
    fn add(&mut self, status: ResultStatus) {
        let count = match status {
            ResultStatus::Ok => &mut self.ok,
            ResultStatus::Warning => &mut self.warning,
            ResultStatus::Error => &mut self.error,
            ResultStatus::Canceled => &mut self.canceled,
        };
        *count += 1;
    }
}

/// Page of the results of a job.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = JobResults)]
pub struct ResultPage {
    /// Log entries about assets, of this page. An asset has as many as the log.
    pub assets: Vec<ResultAsset>,
    /// All links that the job made: the ZIP file of an export.
    pub links: Vec<ResultLink>,
    /// Number of log entries about assets, by status, on all pages and without regard to the filter.
    pub counts: ResultCounts,
    /// Number of assets on all pages, with regard to the filter.
    pub total: usize,
    /// Page, from 1.
    pub page: u32,
    /// Assets per page.
    pub per_page: u32,
    /// Whether the job is completed, so that its results do not change any more.
    pub complete: bool,
    /// `true` if the results are those of the first 10,000 entries of a longer log: CSV and NDJSON have all.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Items of the IPS response that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub bad_items: Vec<BadItem>,
}

impl ResultPage {
    /// Returns whether there is another page.
    #[must_use]
    pub fn has_next(&self) -> bool {
        (self.page as usize).saturating_mul(self.per_page as usize) < self.total
    }
}

/// Results of a page of the log.
#[derive(Debug)]
pub struct ResultRows {
    /// Results.
    pub results: Vec<JobResult>,
    /// Whether the log has further pages.
    pub has_next: bool,
    /// Whether the job is completed.
    pub complete: bool,
    /// Entries that could not be read.
    pub bad_items: Vec<BadItem>,
}

/// Queries of results.
pub struct JobResults<'a> {
    /// Queries of the log.
    pub(in crate::jobs) logs: &'a LogQueries,
    /// Lookup of jobs.
    pub(in crate::jobs) lookup: &'a JobLookup,
}

impl JobResults<'_> {
    /// Returns a page of the results of a job.
    ///
    /// # Errors
    /// Those of `LogQueries::job_log`.
    pub async fn page(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        query: &ResultQuery,
    ) -> Result<ResultPage> {
        let mut found = ResultPage { page: query.page, per_page: query.per_page, ..ResultPage::default() };
        let skipped = (query.page as usize - 1).saturating_mul(query.per_page as usize);
        for page in 1..=MAX_PAGES_READ {
            let rows = self.rows(caller, choice, job, query.source, page).await?;
            (found.truncated, found.complete) = (rows.has_next, rows.complete);
            found.bad_items.extend(rows.bad_items);
            for result in rows.results {
                match result {
                    JobResult::Link(link) => found.links.push(link),
                    JobResult::Asset(asset) => {
                        found.counts.add(asset.status);
                        if query.includes(&asset) {
                            if found.total >= skipped && found.assets.len() < query.per_page as usize {
                                found.assets.push(asset);
                            }
                            found.total += 1;
                        }
                    }
                }
            }
            if !found.truncated {
                break;
            }
        }
        Ok(found)
    }

    /// Returns the results of a page of the log, of 1,000 entries.
    ///
    /// # Errors
    /// Those of `LogQueries::job_log`.
    pub async fn rows(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        source: LogSource,
        page: u32,
    ) -> Result<ResultRows> {
        let kind = self.kind(caller, choice, job).await?;
        let query = LogQuery {
            page,
            per_page: MAX_PER_PAGE,
            log_types: Vec::new(),
            level: None,
            text: None,
            sort: None,
            source,
        };
        let log = self.logs.job_log(caller, choice, job, &query).await?;
        let has_next = log.has_next();
        let LogPage { entries, complete, bad_items, .. } = log;
        let results = entries.into_iter().filter_map(|entry| JobResult::of(entry, kind.as_ref())).collect();
        Ok(ResultRows { results, has_next, complete, bad_items })
    }

    /// Returns the kind of a job, from its id if that says it.
    async fn kind(&self, caller: &Caller, choice: &CompanyChoice, job: &JobRef) -> Result<Option<JobKind>> {
        if let JobRef::Id(id) = job
            && let Some(kind) = id.name.kind()
        {
            return Ok(Some(kind));
        }
        let found = self.lookup.find(caller, choice, job, CacheDirective::Unspecified).await?;
        Ok(found.job.job.kind.clone())
    }
}
