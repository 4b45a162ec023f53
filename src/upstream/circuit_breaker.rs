//! The circuit breaker: an IPS that fails is given a rest, and one call at a time tries whether it is back.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::backoff::{self, Backoff};
use crate::clock::Clock;
use crate::upstream::CircuitState;

/// Calls are looked back upon for once to twice as long: the time that most of them take to fail at the worst.
const LOOK_BACK: TimeDelta = TimeDelta::seconds(15);
/// Open intervals of the circuit: they double until a call succeeds.
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(4), jitter: 0.25 };
/// A call that tries whether IPS is back gets so long until another one may try, too.
const PROBE_PATIENCE: TimeDelta = TimeDelta::seconds(2);

/// The breaker as a state machine. Time is an argument, and so is the rest that a failure is worth.
#[derive(Debug)]
struct Machine {
    state: State,
    /// Grows with every change of state: what began before it says nothing afterwards.
    epoch: u64,
    rests: u32,
    window: Window,
    /// Fewer failures than this, in the time that is looked back upon, say nothing. `None`: it never opens.
    fewest_failures: Option<NonZeroU32>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    Open { since: DateTime<Utc>, rest: TimeDelta },
    HalfOpen { probing_since: Option<DateTime<Utc>> },
}

/// What became of calls lately, in this stretch of time and the one before.
#[derive(Debug, Default)]
struct Window {
    began: DateTime<Utc>,
    current: Tally,
    previous: Tally,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    calls: u32,
    failures: u32,
}

impl Window {
    fn count(&mut self, failed: bool, now: DateTime<Utc>) {
        let age = now - self.began;
        // A clock that was put back begins anew, too.
        if age < TimeDelta::zero() || age >= LOOK_BACK {
            self.previous =
                if age >= TimeDelta::zero() && age < LOOK_BACK * 2 { self.current } else { Tally::default() };
            self.current = Tally::default();
            self.began = now;
        }
        self.current.calls = self.current.calls.saturating_add(1);
        self.current.failures = self.current.failures.saturating_add(failed.into());
    }

    /// At least half of the calls failed, and more than a few.
    fn is_bad(&self, fewest_failures: u32) -> bool {
        let failures = self.current.failures.saturating_add(self.previous.failures);
        let calls = self.current.calls.saturating_add(self.previous.calls);
        failures >= fewest_failures && failures.saturating_mul(2) >= calls
    }
}

impl Machine {
    fn new(fewest_failures: Option<NonZeroU32>) -> Self {
        Self { state: State::Closed, epoch: 0, rests: 0, window: Window::default(), fewest_failures }
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.epoch += 1;
    }

    /// Whether a call may be made, and if not, when it is worth another try.
    fn check(&self, now: DateTime<Utc>) -> Result<(), Duration> {
        let left = match self.state {
            State::Closed | State::HalfOpen { probing_since: None } => return Ok(()),
            State::Open { since, rest } => left(since, rest, now),
            State::HalfOpen { probing_since: Some(since) } => left(since, PROBE_PATIENCE, now),
        };
        left.map_or(Ok(()), Err)
    }

    /// Lets a call through that is made now; the answer names the epoch to report its end under.
    fn admit(&mut self, now: DateTime<Utc>) -> Result<u64, Duration> {
        self.check(now)?;
        if !matches!(self.state, State::Closed) {
            self.change(State::HalfOpen { probing_since: Some(now) });
        }
        Ok(self.epoch)
    }

    /// A call of `epoch` got an answer; whether that closed the circuit.
    fn succeeded(&mut self, epoch: u64, now: DateTime<Utc>) -> bool {
        if epoch != self.epoch {
            return false;
        }
        self.window.count(false, now);
        let was_open = !matches!(self.state, State::Closed);
        if was_open {
            self.rests = 0;
            self.window = Window::default();
            self.change(State::Closed);
        }
        was_open
    }

    /// A call of `epoch` got none; whether that opened a closed circuit. `jitter` from 0 to 1 shortens the rest by up to a quarter.
    fn failed(&mut self, epoch: u64, now: DateTime<Utc>, jitter: f64) -> bool {
        if epoch != self.epoch {
            return false;
        }
        self.window.count(true, now);
        let was_closed = matches!(self.state, State::Closed);
        if was_closed && self.fewest_failures.is_none_or(|fewest| !self.window.is_bad(fewest.get())) {
            return false;
        }
        let rest = BACKOFF.pause_with(self.rests, jitter);
        self.rests = self.rests.saturating_add(1);
        self.change(State::Open { since: now, rest: TimeDelta::from_std(rest).unwrap_or(TimeDelta::zero()) });
        was_closed
    }

    /// A call of `epoch` was given up: it says nothing, and another may try.
    fn abandoned(&mut self, epoch: u64) {
        if epoch == self.epoch && matches!(self.state, State::HalfOpen { .. }) {
            self.change(State::HalfOpen { probing_since: None });
        }
    }

    fn circuit(&self, now: DateTime<Utc>) -> CircuitState {
        match self.state {
            State::Closed => CircuitState::Closed,
            State::Open { .. } if self.check(now).is_err() => CircuitState::Open,
            State::Open { .. } | State::HalfOpen { .. } => CircuitState::HalfOpen,
        }
    }
}

/// What is left of a time; a clock that was put back ends it.
fn left(since: DateTime<Utc>, time: TimeDelta, now: DateTime<Utc>) -> Option<Duration> {
    let passed = now - since;
    if passed < TimeDelta::zero() || passed >= time { None } else { (time - passed).to_std().ok() }
}

/// The breaker of one upstream. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct CircuitBreaker {
    shared: Arc<Mutex<Seen>>,
    clock: Clock,
}

#[derive(Debug)]
struct Seen {
    machine: Machine,
    last_success: Option<DateTime<Utc>>,
    last_failure: Option<DateTime<Utc>>,
}

/// A call that was let through. Dropped without a word, it was given up.
#[derive(Debug)]
pub(super) struct BreakerPermit<'a> {
    breaker: &'a CircuitBreaker,
    epoch: u64,
}

impl CircuitBreaker {
    /// Opens after so many failures, or never.
    pub(super) fn new(fewest_failures: Option<NonZeroU32>, clock: Clock) -> Self {
        let seen = Seen { machine: Machine::new(fewest_failures), last_success: None, last_failure: None };
        Self { shared: Arc::new(Mutex::new(seen)), clock }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a call would be let through now.
    ///
    /// # Errors
    /// When it is worth another try.
    pub(super) fn check(&self) -> Result<(), Duration> {
        self.lock().machine.check(self.clock.now())
    }

    /// Lets a call through that is made now.
    ///
    /// # Errors
    /// When it is worth another try.
    pub(super) fn admit(&self) -> Result<BreakerPermit<'_>, Duration> {
        let epoch = self.lock().machine.admit(self.clock.now())?;
        Ok(BreakerPermit { breaker: self, epoch })
    }

    /// Its state, and when IPS last answered and last failed.
    pub(super) fn seen(&self) -> (CircuitState, Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let seen = self.lock();
        (seen.machine.circuit(self.clock.now()), seen.last_success, seen.last_failure)
    }
}

impl BreakerPermit<'_> {
    /// IPS answered, with whatever.
    pub(super) fn succeeded(self) {
        let now = self.breaker.clock.now();
        let mut seen = self.breaker.lock();
        seen.last_success = Some(now);
        if seen.machine.succeeded(self.epoch, now) {
            tracing::info!("IPS answers again");
        }
    }

    /// IPS gave no answer.
    pub(super) fn failed(self) {
        let now = self.breaker.clock.now();
        let mut seen = self.breaker.lock();
        seen.last_failure = Some(now);
        if seen.machine.failed(self.epoch, now, backoff::random()) {
            tracing::warn!("IPS fails: until it answers again, one call at a time tries whether it is back");
        }
    }
}

impl Drop for BreakerPermit<'_> {
    fn drop(&mut self) {
        // After a report the epoch is another one, or the circuit closed: then this means nothing.
        self.breaker.lock().machine.abandoned(self.epoch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> DateTime<Utc> {
        DateTime::default() + TimeDelta::milliseconds(milliseconds)
    }

    /// A machine that opened at 0.
    fn open() -> Machine {
        let mut machine = Machine::new(NonZeroU32::new(5));
        for failure in 1..=5 {
            let epoch = machine.admit(at(0)).expect("it is closed");
            assert_eq!(machine.failed(epoch, at(0), 0.0), failure == 5, "failure {failure}");
        }
        assert_eq!(machine.circuit(at(0)), CircuitState::Open);
        machine
    }

    #[test]
    fn a_few_failures_and_many_among_more_good_calls_mean_nothing() {
        let mut machine = Machine::new(NonZeroU32::new(5));
        for call in 0..1_000 {
            let epoch = machine.admit(at(call)).expect("it is closed");
            let changed =
                if call % 5 > 2 { machine.failed(epoch, at(call), 0.0) } else { machine.succeeded(epoch, at(call)) };
            assert!(!changed, "at call {call}");
        }
        assert_eq!(machine.circuit(at(1_000)), CircuitState::Closed);
    }

    #[test]
    fn failures_of_long_ago_are_forgotten() {
        let mut machine = Machine::new(NonZeroU32::new(5));
        for second in (0..600).step_by(8) {
            let epoch = machine.admit(at(second * 1_000)).expect("it is closed");
            assert!(!machine.failed(epoch, at(second * 1_000), 0.0), "after {second} s");
        }
    }

    #[test]
    fn an_open_circuit_says_how_long_it_rests_and_then_lets_one_call_try() {
        let mut machine = open();
        assert_eq!(machine.admit(at(0)), Err(Duration::from_secs(1)));
        assert_eq!(machine.admit(at(999)), Err(Duration::from_millis(1)));
        assert_eq!(machine.circuit(at(1_000)), CircuitState::HalfOpen);
        let probe = machine.admit(at(1_000)).expect("one may try");
        assert_eq!(machine.admit(at(1_500)), Err(Duration::from_millis(1_500)), "one is enough");
        assert!(machine.succeeded(probe, at(1_600)));
        assert_eq!(machine.circuit(at(1_600)), CircuitState::Closed);
    }

    #[test]
    fn rests_grow_until_a_call_succeeds_but_never_long() {
        let mut machine = open();
        let mut now = 0;
        for rest in [1_000, 2_000, 4_000, 4_000] {
            assert_eq!(machine.admit(at(now)), Err(Duration::from_millis(rest)));
            now += i64::try_from(rest).expect("small");
            let probe = machine.admit(at(now)).expect("one may try");
            assert!(!machine.failed(probe, at(now), 0.0), "it was open before");
        }
        let probe = machine.admit(at(now + 4_000)).expect("one may try");
        machine.succeeded(probe, at(now + 4_000));
        for _ in 0..5 {
            let epoch = machine.admit(at(now + 5_000)).expect("it is closed");
            machine.failed(epoch, at(now + 5_000), 1.0);
        }
        assert_eq!(machine.admit(at(now + 5_000)), Err(Duration::from_millis(750)), "short again, by the jitter, too");
    }

    #[test]
    fn a_call_that_tries_and_hangs_or_is_given_up_keeps_no_other_from_trying() {
        let mut machine = open();
        let hanging = machine.admit(at(1_000)).expect("one may try");
        let given_up = machine.admit(at(3_000)).expect("another may try");
        assert!(machine.admit(at(3_000)).is_err());
        machine.abandoned(given_up);
        let probe = machine.admit(at(3_000)).expect("another may try");
        assert!(
            !machine.failed(hanging, at(3_100), 0.0) && machine.succeeded(probe, at(3_200)),
            "only the last counts"
        );
    }

    #[test]
    fn what_began_before_the_circuit_opened_says_nothing_about_what_comes_after() {
        let mut machine = Machine::new(NonZeroU32::new(5));
        let old = machine.admit(at(0)).expect("it is closed");
        for _ in 0..5 {
            let epoch = machine.admit(at(0)).expect("it is closed");
            machine.failed(epoch, at(0), 0.0);
        }
        assert!(!machine.succeeded(old, at(10)));
        assert_eq!(machine.circuit(at(10)), CircuitState::Open);
    }

    #[test]
    fn a_breaker_that_is_turned_off_never_opens() {
        let mut machine = Machine::new(None);
        for call in 0..1_000 {
            let epoch = machine.admit(at(call)).expect("it is closed");
            assert!(!machine.failed(epoch, at(call), 0.0), "at call {call}");
        }
    }

    #[test]
    fn a_clock_that_is_put_back_ends_a_rest() {
        let mut machine = open();
        assert!(machine.admit(at(-3_600_000)).is_ok());
    }
}
