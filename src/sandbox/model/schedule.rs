//! Scheduled jobs: one-time and recurring triggers.

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use super::job::{JobSpec, scheduled_handle};
use crate::ips::types::{ScheduledJob, TriggerState};
use crate::sandbox::server_time::{server_timestamp, server_zone};

/// Name of the server's time zone.
const ZONE_NAME: &str = "GMT-06:00";

/// Trigger of a scheduled job.
#[derive(Debug, Clone)]
pub(in crate::sandbox) enum Trigger {
    /// `execTime`: one run.
    Once,
    /// `execSchedule`: the submitted expression and the parsed schedule.
    Recurring(String, Box<Cron>),
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

/// Error of a schedule.
#[derive(Debug, thiserror::Error)]
pub(in crate::sandbox) enum InvalidSchedule {
    #[error("{0:?} is not a cron expression: {1}")]
    Unparsable(String, String),
    #[error("{0:?} is not a Quartz cron expression: it has {1} fields, not 6 or 7 with the seconds first")]
    FieldCount(String, usize),
    #[error("{0:?} is not a Quartz cron expression: exactly one of day of month and day of week is ?")]
    TwoDays(String),
    #[error("{0:?} will never fire")]
    NeverFires(String),
}

impl Trigger {
    /// Parses a cron expression of Quartz: six or seven fields, seconds first, a year at the end, weekdays from 1 = Sunday, and `?` for one of
    /// the two days.
    pub fn recurring(expression: &str) -> Result<Self, InvalidSchedule> {
        let fields: Vec<_> = expression.split_whitespace().collect();
        match fields.as_slice() {
            [_, _, _, day_of_month, _, day_of_week, ..] if fields.len() <= 7 => {
                if (*day_of_month == "?") == (*day_of_week == "?") {
                    return Err(InvalidSchedule::TwoDays(expression.into()));
                }
            }
            _ => return Err(InvalidSchedule::FieldCount(expression.into(), fields.len())),
        }
        let parser = CronParser::builder();
        let parser = parser.seconds(Seconds::Required).alternative_weekdays(true).sloppy_ranges(true).build();
        let cron =
            parser.parse(expression).map_err(|e| InvalidSchedule::Unparsable(expression.into(), e.to_string()))?;
        Ok(Self::Recurring(expression.into(), Box::new(cron)))
    }

    /// Returns the first fire time after `time`; `None` if there is none.
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Once => None,
            Self::Recurring(_, cron) => cron
                .find_next_occurrence(&time.with_timezone(&server_zone()), false)
                .ok()
                .map(|next| next.with_timezone(&Utc)),
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
