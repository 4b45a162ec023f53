//! State machine of the circuit breaker. Time and jitter are arguments.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use crate::runtime::backoff::Backoff;
use crate::upstream::health::CircuitState;

/// Length of a window of counted calls. The current and the previous window count, so the circuit opens by the calls of the last 15 to
/// 30 s: about the time in which calls time out.
const WINDOW: Duration = Duration::from_secs(15);
/// Open intervals of the circuit: they double until a call succeeds.
const OPEN_INTERVALS: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(4), jitter: 0.25 };
/// Time after which the next probe is permitted although the previous one has not ended.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// State machine of the circuit breaker.
#[derive(Debug)]
pub(super) struct Circuit {
    state: State,
    /// Number of state changes. The result of a call of an earlier generation is ignored.
    generation: u64,
    /// Number of open intervals since the last success.
    open_intervals: u32,
    window: Window,
    /// Minimum number of failures in the window that opens the circuit; `None`: it never opens.
    min_failures: Option<NonZeroU32>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    Open {
        since: Instant,
        open_for: Duration,
    },
    HalfOpen {
        /// Number of the newest probe of this period.
        newest_probe: u64,
        /// Start of the newest probe; `None` if it was cancelled.
        probe_since: Option<Instant>,
    },
}

/// Permitted call, to record its result with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PermittedCall {
    /// Generation of the circuit when the call was permitted.
    generation: u64,
    /// Number of the probe within its half-open period; 0 while the circuit is closed.
    probe: u64,
}

/// Sliding window of call results, made of the current and the previous fixed window.
#[derive(Debug, Default)]
struct Window {
    began: Option<Instant>,
    current: Counts,
    previous: Counts,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    calls: u32,
    failures: u32,
}

/// Result of a call that counts for the circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CallResult {
    Success,
    Failure,
}

impl Window {
    fn record(&mut self, result: CallResult, now: Instant) {
        let age = self.began.map(|began| now.saturating_duration_since(began));
        if age.is_none_or(|age| age >= WINDOW) {
            self.previous = if age.is_some_and(|age| age < WINDOW * 2) { self.current } else { Counts::default() };
            self.current = Counts::default();
            self.began = Some(now);
        }
        self.current.calls = self.current.calls.saturating_add(1);
        self.current.failures = self.current.failures.saturating_add((result == CallResult::Failure).into());
    }

    /// Whether at least `min_failures` calls failed, and at least half of all.
    fn exceeds(&self, min_failures: u32) -> bool {
        let failures = self.current.failures.saturating_add(self.previous.failures);
        let calls = self.current.calls.saturating_add(self.previous.calls);
        failures >= min_failures && failures.saturating_mul(2) >= calls
    }
}

impl Circuit {
    pub(super) fn new(min_failures: Option<NonZeroU32>) -> Self {
        Self { state: State::Closed, generation: 0, open_intervals: 0, window: Window::default(), min_failures }
    }

    fn transition(&mut self, state: State) {
        self.state = state;
        self.generation += 1;
    }

    /// Checks that a call is permitted.
    ///
    /// # Errors
    /// The time until the next probe is permitted.
    pub(super) fn check(&self, now: Instant) -> Result<(), Duration> {
        let remaining = match self.state {
            State::Closed | State::HalfOpen { probe_since: None, .. } => return Ok(()),
            State::Open { since, open_for } => remaining(since, open_for, now),
            State::HalfOpen { probe_since: Some(since), .. } => remaining(since, PROBE_TIMEOUT, now),
        };
        remaining.map_or(Ok(()), Err)
    }

    /// Permits a call, as a probe if the circuit is not closed. A further probe belongs to the same half-open period: the earlier ones may
    /// still succeed.
    pub(super) fn acquire(&mut self, now: Instant) -> Result<PermittedCall, Duration> {
        self.check(now)?;
        let probe = match self.state {
            State::Closed => 0,
            State::Open { .. } => {
                self.transition(State::HalfOpen { newest_probe: 1, probe_since: Some(now) });
                1
            }
            State::HalfOpen { newest_probe, .. } => {
                self.state = State::HalfOpen { newest_probe: newest_probe + 1, probe_since: Some(now) };
                newest_probe + 1
            }
        };
        Ok(PermittedCall { generation: self.generation, probe })
    }

    /// Records a success; returns whether it closed the circuit. Any probe of the half-open period closes it.
    pub(super) fn succeeded(&mut self, call: PermittedCall, now: Instant) -> bool {
        if call.generation != self.generation {
            return false;
        }
        self.window.record(CallResult::Success, now);
        let was_open = !matches!(self.state, State::Closed);
        if was_open {
            self.open_intervals = 0;
            self.window = Window::default();
            self.transition(State::Closed);
        }
        was_open
    }

    /// Records a failure; returns whether it opened a closed circuit. Of the probes only the newest one opens the circuit again. `jitter` is
    /// from 0 to 1.
    pub(super) fn failed(&mut self, call: PermittedCall, now: Instant, jitter: f64) -> bool {
        if call.generation != self.generation || self.is_earlier_probe(call) {
            return false;
        }
        self.window.record(CallResult::Failure, now);
        let was_closed = matches!(self.state, State::Closed);
        if was_closed && self.min_failures.is_none_or(|min| !self.window.exceeds(min.get())) {
            return false;
        }
        let open_for = OPEN_INTERVALS.pause_with_jitter(self.open_intervals, jitter);
        self.open_intervals = self.open_intervals.saturating_add(1);
        self.transition(State::Open { since: now, open_for });
        was_closed
    }

    /// Records a call that was cancelled: it counts for nothing, and permits the next probe.
    pub(super) fn cancelled(&mut self, call: PermittedCall) {
        if let State::HalfOpen { newest_probe, .. } = self.state
            && call == (PermittedCall { generation: self.generation, probe: newest_probe })
        {
            self.state = State::HalfOpen { newest_probe, probe_since: None };
        }
    }

    /// Returns whether a newer probe was permitted in the half-open period of this one.
    fn is_earlier_probe(&self, call: PermittedCall) -> bool {
        matches!(self.state, State::HalfOpen { newest_probe, .. } if call.probe < newest_probe)
    }

    pub(super) fn state(&self, now: Instant) -> CircuitState {
        match self.state {
            State::Closed => CircuitState::Closed,
            State::Open { .. } if self.check(now).is_err() => CircuitState::Open,
            State::Open { .. } | State::HalfOpen { .. } => CircuitState::HalfOpen,
        }
    }
}

/// Returns what remains of an interval; `None` after its end.
fn remaining(since: Instant, interval: Duration, now: Instant) -> Option<Duration> {
    interval.checked_sub(now.saturating_duration_since(since)).filter(|remaining| !remaining.is_zero())
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;

    static START: LazyLock<Instant> = LazyLock::new(Instant::now);

    fn at(milliseconds: u64) -> Instant {
        *START + Duration::from_millis(milliseconds)
    }

    /// Circuit that opened at 0.
    fn open() -> Circuit {
        let mut circuit = Circuit::new(NonZeroU32::new(5));
        for failure in 1..=5 {
            let generation = circuit.acquire(at(0)).expect("it is closed");
            assert_eq!(circuit.failed(generation, at(0), 0.0), failure == 5, "failure {failure}");
        }
        assert_eq!(circuit.state(at(0)), CircuitState::Open);
        circuit
    }

    #[test]
    fn a_circuit_stays_closed_below_the_minimum_number_and_share_of_failures() {
        let mut circuit = Circuit::new(NonZeroU32::new(5));
        for call in 0..1_000 {
            let generation = circuit.acquire(at(call)).expect("it is closed");
            let changed = if call % 5 > 2 {
                circuit.failed(generation, at(call), 0.0)
            } else {
                circuit.succeeded(generation, at(call))
            };
            assert!(!changed, "at call {call}");
        }
        assert_eq!(circuit.state(at(1_000)), CircuitState::Closed);
    }

    #[test]
    fn failures_before_the_window_do_not_count() {
        let mut circuit = Circuit::new(NonZeroU32::new(5));
        for second in (0..600).step_by(8) {
            let generation = circuit.acquire(at(second * 1_000)).expect("it is closed");
            assert!(!circuit.failed(generation, at(second * 1_000), 0.0), "after {second} s");
        }
    }

    #[test]
    fn an_open_circuit_returns_its_remaining_interval_and_then_permits_one_probe() {
        let mut circuit = open();
        assert_eq!(circuit.acquire(at(0)), Err(Duration::from_secs(1)));
        assert_eq!(circuit.acquire(at(999)), Err(Duration::from_millis(1)));
        assert_eq!(circuit.state(at(1_000)), CircuitState::HalfOpen);
        let probe = circuit.acquire(at(1_000)).expect("a probe is permitted");
        assert_eq!(circuit.acquire(at(1_500)), Err(Duration::from_millis(1_500)), "one probe at a time");
        assert!(circuit.succeeded(probe, at(1_600)));
        assert_eq!(circuit.state(at(1_600)), CircuitState::Closed);
    }

    #[test]
    fn open_intervals_double_up_to_the_maximum_and_restart_after_a_success() {
        let mut circuit = open();
        let mut now = 0;
        for interval in [1_000, 2_000, 4_000, 4_000] {
            assert_eq!(circuit.acquire(at(now)), Err(Duration::from_millis(interval)));
            now += interval;
            let probe = circuit.acquire(at(now)).expect("a probe is permitted");
            assert!(!circuit.failed(probe, at(now), 0.0), "it was open before");
        }
        let probe = circuit.acquire(at(now + 4_000)).expect("a probe is permitted");
        circuit.succeeded(probe, at(now + 4_000));
        for _ in 0..5 {
            let generation = circuit.acquire(at(now + 5_000)).expect("it is closed");
            circuit.failed(generation, at(now + 5_000), 1.0);
        }
        assert_eq!(
            circuit.acquire(at(now + 5_000)),
            Err(Duration::from_millis(750)),
            "the first interval again, shortened by the jitter"
        );
    }

    #[test]
    fn a_probe_that_hangs_or_is_cancelled_does_not_block_the_next_one() {
        let mut circuit = open();
        let hanging = circuit.acquire(at(1_000)).expect("a probe is permitted");
        let cancelled = circuit.acquire(at(3_000)).expect("another probe is permitted");
        assert!(circuit.acquire(at(3_000)).is_err());
        circuit.cancelled(cancelled);
        let probe = circuit.acquire(at(3_000)).expect("another probe is permitted");
        circuit.cancelled(cancelled);
        assert!(circuit.acquire(at(3_000)).is_err(), "the newest probe is in flight");
        circuit.failed(hanging, at(3_100), 0.0);
        assert_eq!(circuit.state(at(3_100)), CircuitState::HalfOpen, "only a failure of the newest probe counts");
        circuit.failed(probe, at(3_200), 0.0);
        assert_eq!(circuit.state(at(3_200)), CircuitState::Open);
        assert!(!circuit.succeeded(hanging, at(3_300)), "the half-open period is over");
    }

    #[test]
    fn probes_that_take_longer_than_the_probe_timeout_close_the_circuit() {
        let mut circuit = open();
        let slow = circuit.acquire(at(1_000)).expect("a probe is permitted");
        let newer = circuit.acquire(at(3_000)).expect("another probe is permitted");
        assert!(circuit.succeeded(slow, at(4_000)), "a success of an earlier probe of the period counts");
        assert_eq!(circuit.state(at(4_000)), CircuitState::Closed);
        assert!(!circuit.failed(newer, at(5_000), 0.0), "its period is over");
        assert_eq!(circuit.state(at(5_000)), CircuitState::Closed);
    }

    #[test]
    fn results_of_calls_from_before_a_state_change_are_ignored() {
        let mut circuit = Circuit::new(NonZeroU32::new(5));
        let old = circuit.acquire(at(0)).expect("it is closed");
        for _ in 0..5 {
            let generation = circuit.acquire(at(0)).expect("it is closed");
            circuit.failed(generation, at(0), 0.0);
        }
        assert!(!circuit.succeeded(old, at(10)));
        assert_eq!(circuit.state(at(10)), CircuitState::Open);
    }

    #[test]
    fn a_disabled_breaker_never_opens() {
        let mut circuit = Circuit::new(None);
        for call in 0..1_000 {
            let generation = circuit.acquire(at(call)).expect("it is closed");
            assert!(!circuit.failed(generation, at(call), 0.0), "at call {call}");
        }
    }
}
