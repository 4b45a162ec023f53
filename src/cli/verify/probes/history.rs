//! Probes of the list of job logs: order, row limit, and what its dates compare.

use chrono::TimeDelta;

use super::companies::Target;
use super::describe::{count, distinct, known_of_log, order};
use crate::cli::verify::redaction::handle_form;
use crate::cli::verify::session::Session;
use crate::ips::types::{GetJobLogsParam, JobLog, MAX_LOG_ROWS, Timestamp};

/// Number of logs of a call about their order.
const ORDER_ROWS: i32 = 100;
/// Number of logs that is above the limit that callers of IPS assume.
const ABOVE_LIMIT: i32 = 1001;

/// Asks about the list of job logs; returns the default list.
pub(super) async fn probe(session: &mut Session, target: &Target) -> Vec<JobLog> {
    let of_company = GetJobLogsParam { company_handle: Some(target.handle.clone()), ..GetJobLogsParam::default() };
    let logs = session.expect(&of_company).await.map(|answer| answer.job_log_array).unwrap_or_default();
    let forms = logs.iter().filter_map(|log| Some(handle_form(log.job_handle.as_deref()?, &known_of_log(log))));
    if let Some(forms) = distinct(forms) {
        session.findings.observe("logHandleForm", forms);
    }
    if let Some(order) = order(logs.iter().map(|log| log.start_date)) {
        session.findings.observe("logOrder", format!("by startDate: {order}"));
    }
    row_limit(session, &of_company, &logs).await;
    sorting(session, &of_company).await;
    let everywhere = GetJobLogsParam { company_handle: None, num_rows: Some(ORDER_ROWS), ..of_company.clone() };
    let everywhere = session.attempt(&everywhere).await;
    session.observe("logsWithoutCompany", &everywhere, |answer| {
        let companies = distinct(answer.job_log_array.iter().filter_map(|log| log.company_handle.clone()));
        let companies = companies.map_or(0, |companies| companies.split(", ").count());
        format!("{} of {}", count(answer.job_log_array.len(), "log"), count(companies, "company"))
    });
    dates(session, &of_company, &logs).await;
    if let Some(user_handle) = target.user_handle.clone() {
        let request = GetJobLogsParam { user_handle: Some(user_handle), num_rows: Some(ORDER_ROWS), ..of_company };
        let own = session.attempt(&request).await;
        session.observe("logUserFilter", &own, |answer| {
            let (total, email) = (answer.job_log_array.len(), target.email.as_deref());
            let is_own = |log: &&JobLog| email.is_some() && log.submit_user_email.as_deref() == email;
            let own = answer.job_log_array.iter().filter(is_own).count();
            format!("{}, {own} of them with the e-mail address of that user", count(total, "log"))
        });
    }
    content(session, &logs);
    logs
}

async fn row_limit(session: &mut Session, of_company: &GetJobLogsParam, logs: &[JobLog]) {
    let mut observed = vec![format!("{} without numRows", logs.len())];
    for rows in [1, ABOVE_LIMIT] {
        let result = session.attempt(&GetJobLogsParam { num_rows: Some(rows), ..of_company.clone() }).await;
        let number = match &result {
            Ok(answer) => Some(answer.job_log_array.len().to_string()),
            Err(error) => error.observation(),
        };
        observed.extend(number.map(|number| format!("{number} with numRows={rows}")));
    }
    let limit = if logs.len() >= MAX_LOG_ROWS as usize { "" } else { "; the company may have no more" };
    session.findings.observe("logRowLimit", format!("{}{limit}", observed.join(", ")));
}

async fn sorting(session: &mut Session, of_company: &GetJobLogsParam) {
    let mut lists = Vec::new();
    for direction in ["Ascending", "Descending"] {
        let request = GetJobLogsParam {
            sort_by: Some("StartDate".to_owned()),
            sort_direction: Some(direction.to_owned()),
            num_rows: Some(ORDER_ROWS),
            ..of_company.clone()
        };
        match session.attempt(&request).await {
            Ok(answer) => lists.push(answer.job_log_array),
            Err(error) => {
                if let Some(observed) = error.observation() {
                    session.findings.observe("logSort", observed);
                }
                return;
            }
        }
    }
    let order_of = |list: &[JobLog]| order(list.iter().map(|log| log.start_date)).unwrap_or("too few logs to tell");
    let observed = format!("Ascending: {}; Descending: {}", order_of(&lists[0]), order_of(&lists[1]));
    session.findings.observe("logSort", observed);
    // Two logs with the same start that both lists have next to each other.
    let tie = |list: &[JobLog]| list.windows(2).find_map(|pair| is_tie(pair).then(|| pair.to_vec()));
    let Some(pair) = tie(&lists[0]) else { return };
    let place = |list: &[JobLog], log: &JobLog| list.iter().position(|other| other.job_name == log.job_name);
    if let (Some(first), Some(second)) = (place(&lists[1], &pair[0]), place(&lists[1], &pair[1])) {
        let order = if first < second { "the same in both directions" } else { "reversed with the direction" };
        session.findings.observe("logTies", order);
    }
}

fn is_tie(pair: &[JobLog]) -> bool {
    pair[0].start_date.is_some() && pair[0].start_date == pair[1].start_date && pair[0].job_name != pair[1].job_name
}

/// Asks for windows around the start and the end of one log.
async fn dates(session: &mut Session, of_company: &GetJobLogsParam, logs: &[JobLog]) {
    let second = TimeDelta::seconds(1);
    let Some((log, start, end)) = logs.iter().find_map(|log| {
        let (start, end) = (log.start_date?.instant()?, log.end_date?.instant()?);
        (end - start >= second * 4).then_some((log, start, end))
    }) else {
        return;
    };
    let mut has = Vec::new();
    for (from, to) in [
        (start - second, start + second),
        (end - second, end + second),
        (start + second, end - second),
        (start, start + second),
        (start - second, start),
        (end, end + second),
        (end - second, end),
    ] {
        let request = GetJobLogsParam {
            start_date: Some(Timestamp::new(from)),
            end_date: Some(Timestamp::new(to)),
            ..of_company.clone()
        };
        match session.attempt(&request).await {
            Ok(answer) => has.push(answer.job_log_array.iter().any(|found| found.job_name == log.job_name)),
            Err(error) => {
                if let Some(observed) = error.observation() {
                    session.findings.observe("logDateFilter", observed);
                }
                return;
            }
        }
    }
    let (compared, bounds) = match (has[0], has[1], has[2]) {
        (true, false, false) => ("the start", Some((has[3], has[4]))),
        (false, true, false) => ("the end", Some((has[5], has[6]))),
        (true, true, true) => ("both: they select jobs that ran at any time of the window", None),
        (true, true, false) => ("both: the start or the end has to be in the window", None),
        (false, false, false) => ("neither: no window of two seconds has the job", None),
        _ => ("something else: only windows within the run of the job have it", None),
    };
    session.findings.observe("logDateFilter", compared);
    if let Some((from, to)) = bounds {
        let bound = |is_inclusive| if is_inclusive { "inclusive" } else { "exclusive" };
        session.findings.observe("logDateBounds", format!("startDate is {}, endDate {}", bound(from), bound(to)));
    }
}

/// Answers what the default list shows by itself.
fn content(session: &mut Session, logs: &[JobLog]) {
    if logs.is_empty() {
        return;
    }
    let is_given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.is_empty());
    let total = count(logs.len(), "log");
    let described = logs.iter().filter(|log| is_given(&log.description)).count();
    let unnamed = logs.iter().filter(|log| !is_given(&log.original_job_name)).count();
    let mut pairs: Vec<_> = logs
        .iter()
        .filter(|log| is_given(&log.original_job_name))
        .map(|log| (&log.original_job_name, &log.log_type))
        .collect();
    pairs.sort();
    let shared = pairs.windows(2).filter(|pair| pair[0].0 == pair[1].0);
    let (same, different): (Vec<_>, Vec<_>) = shared.partition(|pair| pair[0].1 == pair[1].1);
    session.findings.observe("logDescription", format!("{described} of {total} have one"));
    session.findings.observe("logWithoutOriginalName", format!("{unnamed} of {total}"));
    let observed = format!(
        "{} of logs with one originalJobName and different logType, {} with the same logType, among {total}",
        count(different.len(), "pair"),
        count(same.len(), "pair")
    );
    session.findings.observe("logFollowOns", observed);
}
