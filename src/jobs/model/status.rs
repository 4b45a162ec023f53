//! The verdict on a job: phase, status, outcome, percent and what can be asked of it, made from the raw fields of IPS.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::{ActiveJob, ActiveJobState, JobLog, ScheduledJob, TaskProgress, TaskState, TriggerState};

/// Which of the three lists of IPS knows the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Waiting, running or about to be written to the log (`getActiveJobs`).
    Active,
    /// To run at a later time, once or on a schedule (`getScheduledJobs`).
    Scheduled,
    /// Written to the job log (`getJobLogs`, `getJobLogDetails`).
    Completed,
}

/// What the job is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Will run at `nextFireTime`.
    Scheduled,
    /// Accepted and waiting for a free server.
    Waiting,
    /// Being worked on.
    Running,
    /// Its schedule is paused.
    Paused,
    /// Asked to stop and not yet stopped.
    Stopping,
    /// Done, and not yet (completely) in the log.
    Finalizing,
    /// In the log: `outcome` tells how it went.
    Completed,
    /// In a state that this version of the gateway doesn't know; `state` has it verbatim.
    Unknown,
}

/// How a completed job went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Without errors or warnings.
    Succeeded,
    /// It finished, with warnings, with some files in error, or with some files left undone because it was stopped.
    SucceededWithWarnings,
    /// A fatal error ended it, every file of it failed, or it was stopped before any file was done.
    Failed,
    /// The log doesn't tell.
    Unknown,
}

/// What can be asked of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// Stop it (`stopJob`).
    Stop,
    /// Hold its schedule (`pauseJob`).
    Pause,
    /// Let its schedule go on (`resumeJob`).
    Resume,
    /// Run it now (`executeJob`).
    Execute,
    /// Remove it (`deleteJob`).
    Delete,
}

/// The status of an active job, from its `state`.
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

/// The status of a scheduled job, from its `triggerState`.
#[must_use]
pub fn status_of_scheduled(job: &ScheduledJob) -> Status {
    match &job.trigger_state {
        Some(TriggerState::Paused) => Status::Paused,
        Some(TriggerState::Normal | TriggerState::Blocked) | None => Status::Scheduled,
        Some(TriggerState::Complete) => Status::Finalizing,
        Some(TriggerState::Error | TriggerState::None | TriggerState::Other(_)) => Status::Unknown,
    }
}

/// The status of a logged job: a log without an end is still being written.
#[must_use]
pub fn status_of_logged(job: &JobLog) -> Status {
    if job.end_date.is_some() { Status::Completed } else { Status::Finalizing }
}

/// How a logged job went, from its counts and `fatalError`.
#[must_use]
pub fn outcome_of(job: &JobLog) -> Outcome {
    let count = |field: Option<i64>| field.unwrap_or_default();
    let errors = count(job.file_error_count) + count(job.transfer_error_count);
    let warnings = count(job.file_warning_count) + count(job.transfer_warning_count);
    let successes = count(job.file_success_count) + count(job.transfer_success_count) + count(job.file_update_count);
    // A job that was stopped ends without a fatal error, and with files that nothing was done about.
    let handled = [
        job.file_success_count,
        job.file_error_count,
        job.file_warning_count,
        job.file_duplicate_count,
        job.file_update_count,
    ];
    let left = count(job.total_file_count) - handled.into_iter().map(count).sum::<i64>();
    match job.fatal_error {
        Some(true) => Outcome::Failed,
        _ if job.end_date.is_none() => Outcome::Unknown,
        _ if (errors > 0 || left > 0) && successes == 0 => Outcome::Failed,
        _ if errors > 0 || warnings > 0 || left > 0 => Outcome::SucceededWithWarnings,
        Some(false) => Outcome::Succeeded,
        None => Outcome::Unknown,
    }
}

/// How far an active job is, 0–100: its own `progress` where that says something, else the mean of its tasks; `None` where neither tells.
/// Never 100 while a task has work left.
#[must_use]
pub fn percent_of(job: &ActiveJob) -> Option<u8> {
    let tasks = &job.task_progress_array;
    let own = job.progress.and_then(|progress| u8::try_from(progress).ok()).filter(|progress| *progress <= 100);
    let percent = match own {
        Some(progress) if progress > 0 || tasks.is_empty() => progress,
        _ => percent_of_tasks(tasks).or(own)?,
    };
    let pending = tasks.iter().any(has_work_left);
    Some(if pending { percent.min(99) } else { percent })
}

fn percent_of_tasks(tasks: &[TaskProgress]) -> Option<u8> {
    let shares: Vec<f64> = tasks.iter().filter_map(|task| task.progress).map(|share| share.clamp(0.0, 1.0)).collect();
    if shares.is_empty() {
        return None;
    }
    let count = u32::try_from(shares.len()).map_or(f64::MAX, f64::from);
    let mean = shares.iter().sum::<f64>() / count;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the mean of shares lies within 0.0 and 1.0"
    )]
    let percent = (mean * 100.0).floor() as u8;
    Some(percent)
}

fn has_work_left(task: &TaskProgress) -> bool {
    let unfinished = |count: Option<i64>| count.is_some_and(|count| count > 0);
    let ended = matches!(task.task_state, Some(TaskState::Done | TaskState::Failed));
    unfinished(task.num_pending)
        || unfinished(task.num_processing)
        || (!ended && task.progress.is_some_and(|share| share < 1.0))
}

/// What can be asked of a job in this phase and status.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn task(progress: f64, pending: i64) -> TaskProgress {
        TaskProgress { progress: Some(progress), num_pending: Some(pending), ..TaskProgress::default() }
    }

    fn job(progress: Option<i64>, tasks: Vec<TaskProgress>) -> ActiveJob {
        ActiveJob { progress, task_progress_array: tasks, ..ActiveJob::default() }
    }

    #[test]
    fn one_finished_task_of_two_is_not_a_hundred_percent() {
        assert_eq!(percent_of(&job(Some(0), vec![task(1.0, 0), task(0.0, 0)])), Some(50));
    }

    #[test]
    fn the_jobs_own_progress_comes_first_and_nonsense_is_passed_over() {
        assert_eq!(percent_of(&job(Some(37), vec![task(1.0, 0)])), Some(37));
        assert_eq!(percent_of(&job(Some(100), vec![task(1.0, 3)])), Some(99), "three items are still pending");
        assert_eq!(percent_of(&job(Some(250), vec![task(0.25, 0)])), Some(25));
        assert_eq!(percent_of(&job(Some(-1), vec![])), None);
        assert_eq!(percent_of(&job(None, vec![])), None);
        assert_eq!(percent_of(&job(Some(0), vec![])), Some(0));
    }

    #[test]
    fn an_outcome_is_only_good_when_the_log_says_so() {
        let ended = |log: JobLog| JobLog { end_date: Some(crate::ips::types::Timestamp::default()), ..log };
        let fine = JobLog { fatal_error: Some(false), file_success_count: Some(3), ..JobLog::default() };
        assert_eq!(outcome_of(&ended(fine.clone())), Outcome::Succeeded);
        assert_eq!(outcome_of(&fine), Outcome::Unknown, "a log without an end is still being written");
        assert_eq!(
            outcome_of(&ended(JobLog { file_warning_count: Some(1), ..fine.clone() })),
            Outcome::SucceededWithWarnings
        );
        assert_eq!(
            outcome_of(&ended(JobLog { file_error_count: Some(1), ..fine.clone() })),
            Outcome::SucceededWithWarnings
        );
        assert_eq!(
            outcome_of(&ended(JobLog { file_error_count: Some(1), file_success_count: Some(0), ..fine.clone() })),
            Outcome::Failed
        );
        let stopped = |done| JobLog { total_file_count: Some(11), file_success_count: Some(done), ..fine.clone() };
        assert_eq!(outcome_of(&ended(stopped(0))), Outcome::Failed, "stopped before anything was done");
        assert_eq!(outcome_of(&ended(stopped(4))), Outcome::SucceededWithWarnings, "stopped in the middle");
        assert_eq!(outcome_of(&ended(stopped(11))), Outcome::Succeeded);
        assert_eq!(outcome_of(&ended(JobLog { fatal_error: Some(true), ..fine })), Outcome::Failed);
        assert_eq!(outcome_of(&ended(JobLog::default())), Outcome::Unknown);
    }

    proptest! {
        #[test]
        fn percent_stays_in_range_and_below_a_hundred_while_work_is_left(
            progress in proptest::option::of(any::<i64>()),
            tasks in proptest::collection::vec((any::<f64>(), any::<i64>()), 0..5),
        ) {
            let job = job(progress, tasks.into_iter().map(|(share, pending)| task(share, pending)).collect());
            let limit = if job.task_progress_array.iter().any(has_work_left) { 99 } else { 100 };
            prop_assert!(percent_of(&job).is_none_or(|percent| percent <= limit));
        }
    }
}
