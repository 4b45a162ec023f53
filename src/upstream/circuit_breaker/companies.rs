//! Circuit breakers of companies: one for each company and caller whose answers could not be read. A company whose data IPS writes in a form
//! that can't be read does not stop the calls about others.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::circuit::{Circuit, PermittedCall};
use crate::runtime::backoff;
use crate::runtime::clock::Clock;
use crate::upstream::caller::{Caller, CallerKey};
use crate::upstream::health::CircuitState;

/// Maximum number of circuits; beyond it the least recently used ones are dropped. One takes less than 500 bytes with its key.
const MAX_CIRCUITS: u64 = 10_000;
/// Time without a call after which a circuit is dropped: longer than the window of counted calls and every open interval.
const TIME_TO_IDLE: Duration = Duration::from_mins(2);

/// Key of a circuit: the caller with any locale, and a hash of the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::upstream) struct CompanyKey {
    caller: CallerKey,
    company: [u8; 32],
}

impl CompanyKey {
    /// Returns the key of calls of `caller` about `company`; calls that name no company have one key.
    pub(in crate::upstream) fn new(caller: &Caller, company: Option<&str>) -> Self {
        let company = Sha256::digest(company.unwrap_or_default()).into();
        Self { caller: CallerKey::ignoring_locale(caller), company }
    }
}

type SharedCircuit = Arc<Mutex<Circuit>>;

/// Circuit breakers of companies. A company has none until an answer about it can't be read.
#[derive(Debug)]
pub(in crate::upstream) struct CompanyBreakers {
    circuits: Cache<CompanyKey, SharedCircuit>,
    min_failures: Option<NonZeroU32>,
    clock: Clock,
}

/// Permit of one call. Dropping it without a result records the call as cancelled.
#[derive(Debug)]
pub(in crate::upstream) struct CompanyPermit<'a> {
    breakers: &'a CompanyBreakers,
    key: CompanyKey,
    /// Circuit with the permitted call, if the company has one.
    circuit: Option<(SharedCircuit, PermittedCall)>,
}

impl CompanyBreakers {
    /// Creates breakers that open at `min_failures` unreadable answers and 50 % of the calls of the window; `None`: never.
    pub(in crate::upstream) fn new(min_failures: Option<NonZeroU32>, clock: Clock) -> Self {
        let circuits = Cache::builder()
            .max_capacity(MAX_CIRCUITS)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(TIME_TO_IDLE)
            .build();
        Self { circuits, min_failures, clock }
    }

    /// Checks that a call would be permitted.
    ///
    /// # Errors
    /// The time until the next probe is permitted.
    pub(in crate::upstream) fn check(&self, key: CompanyKey) -> Result<(), Duration> {
        self.circuits.get(&key).map_or(Ok(()), |circuit| lock(&circuit).check(self.clock.instant()))
    }

    /// Permits a call.
    ///
    /// # Errors
    /// The time until the next probe is permitted.
    pub(in crate::upstream) fn acquire(&self, key: CompanyKey) -> Result<CompanyPermit<'_>, Duration> {
        let mut permit = CompanyPermit { breakers: self, key, circuit: None };
        if let Some(circuit) = self.circuits.get(&key) {
            let call = lock(&circuit).acquire(self.clock.instant())?;
            permit.circuit = Some((circuit, call));
        }
        Ok(permit)
    }

    /// Returns the number of circuits that are not closed.
    pub(in crate::upstream) fn suspended(&self) -> usize {
        let now = self.clock.instant();
        self.circuits.iter().filter(|(_, circuit)| lock(circuit).state(now) != CircuitState::Closed).count()
    }
}

impl CompanyPermit<'_> {
    /// Records an answer that could be read, faults included.
    pub(in crate::upstream) fn answered(self) {
        if let Some((circuit, call)) = &self.circuit {
            lock(circuit).succeeded(*call, self.breakers.clock.instant());
        }
    }

    /// Records an answer that can't be read.
    pub(in crate::upstream) fn answered_unreadably(self) {
        let CompanyBreakers { circuits, min_failures, clock } = self.breakers;
        let now = clock.instant();
        if self.circuit.is_none() && min_failures.is_none() {
            return;
        }
        let (circuit, call) = if let Some((circuit, call)) = &self.circuit {
            (Arc::clone(circuit), *call)
        } else {
            let circuit = circuits.get_with(self.key, || Arc::new(Mutex::new(Circuit::new(*min_failures))));
            // Other calls may have opened it meanwhile.
            let Ok(call) = lock(&circuit).acquire(now) else { return };
            (circuit, call)
        };
        if lock(&circuit).failed(call, now, backoff::random()) {
            tracing::warn!(
                "circuit of a company opened: too many answers of IPS about it could not be read; one probe at a time until one can"
            );
        }
    }
}

impl Drop for CompanyPermit<'_> {
    fn drop(&mut self) {
        // Does nothing after a recorded result.
        if let Some((circuit, call)) = &self.circuit {
            lock(circuit).cancelled(*call);
        }
    }
}

fn lock(circuit: &Mutex<Circuit>) -> MutexGuard<'_, Circuit> {
    circuit.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use secrecy::SecretString;

    use super::*;
    use crate::upstream::caller::{CredentialSource, Credentials};

    fn key(token: &str, company: &str) -> CompanyKey {
        let credentials = Credentials::AccessToken(SecretString::from(token));
        let caller = Caller::new(credentials, CredentialSource::Caller);
        CompanyKey::new(&caller, Some(company))
    }

    #[test]
    fn unreadable_answers_suspend_only_their_company_and_caller_until_one_can_be_read() {
        let clock = Clock::manual(DateTime::default());
        let breakers = CompanyBreakers::new(NonZeroU32::new(2), clock.clone());
        let own = key("a", "c|1");
        for _ in 0..2 {
            breakers.acquire(own).expect("it is closed").answered_unreadably();
        }
        assert!(breakers.check(own).is_err() && breakers.acquire(own).is_err());
        assert_eq!(breakers.suspended(), 1);
        for other in [key("a", "c|2"), key("b", "c|1"), key("a", "")] {
            assert!(breakers.check(other).is_ok());
        }
        clock.advance(TimeDelta::seconds(1));
        let probe = breakers.acquire(own).expect("a probe is permitted");
        assert!(breakers.acquire(own).is_err(), "one probe at a time");
        probe.answered();
        assert_eq!((breakers.check(own), breakers.suspended()), (Ok(()), 0));
    }

    #[test]
    fn readable_answers_keep_no_circuit_and_the_number_of_circuits_is_bounded() {
        let clock = Clock::manual(DateTime::default());
        let breakers = CompanyBreakers::new(NonZeroU32::new(2), clock);
        breakers.acquire(key("a", "c|1")).expect("it is closed").answered();
        breakers.circuits.run_pending_tasks();
        assert_eq!(breakers.circuits.entry_count(), 0);
        for number in 0..MAX_CIRCUITS + 100 {
            breakers.acquire(key("a", &number.to_string())).expect("it is closed").answered_unreadably();
        }
        breakers.circuits.run_pending_tasks();
        assert_eq!(breakers.circuits.entry_count(), MAX_CIRCUITS);
    }

    #[test]
    fn breakers_that_are_turned_off_keep_no_circuits() {
        let breakers = CompanyBreakers::new(None, Clock::manual(DateTime::default()));
        breakers.acquire(key("a", "c|1")).expect("it is closed").answered_unreadably();
        breakers.circuits.run_pending_tasks();
        assert_eq!(breakers.circuits.entry_count(), 0);
    }
}
