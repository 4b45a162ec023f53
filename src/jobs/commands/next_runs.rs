//! Next runs of a schedule, in the time zone of the IPS server and in UTC.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ips::types::{ScheduledJob, Timestamp};
use crate::jobs::model::job::IpsRecord;
use crate::jobs::model::snapshot::Snapshot;
use crate::runtime::named_zone::NamedZone;
use crate::runtime::quartz::{InvalidSchedule, QuartzSchedule};

/// Number of runs.
const MAX_RUNS: usize = 10;
/// Offset of the zone in which a wall time comes last: a run may lie ahead until it is past there.
const LAST_OFFSET: TimeDelta = TimeDelta::hours(-12);

/// Run of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct NextRun {
    /// Time of the run in the time zone of the IPS server; without an offset if that is unknown, or if the clocks skip this time or show it twice
    /// because daylight saving time begins or ends.
    pub local: Timestamp,
    /// The same time in UTC; absent if `local` has no offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub utc: Option<Timestamp>,
}

/// Time zone of the IPS server, as far as scheduled jobs tell it.
#[derive(Debug, Clone, Default)]
pub(super) struct ServerZone {
    /// Name in IPS.
    pub name: Option<String>,
    /// Zones that the name can mean and that have the offsets of `nextFireTime`.
    meanings: Vec<NamedZone>,
}

impl ServerZone {
    /// Returns the zone of the scheduled jobs in a list; an unknown one if they name none, or several.
    pub fn of(schedules: &Snapshot) -> Self {
        let records = || {
            schedules.jobs.iter().filter_map(|job| match &job.job.record {
                IpsRecord::Scheduled(record) => Some(&**record),
                _ => None,
            })
        };
        let mut names = records().filter_map(zone_name);
        let Some(name) = names.next() else { return Self::default() };
        if names.any(|other| other != name) {
            return Self::default();
        }
        let in_zone = records().filter(|record| zone_name(record).is_some());
        let fire_times: Vec<_> =
            in_zone.filter_map(|record| record.next_fire_time.and_then(Timestamp::instant)).collect();
        let mut meanings = NamedZone::meanings(name);
        meanings.retain(|zone| fire_times.iter().all(|time| zone.offset_at(time.to_utc()) == *time.offset()));
        Self { name: Some(name.to_owned()), meanings }
    }

    /// Returns whether the rules of the zone are known.
    pub fn is_known(&self) -> bool {
        !self.meanings.is_empty()
    }

    /// Returns the time at which the clocks of the server show a wall time, if all meanings of the zone agree.
    fn time_of(&self, wall: NaiveDateTime) -> Option<DateTime<FixedOffset>> {
        let mut times = self.meanings.iter().map(|zone| zone.time_of(wall));
        let time = times.next()??;
        times.all(|other| other == Some(time)).then_some(time)
    }

    /// Returns the wall time after which runs lie ahead, or may.
    fn wall_time(&self, now: DateTime<Utc>) -> NaiveDateTime {
        let walls = self.meanings.iter().map(|zone| now.with_timezone(&zone.offset_at(now)).naive_local());
        walls.min().unwrap_or_else(|| now.naive_utc() + LAST_OFFSET)
    }
}

fn zone_name(record: &ScheduledJob) -> Option<&str> {
    record.time_zone.as_deref().map(str::trim).filter(|name| !name.is_empty())
}

/// Returns the next ten runs of a schedule.
///
/// # Errors
/// The expression is not one of Quartz, or never fires.
pub(super) fn next_runs(
    expression: &str,
    zone: &ServerZone,
    now: DateTime<Utc>,
) -> Result<Vec<NextRun>, InvalidSchedule> {
    let schedule = QuartzSchedule::parse(expression)?;
    let walls = std::iter::successors(schedule.next_after(&zone.wall_time(now)), |wall| schedule.next_after(wall));
    let runs: Vec<_> = walls.take(MAX_RUNS).map(|wall| NextRun::at(wall, zone)).collect();
    if runs.is_empty() { Err(InvalidSchedule::NeverFires(expression.into())) } else { Ok(runs) }
}

impl NextRun {
    fn at(wall: NaiveDateTime, zone: &ServerZone) -> Self {
        match zone.time_of(wall) {
            Some(time) => Self { local: Timestamp::new(time), utc: Some(Timestamp::new(time.to_utc().fixed_offset())) },
            None => Self { local: Timestamp::without_offset(wall), utc: None },
        }
    }
}
