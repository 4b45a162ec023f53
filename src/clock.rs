//! Wall clock that tests can set: the source of every time that is shown or shared.
//!
//! Used for `observedAt`, expiry times in tickets and entries that replicas share. Ages and durations that decide something inside the process
//! use `tokio::time::Instant` instead, which is monotonic.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Wall clock: the system's, or a manual one that changes only by [`Clock::advance`]. Clones share the offset.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Start time of a manual clock; `None` for the system clock.
    start: Option<DateTime<Utc>>,
    /// Offset added by `advance`, in microseconds.
    offset: Arc<AtomicI64>,
}

impl Clock {
    /// Returns the system clock.
    #[must_use]
    pub fn system() -> Self {
        Self { start: None, offset: Arc::default() }
    }

    /// Returns a manual clock that shows `start` until it is advanced.
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self { start: Some(start), offset: Arc::default() }
    }

    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let offset = TimeDelta::microseconds(self.offset.load(Ordering::SeqCst));
        let base = self.start.unwrap_or_else(Utc::now);
        base.checked_add_signed(offset).unwrap_or(base)
    }

    /// Returns the current time in microseconds since the Unix epoch; 0 before 1970.
    #[must_use]
    pub fn micros(&self) -> u64 {
        u64::try_from(self.now().timestamp_micros()).unwrap_or_default()
    }

    /// Advances the clock and all its clones; the system clock then runs ahead by `by`.
    pub fn advance(&self, by: TimeDelta) {
        self.offset.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}
