//! Probe that submits a job: one that is scheduled in a year and deleted again.

use chrono::{DateTime, Days, Utc};

use super::companies::Target;
use super::describe::count;
use crate::cli::verify::redaction::handle_form;
use crate::cli::verify::session::{CallError, Session};
use crate::ips::types::{
    DeleteJobParam, EmailSetting, GetScheduledJobsParam, OptimizeImagesJob, PauseJobParam, ResumeJobParam,
    ScheduledJob, SubmitJobParam, Timestamp,
};

/// Time until the job would run.
const LEAD: Days = Days::new(365);
/// Prefix of the name of the job.
const NAME: &str = "ips-gateway-verify";

/// Returns what a run with a submit says before it.
pub(in crate::cli::verify) fn announcement() -> String {
    format!(
        "--submit: submits one optimizeImagesJob without e-mails, named {NAME}-…, that is scheduled to run in {LEAD:?}, pauses and resumes \
         the schedule, tries to submit the same name again, and deletes the schedule; the job never runs"
    )
    .replace("Days(365)", "365 days")
}

/// Submits the job, asks what IPS makes of its handle, and deletes it.
pub(super) async fn probe(session: &mut Session, target: &Target) {
    let name = format!("{NAME}-{:x}", Utc::now().timestamp_micros());
    let Some(at) = Utc::now().checked_add_days(LEAD) else { return };
    let request = SubmitJobParam {
        company_handle: target.handle.clone(),
        job_name: name.clone(),
        exec_time: Some(exec_time(at)),
        optimize_images_job: Some(Box::new(OptimizeImagesJob { email_setting: EmailSetting::None })),
        ..SubmitJobParam::default()
    };
    session.leftover = Some(name.clone());
    let submitted = session.expect(&request).await;
    if matches!(submitted, Err(CallError::Fault(_) | CallError::Lacked(_))) {
        session.leftover = None;
    }
    session.observe("submitHandleForm", &submitted, |answer| {
        handle_form(&answer.job_handle, &[("jobName", Some(&name)), ("companyHandle", Some(&target.handle))])
    });
    let Ok(submitted) = submitted else { return };
    let handle = submitted.job_handle;
    let listed = list(session, target, Some(&name), None).await;
    session.observe("scheduledAfterSubmit", &listed, |jobs| {
        format!("{}: the list has {}", if jobs.is_empty() { "no" } else { "yes" }, count(jobs.len(), "job"))
    });
    let by_handle = list(session, target, None, Some(&handle)).await;
    session.observe("submitHandleInLists", &by_handle, |jobs| format!("the list has {}", count(jobs.len(), "job")));
    let (company_handle, job_handle) = (target.handle.clone(), handle.clone());
    let paused = session.attempt(&PauseJobParam { company_handle, job_handle }).await;
    let state = state_of(session, target, &name).await;
    session.observe("pauseSchedule", &paused, |_| format!("yes; triggerState is then {state}"));
    let (company_handle, job_handle) = (target.handle.clone(), handle.clone());
    let resumed = session.attempt(&ResumeJobParam { company_handle, job_handle }).await;
    let state = state_of(session, target, &name).await;
    session.observe("resumeSchedule", &resumed, |_| format!("yes; triggerState is then {state}"));
    let again = session.attempt(&request).await;
    session.observe("duplicateName", &again, |_| "a second job".to_owned());
    delete(session, target, &name, handle).await;
}

fn exec_time(at: DateTime<Utc>) -> Timestamp {
    Timestamp::new(at.fixed_offset())
}

async fn list(
    session: &mut Session,
    target: &Target,
    original_name: Option<&str>,
    job_handle: Option<&str>,
) -> Result<Vec<ScheduledJob>, CallError> {
    let request = GetScheduledJobsParam {
        company_handle: Some(target.handle.clone()),
        original_name: original_name.map(str::to_owned),
        job_handle: job_handle.map(str::to_owned),
    };
    session.attempt(&request).await.map(|answer| answer.job_array)
}

async fn state_of(session: &mut Session, target: &Target, name: &str) -> String {
    let jobs = list(session, target, Some(name), None).await.unwrap_or_default();
    let state = jobs.first().and_then(|job| job.trigger_state.as_ref());
    state.map_or_else(|| "absent".to_owned(), |state| state.as_str().to_owned())
}

/// Deletes the job by the handle of its submit; whatever is left of it then, by the handles of the list.
async fn delete(session: &mut Session, target: &Target, name: &str, handle: String) {
    let company_handle = target.handle.clone();
    let deleted = session.attempt(&DeleteJobParam { company_handle, job_handle: handle }).await;
    let left = list(session, target, Some(name), None).await;
    let remaining = left.as_deref().map_or(0, <[_]>::len);
    session.observe("deleteSchedule", &deleted, |_| format!("yes; the list has then {}", count(remaining, "job")));
    for job_handle in left.into_iter().flatten().filter_map(|job| job.job_handle) {
        let company_handle = target.handle.clone();
        let _ = session.attempt(&DeleteJobParam { company_handle, job_handle }).await;
    }
    session.leftover = match list(session, target, Some(name), None).await {
        Ok(jobs) if jobs.is_empty() => None,
        _ => Some(name.to_owned()),
    };
}
