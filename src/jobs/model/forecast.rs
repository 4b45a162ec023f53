//! Forecast of active jobs: when running ones are expected to end, and for which publish waiting ones wait.

use crate::jobs::model::job::{Job, Outcome, Phase, RunDurations, Status};
use crate::jobs::model::kind::JobKind;

/// Returns the durations of completed jobs, without those that were stopped or failed.
#[must_use]
pub fn durations_of<'a>(jobs: impl Iterator<Item = &'a Job>) -> RunDurations {
    RunDurations::of(jobs.filter_map(|job| {
        if matches!(job.outcome, None | Some(Outcome::Stopped | Outcome::Failed)) {
            return None;
        }
        let (start, end) = (job.common.started_at?, job.common.ended_at?);
        let duration = u32::try_from((end.sort_micros() - start.sort_micros()) / 1000).ok()?;
        Some((job.kind.clone()?, start, duration))
    }))
}

/// Sets `expected_end` and `waits_for` of the active jobs of a company. A job keeps the expected end that it has in the previous list, unless it
/// started again.
pub fn forecast<'a>(jobs: &mut [Job], durations: &RunDurations, previous: impl Fn(&str) -> Option<&'a Job>) {
    for job in jobs.iter_mut().filter(|job| job.status == Status::Running) {
        let earlier = previous(&job.id).filter(|earlier| earlier.common.started_at == job.common.started_at);
        let kept = earlier.and_then(|earlier| earlier.expected_end);
        job.expected_end = kept.or_else(|| durations.expected_end(job.kind.as_ref()?, job.common.started_at?));
    }
    let running = running_publish(jobs.iter()).map(|job| job.id.clone());
    for job in jobs.iter_mut().filter(|job| is_waiting_publish(job)) {
        job.waits_for.clone_from(&running);
    }
}

impl Job {
    /// Sets `waits_for` of a job that is in no list, from the active jobs of its company.
    pub fn set_waits_for<'a>(&mut self, active: impl Iterator<Item = &'a Job>) {
        let running = if is_waiting_publish(self) { running_publish(active) } else { None };
        self.waits_for = running.map(|job| job.id.clone());
    }
}

/// Returns the publish that runs; of several the one that started first.
#[must_use]
pub fn running_publish<'a>(jobs: impl Iterator<Item = &'a Job>) -> Option<&'a Job> {
    jobs.filter(|job| is_running_publish(job)).min_by_key(|job| job.common.started_at)
}

/// Returns whether a job is a publish that runs or is being stopped.
#[must_use]
pub fn is_running_publish(job: &Job) -> bool {
    is_publish(job) && matches!(job.status, Status::Running | Status::Stopping)
}

/// Returns whether a job is a publish that waits.
#[must_use]
pub fn is_waiting_publish(job: &Job) -> bool {
    is_publish(job) && job.phase == Phase::Active && job.status == Status::Waiting
}

fn is_publish(job: &Job) -> bool {
    job.kind.as_ref().is_some_and(JobKind::is_publish)
}
