//! Plaintext of a session: its caller, and when it was issued.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::caller::SealedCaller;

/// Time until a session expires.
pub const LIFETIME: Duration = Duration::from_hours(8);
/// Maximum difference between the clocks of replicas, by which a session may seem to be issued in the future.
const MAX_SKEW: Duration = Duration::from_mins(1);

/// Plaintext of a session. Replicas of different versions exchange it.
#[derive(Serialize, Deserialize)]
pub struct SessionContent {
    /// Caller who signed in.
    pub caller: SealedCaller,
    /// Time of the issue.
    pub issued: Moment,
}

/// Time by all clocks of a gateway, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Random number of the process whose monotonic clock `uptime` is of.
    pub process: u64,
    /// Time since the start of the process, by its monotonic clock.
    pub uptime: u64,
    /// Wall clock time.
    pub wall: u64,
    /// Time by the clock of the shared store; `None` without one, and until it has answered.
    pub store: Option<u64>,
}

impl Moment {
    /// Returns the time from this moment until `now`: by the monotonic clock in the same process, else by the clock of the store, and by the wall
    /// clock if that is not known. `None` if this moment is in the future.
    pub fn age(&self, now: &Self) -> Option<Duration> {
        if self.process == now.process {
            return now.uptime.checked_sub(self.uptime).map(Duration::from_micros);
        }
        let (then, now) = match (self.store, now.store) {
            (Some(then), Some(now)) => (then, now),
            _ => (self.wall, now.wall),
        };
        let is_future = Duration::from_micros(then.saturating_sub(now)) > MAX_SKEW;
        (!is_future).then(|| Duration::from_micros(now.saturating_sub(then)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000_000;

    #[test]
    fn an_age_is_by_the_best_clock_that_both_moments_share() {
        let age = |then: Moment, now: Moment| then.age(&now).map(|age| age.as_secs() / 3600);
        let then = Moment { process: 1, uptime: HOUR, wall: 100 * HOUR, store: Some(10 * HOUR) };
        // The wall clock and the store jump.
        let own = Moment { process: 1, uptime: 4 * HOUR, wall: 90 * HOUR, store: Some(5 * HOUR) };
        assert_eq!(age(then, own), Some(3));
        let other = Moment { process: 2, uptime: 0, wall: 90 * HOUR, store: Some(12 * HOUR) };
        assert_eq!(age(then, other), Some(2));
        let without_store = Moment { store: None, wall: 101 * HOUR, ..other };
        assert_eq!(age(then, without_store), Some(1));
        assert_eq!(age(Moment { store: None, ..then }, Moment { wall: 105 * HOUR, ..other }), Some(5));
    }

    #[test]
    fn a_moment_in_the_future_has_no_age() {
        let then = Moment { process: 1, uptime: 2 * HOUR, wall: 100 * HOUR, store: Some(10 * HOUR) };
        let now = |process, hours| Moment { process, uptime: hours, wall: 100 * HOUR - 2, store: Some(10 * HOUR - 2) };
        assert_eq!(then.age(&now(1, HOUR)), None);
        assert_eq!(then.age(&now(2, HOUR)), Some(Duration::ZERO), "within the skew of clocks");
        assert_eq!(then.age(&Moment { store: Some(9 * HOUR), ..now(2, HOUR) }), None);
        assert_eq!(then.age(&Moment { store: None, wall: 99 * HOUR, ..now(2, HOUR) }), None);
    }
}
