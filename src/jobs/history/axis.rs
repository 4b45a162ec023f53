//! Axis of a walk through the history: the seconds in which jobs started, counted so that they grow in the direction of the walk.

use chrono::DateTime;

use crate::ips::types::Timestamp;
use crate::jobs::model::job::{IpsRecord, Job};
use crate::jobs::queries::SortDirection;

/// First and last second of the axis that IPS can be asked for: years 0002 to 9998, so that an offset or a margin does not leave the format.
const SENDABLE_SECONDS: std::ops::RangeInclusive<i64> = -62_104_060_800..=253_370_764_799;
/// Number of microseconds of a second.
const MICROS: i64 = 1_000_000;

/// Axis of the starts of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis(pub SortDirection);

impl Axis {
    /// Returns whether the walk goes from the newest jobs to the oldest.
    pub fn is_descending(self) -> bool {
        self.0 == SortDirection::Descending
    }

    fn signed(self, value: i64) -> i64 {
        match self.0 {
            SortDirection::Ascending => value,
            SortDirection::Descending => value.saturating_neg(),
        }
    }

    /// Returns the position of a start in microseconds.
    pub fn micros(self, start: Timestamp) -> i64 {
        self.signed(start.sort_micros())
    }

    /// Returns the position of the second in which a job started.
    pub fn second(self, start: Timestamp) -> i64 {
        self.second_of_micros(start.sort_micros())
    }

    /// Returns the position of the second of a time in microseconds since 1970.
    pub fn second_of_micros(self, micros: i64) -> i64 {
        self.signed(micros.div_euclid(MICROS))
    }

    /// Returns the first microsecond, in the direction of the walk, of the second at a position, since 1970.
    pub fn first_micros(self, second: i64) -> i64 {
        match self.0 {
            SortDirection::Ascending => second.saturating_mul(MICROS),
            SortDirection::Descending => self.signed(second).saturating_add(1).saturating_mul(MICROS).saturating_sub(1),
        }
    }

    /// Returns the first and the last second since 1970 of a range of positions.
    pub fn seconds(self, first: Option<i64>, last: Option<i64>) -> (Option<i64>, Option<i64>) {
        match self.0 {
            SortDirection::Ascending => (first, last),
            SortDirection::Descending => (last.map(|last| -last), first.map(|first| -first)),
        }
    }

    /// Returns whether IPS can be asked for the jobs of the second at a position.
    pub fn is_sendable(self, second: i64) -> bool {
        SENDABLE_SECONDS.contains(&self.signed(second))
    }
}

/// Returns the start of a job of the history; `None` if IPS did not send it.
pub fn start_of(job: &Job) -> Option<Timestamp> {
    match &job.record {
        IpsRecord::Completed(log) => log.start_date,
        _ => None,
    }
}

/// Returns the timestamp of a time in milliseconds since 1970, in UTC; the first or last one that can be sent for one beyond it.
pub fn timestamp_of(millis: i64) -> Timestamp {
    let sendable = millis.clamp(*SENDABLE_SECONDS.start() * 1000, *SENDABLE_SECONDS.end() * 1000);
    Timestamp::new(DateTime::from_timestamp_millis(sendable).unwrap_or_default().fixed_offset())
}
