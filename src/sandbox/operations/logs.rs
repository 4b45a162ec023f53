//! Operations on job logs: filtered, sorted and paged; and the log entries of an asset.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};

use super::call::Call;
use crate::ips::types::*;
use crate::sandbox::faults;
use crate::sandbox::model::Job;
use crate::sandbox::users;

/// Maximum and default number of log entries per page.
const MAX_RECORDS: i32 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    fn parse(text: Option<&str>) -> Result<Option<Self>, Fault> {
        match text {
            None => Ok(None),
            Some("Ascending") => Ok(Some(Self::Ascending)),
            Some("Descending") => Ok(Some(Self::Descending)),
            Some(other) => {
                Err(faults::illegal_value(format_args!("sortDirection {other:?} is neither Ascending nor Descending")))
            }
        }
    }

    fn apply(self, order: Ordering) -> Ordering {
        if self == Self::Descending { order.reverse() } else { order }
    }
}

/// Returns the comparison of two logs by a sort field of getJobLogs.
fn log_order(field: &str) -> Result<fn(&JobLog, &JobLog) -> Ordering, Fault> {
    Ok(match field {
        "JobName" => |a, b| a.job_name.cmp(&b.job_name),
        "LogType" => |a, b| a.log_type.cmp(&b.log_type),
        "StartDate" => |a, b| a.start_date.cmp(&b.start_date),
        "CompanyName" => |a, b| a.company_handle.cmp(&b.company_handle),
        "UserId" => |a, b| user_id(a).cmp(&user_id(b)),
        "Email" => |a, b| a.submit_user_email.cmp(&b.submit_user_email),
        "FileErrorCount" => |a, b| a.file_error_count.cmp(&b.file_error_count),
        "FileWarningCount" => |a, b| a.file_warning_count.cmp(&b.file_warning_count),
        "FileSuccessCount" => |a, b| a.file_success_count.cmp(&b.file_success_count),
        other => return Err(faults::illegal_value(format_args!("sortBy {other:?} is not a sort field of job logs"))),
    })
}

fn user_id(log: &JobLog) -> Option<&'static str> {
    log.submit_user_email.as_deref().and_then(users::by_email).map(|user| user.handle)
}

/// Lists logs, newest first unless the request has a sort order.
pub(in crate::sandbox) fn get_job_logs(
    request: GetJobLogsParam,
    call: &mut Call<'_>,
) -> Result<GetJobLogsReturn, Fault> {
    let company = call.company_or_only(request.company_handle.as_deref())?;
    let submitter = request.user_handle.as_deref().map(|handle| Call::member(handle, company)).transpose()?;
    let default_direction = if request.sort_by.is_some() { Direction::Ascending } else { Direction::Descending };
    let direction = Direction::parse(request.sort_direction.as_deref())?.unwrap_or(default_direction);
    let order = log_order(request.sort_by.as_deref().unwrap_or("StartDate"))?;
    let rows = match request.num_rows {
        None => usize::MAX,
        Some(rows) => usize::try_from(rows)
            .ok()
            .filter(|rows| *rows > 0)
            .ok_or_else(|| faults::invalid_parameter(format_args!("numRows {rows} is not above 0")))?,
    };
    if let (Some(from), Some(to)) = (request.start_date, request.end_date)
        && from > to
    {
        return Err(faults::invalid_parameter(format_args!("startDate {from} is after endDate {to}")));
    }
    let now = call.state.now();
    let matching = call.state.logged_jobs(company).map(|job| job.log(now)).filter(|log| {
        request.start_date.is_none_or(|from| log.start_date >= Some(from))
            && request.end_date.is_none_or(|to| log.start_date <= Some(to))
            && submitter.is_none_or(|user| log.submit_user_email.as_deref() == Some(user.email))
    });
    let mut job_log_array: Vec<_> = matching.collect();
    job_log_array.sort_by(|a, b| direction.apply(order(a, b)));
    job_log_array.truncate(rows);
    Ok(GetJobLogsReturn { job_log_array })
}

/// Sort field of log entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SortBy {
    Date,
    LogType,
}

/// Filter, order and page of log entries.
struct Page {
    types: Option<Vec<String>>,
    records: usize,
    skip: usize,
    sort_by: SortBy,
    direction: Direction,
}

impl Page {
    fn parse(
        types: Option<Vec<String>>,
        records: Option<i32>,
        page: Option<i32>,
        sort_by: Option<&str>,
        direction: Option<&str>,
    ) -> Result<Self, Fault> {
        let records = records.unwrap_or(MAX_RECORDS);
        if !(1..=MAX_RECORDS).contains(&records) {
            return Err(faults::invalid_parameter(format_args!(
                "recordsPerPage {records} is not within 1 and {MAX_RECORDS}"
            )));
        }
        let page = page.unwrap_or(1);
        if page < 1 {
            return Err(faults::invalid_parameter(format_args!("resultsPage {page} is below 1")));
        }
        let sort_by = match sort_by {
            None | Some("Date") => SortBy::Date,
            Some("LogType") => SortBy::LogType,
            Some(other) => {
                return Err(faults::illegal_value(format_args!("sortBy {other:?} is neither Date nor LogType")));
            }
        };
        let direction = Direction::parse(direction)?.unwrap_or(Direction::Ascending);
        let records = usize::try_from(records).unwrap_or(1);
        let skip = records.saturating_mul(usize::try_from(page - 1).unwrap_or(0));
        Ok(Self { types: types.filter(|types| !types.is_empty()), records, skip, sort_by, direction })
    }

    /// Returns the log of a job so far with this page of its entries.
    fn log(&self, job: &Job, now: DateTime<Utc>) -> JobLog {
        let mut details = job.log_details(now);
        if let Some(types) = &self.types {
            details.retain(|entry| entry.log_type.as_ref().is_some_and(|log_type| types.contains(log_type)));
        }
        details.sort_by(|a, b| {
            let order = match self.sort_by {
                SortBy::Date => a.date_created.cmp(&b.date_created),
                SortBy::LogType => a.log_type.cmp(&b.log_type),
            };
            self.direction.apply(order)
        });
        let total = i64::try_from(details.len()).ok();
        let page = details.into_iter().skip(self.skip).take(self.records).collect();
        JobLog { detail_total_rows: total, detail_array: Some(page), ..job.log(now) }
    }
}

/// Lists the logs that match, each with the requested page of its own entries.
pub(in crate::sandbox) fn get_job_log_details(
    request: GetJobLogDetailsParam,
    call: &mut Call<'_>,
) -> Result<GetJobLogDetailsReturn, Fault> {
    let company = call.company(&request.company_handle)?;
    let page = Page::parse(
        request.log_type_array,
        request.records_per_page,
        request.results_page,
        request.sort_by.as_deref(),
        request.sort_direction.as_deref(),
    )?;
    let now = call.state.now();
    let matching = call.state.logged_jobs(company).filter(|job| {
        request.job_handle.as_ref().is_none_or(|handle| job.has_handle(handle))
            && request.original_name.as_ref().is_none_or(|name| *name == job.spec.original_name)
    });
    Ok(GetJobLogDetailsReturn { job_log_array: matching.map(|job| page.log(job, now)).collect() })
}

pub(in crate::sandbox) fn get_archived_job_log_details(
    request: GetArchivedJobLogDetailsParam,
    call: &mut Call<'_>,
) -> Result<GetArchivedJobLogDetailsReturn, Fault> {
    let company = call.company(&request.company_handle)?;
    let page = Page::parse(
        request.log_type_array,
        request.records_per_page,
        request.results_page,
        request.sort_by.as_deref(),
        request.sort_direction.as_deref(),
    )?;
    let now = call.state.now();
    let matching = call.state.archived_jobs(company).filter(|job| job.has_handle(&request.job_handle));
    Ok(GetArchivedJobLogDetailsReturn { job_log_array: matching.map(|job| page.log(job, now)).collect() })
}

/// Lists the entries of an asset in the logs of jobs, oldest first.
fn asset_logs<'a>(jobs: impl Iterator<Item = &'a Job>, asset: &str, now: DateTime<Utc>) -> Vec<AssetJobLog> {
    let mut logs: Vec<_> = jobs.flat_map(|job| job.asset_logs(asset, now)).collect();
    logs.sort_by_key(|log| log.log_date);
    logs
}

pub(in crate::sandbox) fn get_asset_job_logs(
    request: GetAssetJobLogsParam,
    call: &mut Call<'_>,
) -> Result<GetAssetJobLogsReturn, Fault> {
    let jobs = call.state.logged_jobs(call.company(&request.company_handle)?);
    Ok(GetAssetJobLogsReturn { job_log_array: asset_logs(jobs, &request.asset_handle, call.state.now()) })
}

pub(in crate::sandbox) fn get_asset_archived_job_logs(
    request: GetAssetArchivedJobLogsParam,
    call: &mut Call<'_>,
) -> Result<GetAssetArchivedJobLogsReturn, Fault> {
    let jobs = call.state.archived_jobs(call.company(&request.company_handle)?);
    Ok(GetAssetArchivedJobLogsReturn { job_log_array: asset_logs(jobs, &request.asset_handle, call.state.now()) })
}
