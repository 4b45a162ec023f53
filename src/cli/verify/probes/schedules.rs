//! Probes of scheduled jobs.

use super::companies::Target;
use super::describe::{count, distinct};
use crate::cli::verify::redaction::handle_form;
use crate::cli::verify::session::Session;
use crate::ips::types::{GetScheduledJobsParam, ScheduledJob};

/// Asks about scheduled jobs; returns them.
pub(super) async fn probe(session: &mut Session, target: &Target) -> Vec<ScheduledJob> {
    let of_company =
        || GetScheduledJobsParam { company_handle: Some(target.handle.clone()), ..GetScheduledJobsParam::default() };
    let jobs = session.expect(&of_company()).await.map(|answer| answer.job_array).unwrap_or_default();
    let forms = jobs.iter().filter_map(|job| {
        let known = [("name", job.name.as_deref()), ("originalName", job.original_name.as_deref())];
        Some(handle_form(job.job_handle.as_deref()?, &known))
    });
    let fields =
        jobs.iter().filter_map(|job| Some(job.exec_schedule.as_deref()?.split_whitespace().count().to_string()));
    let zones = jobs.iter().filter_map(|job| job.time_zone.clone()).filter(|zone| is_zone(zone));
    for (question, observed) in [
        ("scheduledHandleForm", distinct(forms)),
        ("scheduleFormat", distinct(fields)),
        ("scheduleZone", distinct(zones)),
    ] {
        if let Some(observed) = observed {
            session.findings.observe(question, observed);
        }
    }
    if let Some(job) = jobs.iter().find(|job| job.job_handle.is_some()) {
        let found =
            session.attempt(&GetScheduledJobsParam { job_handle: job.job_handle.clone(), ..of_company() }).await;
        session.observe("scheduledByHandle", &found, |answer| found_as(job, &answer.job_array));
    }
    if let Some(job) = jobs.iter().find(|job| job.original_name.as_deref().is_some_and(|name| !name.is_empty())) {
        let request = GetScheduledJobsParam { original_name: job.original_name.clone(), ..of_company() };
        let found = session.attempt(&request).await;
        session.observe("scheduledByName", &found, |answer| found_as(job, &answer.job_array));
    }
    jobs
}

fn found_as(job: &ScheduledJob, found: &[ScheduledJob]) -> String {
    let is_found = found.iter().any(|found| found.name == job.name);
    format!("{}: the list has {}", if is_found { "yes" } else { "no" }, count(found.len(), "job"))
}

/// Returns whether a text looks like the name of a time zone, which is no private data.
fn is_zone(text: &str) -> bool {
    text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-:".contains(&byte))
}
