//! Probes of active jobs and of their logs.

use super::companies::Target;
use super::describe::{count, distinct, known_of_job, order};
use crate::cli::verify::redaction::handle_form;
use crate::cli::verify::session::Session;
use crate::ips::types::{ActiveJob, GetActiveJobsParam, GetJobLogDetailsParam, GetJobLogDetailsReturn, JobLog};

/// Handle of a company that does not exist.
const UNKNOWN_COMPANY: &str = "c|999999999";

/// Asks about active jobs; returns them.
pub(super) async fn probe(session: &mut Session, target: &Target, logs: &[JobLog]) -> Vec<ActiveJob> {
    let of_company =
        || GetActiveJobsParam { company_handle: Some(target.handle.clone()), ..GetActiveJobsParam::default() };
    let jobs = session.expect(&of_company()).await.map(|answer| answer.job_array).unwrap_or_default();
    if let Some(order) = order(jobs.iter().map(|job| job.start_date)) {
        session.findings.observe("activeOrder", format!("by startDate: {order}"));
    }
    let forms = jobs.iter().filter_map(|job| Some(handle_form(job.job_handle.as_deref()?, &known_of_job(job))));
    if let Some(forms) = distinct(forms) {
        session.findings.observe("activeHandleForm", forms);
    }
    let waiting = session.attempt(&GetActiveJobsParam { include_waiting_jobs: Some(true), ..of_company() }).await;
    session.observe("includeWaitingJobs", &waiting, |answer| {
        format!("yes: it lists {}, and {} without it", count(answer.job_array.len(), "job"), jobs.len())
    });
    let everywhere = session.attempt(&GetActiveJobsParam::default()).await;
    session.observe("activeWithoutCompany", &everywhere, |answer| {
        let companies = distinct(answer.job_array.iter().filter_map(|job| job.company_handle.clone()));
        let companies = companies.map_or(0, |companies| companies.split(", ").count());
        format!("{} of {}", count(answer.job_array.len(), "job"), count(companies, "company"))
    });
    let company_handle = Some(UNKNOWN_COMPANY.to_owned());
    let unknown = session.attempt(&GetActiveJobsParam { company_handle, ..GetActiveJobsParam::default() }).await;
    session.observe("unknownCompany", &unknown, |answer| format!("a list of {}", count(answer.job_array.len(), "job")));
    by_handle(session, of_company(), &jobs, logs).await;
    if let Some(job) = jobs.iter().find(|job| job.original_name.as_deref().is_some_and(|name| !name.is_empty())) {
        let found =
            session.attempt(&GetActiveJobsParam { original_name: job.original_name.clone(), ..of_company() }).await;
        session.observe("activeByName", &found, |answer| {
            let others = answer.job_array.iter().filter(|found| found.original_name != job.original_name).count();
            let is_found = answer.job_array.iter().any(|found| found.name == job.name);
            let found = if is_found { "yes" } else { "no" };
            format!(
                "{found}: the list has {}, {others} of them with another originalName",
                count(answer.job_array.len(), "job")
            )
        });
    }
    running_logs(session, target, &jobs, logs).await;
    jobs
}

/// Tries the handles of an active job and of a log.
async fn by_handle(session: &mut Session, of_company: GetActiveJobsParam, jobs: &[ActiveJob], logs: &[JobLog]) {
    let mut observed = Vec::new();
    let active = jobs.first().and_then(|job| job.job_handle.clone());
    let running = jobs
        .iter()
        .find_map(|job| logs.iter().find(|log| log.job_name.is_some() && log.job_name == job.name)?.job_handle.clone());
    let ended = logs.iter().find(|log| log.end_date.is_some()).and_then(|log| log.job_handle.clone());
    for (kind, handle) in
        [("of the list", active), ("of a running job's log", running), ("of a completed job's log", ended)]
    {
        let Some(handle) = handle else { continue };
        let result = session.attempt(&GetActiveJobsParam { job_handle: Some(handle), ..of_company.clone() }).await;
        let outcome = match &result {
            Ok(answer) => Some(count(answer.job_array.len(), "job")),
            Err(error) => error.observation(),
        };
        observed.extend(outcome.map(|outcome| format!("{kind}: {outcome}")));
    }
    if !observed.is_empty() {
        session.findings.observe("activeByHandle", observed.join("; "));
    }
}

/// Asks for the log of a running job.
async fn running_logs(session: &mut Session, target: &Target, jobs: &[ActiveJob], logs: &[JobLog]) {
    let Some(job) = jobs.iter().find(|job| job.job_handle.is_some()) else { return };
    let listed = jobs.iter().filter(|job| logs.iter().any(|log| log.job_name.is_some() && log.job_name == job.name));
    let (listed, running) = (listed.count(), count(jobs.len(), "active job"));
    session.findings.observe("runningInLogs", format!("{listed} of {running} have a log in the list"));
    let of_company =
        GetJobLogDetailsParam { company_handle: target.handle.clone(), ..GetJobLogDetailsParam::default() };
    let by_handle = GetJobLogDetailsParam { job_handle: job.job_handle.clone(), ..of_company.clone() };
    let result = session.attempt(&by_handle).await;
    session.observe("runningLogByHandle", &result, describe_logs);
    if let Some(name) = job.original_name.clone().filter(|name| !name.is_empty()) {
        let result = session.attempt(&GetJobLogDetailsParam { original_name: Some(name), ..of_company }).await;
        session.observe("runningLogByName", &result, describe_logs);
    }
}

/// Describes logs by their dates and entries.
fn describe_logs(answer: &GetJobLogDetailsReturn) -> String {
    let describe = |log: &JobLog| {
        let present = |is_present: bool| if is_present { "with" } else { "without" };
        let entries = log.detail_array.as_ref().map_or(0, Vec::len);
        format!(
            "a log {} startDate, {} endDate, {} detailTotalRows, {}",
            present(log.start_date.is_some()),
            present(log.end_date.is_some()),
            present(log.detail_total_rows.is_some()),
            count(entries, "entry")
        )
    };
    match answer.job_log_array.first() {
        Some(log) => format!("{}: {}", count(answer.job_log_array.len(), "log"), describe(log)),
        None => "no log".to_owned(),
    }
}
