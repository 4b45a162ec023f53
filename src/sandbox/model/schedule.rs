//! Scheduled jobs: one-time and recurring triggers.

use chrono::{DateTime, Utc};

use super::job::{JobSpec, scheduled_handle};
use crate::ips::types::{ScheduledJob, TriggerState};
use crate::runtime::quartz::{InvalidSchedule, QuartzSchedule};
use crate::sandbox::server_time::{server_timestamp, server_zone};

/// Name of the server's time zone.
const ZONE_NAME: &str = "GMT-06:00";

/// Trigger of a scheduled job.
#[derive(Debug, Clone)]
pub(in crate::sandbox) enum Trigger {
    /// `execTime`: one run.
    Once,
    /// `execSchedule`: the submitted expression and the parsed schedule.
    Recurring(String, QuartzSchedule),
}

/// Scheduled job.
#[derive(Debug, Clone)]
pub(in crate::sandbox) struct Schedule {
    pub spec: JobSpec,
    pub name: String,
    pub trigger: Trigger,
    /// Next fire time, unless paused.
    pub next: DateTime<Utc>,
    pub paused: bool,
}

impl Trigger {
    /// Parses a cron expression of Quartz.
    pub fn recurring(expression: &str) -> Result<Self, InvalidSchedule> {
        Ok(Self::Recurring(expression.into(), QuartzSchedule::parse(expression)?))
    }

    /// Returns the first fire time after `time`; `None` if there is none.
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Once => None,
            Self::Recurring(_, schedule) => {
                schedule.next_after(&time.with_timezone(&server_zone())).map(|next| next.with_timezone(&Utc))
            }
        }
    }

    /// Returns the first fire time after `time`, or an error if there is none.
    pub fn first_after(&self, time: DateTime<Utc>) -> Result<DateTime<Utc>, InvalidSchedule> {
        let expression = match self {
            Self::Once => "",
            Self::Recurring(expression, _) => expression,
        };
        self.next_after(time).ok_or_else(|| InvalidSchedule::NeverFires(expression.into()))
    }
}

impl Schedule {
    /// Returns the handle in the list of scheduled jobs.
    pub fn handle(&self) -> String {
        scheduled_handle(&self.name)
    }

    /// Returns whether a handle is one of the job: that of its submit, of the scheduled list or of the log.
    pub fn has_handle(&self, handle: &str) -> bool {
        [self.handle(), self.spec.submit_handle(), self.spec.log_handle(&self.name)].iter().any(|own| own == handle)
    }

    /// Returns the job as listed by getScheduledJobs.
    pub fn to_scheduled_job(&self) -> ScheduledJob {
        let mut job = ScheduledJob {
            company_handle: Some(self.spec.company.handle.into()),
            job_handle: Some(self.handle()),
            name: Some(self.name.clone()),
            original_name: Some(self.spec.original_name.clone()),
            r#type: Some(self.spec.details.kind().job_type.into()),
            submit_user_email: Some(self.spec.submitter.clone()),
            locale: self.spec.locale.clone(),
            description: self.spec.description.clone(),
            exec_schedule: match &self.trigger {
                Trigger::Once => None,
                Trigger::Recurring(expression, _) => Some(expression.clone()),
            },
            next_fire_time: Some(server_timestamp(self.next)),
            time_zone: Some(ZONE_NAME.into()),
            trigger_state: Some(if self.paused { TriggerState::Paused } else { TriggerState::Normal }),
            ..ScheduledJob::default()
        };
        self.spec.details.write_to_scheduled(&mut job);
        job
    }
}
