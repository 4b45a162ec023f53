//! Log queries: the entries of a job's log, the history of a company, the log of an asset.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::{
    AssetJobLog, GetArchivedJobLogDetailsParam, GetAssetArchivedJobLogsParam, GetAssetJobLogsParam,
    GetJobLogDetailsParam, GetJobLogsParam, JobLog, JobLogDetail, Timestamp,
};
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::company::CompanyChoice;
use crate::jobs::company::asked;
use crate::jobs::error::Result;
use crate::jobs::model::id::{JobRef, Name};
use crate::jobs::model::job::{Job, Record};
use crate::jobs::model::unique_name;
use crate::jobs::queries::find::JobLookup;
use crate::upstream::{BadItem, Caller, IpsApi};

/// Maximum number of entries of a page, which is the maximum of IPS.
pub const MAX_PER_PAGE: u32 = 1000;
/// Maximum number of pages of [`MAX_PER_PAGE`] that a filter by level scans, because IPS can't filter by level.
const MAX_PAGES_SCANNED: u32 = 10;

/// Severity of a log entry, derived from its `logType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// `…Error` and `…Failure`.
    Error,
    /// `…Warning`.
    Warning,
    /// All other types.
    Info,
}

impl Level {
    /// Returns the level of a `logType`.
    #[must_use]
    pub fn of(log_type: &str) -> Self {
        let log_type = log_type.to_ascii_lowercase();
        if log_type.ends_with("error") || log_type.ends_with("failure") {
            Self::Error
        } else if log_type.ends_with("warning") {
            Self::Warning
        } else {
            Self::Info
        }
    }
}

/// Entry of a job's log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LogEntry {
    /// Severity, derived from `logType`.
    pub level: Level,
    /// Fields of IPS.
    #[serde(flatten)]
    pub detail: JobLogDetail,
}

/// Order of log entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSort {
    /// Field, as IPS names it: `Date` or `LogType`.
    pub field: &'static str,
    /// Direction, as IPS names it.
    pub direction: &'static str,
}

impl std::str::FromStr for LogSort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (direction, name) = direction_of(text);
        match name {
            "date" => Ok(Self { field: "Date", direction }),
            "logType" => Ok(Self { field: "LogType", direction }),
            _ => Err("expected date or logType, with `-` before it for the reverse order".into()),
        }
    }
}

fn direction_of(text: &str) -> (&'static str, &str) {
    text.strip_prefix('-').map_or(("Ascending", text), |name| ("Descending", name))
}

/// Filters, order and page of a log.
#[derive(Debug, Clone)]
pub struct LogQuery {
    /// Number of the page, from 1.
    pub page: u32,
    /// Entries per page, 1–1000.
    pub per_page: u32,
    /// Filter by `logType`; empty: any.
    pub log_types: Vec<String>,
    /// Filter by level.
    pub level: Option<Level>,
    /// Order; `None`: the order of IPS.
    pub sort: Option<LogSort>,
    /// Current or archived logs (`getArchivedJobLogDetails`).
    pub archive: Archive,
}

/// Source of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Archive {
    /// Current logs.
    #[default]
    Current,
    /// Archived logs.
    Archived,
}

/// Page of a job's log.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// Entries of the page.
    pub entries: Vec<LogEntry>,
    /// Number of entries on all pages, if IPS reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<i64>,
    /// Number of the page, from 1.
    pub page: u32,
    /// Entries per page.
    pub per_page: u32,
    /// `true` if a filter by level scanned only the first 10,000 entries of a longer log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Items of the answer of IPS that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bad_items: Vec<BadItem>,
}

impl LogPage {
    /// Whether there is a next page.
    #[must_use]
    pub fn has_next(&self) -> bool {
        let shown = i64::from(self.page) * i64::from(self.per_page);
        self.total.is_some_and(|total| shown < total)
    }
}

/// Fields to sort the history by: names of this API and of IPS.
pub const JOB_LOG_SORT_FIELDS: &[(&str, &str)] = &[
    ("startDate", "StartDate"),
    ("jobName", "JobName"),
    ("logType", "LogType"),
    ("companyName", "CompanyName"),
    ("userId", "UserId"),
    ("email", "Email"),
    ("fileErrorCount", "FileErrorCount"),
    ("fileWarningCount", "FileWarningCount"),
    ("fileSuccessCount", "FileSuccessCount"),
];

/// Order of the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLogsSort {
    field: &'static str,
    direction: &'static str,
}

impl Default for JobLogsSort {
    fn default() -> Self {
        Self { field: "StartDate", direction: "Descending" }
    }
}

impl std::str::FromStr for JobLogsSort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (direction, name) = direction_of(text);
        let known = JOB_LOG_SORT_FIELDS.iter().find(|(known, _)| *known == name);
        known.map(|(_, field)| Self { field, direction }).ok_or_else(|| {
            let known: Vec<_> = JOB_LOG_SORT_FIELDS.iter().map(|(name, _)| *name).collect();
            format!("expected one of {}, with `-` before it for the reverse order", known.join(", "))
        })
    }
}

/// Filters, order and limit of the history.
#[derive(Debug, Clone, Default)]
pub struct JobLogsQuery {
    /// Minimum start.
    pub from: Option<DateTime<FixedOffset>>,
    /// Maximum start.
    pub to: Option<DateTime<FixedOffset>>,
    /// Filter by the submitter's e-mail address, ignoring case.
    pub submitted_by: Option<String>,
    /// Order.
    pub sort: JobLogsSort,
    /// Maximum number of jobs, 1–1000.
    pub limit: usize,
}

/// Log queries of IPS.
pub struct LogQueries {
    upstream: Arc<dyn IpsApi>,
    lookup: Arc<JobLookup>,
}

impl LogQueries {
    /// Creates the queries.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, lookup: Arc<JobLookup>) -> Self {
        Self { upstream, lookup }
    }

    /// Returns entries of a job's log (`getJobLogDetails`, `getArchivedJobLogDetails`); none while the job has no log yet.
    ///
    /// # Errors
    /// Those of [`JobLookup::find`], or a failed call of IPS.
    pub async fn log(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        query: &LogQuery,
    ) -> Result<LogPage> {
        let company = self.lookup.company_of(caller, choice, job).await?;
        let by = match job {
            JobRef::Handle(handle) => LogKey::Handle(handle.clone()),
            JobRef::Id(id) => match &id.name {
                Name::Original(original) if unique_name::is_unique(original) && query.archive == Archive::Current => {
                    LogKey::OriginalName(original.clone())
                }
                _ => match self.lookup.find(caller, choice, job, CacheDirective::Any).await?.job.job.record.clone() {
                    Record::Completed(log) => LogKey::Handle(log.job_handle),
                    _ => return Ok(query.empty()),
                },
            },
        };
        let page = match query.level {
            None => self.log_page(caller, &company, &by, query).await?,
            Some(level) => self.scan_by_level(caller, &company, &by, query, level).await?,
        };
        match page {
            Some(page) => Ok(page),
            // Without a log, the job is not final yet, or does not exist.
            None => self.lookup.find(caller, choice, job, CacheDirective::Any).await.map(|_| query.empty()),
        }
    }

    async fn log_page(&self, caller: &Caller, company: &str, by: &LogKey, query: &LogQuery) -> Result<Option<LogPage>> {
        let (logs, bad_items) = self.log_details(caller, company, by, query).await?;
        let Some(log) = logs.into_iter().next() else { return Ok(None) };
        let entries = log.detail_array.unwrap_or_default().into_iter().map(LogEntry::from).collect();
        Ok(Some(LogPage { entries, total: log.detail_total_rows, bad_items, ..query.empty() }))
    }

    /// Returns the entries of one level. IPS can't filter by level, so all are scanned.
    async fn scan_by_level(
        &self,
        caller: &Caller,
        company: &str,
        by: &LogKey,
        query: &LogQuery,
        level: Level,
    ) -> Result<Option<LogPage>> {
        let mut found = LogPage::default();
        for page in 1..=MAX_PAGES_SCANNED {
            let all = LogQuery { page, per_page: MAX_PER_PAGE, ..query.clone() };
            let Some(part) = self.log_page(caller, company, by, &all).await? else { return Ok(None) };
            found.truncated = part.has_next();
            found.entries.extend(part.entries.into_iter().filter(|entry| entry.level == level));
            found.bad_items.extend(part.bad_items);
            if !found.truncated {
                break;
            }
        }
        let (page, per_page) = (query.page as usize, query.per_page as usize);
        let total = found.entries.len();
        let entries = found.entries.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
        let total = i64::try_from(total).ok();
        Ok(Some(LogPage { entries, total, truncated: found.truncated, bad_items: found.bad_items, ..query.empty() }))
    }

    async fn log_details(
        &self,
        caller: &Caller,
        company: &str,
        by: &LogKey,
        query: &LogQuery,
    ) -> Result<(Vec<JobLog>, Vec<BadItem>)> {
        let log_type_array = (!query.log_types.is_empty()).then(|| query.log_types.clone());
        let records_per_page = i32::try_from(query.per_page).ok();
        let results_page = i32::try_from(query.page).ok();
        let sort_by = query.sort.map(|sort| sort.field.to_owned());
        let sort_direction = query.sort.map(|sort| sort.direction.to_owned());
        let company_handle = company.to_owned();
        if let (Archive::Archived, LogKey::Handle(handle)) = (query.archive, by) {
            let job_handle = handle.clone();
            let request = GetArchivedJobLogDetailsParam {
                company_handle,
                job_handle,
                log_type_array,
                records_per_page,
                results_page,
                sort_by,
                sort_direction,
            };
            let answer = asked(caller, self.upstream.get_archived_job_log_details(caller, &request).await)?;
            return Ok((answer.value.job_log_array, answer.bad_items));
        }
        let (job_handle, original_name) = match by {
            LogKey::Handle(handle) => (Some(handle.clone()), None),
            LogKey::OriginalName(original) => (None, Some(original.clone())),
        };
        let request = GetJobLogDetailsParam {
            company_handle,
            job_handle,
            original_name,
            log_type_array,
            records_per_page,
            results_page,
            sort_by,
            sort_direction,
        };
        let answer = asked(caller, self.upstream.get_job_log_details(caller, &request).await)?;
        Ok((answer.value.job_log_array, answer.bad_items))
    }

    /// Returns the history of a company (`getJobLogs`), each log as a completed job.
    ///
    /// # Errors
    /// A failed call of IPS.
    pub async fn job_logs(
        &self,
        caller: &Caller,
        company: &str,
        query: &JobLogsQuery,
    ) -> Result<(Vec<Job>, Vec<BadItem>)> {
        // IPS filters by user handle, which clients don't know: the e-mail address is compared here.
        let rows = if query.submitted_by.is_some() { MAX_PER_PAGE as usize } else { query.limit };
        let request = GetJobLogsParam {
            company_handle: Some(company.to_owned()),
            sort_by: Some(query.sort.field.into()),
            sort_direction: Some(query.sort.direction.into()),
            start_date: query.from.map(Timestamp),
            end_date: query.to.map(Timestamp),
            num_rows: i32::try_from(rows).ok(),
            ..GetJobLogsParam::default()
        };
        let answer = asked(caller, self.upstream.get_job_logs(caller, &request).await)?;
        let jobs = answer.value.job_log_array.into_iter().map(Job::completed);
        let theirs = |job: &Job| match &query.submitted_by {
            Some(who) => job.submitted_by().is_some_and(|own| own.eq_ignore_ascii_case(who)),
            None => true,
        };
        Ok((jobs.filter(theirs).take(query.limit).collect(), answer.bad_items))
    }

    /// Returns the job logs of an asset (`getAssetJobLogs`, `getAssetArchivedJobLogs`).
    ///
    /// # Errors
    /// A failed call of IPS.
    pub async fn asset_logs(
        &self,
        caller: &Caller,
        company: &str,
        asset: &str,
        archive: Archive,
    ) -> Result<(Vec<AssetJobLog>, Vec<BadItem>)> {
        let (company_handle, asset_handle) = (company.to_owned(), asset.to_owned());
        match archive {
            Archive::Current => {
                let request = GetAssetJobLogsParam { company_handle, asset_handle };
                let answer = asked(caller, self.upstream.get_asset_job_logs(caller, &request).await)?;
                Ok((answer.value.job_log_array, answer.bad_items))
            }
            Archive::Archived => {
                let request = GetAssetArchivedJobLogsParam { company_handle, asset_handle };
                let answer = asked(caller, self.upstream.get_asset_archived_job_logs(caller, &request).await)?;
                Ok((answer.value.job_log_array, answer.bad_items))
            }
        }
    }
}

/// Key of a log in a request.
enum LogKey {
    Handle(String),
    OriginalName(String),
}

impl LogQuery {
    fn empty(&self) -> LogPage {
        LogPage { page: self.page, per_page: self.per_page, total: Some(0), ..LogPage::default() }
    }
}

impl From<JobLogDetail> for LogEntry {
    fn from(detail: JobLogDetail) -> Self {
        Self { level: detail.log_type.as_deref().map_or(Level::Info, Level::of), detail }
    }
}
