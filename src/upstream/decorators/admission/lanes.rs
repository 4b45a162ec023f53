//! Lanes: the parts of the concurrency limit that a caller, and all strangers together, may use.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::upstream::caller::{Caller, CallerKey};
use crate::upstream::concurrency_limit::ConcurrencyLimit;

/// Divisor of the concurrency limit for the lane of one caller.
const CALLER_PART: usize = 2;
/// Divisor of the concurrency limit for the lane of all callers that IPS has not accepted.
const STRANGER_PART: usize = 8;

/// Lanes of the callers with calls in flight or queued, and the lane of strangers.
pub(super) struct Lanes {
    strangers: Arc<ConcurrencyLimit>,
    callers: Mutex<HashMap<CallerKey, Arc<ConcurrencyLimit>>>,
    calls_per_caller: usize,
    max_queue_time: Duration,
}

/// Lane of one call. The lane of a caller is removed with its last call.
pub(super) struct Lane<'a> {
    limit: Arc<ConcurrencyLimit>,
    /// Table and key of the lane of a caller; `None` for the lane of strangers.
    of_caller: Option<(&'a Lanes, CallerKey)>,
}

impl Lanes {
    /// Divides a concurrency limit of `max_calls`.
    pub(super) fn new(max_calls: usize, max_queue_time: Duration) -> Self {
        Self {
            strangers: Arc::new(ConcurrencyLimit::new(max_calls.div_ceil(STRANGER_PART), max_queue_time)),
            callers: Mutex::default(),
            calls_per_caller: max_calls.div_ceil(CALLER_PART),
            max_queue_time,
        }
    }

    /// Returns the lane of a caller.
    pub(super) fn of(&self, caller: &Caller) -> Lane<'_> {
        let key = CallerKey::of_principal(caller);
        let new = || Arc::new(ConcurrencyLimit::new(self.calls_per_caller, self.max_queue_time));
        let limit = Arc::clone(self.callers().entry(key).or_insert_with(new));
        Lane { limit, of_caller: Some((self, key)) }
    }

    /// Returns the lane that all strangers share.
    pub(super) fn of_strangers(&self) -> Lane<'_> {
        Lane { limit: Arc::clone(&self.strangers), of_caller: None }
    }

    /// Returns the number of queued calls.
    pub(super) fn queued(&self) -> usize {
        self.strangers.queued() + self.callers().values().map(|limit| limit.queued()).sum::<usize>()
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<CallerKey, Arc<ConcurrencyLimit>>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Lane<'_> {
    type Target = ConcurrencyLimit;

    fn deref(&self) -> &ConcurrencyLimit {
        &self.limit
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        let Some((lanes, key)) = self.of_caller else { return };
        let mut callers = lanes.callers();
        // One reference in the table, one here.
        if Arc::strong_count(&self.limit) <= 2 {
            callers.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use secrecy::SecretString;
    use tokio::time::Instant;

    use super::*;
    use crate::upstream::caller::{CredentialSource, Credentials};

    fn caller(token: &str) -> Caller {
        let credentials = Credentials::AccessToken(SecretString::from(token));
        Caller::new(credentials, CredentialSource::Caller)
    }

    #[tokio::test]
    async fn a_caller_has_half_of_the_calls_and_all_strangers_an_eighth() {
        let lanes = Lanes::new(64, Duration::from_secs(1));
        let deadline = Instant::now() + Duration::from_mins(1);
        let (one, other) = (caller("one"), caller("other"));
        let (lane, strangers) = (lanes.of(&one), lanes.of_strangers());
        let slots: Vec<_> = (0..32).filter_map(|_| lane.acquire(deadline).now_or_never()?.ok()).collect();
        assert_eq!(slots.len(), 32);
        assert!(lanes.of(&one).acquire(deadline).now_or_never().is_none(), "it queues");
        assert!(lanes.of(&other).acquire(deadline).now_or_never().is_some_and(|slot| slot.is_ok()));
        let slots: Vec<_> = (0..64).filter_map(|_| strangers.acquire(deadline).now_or_never()?.ok()).collect();
        assert_eq!(slots.len(), 8);
    }

    #[tokio::test]
    async fn a_lane_is_removed_with_its_last_call() {
        let lanes = Lanes::new(64, Duration::from_secs(1));
        let (first, second) = (lanes.of(&caller("one")), lanes.of(&caller("one")));
        drop(first);
        assert_eq!(lanes.callers().len(), 1);
        drop(second);
        assert_eq!(lanes.callers().len(), 0);
    }
}
