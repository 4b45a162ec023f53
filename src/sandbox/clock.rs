//! The sandbox's clock: the system's, or one that stands still until it is advanced.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::ips::types::Timestamp;

/// The offset of "the server's local time zone" from UTC, in seconds: a cron schedule is read in it, and dates are given in it.
const SERVER_OFFSET: i32 = -6 * 3600;

/// The server's time zone.
#[must_use]
pub(super) fn server_zone() -> FixedOffset {
    FixedOffset::east_opt(SERVER_OFFSET).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// A moment as IPS writes it: in the server's time zone, to the millisecond.
#[must_use]
pub(super) fn stamp(moment: DateTime<Utc>) -> Timestamp {
    let whole = moment.timestamp_millis();
    Timestamp(DateTime::from_timestamp_millis(whole).unwrap_or(moment).with_timezone(&server_zone()))
}

/// Where the sandbox gets the time from. Clones share it: advance one and all have advanced.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Where a manual clock stands; the system clock runs.
    start: Option<DateTime<Utc>>,
    /// How far it was advanced, in microseconds.
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { start: None, ahead: Arc::default() }
    }

    /// A clock that stands at `start` until it is advanced.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self { start: Some(start), ahead: Arc::default() }
    }

    /// The time it shows.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let ahead = TimeDelta::microseconds(self.ahead.load(Ordering::SeqCst));
        let base = self.start.unwrap_or_else(Utc::now);
        base.checked_add_signed(ahead).unwrap_or(base)
    }

    /// Puts it forward: a manual clock to a new standstill, the system's to run that much ahead from now on.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}
