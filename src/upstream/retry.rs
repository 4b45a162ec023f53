//! Retry policy of reads: exponential back-off within the deadline, limited by a retry budget.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::runtime::backoff::Backoff;

/// Maximum number of attempts, the first included.
const MAX_ATTEMPTS: u32 = 3;
/// Tokens that a retry costs. Each call deposits one token, so that at most 20 % of the calls are retried.
const COST: u32 = 5;
/// Maximum number of tokens, for 10 retries in a row. A budget starts with it.
const CAPACITY: u32 = 10 * COST;

/// Retry budget: a token bucket that limits the load that retries add to an upstream that fails under load.
#[derive(Debug)]
pub(super) struct RetryBudget {
    tokens: AtomicU32,
    backoff: Backoff,
}

impl RetryBudget {
    /// Creates a full budget; `backoff` has the pauses between the attempts.
    pub(super) fn new(backoff: Backoff) -> Self {
        Self { tokens: AtomicU32::new(CAPACITY), backoff }
    }

    /// Adds the token of a call.
    pub(super) fn deposit(&self) {
        let _ = self
            .tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| Some(tokens.saturating_add(1).min(CAPACITY)));
    }

    /// Returns the pause before the retry that follows `attempt` (from 1); `None` when no attempt, time or budget is left.
    pub(super) fn pause(&self, attempt: u32, deadline: Instant) -> Option<Duration> {
        if attempt >= MAX_ATTEMPTS {
            return None;
        }
        let pause = self.backoff.pause(attempt - 1);
        let in_time = Instant::now() + pause < deadline;
        (in_time && self.withdraw()).then_some(pause)
    }

    fn withdraw(&self) -> bool {
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| tokens.checked_sub(COST)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::timing::Timing;

    fn budget() -> RetryBudget {
        RetryBudget::new(Timing::default().read_retry)
    }

    #[test]
    fn at_most_20_percent_of_failing_calls_are_retried() {
        let (budget, deadline) = (budget(), Instant::now() + Duration::from_hours(1));
        let retries = (0..1_000).filter(|_| {
            budget.deposit();
            budget.pause(1, deadline).is_some()
        });
        let retries = retries.count();
        assert!((200..=210).contains(&retries), "{retries} retries");
    }

    #[test]
    fn the_budget_holds_at_most_10_retries() {
        let (budget, deadline) = (budget(), Instant::now() + Duration::from_hours(1));
        (0..1_000).for_each(|_| budget.deposit());
        assert_eq!((0..100).filter(|_| budget.pause(1, deadline).is_some()).count(), 10);
    }

    #[test]
    fn pauses_double_with_jitter_until_the_last_attempt_or_the_deadline() {
        let far = Instant::now() + Duration::from_hours(1);
        for (attempt, max) in [(1, 100), (2, 200)] {
            let max = Duration::from_millis(max);
            let pause = budget().pause(attempt, far).expect("a retry");
            assert!(max / 2 <= pause && pause <= max, "{pause:?} after attempt {attempt}");
        }
        assert_eq!(budget().pause(3, far), None);
        assert_eq!(budget().pause(1, Instant::now()), None, "no time is left");
    }
}
