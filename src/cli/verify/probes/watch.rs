//! Probe of the time between the active list and the log.

use std::time::Duration;

use tokio::time::Instant;

use super::companies::Target;
use super::describe::count;
use crate::cli::verify::session::{MAX_CALLS, Session};
use crate::ips::types::{ActiveJob, GetActiveJobsParam, GetJobLogsParam};

/// Pause between two looks at both lists.
const PAUSE: Duration = Duration::from_secs(2);
/// Number of logs of a look.
const ROWS: i32 = 100;

/// Watches active jobs until one of them has ended in the log, for at most `watch`.
pub(super) async fn probe(session: &mut Session, target: &Target, jobs: Vec<ActiveJob>, watch: Duration) {
    let names: Vec<_> = jobs.into_iter().filter_map(|job| job.name).collect();
    if names.is_empty() || watch.is_zero() {
        return;
    }
    let active = GetActiveJobsParam { company_handle: Some(target.handle.clone()), ..GetActiveJobsParam::default() };
    let logs = GetJobLogsParam {
        company_handle: Some(target.handle.clone()),
        num_rows: Some(ROWS),
        sort_by: Some("StartDate".to_owned()),
        sort_direction: Some("Descending".to_owned()),
        ..GetJobLogsParam::default()
    };
    let until = Instant::now() + watch;
    let mut left = Vec::<(String, Instant)>::new();
    while session.calls() + 2 <= MAX_CALLS && Instant::now() < until {
        let Ok(active) = session.attempt(&active).await else { return };
        let looked = Instant::now();
        let is_active = |name: &String| active.job_array.iter().any(|job| job.name.as_ref() == Some(name));
        for name in names.iter().filter(|name| !is_active(name)) {
            if left.iter().all(|(other, _)| other != name) {
                left.push((name.clone(), looked));
            }
        }
        let Ok(logs) = session.attempt(&logs).await else { return };
        let has_ended = |name: &String| {
            logs.job_log_array.iter().any(|log| log.job_name.as_ref() == Some(name) && log.end_date.is_some())
        };
        if let Some((_, since)) = left.iter().find(|(name, _)| has_ended(name)) {
            let gap = since.elapsed().as_secs_f64();
            let observed = format!("{gap:.1} s, with a look at both lists every {} s", PAUSE.as_secs());
            session.findings.observe("activeToLogGap", observed);
            return;
        }
        tokio::time::sleep_until((looked + PAUSE).min(until)).await;
    }
    let observed = match left.iter().map(|(_, since)| since.elapsed()).max() {
        Some(gap) => format!(
            "more than {:.1} s: {} left the list and ended in no log",
            gap.as_secs_f64(),
            count(left.len(), "job")
        ),
        None => return,
    };
    session.findings.observe("activeToLogGap", observed);
}
