//! The server's time zone, and moments as IPS writes them.

use chrono::{DateTime, FixedOffset, Utc};

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
