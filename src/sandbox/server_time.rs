//! Time zone of the simulated server, and timestamps as IPS writes them.

use chrono::{DateTime, FixedOffset, Utc};

use crate::ips::types::Timestamp;

/// Offset of the server's time zone from UTC, in seconds: cron schedules are evaluated in it and timestamps are written in it.
const SERVER_OFFSET: i32 = -6 * 3600;

/// Returns the server's time zone.
#[must_use]
pub(super) fn server_zone() -> FixedOffset {
    FixedOffset::east_opt(SERVER_OFFSET).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// Returns a time as IPS writes it: in the server's time zone, in milliseconds.
#[must_use]
pub(super) fn server_timestamp(time: DateTime<Utc>) -> Timestamp {
    let milliseconds = time.timestamp_millis();
    Timestamp::new(DateTime::from_timestamp_millis(milliseconds).unwrap_or(time).with_timezone(&server_zone()))
}
