//! Circuit breakers of the calls to IPS: closed, open for an interval, half-open with a new probe at most every 2 s. One is for IPS as a whole;
//! [`CompanyBreakers`] has those of companies whose answers can't be read.

mod circuit;
mod companies;

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use self::circuit::{Circuit, PermittedCall};
pub(super) use self::companies::{CompanyBreakers, CompanyKey};
use super::health::CircuitState;
use crate::runtime::backoff;
use crate::runtime::clock::Clock;

/// Circuit breaker of one upstream.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    state: Mutex<BreakerState>,
    clock: Clock,
}

#[derive(Debug)]
struct BreakerState {
    circuit: Circuit,
    last_success: Option<DateTime<Utc>>,
    last_failure: Option<DateTime<Utc>>,
}

/// Permit of one call. Dropping it without a result records the call as cancelled.
#[derive(Debug)]
pub(super) struct BreakerPermit<'a> {
    breaker: &'a CircuitBreaker,
    call: PermittedCall,
}

impl CircuitBreaker {
    /// Creates a closed circuit. It opens at `min_failures` failures and 50 % of the calls of the window; `None`: never.
    pub(super) fn new(min_failures: Option<NonZeroU32>, clock: Clock) -> Self {
        let state = BreakerState { circuit: Circuit::new(min_failures), last_success: None, last_failure: None };
        Self { state: Mutex::new(state), clock }
    }

    fn lock(&self) -> MutexGuard<'_, BreakerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks that a call would be permitted.
    ///
    /// # Errors
    /// The time until the next probe is permitted.
    pub(super) fn check(&self) -> Result<(), Duration> {
        self.lock().circuit.check(self.clock.instant())
    }

    /// Permits a call.
    ///
    /// # Errors
    /// The time until the next probe is permitted.
    pub(super) fn acquire(&self) -> Result<BreakerPermit<'_>, Duration> {
        let call = self.lock().circuit.acquire(self.clock.instant())?;
        Ok(BreakerPermit { breaker: self, call })
    }

    /// Returns the state, and the times of the last success and of the last failure.
    pub(super) fn status(&self) -> (CircuitState, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let state = self.lock();
        (state.circuit.state(self.clock.instant()), state.last_success, state.last_failure)
    }
}

impl BreakerPermit<'_> {
    /// Records a success: an answer of IPS, faults included.
    pub(super) fn succeeded(self) {
        let clock = &self.breaker.clock;
        let mut state = self.breaker.lock();
        state.last_success = Some(clock.now());
        if state.circuit.succeeded(self.call, clock.instant()) {
            tracing::info!("circuit closed: IPS answers again");
        }
    }

    /// Records an answer that can't be read: IPS can be reached.
    pub(super) fn answered_unreadably(self) {
        let clock = &self.breaker.clock;
        let mut state = self.breaker.lock();
        state.last_failure = Some(clock.now());
        if state.circuit.succeeded(self.call, clock.instant()) {
            tracing::info!("circuit closed: IPS answers again");
        }
    }

    /// Records a failure: a call without an answer.
    pub(super) fn failed(self) {
        let clock = &self.breaker.clock;
        let mut state = self.breaker.lock();
        state.last_failure = Some(clock.now());
        if state.circuit.failed(self.call, clock.instant(), backoff::random()) {
            tracing::warn!("circuit opened: too many calls to IPS failed; one probe at a time until it answers again");
        }
    }
}

impl Drop for BreakerPermit<'_> {
    fn drop(&mut self) {
        // After a recorded result the circuit has another generation, is closed, or has a newer probe, and this does nothing.
        self.breaker.lock().circuit.cancelled(self.call);
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_wall_clock_that_is_set_back_does_not_change_an_open_interval() {
        let clock = Clock::manual(DateTime::default());
        let breaker = CircuitBreaker::new(NonZeroU32::new(1), clock.clone());
        breaker.acquire().expect("it is closed").failed();
        clock.advance(TimeDelta::hours(-1));
        assert!(breaker.check().is_err(), "it is open");
        clock.advance(TimeDelta::seconds(1));
        assert!(breaker.check().is_ok(), "a probe is permitted");
    }
}
