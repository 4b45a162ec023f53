//! Probes of the entries of job logs.

use super::companies::Target;
use super::describe::{count, distinct, order};
use crate::cli::verify::redaction::enumeration;
use crate::cli::verify::session::Session;
use crate::ips::types::{
    GetArchivedJobLogDetailsParam, GetAssetArchivedJobLogsParam, GetAssetJobLogsParam, GetJobLogDetailsParam, JobLog,
    JobLogDetail, ScheduledJob,
};

/// Number of logs whose entries are read, each of another type.
const MAX_LOGS: usize = 3;

/// Asks about the entries of job logs.
pub(super) async fn probe(session: &mut Session, target: &Target, logs: &[JobLog], schedules: &[ScheduledJob]) {
    let of_company =
        GetJobLogDetailsParam { company_handle: target.handle.clone(), ..GetJobLogDetailsParam::default() };
    let of_handle = |handle: &str| GetJobLogDetailsParam { job_handle: Some(handle.to_owned()), ..of_company.clone() };
    let mut observed = Vec::new();
    let mut read = Vec::new();
    for handle in handles_by_type(logs) {
        let result = session.expect(&of_handle(handle)).await;
        let outcome = match &result {
            Ok(answer) => Some(count(answer.job_log_array.len(), "log")),
            Err(error) => error.observation(),
        };
        if observed.is_empty() {
            observed.extend(outcome.map(|outcome| format!("of getJobLogs: {outcome}")));
        }
        read.extend(result.into_iter().flat_map(|answer| answer.job_log_array));
    }
    if let Some(handle) = schedules.iter().find_map(|job| job.job_handle.as_deref()) {
        let outcome = match session.attempt(&of_handle(handle)).await {
            Ok(answer) => Some(count(answer.job_log_array.len(), "log")),
            Err(error) => error.observation(),
        };
        observed.extend(outcome.map(|outcome| format!("of getScheduledJobs: {outcome}")));
    }
    if !observed.is_empty() {
        session.findings.observe("detailsByHandle", observed.join("; "));
    }
    let links = read.iter().flat_map(entries).filter(|entry| is_link(entry));
    if let Some(types) = distinct(links.map(|entry| enumeration(entry.log_type.as_deref().unwrap_or_default()))) {
        session.findings.observe("detailsLinks", types);
    }
    let longest = read.iter().filter(|log| log.job_handle.is_some()).max_by_key(|log| entries(log).len());
    if let Some(log) = longest {
        of_log(session, log, &of_company).await;
        archived(session, target, log).await;
    }
    let asset =
        read.iter().flat_map(entries).find_map(|entry| entry.asset_handle.clone().filter(|handle| !handle.is_empty()));
    if let Some(asset_handle) = asset {
        let company_handle = target.handle.clone();
        let request = GetAssetJobLogsParam { company_handle, asset_handle: asset_handle.clone() };
        let result = session.attempt(&request).await;
        session.observe("assetLogs", &result, |answer| format!("yes: {}", count(answer.job_log_array.len(), "entry")));
        let request = GetAssetArchivedJobLogsParam { company_handle: target.handle.clone(), asset_handle };
        let result = session.attempt(&request).await;
        session.observe("archivedAssetLogs", &result, |answer| count(answer.job_log_array.len(), "entry"));
    }
}

/// Returns the handle of one completed log of each type.
fn handles_by_type(logs: &[JobLog]) -> impl Iterator<Item = &str> {
    let mut types = Vec::new();
    let of_new_type = logs.iter().filter(|log| log.end_date.is_some()).filter(move |log| {
        let is_new = !types.contains(&&log.log_type);
        types.push(&log.log_type);
        is_new
    });
    of_new_type.filter_map(|log| log.job_handle.as_deref()).take(MAX_LOGS)
}

fn entries(log: &JobLog) -> &[JobLogDetail] {
    log.detail_array.as_deref().unwrap_or_default()
}

fn is_link(entry: &JobLogDetail) -> bool {
    entry.asset_name.as_deref().is_some_and(|name| name.starts_with("http"))
}

/// Asks for the entries of one log in several ways.
async fn of_log(session: &mut Session, log: &JobLog, of_company: &GetJobLogDetailsParam) {
    let of_log = GetJobLogDetailsParam { job_handle: log.job_handle.clone(), ..of_company.clone() };
    if let Some(order) = order(entries(log).iter().map(|entry| entry.date_created)) {
        session.findings.observe("detailsOrder", format!("by dateCreated: {order}"));
    }
    if let Some(total) = log.detail_total_rows {
        session.findings.observe(
            "detailsTotal",
            format!("it is {total} where the answer has {}", count(entries(log).len(), "entry")),
        );
    }
    if let Some(name) = log.original_job_name.clone().filter(|name| !name.is_empty()) {
        let request = GetJobLogDetailsParam { original_name: Some(name), ..of_company.clone() };
        let result = session.attempt(&request).await;
        session.observe("detailsByName", &result, |answer| count(answer.job_log_array.len(), "log"));
    }
    pages(session, log, &of_log).await;
    let above = session.attempt(&GetJobLogDetailsParam { records_per_page: Some(1001), ..of_log.clone() }).await;
    session.observe("detailsPageLimit", &above, |answer| {
        format!(
            "it takes it, and answers with {}",
            count(answer.job_log_array.iter().flat_map(entries).count(), "entry")
        )
    });
    if let Some(log_type) = entries(log).iter().find_map(|entry| entry.log_type.clone()) {
        let expected = entries(log).iter().filter(|entry| entry.log_type.as_ref() == Some(&log_type)).count();
        let request = GetJobLogDetailsParam { log_type_array: Some(vec![log_type]), ..of_log.clone() };
        let result = session.attempt(&request).await;
        session.observe("detailsTypeFilter", &result, |answer| {
            let found = answer.job_log_array.iter().flat_map(entries).count();
            format!("{} of {expected} with that logType", count(found, "entry"))
        });
    }
    let caller = session.caller.clone().with_locale(Some("en_US".to_owned()));
    let localized = session.attempt_as(&caller, &of_log).await;
    session.observe("detailsLocale", &localized, |answer| {
        let is_same = answer.job_log_array.iter().flat_map(entries).eq(entries(log));
        format!(
            "it takes it; the entries are {}",
            if is_same { "the same as without locale" } else { "others than without locale" }
        )
    });
}

/// Asks for pages of one entry each.
async fn pages(session: &mut Session, log: &JobLog, of_log: &GetJobLogDetailsParam) {
    let total = entries(log).len();
    if total < 2 {
        return;
    }
    let mut observed = Vec::new();
    for (page, what) in
        [(1, "page 1"), (2, "page 2"), (i32::try_from(total + 1).unwrap_or(i32::MAX), "the page beyond the last one")]
    {
        let request = GetJobLogDetailsParam { records_per_page: Some(1), results_page: Some(page), ..of_log.clone() };
        match session.attempt(&request).await {
            Ok(answer) => {
                let found: Vec<_> = answer.job_log_array.iter().flat_map(entries).collect();
                let place = found.first().and_then(|entry| entries(log).iter().position(|other| other == *entry));
                let place = place.map(|place| format!(", number {} of all", place + 1)).unwrap_or_default();
                observed.push(format!("{what}: {}{place}", count(found.len(), "entry")));
            }
            Err(error) => {
                observed.extend(error.observation());
                break;
            }
        }
    }
    if !observed.is_empty() {
        session.findings.observe("detailsPages", observed.join("; "));
    }
}

async fn archived(session: &mut Session, target: &Target, log: &JobLog) {
    let request = GetArchivedJobLogDetailsParam {
        company_handle: target.handle.clone(),
        job_handle: log.job_handle.clone().unwrap_or_default(),
        ..GetArchivedJobLogDetailsParam::default()
    };
    let result = session.attempt(&request).await;
    session.observe("archivedLog", &result, |answer| count(answer.job_log_array.len(), "log"));
}
