//! Jobs that wait for their time: once, or again and again.

use chrono::{DateTime, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use super::clock::{server_zone, stamp};
use super::life::Order;
use crate::ips::types::{ScheduledJob, TriggerState};

/// The server's time zone by name.
const ZONE_NAME: &str = "GMT-06:00";

/// What sets a scheduled job going.
#[derive(Debug, Clone)]
pub(super) enum Trigger {
    /// `execTime`
    Once,
    /// `execSchedule`, as it was written and as it was understood.
    Recurring(String, Box<Cron>),
}

/// A scheduled job.
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub order: Order,
    pub name: String,
    pub trigger: Trigger,
    /// When it fires next, unless it is paused.
    pub next: DateTime<Utc>,
    pub paused: bool,
}

/// The schedule can't be read, or never fires.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadSchedule {
    #[error("{0:?} is no cron expression: {1}")]
    Unreadable(String, String),
    #[error("{0:?} will never fire")]
    NeverFires(String),
}

impl Trigger {
    /// Reads a cron expression: five fields as in Unix, six or seven as in Quartz (seconds first, a year at the end, weekdays from 1 = Sunday).
    pub fn recurring(expression: &str) -> Result<Self, BadSchedule> {
        let quartz = expression.split_whitespace().count() > 5;
        let parser = if quartz {
            CronParser::builder().seconds(Seconds::Required).alternative_weekdays(true).sloppy_ranges(true).build()
        } else {
            CronParser::builder().sloppy_ranges(true).build()
        };
        let cron = parser.parse(expression).map_err(|e| BadSchedule::Unreadable(expression.into(), e.to_string()))?;
        Ok(Self::Recurring(expression.into(), Box::new(cron)))
    }

    /// The first firing after a moment; `None` if there is none.
    pub fn after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Once => None,
            Self::Recurring(_, cron) => cron
                .find_next_occurrence(&moment.with_timezone(&server_zone()), false)
                .ok()
                .map(|next| next.with_timezone(&Utc)),
        }
    }

    /// The first firing after a moment, or why there is none.
    pub fn first_after(&self, moment: DateTime<Utc>) -> Result<DateTime<Utc>, BadSchedule> {
        let expression = match self {
            Self::Once => "",
            Self::Recurring(expression, _) => expression,
        };
        self.after(moment).ok_or_else(|| BadSchedule::NeverFires(expression.into()))
    }
}

impl Schedule {
    /// The handle that the list of scheduled jobs gives it.
    pub fn handle(&self) -> String {
        format!("0|{}|", self.name)
    }

    /// The job as the list of scheduled jobs shows it.
    pub fn show(&self) -> ScheduledJob {
        let mut job = ScheduledJob {
            company_handle: self.order.company.handle.into(),
            job_handle: self.handle(),
            name: self.name.clone(),
            original_name: self.order.original_name.clone(),
            r#type: Some(self.order.detail.kind().job_type.into()),
            submit_user_email: Some(self.order.submitter.clone()),
            locale: self.order.locale.clone(),
            description: self.order.description.clone(),
            exec_schedule: match &self.trigger {
                Trigger::Once => None,
                Trigger::Recurring(expression, _) => Some(expression.clone()),
            },
            next_fire_time: Some(stamp(self.next)),
            time_zone: Some(ZONE_NAME.into()),
            trigger_state: Some(if self.paused { TriggerState::Paused } else { TriggerState::Normal }),
            ..ScheduledJob::default()
        };
        self.order.detail.show_scheduled(&mut job);
        job
    }
}
