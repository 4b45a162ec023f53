//! Calls that answer the open questions, in the order of a run.

mod active;
mod companies;
mod describe;
mod details;
mod history;
mod schedules;
mod submits;
mod watch;

use std::time::Duration;

pub(super) use self::companies::Target;
pub(super) use self::submits::announcement;
use super::session::Session;

/// What a run does beside reading.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProbeOptions {
    /// Maximum time for which it watches active jobs.
    pub(super) watch: Duration,
    /// Whether it submits a job.
    pub(super) submits: Submits,
}

/// Whether a run submits a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Submits {
    /// A scheduled one, which it deletes again.
    Scheduled,
    /// None.
    Never,
}

/// Makes the calls of a run for the company of this name or handle. Returns the company, or `None` if it was not found.
pub(super) async fn run(session: &mut Session, company: &str, options: ProbeOptions) -> Option<Target> {
    let target = companies::find(session, company).await?;
    let logs = history::probe(session, &target).await;
    let jobs = active::probe(session, &target, &logs).await;
    let schedules = schedules::probe(session, &target).await;
    details::probe(session, &target, &logs, &schedules).await;
    if options.submits == Submits::Scheduled {
        submits::probe(session, &target).await;
    }
    watch::probe(session, &target, jobs, options.watch).await;
    let offsets: Vec<_> = session.findings.offsets.iter().cloned().collect();
    if !offsets.is_empty() {
        session.findings.observe("dateOffsets", offsets.join(", "));
    }
    Some(target)
}
