//! The operations that read job logs: filtered, sorted, paged.

use std::cmp::Ordering;

use super::faults;
use super::life::{Job, Phase};
use super::operations::Call;
use super::users;
use crate::ips::types::*;

/// The most log entries that one page holds, and what it holds unless told otherwise.
const MAX_RECORDS: i32 = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl Direction {
    fn read(text: Option<&str>) -> Result<Option<Self>, Fault> {
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

/// Compares two logs by a sort field of getJobLogs.
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
        other => return Err(faults::illegal_value(format_args!("sortBy {other:?} is no sort field of job logs"))),
    })
}

fn user_id(log: &JobLog) -> Option<&'static str> {
    log.submit_user_email.as_deref().and_then(users::by_email).map(|user| user.handle)
}

/// Answers the newest log first unless a sort order is asked for.
pub(super) fn get_job_logs(param: GetJobLogsParam, call: &mut Call<'_>) -> Result<GetJobLogsReturn, Fault> {
    let company = call.company_or_only(param.company_handle.as_deref())?;
    let submitter = param.user_handle.as_deref().map(|handle| Call::member(handle, company)).transpose()?;
    let default_direction = if param.sort_by.is_some() { Direction::Ascending } else { Direction::Descending };
    let direction = Direction::read(param.sort_direction.as_deref())?.unwrap_or(default_direction);
    let order = log_order(param.sort_by.as_deref().unwrap_or("StartDate"))?;
    let rows = match param.num_rows {
        None => usize::MAX,
        Some(rows) => usize::try_from(rows)
            .ok()
            .filter(|rows| *rows > 0)
            .ok_or_else(|| faults::invalid_parameter(format_args!("numRows {rows} is not above 0")))?,
    };
    if let (Some(from), Some(to)) = (param.start_date, param.end_date)
        && from > to
    {
        return Err(faults::invalid_parameter(format_args!("startDate {from} is after endDate {to}")));
    }
    let wanted = call.world.jobs_in(company, Phase::Logged).map(Job::log).filter(|log| {
        param.start_date.is_none_or(|from| log.start_date >= Some(from))
            && param.end_date.is_none_or(|to| log.start_date <= Some(to))
            && submitter.is_none_or(|user| log.submit_user_email.as_deref() == Some(user.email))
    });
    let mut job_log_array: Vec<_> = wanted.collect();
    job_log_array.sort_by(|a, b| direction.apply(order(a, b)));
    job_log_array.truncate(rows);
    Ok(GetJobLogsReturn { job_log_array })
}

/// Which entries of a log are wanted, in which order.
struct Page {
    types: Option<Vec<String>>,
    records: usize,
    skip: usize,
    by_type: bool,
    direction: Direction,
}

impl Page {
    fn read(
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
        let by_type = match sort_by {
            None | Some("Date") => false,
            Some("LogType") => true,
            Some(other) => {
                return Err(faults::illegal_value(format_args!("sortBy {other:?} is neither Date nor LogType")));
            }
        };
        let direction = Direction::read(direction)?.unwrap_or(Direction::Ascending);
        let records = usize::try_from(records).unwrap_or(1);
        let skip = records.saturating_mul(usize::try_from(page - 1).unwrap_or(0));
        Ok(Self { types: types.filter(|types| !types.is_empty()), records, skip, by_type, direction })
    }

    /// The log with this page of its details.
    fn of(&self, job: &Job) -> JobLog {
        let mut details = job.log_details();
        if let Some(types) = &self.types {
            details.retain(|entry| entry.log_type.as_ref().is_some_and(|log_type| types.contains(log_type)));
        }
        details.sort_by(|a, b| {
            let order = if self.by_type { a.log_type.cmp(&b.log_type) } else { a.date_created.cmp(&b.date_created) };
            self.direction.apply(order)
        });
        let total = i64::try_from(details.len()).ok();
        let page = details.into_iter().skip(self.skip).take(self.records).collect();
        JobLog { detail_total_rows: total, detail_array: Some(page), ..job.log() }
    }
}

/// `recordsPerPage` and `resultsPage` count within each log.
pub(super) fn get_job_log_details(
    param: GetJobLogDetailsParam,
    call: &mut Call<'_>,
) -> Result<GetJobLogDetailsReturn, Fault> {
    let company = call.company(&param.company_handle)?;
    let page = Page::read(
        param.log_type_array,
        param.records_per_page,
        param.results_page,
        param.sort_by.as_deref(),
        param.sort_direction.as_deref(),
    )?;
    let wanted = call.world.jobs_in(company, Phase::Logged).filter(|job| {
        param.job_handle.as_ref().is_none_or(|handle| *handle == job.log_handle())
            && param.original_name.as_ref().is_none_or(|name| *name == job.order.original_name)
    });
    Ok(GetJobLogDetailsReturn { job_log_array: wanted.map(|job| page.of(job)).collect() })
}

pub(super) fn get_archived_job_log_details(
    param: GetArchivedJobLogDetailsParam,
    call: &mut Call<'_>,
) -> Result<GetArchivedJobLogDetailsReturn, Fault> {
    let company = call.company(&param.company_handle)?;
    let page = Page::read(
        param.log_type_array,
        param.records_per_page,
        param.results_page,
        param.sort_by.as_deref(),
        param.sort_direction.as_deref(),
    )?;
    let wanted = call.world.jobs_in(company, Phase::Archived).filter(|job| job.log_handle() == param.job_handle);
    Ok(GetArchivedJobLogDetailsReturn { job_log_array: wanted.map(|job| page.of(job)).collect() })
}
