//! A job and its life: everything about it follows from when it was queued, what it does, and whether somebody stopped it.

use chrono::{DateTime, TimeDelta, Utc};

use super::clock::stamp;
use super::kinds::Detail;
use super::users::Tenant;
use super::work::{Item, Work};
use crate::ips::types::{ActiveJob, ActiveJobState, TaskItemProgress, TaskProgress, TaskState};

/// How long a job is `New` before it waits for a server.
const NEW: TimeDelta = TimeDelta::milliseconds(500);
/// How long it stays in the list as `Done`.
const DONE: TimeDelta = TimeDelta::seconds(1);
/// How long it is nowhere: gone from the active jobs, not yet in the log.
const GAP: TimeDelta = TimeDelta::milliseconds(1500);
/// How long a running job takes to stop.
const STOPPING: TimeDelta = TimeDelta::seconds(3);
/// How often progress is reported.
const REPORT: TimeDelta = TimeDelta::seconds(2);
/// How old a log is when it is archived.
const ARCHIVED_AFTER: TimeDelta = TimeDelta::days(30);
/// Where the first task of several ends and the second begins: in between, nothing is going on.
const HANDOVER: (f64, f64) = (0.30, 0.42);

/// Who made a job: it decides whether its log may be forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Seeded, or submitted.
    Kept,
    /// The trickle, or one firing of a schedule.
    Passing,
}

/// A stop, and who asked for it.
#[derive(Debug, Clone)]
pub(super) struct Stop {
    pub at: DateTime<Utc>,
    pub by: String,
}

/// What is known of a job from its submit on, whether it runs at once or by schedule.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub company: &'static Tenant,
    pub original_name: String,
    pub detail: Detail,
    pub submitter: String,
    pub locale: Option<String>,
    pub description: Option<String>,
}

/// A job that was set going.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub order: Order,
    /// Unique, and part of the active handle.
    pub number: u64,
    /// The original name and a suffix that makes it unique.
    pub name: String,
    pub queued: DateTime<Utc>,
    pub work: Work,
    pub stop: Option<Stop>,
    pub origin: Origin,
}

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Just accepted.
    New,
    /// Waiting for its turn in the company.
    WaitingClient,
    /// Waiting for a free server.
    WaitingCoordinator,
    /// Running.
    Running,
    /// Told to stop.
    Stopping,
    /// Finished, still listed.
    Done,
    /// Neither listed as active nor in the log.
    Nowhere,
    /// In the log.
    Logged,
    /// In the archive.
    Archived,
}

impl Phase {
    /// `state` while the job is listed as active, `None` otherwise.
    pub fn state(self) -> Option<ActiveJobState> {
        match self {
            Self::New => Some(ActiveJobState::New),
            Self::WaitingClient => Some(ActiveJobState::WaitingClient),
            Self::WaitingCoordinator => Some(ActiveJobState::WaitingCoordinator),
            Self::Running => Some(ActiveJobState::Running),
            Self::Stopping => Some(ActiveJobState::Stopping),
            Self::Done => Some(ActiveJobState::Done),
            Self::Nowhere | Self::Logged | Self::Archived => None,
        }
    }

    /// Whether it hasn't begun to run.
    pub fn waits(self) -> bool {
        matches!(self, Self::New | Self::WaitingClient | Self::WaitingCoordinator)
    }
}

impl Job {
    /// When it begins to run, or would have.
    pub fn starts(&self) -> DateTime<Utc> {
        self.queued + self.work.wait
    }

    /// When its work ends, by itself or stopped.
    pub fn ends(&self) -> DateTime<Utc> {
        match &self.stop {
            Some(stop) if stop.at < self.starts() => stop.at,
            Some(stop) => stop.at + STOPPING,
            None => self.starts() + self.work.run,
        }
    }

    /// Where it is at a moment.
    pub fn phase(&self, now: DateTime<Utc>) -> Phase {
        let listed_until = if self.stop.is_some() { self.ends() } else { self.ends() + DONE };
        if now >= listed_until {
            return match now - listed_until {
                age if age < GAP => Phase::Nowhere,
                age if age < ARCHIVED_AFTER => Phase::Logged,
                _ => Phase::Archived,
            };
        }
        if now < self.starts() {
            return match now - self.queued {
                age if age < NEW => Phase::New,
                age if age < self.work.wait / 2 => Phase::WaitingClient,
                _ => Phase::WaitingCoordinator,
            };
        }
        match &self.stop {
            Some(_) => Phase::Stopping,
            None if now < self.ends() => Phase::Running,
            None => Phase::Done,
        }
    }

    /// The handle that the list of active jobs gives it.
    pub fn active_handle(&self) -> String {
        format!("{}|{}", self.log_handle(), self.number)
    }

    /// The handle that its log has.
    pub fn log_handle(&self) -> String {
        format!("j|{}||{}", self.order.company.number, self.name)
    }

    /// The job as the list of active jobs shows it; `None` once it is no longer there.
    pub fn show(&self, now: DateTime<Utc>) -> Option<ActiveJob> {
        let phase = self.phase(now);
        let state = phase.state()?;
        let reported = self.reported(now);
        let mut job = ActiveJob {
            company_handle: self.order.company.handle.into(),
            job_handle: self.active_handle(),
            name: self.name.clone(),
            original_name: self.order.original_name.clone(),
            r#type: Some(self.order.detail.kind().job_type.into()),
            state: Some(state),
            submit_user_email: Some(self.order.submitter.clone()),
            locale: self.order.locale.clone(),
            description: self.order.description.clone(),
            server_name: Some(if phase.waits() {
                String::new()
            } else {
                format!("sandbox_{}_{}", self.order.company.number, self.number % 7 + 50)
            }),
            start_date: Some(stamp(if phase.waits() { self.queued } else { self.starts() })),
            trigger_time: Some(stamp(self.queued)),
            total_size: Some(if phase.waits() { 0 } else { self.work.bytes() }),
            progress: Some(self.progress(self.fraction(reported))),
            progress_message: Some(self.message(phase, self.fraction(reported))),
            last_progress_update: Some(stamp(reported)),
            task_progress_array: if phase.waits() { Vec::new() } else { self.tasks(phase, reported) },
            ..ActiveJob::default()
        };
        self.order.detail.show_active(&mut job);
        Some(job)
    }

    /// When progress was last reported: a job does so every two seconds, and when it is done.
    fn reported(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let starts = self.starts();
        if now < starts {
            return self.queued;
        }
        let until = self.stop.as_ref().map_or(now, |stop| stop.at.min(now));
        if self.stop.is_none() && until >= self.ends() {
            return self.ends();
        }
        let reports = (until - starts).num_milliseconds() / REPORT.num_milliseconds();
        starts + TimeDelta::milliseconds(reports * REPORT.num_milliseconds())
    }

    /// How much of the run lies behind at a moment, from 0 to 1.
    fn fraction(&self, moment: DateTime<Utc>) -> f64 {
        let run = self.work.run.num_milliseconds().max(1);
        ratio((moment - self.starts()).num_milliseconds(), run)
    }

    /// `progress` of the job, 0 to 100. With several tasks the first only prepares: as long as it works, and until the next one begins, IPS says 0.
    fn progress(&self, fraction: f64) -> i64 {
        let counted =
            if self.order.detail.kind().tasks.len() > 1 { stretch(fraction, (HANDOVER.1, 1.0)) } else { fraction };
        percent(counted)
    }

    fn message(&self, phase: Phase, fraction: f64) -> String {
        let kind = self.order.detail.kind();
        match phase {
            Phase::New => String::new(),
            Phase::WaitingClient => "Waiting for other jobs of the company".into(),
            Phase::WaitingCoordinator => "Waiting for a free server".into(),
            Phase::Stopping => "Stopping".into(),
            Phase::Done => "Done".into(),
            _ if kind.tasks.len() > 1 && fraction < HANDOVER.1 => "Collecting files".into(),
            _ => format!(
                "Processing assets: {} of {}",
                share(self.work.items.len(), stretch(fraction, (HANDOVER.1, 1.0))),
                self.work.items.len()
            ),
        }
    }

    fn tasks(&self, phase: Phase, reported: DateTime<Utc>) -> Vec<TaskProgress> {
        let tasks = self.order.detail.kind().tasks;
        let fraction = self.fraction(reported);
        let windows = task_windows(tasks.len());
        tasks
            .iter()
            .zip(windows)
            .map(|(task_type, window)| self.task(task_type, phase, stretch(fraction, window), reported))
            .collect()
    }

    fn task(&self, task_type: &str, phase: Phase, progress: f64, reported: DateTime<Utc>) -> TaskProgress {
        let total = self.work.items.len();
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
            num_processed: Some(count(processed)),
            num_processing: Some(count(processing)),
            num_pending: Some(count(total - processed - processing)),
            progress: Some((progress * 1000.0).round() / 1000.0),
            progress_message: Some(String::new()),
            last_progress_update: Some(stamp(reported)),
            task_item_progress_array: self
                .work
                .items
                .iter()
                .skip(processed)
                .take(processing)
                .map(|item| self.item(item, progress, reported))
                .collect(),
        }
    }

    fn item(&self, item: &Item, progress: f64, reported: DateTime<Utc>) -> TaskItemProgress {
        let within = (progress * self.work.items.len() as f64).fract();
        TaskItemProgress {
            item_name: Some(item.name.clone()),
            progress: Some((within * 1000.0).round() / 1000.0),
            progress_message: Some(self.order.detail.kind().verb.into()),
            last_progress_update: Some(stamp(reported)),
        }
    }
}

/// The part of the run in which each of several tasks works: the first up to the handover, the others share the rest.
fn task_windows(tasks: usize) -> Vec<(f64, f64)> {
    if tasks < 2 {
        return vec![(0.0, 1.0)];
    }
    let length = (1.0 - HANDOVER.1) / (tasks - 1) as f64;
    let rest =
        (0..tasks - 1).map(|index| (HANDOVER.1 + length * index as f64, HANDOVER.1 + length * (index + 1) as f64));
    std::iter::once((0.0, HANDOVER.0)).chain(rest).collect()
}

/// Where `fraction` lies within a window, from 0 to 1.
fn stretch(fraction: f64, (from, to): (f64, f64)) -> f64 {
    let within = ((fraction - from) / (to - from)).clamp(0.0, 1.0);
    if within > 1.0 - 1e-9 { 1.0 } else { within }
}

fn ratio(part: i64, whole: i64) -> f64 {
    (part as f64 / whole as f64).clamp(0.0, 1.0)
}

#[expect(clippy::cast_possible_truncation, reason = "a fraction is at most 1")]
fn percent(fraction: f64) -> i64 {
    (fraction * 100.0).floor() as i64
}

/// How many of `total` a fraction is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction lies within 0 and 1")]
fn share(total: usize, fraction: f64) -> usize {
    (total as f64 * fraction).floor() as usize
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
