//! Retry policy of reads: exponential back-off within the deadline, limited by a retry budget.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;

/// Maximum number of attempts, the first included.
const MAX_ATTEMPTS: u32 = 3;
/// Pauses between attempts; the jitter takes off up to half.
const BACKOFF: Backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(1), jitter: 0.5 };
/// Cost of a retry in tokens; each call deposits one: at most one retry for five calls (20 %).
const COST: u32 = 5;
/// Maximum number of retries in the budget, which starts full.
const MAX_SAVED: u32 = 10;

/// Retry budget: a token bucket that keeps retries from multiplying the load on an upstream that fails under load.
#[derive(Debug)]
pub(super) struct RetryBudget(AtomicU32);

impl Default for RetryBudget {
    fn default() -> Self {
        Self(AtomicU32::new(COST * MAX_SAVED))
    }
}

impl RetryBudget {
    /// Adds the token of a call.
    pub(super) fn deposit(&self) {
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| {
            Some(saved.saturating_add(1).min(COST * MAX_SAVED))
        });
    }

    /// Returns the pause before the retry that follows `attempt` (from 1); `None` when no attempt, time or budget is left.
    pub(super) fn pause(&self, attempt: u32, deadline: Instant) -> Option<Duration> {
        if attempt >= MAX_ATTEMPTS {
            return None;
        }
        let pause = BACKOFF.pause(attempt - 1);
        let in_time = Instant::now() + pause < deadline;
        (in_time && self.withdraw()).then_some(pause)
    }

    fn withdraw(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(COST)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_thousand_calls_that_fail_a_fifth_is_made_again() {
        let (budget, deadline) = (RetryBudget::default(), Instant::now() + Duration::from_hours(1));
        let retries = (0..1_000).filter(|_| {
            budget.deposit();
            budget.pause(1, deadline).is_some()
        });
        let retries = retries.count();
        assert!((200..=210).contains(&retries), "{retries} retries");
    }

    #[test]
    fn good_calls_save_up_for_no_more_than_a_few_retries() {
        let (budget, deadline) = (RetryBudget::default(), Instant::now() + Duration::from_hours(1));
        (0..1_000).for_each(|_| budget.deposit());
        assert_eq!((0..100).filter(|_| budget.pause(1, deadline).is_some()).count(), 10);
    }

    #[test]
    fn pauses_grow_and_vary_and_end_with_the_attempts_or_the_time() {
        let far = Instant::now() + Duration::from_hours(1);
        for (attempt, longest) in [(1, 100), (2, 200)] {
            let longest = Duration::from_millis(longest);
            let pause = RetryBudget::default().pause(attempt, far).expect("it is made again");
            assert!(longest / 2 <= pause && pause <= longest, "{pause:?} after attempt {attempt}");
        }
        assert_eq!(RetryBudget::default().pause(3, far), None);
        assert_eq!(RetryBudget::default().pause(1, Instant::now()), None, "no time is left");
    }
}
