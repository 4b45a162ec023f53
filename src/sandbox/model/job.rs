//! Job life cycle: phase, progress and tasks of a job as a function of its submit time, its simulation and a stop request.

use chrono::{DateTime, TimeDelta, Utc};

use super::fractions::{TASK_GAP, percent, ratio, share, task_windows, to_i64, within_window};
use super::kinds::JobDetails;
use super::pauses::Pauses;
use super::simulation::{Item, Simulation};
use crate::ips::types::{ActiveJob, ActiveJobState, TaskItemProgress, TaskProgress, TaskState};
use crate::sandbox::server_time::server_timestamp;
use crate::sandbox::users::Tenant;

/// Duration of the phase `New`.
const NEW: TimeDelta = TimeDelta::milliseconds(500);
/// Duration of the phase `Done`, in which the job is still listed as active.
const DONE: TimeDelta = TimeDelta::seconds(1);
/// Time between leaving the active list and appearing in the log.
const GAP: TimeDelta = TimeDelta::milliseconds(1500);
/// Time that a running job takes to stop.
const STOPPING: TimeDelta = TimeDelta::seconds(3);
/// Interval of progress updates.
const PROGRESS_INTERVAL: TimeDelta = TimeDelta::seconds(2);
/// Age at which a log is archived.
const ARCHIVED_AFTER: TimeDelta = TimeDelta::days(30);

/// Retention of a job when the sandbox exceeds its maximum number of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Retention {
    /// Kept: seeded or submitted.
    Keep,
    /// Evicted, oldest first: generated, or a run of a recurring schedule.
    Evict,
}

/// Request to stop a job.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct StopRequest {
    pub at: DateTime<Utc>,
    /// E-mail address of the user who requested it.
    pub by: String,
}

/// Properties of a job that are fixed by its submit.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct JobSpec {
    pub company: &'static Tenant,
    pub original_name: String,
    pub details: JobDetails,
    /// E-mail address of the submitting user.
    pub submitter: String,
    pub locale: Option<String>,
    pub description: Option<String>,
}

impl JobSpec {
    /// Returns the handle that submitJob answers with.
    pub fn submit_handle(&self) -> String {
        format!("j|{}|{}||", self.company.number, self.original_name)
    }

    /// Returns the handle in the job log.
    pub fn log_handle(&self, name: &str) -> String {
        format!("j|{}||{name}", self.company.number)
    }
}

/// Returns the handle in the list of scheduled jobs.
pub(super) fn scheduled_handle(name: &str) -> String {
    format!("0|{name}|")
}

/// Started job.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Job {
    pub spec: JobSpec,
    /// Unique number, part of the active handle.
    pub number: u64,
    /// Original name with a suffix that makes it unique in the company.
    pub name: String,
    pub queued: DateTime<Utc>,
    pub simulation: Simulation,
    /// Time of the run, without pauses, at which the publish slot is free for a job that needs it.
    pub slot: Option<DateTime<Utc>>,
    pub pauses: Pauses,
    pub stop: Option<StopRequest>,
    pub retention: Retention,
    /// Name of the job that this one follows.
    pub initiator: Option<String>,
    /// Whether the follow-on job, if the details have one, has been queued.
    pub is_followed: bool,
}

/// Phase of a job's life cycle, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum Phase {
    /// Accepted.
    New,
    /// Waiting for other jobs of the company.
    WaitingClient,
    /// Waiting for a free server.
    WaitingCoordinator,
    /// Running.
    Running,
    /// Stop requested, still running.
    Stopping,
    /// Finished, still listed as active.
    Done,
    /// Finished, not listed as active, and without an end in the log.
    Unlisted,
    /// In the log, with its end.
    Logged,
    /// In the archived log.
    Archived,
}

impl Phase {
    /// Returns the `state` of an active job; `None` if the job is not listed as active.
    pub fn state(self) -> Option<ActiveJobState> {
        match self {
            Self::New => Some(ActiveJobState::New),
            Self::WaitingClient => Some(ActiveJobState::WaitingClient),
            Self::WaitingCoordinator => Some(ActiveJobState::WaitingCoordinator),
            Self::Running => Some(ActiveJobState::Running),
            Self::Stopping => Some(ActiveJobState::Stopping),
            Self::Done => Some(ActiveJobState::Done),
            Self::Unlisted | Self::Logged | Self::Archived => None,
        }
    }

    /// Returns whether the job has not started to run.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::New | Self::WaitingClient | Self::WaitingCoordinator)
    }

    /// Returns whether the log is complete.
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Logged | Self::Archived)
    }
}

impl Job {
    /// Creates a job without a number.
    pub fn new(
        spec: JobSpec,
        name: String,
        queued: DateTime<Utc>,
        simulation: Simulation,
        retention: Retention,
    ) -> Self {
        let (pauses, stop, initiator) = (Pauses::default(), None, None);
        let (number, slot, is_followed) = (0, None, false);
        Self { spec, number, name, queued, simulation, slot, pauses, stop, retention, initiator, is_followed }
    }

    /// Returns the time at which the job could run if it needed no publish slot, without pauses.
    pub fn ready(&self) -> DateTime<Utc> {
        self.queued + self.simulation.wait
    }

    /// Returns the start of the run as planned, without pauses.
    fn planned_start(&self) -> DateTime<Utc> {
        self.slot.map_or(self.ready(), |slot| slot.max(self.ready()))
    }

    /// Returns the start of the run; a stop may come before it.
    pub fn start(&self) -> DateTime<Utc> {
        self.pauses.delayed(self.planned_start())
    }

    /// Returns when the item at `index` is processed, unless the job is stopped before.
    pub fn done_at(&self, index: usize) -> DateTime<Utc> {
        self.pauses.delayed(self.planned_start() + self.simulation.done_after(index))
    }

    /// Returns the end of the run, whether completed or stopped.
    pub fn end(&self) -> DateTime<Utc> {
        match &self.stop {
            Some(stop) if stop.at < self.start() => stop.at,
            Some(stop) => stop.at + STOPPING,
            None => self.pauses.delayed(self.planned_start() + self.simulation.run),
        }
    }

    /// Returns the phase at a given time.
    pub fn phase(&self, now: DateTime<Utc>) -> Phase {
        let listed_until = if self.stop.is_some() { self.end() } else { self.end() + DONE };
        if now >= listed_until {
            return match now - listed_until {
                age if age < GAP => Phase::Unlisted,
                age if age < ARCHIVED_AFTER => Phase::Logged,
                _ => Phase::Archived,
            };
        }
        if now < self.start() {
            return match self.pauses.planned(now) - self.queued {
                age if age < NEW => Phase::New,
                age if age < self.simulation.wait / 2 || self.planned_start() > self.ready() => Phase::WaitingClient,
                _ => Phase::WaitingCoordinator,
            };
        }
        match &self.stop {
            Some(_) => Phase::Stopping,
            None if now < self.end() => Phase::Running,
            None => Phase::Done,
        }
    }

    /// Returns the handle in the list of active jobs.
    pub fn active_handle(&self) -> String {
        format!("{}|{}", self.log_handle(), self.number)
    }

    /// Returns the handle in the job log.
    pub fn log_handle(&self) -> String {
        self.spec.log_handle(&self.name)
    }

    /// Returns whether a handle is one of the job: that of its submit, of the scheduled list, of the active list or of the log.
    pub fn has_handle(&self, handle: &str) -> bool {
        let own = [self.spec.submit_handle(), scheduled_handle(&self.name), self.active_handle(), self.log_handle()];
        own.iter().any(|own| own == handle)
    }

    /// Starts a waiting job now, and resumes a paused one.
    pub fn execute(&mut self, now: DateTime<Utc>) {
        self.pauses.end(now);
        if self.phase(now).is_waiting() {
            self.simulation.wait = self.pauses.planned(now) - self.queued;
            self.slot = None;
        }
    }

    /// Returns the job as listed by getActiveJobs; `None` if it is not listed as active.
    pub fn to_active_job(&self, now: DateTime<Utc>) -> Option<ActiveJob> {
        let phase = self.phase(now);
        let state = phase.state()?;
        let updated = self.last_update(now);
        let mut job = ActiveJob {
            company_handle: Some(self.spec.company.handle.into()),
            job_handle: Some(self.active_handle()),
            name: Some(self.name.clone()),
            original_name: Some(self.spec.original_name.clone()),
            r#type: Some(self.spec.details.kind().job_type.into()),
            state: Some(state),
            submit_user_email: Some(self.spec.submitter.clone()),
            locale: self.spec.locale.clone(),
            description: self.spec.description.clone(),
            server_name: Some(if phase.is_waiting() {
                String::new()
            } else {
                format!("sandbox_{}_{}", self.spec.company.number, self.number % 7 + 50)
            }),
            start_date: Some(server_timestamp(if phase.is_waiting() { self.queued } else { self.start() })),
            trigger_time: Some(server_timestamp(self.queued)),
            total_size: Some(if phase.is_waiting() { 0 } else { self.simulation.total_bytes() }),
            progress: Some(self.progress(self.elapsed_fraction(updated))),
            progress_message: Some(self.message(phase, self.elapsed_fraction(updated))),
            last_progress_update: Some(server_timestamp(updated)),
            task_progress_array: Some(if phase.is_waiting() { Vec::new() } else { self.tasks(phase, updated) }),
            ..ActiveJob::default()
        };
        self.spec.details.write_to_active(&mut job);
        Some(job)
    }

    /// Returns the time of the last progress update: every [`PROGRESS_INTERVAL`], and at the end.
    fn last_update(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let starts = self.start();
        if now < starts {
            return self.queued;
        }
        let until = self.stop.as_ref().map_or(now, |stop| stop.at.min(now));
        if self.stop.is_none() && until >= self.end() {
            return self.end();
        }
        let run = self.pauses.planned(until) - self.planned_start();
        let updates = run.num_milliseconds() / PROGRESS_INTERVAL.num_milliseconds();
        let last = TimeDelta::milliseconds(updates * PROGRESS_INTERVAL.num_milliseconds());
        self.pauses.delayed(self.planned_start() + last)
    }

    /// Returns the elapsed fraction of the run, from 0 to 1.
    fn elapsed_fraction(&self, time: DateTime<Utc>) -> f64 {
        let run = self.simulation.run.num_milliseconds().max(1);
        ratio((self.pauses.planned(time) - self.planned_start()).num_milliseconds(), run)
    }

    /// Returns the `progress` of the job, 0 to 100. With several tasks it stays at 0 until the second one starts, as in IPS.
    fn progress(&self, fraction: f64) -> i64 {
        let counted = if self.spec.details.kind().tasks.len() > 1 {
            within_window(fraction, (TASK_GAP.1, 1.0))
        } else {
            fraction
        };
        percent(counted)
    }

    fn message(&self, phase: Phase, fraction: f64) -> String {
        let kind = self.spec.details.kind();
        match phase {
            _ if self.pauses.is_open() => "Paused".into(),
            Phase::New => String::new(),
            Phase::WaitingClient => "Waiting for other jobs of the company".into(),
            Phase::WaitingCoordinator => "Waiting for a free server".into(),
            Phase::Stopping => "Stopping".into(),
            Phase::Done => "Done".into(),
            _ if kind.tasks.len() > 1 && fraction < TASK_GAP.1 => "Collecting files".into(),
            _ => format!(
                "Processing assets: {} of {}",
                share(self.simulation.items.len(), within_window(fraction, (TASK_GAP.1, 1.0))),
                self.simulation.items.len()
            ),
        }
    }

    fn tasks(&self, phase: Phase, updated: DateTime<Utc>) -> Vec<TaskProgress> {
        let tasks = self.spec.details.kind().tasks;
        let fraction = self.elapsed_fraction(updated);
        let windows = task_windows(tasks.len());
        tasks
            .iter()
            .zip(windows)
            .map(|(task_type, window)| self.task(task_type, phase, within_window(fraction, window), updated))
            .collect()
    }

    fn task(&self, task_type: &str, phase: Phase, progress: f64, updated: DateTime<Utc>) -> TaskProgress {
        let total = self.simulation.items.len();
        let processed = share(total, progress);
        let processing = usize::from(progress > 0.0 && processed < total);
        let state = match progress {
            p if p >= 1.0 => TaskState::Done,
            _ if phase == Phase::Stopping => TaskState::Stopping,
            p if p > 0.0 => TaskState::Processing,
            _ => TaskState::New,
        };
        TaskProgress {
            task_type: Some(task_type.into()),
            task_state: Some(state),
            num_processed: Some(to_i64(processed)),
            num_processing: Some(to_i64(processing)),
            num_pending: Some(to_i64(total - processed - processing)),
            progress: Some((progress * 1000.0).round() / 1000.0),
            progress_message: Some(String::new()),
            last_progress_update: Some(server_timestamp(updated)),
            task_item_progress_array: Some(
                self.simulation
                    .items
                    .iter()
                    .skip(processed)
                    .take(processing)
                    .map(|item| self.item(item, progress, updated))
                    .collect(),
            ),
        }
    }

    fn item(&self, item: &Item, progress: f64, updated: DateTime<Utc>) -> TaskItemProgress {
        let within = (progress * self.simulation.items.len() as f64).fract();
        TaskItemProgress {
            item_name: Some(item.name.clone()),
            progress: Some((within * 1000.0).round() / 1000.0),
            progress_message: Some(self.spec.details.kind().verb.into()),
            last_progress_update: Some(server_timestamp(updated)),
        }
    }
}
