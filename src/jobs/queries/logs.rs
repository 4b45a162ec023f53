//! Queries of logs: the entries of a job's log, and the log of an asset.

use std::sync::Arc;

use crate::ips::types::{
    AssetJobLog, GetArchivedJobLogDetailsParam, GetAssetArchivedJobLogsParam, GetAssetJobLogsParam,
    GetJobLogDetailsParam, JobLog,
};
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::company::{CompanyChoice, MAX_HANDLE_LENGTH, too_long};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::distinct::make_ids_distinct;
use crate::jobs::model::id::{JobId, JobName, JobRef};
use crate::jobs::model::job::{IpsRecord, Job, Status};
use crate::jobs::model::{status, unique_name};
use crate::jobs::queries::found::{FoundJob, logged_index};
use crate::jobs::queries::log_query::{LogEntry, LogPage, LogQuery, LogSource, MAX_PER_PAGE};
use crate::jobs::queries::lookup::JobLookup;
use crate::upstream::{BadItem, Caller, Failure, IpsApi, UpstreamError, WriteReason};

/// Maximum number of pages read for a filter by level or text, which IPS does not have.
const MAX_PAGES_SCANNED: u32 = 10;

/// Selector of a log in IPS.
enum LogSelector {
    /// Handle of the job.
    Handle(String),
    /// Original name in the id of a submitted job, if it is unique.
    OriginalName(JobId),
}

impl LogSelector {
    /// Returns the log of the job among those that IPS returned. By the original name, IPS returns the logs of follow-on jobs, too.
    ///
    /// # Errors
    /// [`Error::AmbiguousJob`].
    fn select(&self, company: &str, logs: Vec<JobLog>) -> Result<Option<JobLog>> {
        let Self::OriginalName(id) = self else { return Ok(logs.into_iter().next()) };
        let (mut jobs, mut named) = (Vec::new(), Vec::new());
        for mut log in logs {
            let entries = log.detail_array.take();
            if let Some(job) = Job::completed(company, log.clone()) {
                jobs.push(job);
                named.push(JobLog { detail_array: entries, ..log });
            }
        }
        make_ids_distinct(&mut jobs, None);
        let index = logged_index(&jobs, id)?;
        Ok(index.map(|index| named.swap_remove(index)))
    }
}

/// Queries of logs.
pub struct LogQueries {
    lookup: Arc<JobLookup>,
    upstream: Arc<dyn IpsApi>,
}

impl LogQueries {
    /// Reads logs from `upstream`; `lookup` finds the jobs whose logs are requested.
    #[must_use]
    pub fn new(lookup: Arc<JobLookup>, upstream: Arc<dyn IpsApi>) -> Self {
        Self { lookup, upstream }
    }

    /// Returns the entries of a job's log (`getJobLogDetails`, `getArchivedJobLogDetails`), those so far of an active job; an empty page if
    /// the job has no log yet.
    ///
    /// # Errors
    /// Those of `JobLookup::find`, and the errors of IPS.
    pub async fn job_log(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        query: &LogQuery,
    ) -> Result<LogPage> {
        let company = self.lookup.company_of(caller, choice, job).await?;
        let selector = match job {
            JobRef::Handle(handle) => LogSelector::Handle(handle.clone()),
            JobRef::Id(id) => match &id.name {
                JobName::Original(original)
                    if unique_name::is_unique(original) && query.source == LogSource::Current =>
                {
                    LogSelector::OriginalName(id.clone())
                }
                _ => {
                    let found = self.lookup.find(caller, choice, job, CacheDirective::Unspecified).await?;
                    match handle_of(&found.job.job, query.source) {
                        Some(handle) => LogSelector::Handle(handle),
                        None => return Ok(empty_page_of(&found, query)),
                    }
                }
            },
        };
        if let Some(page) = self.selected_page(caller, &company, &selector, query).await? {
            return Ok(page);
        }
        // IPS has no log, or knows no log of this handle yet: not an error if the job exists.
        let found = self.lookup.find(caller, choice, job, CacheDirective::Unspecified).await?;
        let by_handle = match selector {
            // Of several logs with the original name, IPS may return only that of a follow-on job.
            LogSelector::OriginalName(_) => handle_of(&found.job.job, query.source).map(LogSelector::Handle),
            LogSelector::Handle(_) => None,
        };
        let page = match &by_handle {
            Some(selector) => self.selected_page(caller, &company, selector, query).await?,
            None => None,
        };
        Ok(page.unwrap_or_else(|| empty_page_of(&found, query)))
    }

    /// Returns a page of the entries; `None` if IPS has no log, or does not know the handle.
    async fn selected_page(
        &self,
        caller: &Caller,
        company: &str,
        selector: &LogSelector,
        query: &LogQuery,
    ) -> Result<Option<LogPage>> {
        let page = if query.has_conditions() {
            self.filtered_page(caller, company, selector, query).await
        } else {
            self.log_page(caller, company, selector, query).await
        };
        match page {
            Err(Error::JobUnknownToIps { .. }) => Ok(None),
            page => page,
        }
    }

    /// Returns a page of the entries without filter by level or text; `None` if IPS has no log.
    async fn log_page(
        &self,
        caller: &Caller,
        company: &str,
        selector: &LogSelector,
        query: &LogQuery,
    ) -> Result<Option<LogPage>> {
        let (logs, mut bad_items) = self.log_details(caller, company, selector, query).await?;
        let Some(log) = selector.select(company, logs)? else { return Ok(None) };
        let complete = status::status_of_logged(&log) == Status::Completed;
        // Entries that could not be read at all; the others have their own unreadable values.
        let entries = log.unreadable.into_iter().filter(|value| value.path.starts_with("detailArray"));
        bad_items.extend(
            entries.map(|value| BadItem { path: format!("jobLogArray.items[0].{}", value.path), reason: value.reason }),
        );
        let entries = log.detail_array.unwrap_or_default().into_iter().map(LogEntry::from).collect();
        Ok(Some(LogPage { entries, total: log.detail_total_rows, complete, bad_items, ..query.empty_page() }))
    }

    /// Returns a page of the entries of one level or with a text, filtered by the gateway; `None` if IPS has no log.
    async fn filtered_page(
        &self,
        caller: &Caller,
        company: &str,
        selector: &LogSelector,
        query: &LogQuery,
    ) -> Result<Option<LogPage>> {
        let mut filtered = LogPage::default();
        for page in 1..=MAX_PAGES_SCANNED {
            let all = LogQuery { page, per_page: MAX_PER_PAGE, ..query.clone() };
            let Some(part) = self.log_page(caller, company, selector, &all).await? else {
                if page == 1 {
                    return Ok(None);
                }
                // The page before was full, and the last one.
                filtered.truncated = false;
                break;
            };
            filtered.truncated = part.has_next();
            filtered.complete = part.complete;
            filtered.entries.extend(part.entries.into_iter().filter(|entry| query.matches(entry)));
            filtered.bad_items.extend(part.bad_items);
            if !filtered.truncated {
                break;
            }
        }
        let (page, per_page) = (query.page as usize, query.per_page as usize);
        let total = filtered.entries.len();
        let entries = filtered.entries.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect();
        let total = i64::try_from(total).ok();
        Ok(Some(LogPage {
            entries,
            total,
            complete: filtered.complete,
            truncated: filtered.truncated,
            bad_items: filtered.bad_items,
            ..query.empty_page()
        }))
    }

    async fn log_details(
        &self,
        caller: &Caller,
        company: &str,
        selector: &LogSelector,
        query: &LogQuery,
    ) -> Result<(Vec<JobLog>, Vec<BadItem>)> {
        // With a filter of the caller, an invalid parameter may be that filter.
        let convert = |error| match query.log_types[..] {
            [] => Error::of_job_call(caller)(error),
            _ => Error::of_call(caller)(error),
        };
        let log_type_array = (!query.log_types.is_empty()).then(|| query.log_types.clone());
        let records_per_page = i32::try_from(query.per_page).ok();
        let results_page = i32::try_from(query.page).ok();
        let sort_by = query.sort.map(|sort| sort.field.to_owned());
        let sort_direction = query.sort.map(|sort| sort.direction.ips_name().to_owned());
        let company_handle = company.to_owned();
        if let (LogSource::Archive, LogSelector::Handle(handle)) = (query.source, selector) {
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
            let answer = self.upstream.get_archived_job_log_details(caller, &request).await;
            let answer = answer.map_err(error_of_archive(caller))?;
            return Ok((answer.value.job_log_array, answer.bad_items));
        }
        let (job_handle, original_name) = match selector {
            LogSelector::Handle(handle) => (Some(handle.clone()), None),
            LogSelector::OriginalName(id) => (None, Some(id.name.original().to_owned())),
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
        let answer = self.upstream.get_job_log_details(caller, &request).await.map_err(convert)?;
        Ok((answer.value.job_log_array, answer.bad_items))
    }

    /// Returns the log of an asset (`getAssetJobLogs`, `getAssetArchivedJobLogs`).
    ///
    /// # Errors
    /// The errors of IPS.
    pub async fn asset_logs(
        &self,
        caller: &Caller,
        company: &str,
        asset: &str,
        source: LogSource,
    ) -> Result<(Vec<AssetJobLog>, Vec<BadItem>)> {
        if asset.len() > MAX_HANDLE_LENGTH {
            return Err(Error::invalid_parameter("assetHandle", too_long(MAX_HANDLE_LENGTH)));
        }
        let (company_handle, asset_handle) = (company.to_owned(), asset.to_owned());
        match source {
            LogSource::Current => {
                let request = GetAssetJobLogsParam { company_handle, asset_handle };
                let answer =
                    self.upstream.get_asset_job_logs(caller, &request).await.map_err(Error::of_call(caller))?;
                Ok((answer.value.job_log_array, answer.bad_items))
            }
            LogSource::Archive => {
                let request = GetAssetArchivedJobLogsParam { company_handle, asset_handle };
                let answer = self.upstream.get_asset_archived_job_logs(caller, &request).await;
                let answer = answer.map_err(error_of_archive(caller))?;
                Ok((answer.value.job_log_array, answer.bad_items))
            }
        }
    }
}

/// Returns the handle by which IPS finds the log of a job; `None` of a job that has none yet.
fn handle_of(job: &Job, source: LogSource) -> Option<String> {
    match &job.record {
        IpsRecord::Completed(log) => log.job_handle.clone(),
        // Only completed jobs are archived.
        IpsRecord::Active(job) if source == LogSource::Current => job.job_handle.clone(),
        _ => None,
    }
}

/// Returns the page of a job that has no log, or none yet.
fn empty_page_of(found: &FoundJob, query: &LogQuery) -> LogPage {
    LogPage { complete: found.job.job.is_final(), ..query.empty_page() }
}

/// Returns the conversion of the errors of calls for archived logs: that the API version lacks them is an error of the parameter.
fn error_of_archive(caller: &Caller) -> impl FnOnce(UpstreamError) -> Error + use<> {
    let of_call = Error::of_call(caller);
    |error| match &error.failure {
        Failure::Unwritable { reason, .. } if matches!(**reason, WriteReason::Operation { .. }) => {
            Error::invalid_parameter("archived", reason.to_string())
        }
        _ => of_call(error),
    }
}
