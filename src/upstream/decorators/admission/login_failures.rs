//! Failed logins, by user name.

use std::time::Duration;

use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::time::Instant;

use crate::runtime::backoff::Backoff;
use crate::runtime::clock::Clock;
use crate::telemetry::metrics::report_table;
use crate::upstream::caller::CallerKey;

/// Maximum approximate memory, in bytes; beyond it the least recently used user names are evicted.
const MAX_BYTES: u64 = 2 << 20;
/// Approximate memory of the failures of a user name, in bytes.
const USER_BYTES: u32 = 200;
/// Number of failed logins without a pause: mistyped passwords.
const FREE_FAILURES: u32 = 3;
/// Pauses after further failed logins. The maximum is short, because others can cause it.
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(30), jitter: 0.0 };
/// Time after the last failed login after which the failures are forgotten.
const TIME_TO_LIVE: Duration = Duration::from_mins(10);

#[derive(Clone, Copy)]
struct FailedLogins {
    count: u32,
    last: Instant,
}

/// Table of the failed logins of user names that are not logged in.
pub(super) struct LoginFailures {
    by_user: Cache<CallerKey, FailedLogins>,
    clock: Clock,
}

impl LoginFailures {
    pub(super) fn new(clock: Clock) -> Self {
        let by_user = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, _| USER_BYTES)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(TIME_TO_LIVE)
            .build();
        Self { by_user, clock }
    }

    /// Checks that a login of this user may be tried.
    ///
    /// # Errors
    /// The time until it may.
    pub(super) fn check(&self, user: &str) -> Result<(), Duration> {
        let Some(FailedLogins { count, last }) = self.by_user.get(&CallerKey::of_user(user)) else { return Ok(()) };
        let pause = count.checked_sub(FREE_FAILURES).map_or(Duration::ZERO, |further| BACKOFF.pause(further));
        let remaining = pause.saturating_sub(self.clock.instant().saturating_duration_since(last));
        if remaining.is_zero() { Ok(()) } else { Err(remaining) }
    }

    /// Records a failed login.
    pub(super) fn record(&self, user: &str) {
        let last = self.clock.instant();
        self.by_user.entry(CallerKey::of_user(user)).and_compute_with(|current| {
            let count = current.map_or(0, |entry| entry.into_value().count);
            Op::Put(FailedLogins { count: count.saturating_add(1), last })
        });
        report_table("login_failures", self.by_user.weighted_size(), MAX_BYTES);
    }

    /// Forgets the failed logins of a user who logged in.
    pub(super) fn forget(&self, user: &str) {
        self.by_user.invalidate(&CallerKey::of_user(user));
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn the_pause_grows_with_each_failure_and_ends_with_a_login() {
        let clock = Clock::manual(DateTime::default());
        let failures = LoginFailures::new(clock.clone());
        for _ in 0..FREE_FAILURES {
            assert_eq!(failures.check("heron@example.com"), Ok(()));
            failures.record("heron@example.com");
        }
        assert_eq!(failures.check("Heron@Example.com"), Err(Duration::from_secs(1)));
        assert_eq!(failures.check("plover@example.com"), Ok(()), "another user");
        clock.advance(TimeDelta::seconds(1));
        assert_eq!(failures.check("heron@example.com"), Ok(()));
        failures.record("heron@example.com");
        assert_eq!(failures.check("heron@example.com"), Err(Duration::from_secs(2)));
        failures.forget("heron@example.com");
        assert_eq!(failures.check("heron@example.com"), Ok(()));
    }

    #[test]
    fn the_table_is_bounded_in_bytes() {
        let failures = LoginFailures::new(Clock::manual(DateTime::default()));
        for number in 0..20_000 {
            failures.record(&format!("user{number}@example.com"));
        }
        failures.by_user.run_pending_tasks();
        assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&failures.by_user.weighted_size()));
    }
}
