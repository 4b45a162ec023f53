//! Derived fields of a job: phase, status, percent while it is active, and possible actions, from the fields of IPS.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::{ActiveJob, ActiveJobState, JobLog, ScheduledJob, TaskProgress, TaskState, TriggerState};

/// List of IPS that contains the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Waiting, running, or not yet in the job log (`getActiveJobs`).
    Active,
    /// Scheduled for a later time, once or repeatedly (`getScheduledJobs`).
    Scheduled,
    /// In the job log (`getJobLogs`, `getJobLogDetails`).
    Completed,
}

/// Status of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Waits for `nextFireTime`.
    Scheduled,
    /// Accepted, waits for a free server.
    Waiting,
    /// Running.
    Running,
    /// The schedule is paused.
    Paused,
    /// A stop was requested, and the job has not stopped yet.
    Stopping,
    /// Ended, and not yet completely in the job log.
    Finalizing,
    /// In the job log, with an `outcome`.
    Completed,
    /// A state that this version of the gateway does not know; `state` has the value of IPS. Or a submitted job that IPS has not confirmed, see
    /// `unconfirmed`.
    Unknown,
}

/// Action on a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Stops the job (`stopJob`).
    Stop,
    /// Pauses the schedule or the active job (`pauseJob`).
    Pause,
    /// Resumes the paused schedule or job (`resumeJob`).
    Resume,
    /// Runs the job now (`executeJob`).
    Execute,
    /// Deletes the job (`deleteJob`).
    Delete,
}

/// Returns the status of an active job, from its `state`.
#[must_use]
pub fn status_of_active(job: &ActiveJob) -> Status {
    match &job.state {
        Some(ActiveJobState::New | ActiveJobState::WaitingClient | ActiveJobState::WaitingCoordinator) => {
            Status::Waiting
        }
        Some(ActiveJobState::Running) => Status::Running,
        Some(ActiveJobState::Stopping) => Status::Stopping,
        Some(ActiveJobState::Done) => Status::Finalizing,
        Some(ActiveJobState::Unknown | ActiveJobState::Other(_)) | None => Status::Unknown,
    }
}

/// Returns the status of a scheduled job, from its `triggerState`.
#[must_use]
pub fn status_of_scheduled(job: &ScheduledJob) -> Status {
    match &job.trigger_state {
        Some(TriggerState::Paused) => Status::Paused,
        Some(TriggerState::Normal | TriggerState::Blocked) | None => Status::Scheduled,
        Some(TriggerState::Complete) => Status::Finalizing,
        Some(TriggerState::Error | TriggerState::None | TriggerState::Other(_)) => Status::Unknown,
    }
}

/// Returns the status of a logged job: a log without `endDate`, readable or not, is incomplete.
#[must_use]
pub fn status_of_logged(job: &JobLog) -> Status {
    if has_ended(job) { Status::Completed } else { Status::Finalizing }
}

/// Returns whether the log has an `endDate`, readable or not.
pub(super) fn has_ended(job: &JobLog) -> bool {
    job.end_date.is_some() || job.unreadable.iter().any(|value| value.path == "endDate")
}

/// Returns the progress of an active job in percent, 0 to 100: its `progress` if that is in range and not 0, else the mean of its tasks;
/// `None` if IPS reports neither. At most 99 while a task has unprocessed items, or a value of the job could not be read.
#[must_use]
pub fn percent_of(job: &ActiveJob) -> Option<u8> {
    let tasks = job.task_progress_array.as_deref().unwrap_or_default();
    let own = job.progress.and_then(|progress| u8::try_from(progress).ok()).filter(|progress| *progress <= 100);
    let percent = match own {
        Some(progress) if progress > 0 || tasks.is_empty() => progress,
        _ => percent_of_tasks(tasks).or(own)?,
    };
    let unfinished = tasks.iter().any(is_unfinished) || !job.unreadable.is_empty();
    Some(if unfinished { percent.min(99) } else { percent })
}

fn percent_of_tasks(tasks: &[TaskProgress]) -> Option<u8> {
    let fractions: Vec<f64> =
        tasks.iter().filter_map(|task| task.progress).map(|fraction| fraction.clamp(0.0, 1.0)).collect();
    if fractions.is_empty() {
        return None;
    }
    let count = u32::try_from(fractions.len()).map_or(f64::MAX, f64::from);
    let mean = fractions.iter().sum::<f64>() / count;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the mean of fractions is between 0.0 and 1.0"
    )]
    let percent = (mean * 100.0).floor() as u8;
    Some(percent)
}

fn is_unfinished(task: &TaskProgress) -> bool {
    let positive = |count: Option<i64>| count.is_some_and(|count| count > 0);
    let ended = matches!(task.task_state, Some(TaskState::Done | TaskState::Failed));
    positive(task.num_pending)
        || positive(task.num_processing)
        || (!ended && task.progress.is_some_and(|fraction| fraction < 1.0))
}

/// Returns the actions that this phase and status suggest; IPS may accept others.
#[must_use]
pub fn actions_of(phase: Phase, status: Status) -> Vec<Action> {
    match (phase, status) {
        (Phase::Active, Status::Waiting | Status::Running | Status::Unknown) => vec![Action::Stop, Action::Delete],
        (Phase::Active, Status::Stopping) => vec![Action::Delete],
        (Phase::Scheduled, Status::Paused) => vec![Action::Resume, Action::Execute, Action::Delete],
        (Phase::Scheduled, Status::Scheduled) => vec![Action::Pause, Action::Execute, Action::Delete],
        (Phase::Scheduled, Status::Unknown) => vec![Action::Pause, Action::Resume, Action::Execute, Action::Delete],
        _ => Vec::new(),
    }
}

/// Reason why a stale response was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum StaleReason {
    /// A call to IPS that revalidates the list is in flight.
    Revalidating,
    /// The last call to IPS failed.
    UpstreamFailed,
}

impl StaleReason {
    /// Returns the reason as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Revalidating => "revalidating",
            Self::UpstreamFailed => "upstreamFailed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn task(progress: f64, pending: i64) -> TaskProgress {
        TaskProgress { progress: Some(progress), num_pending: Some(pending), ..TaskProgress::default() }
    }

    fn job(progress: Option<i64>, tasks: Vec<TaskProgress>) -> ActiveJob {
        ActiveJob { progress, task_progress_array: Some(tasks), ..ActiveJob::default() }
    }

    #[test]
    fn one_finished_task_of_two_is_50_percent() {
        assert_eq!(percent_of(&job(Some(0), vec![task(1.0, 0), task(0.0, 0)])), Some(50));
    }

    #[test]
    fn progress_of_the_job_takes_precedence_unless_it_is_out_of_range() {
        assert_eq!(percent_of(&job(Some(37), vec![task(1.0, 0)])), Some(37));
        assert_eq!(percent_of(&job(Some(100), vec![task(1.0, 3)])), Some(99), "three items are still pending");
        assert_eq!(percent_of(&job(Some(250), vec![task(0.25, 0)])), Some(25));
        assert_eq!(percent_of(&job(Some(-1), vec![])), None);
        assert_eq!(percent_of(&job(None, vec![])), None);
        assert_eq!(percent_of(&job(Some(0), vec![])), Some(0));
    }

    proptest! {
        #[test]
        fn percent_is_in_range_and_below_100_while_a_task_is_unfinished(
            progress in proptest::option::of(any::<i64>()),
            tasks in proptest::collection::vec((any::<f64>(), any::<i64>()), 0..5),
        ) {
            let job = job(progress, tasks.into_iter().map(|(fraction, pending)| task(fraction, pending)).collect());
            let limit = if job.task_progress_array.iter().flatten().any(is_unfinished) { 99 } else { 100 };
            prop_assert!(percent_of(&job).is_none_or(|percent| percent <= limit));
        }
    }
}
