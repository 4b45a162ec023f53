//! Time as an argument: what reads the clock is handed one, so that tests can turn it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Tells the time: the system's, or one that stands still until it is advanced. Clones share it: advance one and all have advanced.
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

    /// The same in microseconds since 1970: it grows with time, across restarts too.
    #[must_use]
    pub fn micros(&self) -> u64 {
        u64::try_from(self.now().timestamp_micros()).unwrap_or_default()
    }

    /// Puts it forward: a manual clock to a new standstill, the system's to run that much ahead from now on.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}
