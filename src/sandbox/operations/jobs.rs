//! Operations on jobs: submit, the lists of active and scheduled jobs, and the actions.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::call::Call;
use crate::ips::types::*;
use crate::sandbox::faults;
use crate::sandbox::model::{JobDetails, JobSpec, Schedule, Trigger};
use crate::sandbox::state::RunAt;

pub(in crate::sandbox) fn submit_job(
    mut request: SubmitJobParam,
    call: &mut Call<'_>,
) -> Result<SubmitJobReturn, Fault> {
    let company = call.company(&request.company_handle)?;
    let submitter = match &request.user_handle {
        Some(handle) => Call::member(handle, company)?,
        None => call.user,
    };
    call.check_impersonation(submitter)?;
    if request.job_name.trim().is_empty() {
        return Err(faults::missing_parameter("Missing parameter: jobName"));
    }
    if let Some(pointer) = empty_value(&serde_json::to_value(&request).unwrap_or_default(), "") {
        return Err(faults::missing_parameter(format!("Missing parameter: {pointer}")));
    }
    let mut all_details = JobDetails::take_all(&mut request);
    let details = match (all_details.pop(), all_details.is_empty()) {
        (Some(details), true) => details,
        (Some(_), false) => {
            return Err(faults::invalid_parameter("Invalid parameter: a job has exactly one job detail, not several"));
        }
        (None, _) => {
            return Err(faults::missing_parameter(
                "Missing parameter: the job has no job detail such as uploadUrlsJob",
            ));
        }
    };
    if details.follow_ons().len() > 1 {
        return Err(faults::invalid_parameter("Invalid parameter: at most one of the post…PublishJob elements"));
    }
    let run_at = match (request.exec_time, &request.exec_schedule) {
        (None, None) => RunAt::Now,
        (Some(time), None) => match time.instant() {
            Some(instant) => RunAt::Once(instant.with_timezone(&Utc)),
            None => return Err(faults::invalid_parameter("Invalid parameter: execTime has no time zone")),
        },
        (None, Some(expression)) => {
            RunAt::Recurring(Trigger::recurring(expression).map_err(faults::invalid_parameter)?)
        }
        (Some(_), Some(_)) => {
            return Err(faults::invalid_parameter("Invalid parameter: at most one of execTime and execSchedule"));
        }
    };
    let spec = JobSpec {
        company,
        original_name: request.job_name,
        details,
        submitter: submitter.email.into(),
        locale: request.locale.or_else(|| call.locale.map(Into::into)).or_else(|| Some("en-US".into())),
        description: request.description,
    };
    Ok(SubmitJobReturn { job_handle: call.state.submit(spec, run_at)? })
}

/// Returns whether a value matches an optional filter.
fn matches_filter(filter: Option<&String>, value: &str) -> bool {
    filter.is_none_or(|expected| expected == value)
}

pub(in crate::sandbox) fn get_active_jobs(
    request: GetActiveJobsParam,
    call: &mut Call<'_>,
) -> Result<GetActiveJobsReturn, Fault> {
    let company = call.company_or_only(request.company_handle.as_deref())?;
    let now: DateTime<Utc> = call.state.now();
    let include_waiting = request.include_waiting_jobs.unwrap_or(false);
    let listed = call.state.jobs_of(company).filter(|job| {
        (include_waiting || !job.phase(now).is_waiting())
            && request.job_handle.as_ref().is_none_or(|handle| job.has_handle(handle))
            && matches_filter(request.original_name.as_ref(), &job.spec.original_name)
    });
    Ok(GetActiveJobsReturn { job_array: listed.filter_map(|job| job.to_active_job(now)).collect() })
}

pub(in crate::sandbox) fn get_scheduled_jobs(
    request: GetScheduledJobsParam,
    call: &mut Call<'_>,
) -> Result<GetScheduledJobsReturn, Fault> {
    let company = call.company_or_only(request.company_handle.as_deref())?;
    let listed = call.state.schedules_of(company).filter(|schedule| {
        request.job_handle.as_ref().is_none_or(|handle| schedule.has_handle(handle))
            && matches_filter(request.original_name.as_ref(), &schedule.spec.original_name)
    });
    Ok(GetScheduledJobsReturn { job_array: listed.map(Schedule::to_scheduled_job).collect() })
}

pub(in crate::sandbox) fn stop_job(request: StopJobParam, call: &mut Call<'_>) -> Result<StopJobReturn, Fault> {
    let company = call.company(&request.company_handle)?;
    call.state.stop(company, &request.job_handle, call.user).map(|()| StopJobReturn {})
}

pub(in crate::sandbox) fn pause_job(request: PauseJobParam, call: &mut Call<'_>) -> Result<PauseJobReturn, Fault> {
    let company = call.company(&request.company_handle)?;
    call.state.pause(company, &request.job_handle).map(|()| PauseJobReturn {})
}

pub(in crate::sandbox) fn resume_job(request: ResumeJobParam, call: &mut Call<'_>) -> Result<ResumeJobReturn, Fault> {
    let company = call.company(&request.company_handle)?;
    call.state.resume(company, &request.job_handle).map(|()| ResumeJobReturn {})
}

pub(in crate::sandbox) fn execute_job(
    request: ExecuteJobParam,
    call: &mut Call<'_>,
) -> Result<ExecuteJobReturn, Fault> {
    let company = call.company(&request.company_handle)?;
    call.state.execute(company, &request.job_handle).map(|()| ExecuteJobReturn {})
}

pub(in crate::sandbox) fn delete_job(request: DeleteJobParam, call: &mut Call<'_>) -> Result<DeleteJobReturn, Fault> {
    let company = call.company(&request.company_handle)?;
    call.state.delete(company, &request.job_handle).map(|()| DeleteJobReturn {})
}

/// Returns the JSON pointer of the first empty text. An empty optional element is read as absent, so that an empty text is a required value.
fn empty_value(value: &Value, pointer: &str) -> Option<String> {
    match value {
        Value::String(text) if text.is_empty() => Some(pointer.to_owned()),
        Value::Object(members) => {
            members.iter().find_map(|(name, value)| empty_value(value, &format!("{pointer}/{name}")))
        }
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, value)| empty_value(value, &format!("{pointer}/{index}")))
        }
        _ => None,
    }
}
