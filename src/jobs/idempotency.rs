//! Idempotency keys: however often a client sends a submit, IPS gets it once (draft-ietf-httpapi-idempotency-key-header).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;

use super::error::{Error, Result};
use super::identity::CallerKey;
use super::job::Job;
use super::upstream::Caller;

/// How long an answer is repeated.
const LIFETIME: Duration = Duration::from_hours(24);
const MOST_RECORDS: u64 = 200_000;

/// A client's name for one submit, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key as the client chose it.
    pub key: String,
    /// A hash of the request: the same key with another request is a mistake.
    pub fingerprint: [u8; 32],
}

/// What became of the submit that came first with a key.
#[derive(Debug, Clone)]
enum State {
    Running,
    Accepted(Box<Job>),
    /// Its answer was lost: the job may or may not be there.
    Unknown(Box<Job>),
}

#[derive(Debug)]
struct Record {
    fingerprint: [u8; 32],
    state: Mutex<State>,
}

impl Record {
    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

type RecordKey = (CallerKey, String, String);

/// The submits that came with a key.
pub struct Submits(Cache<RecordKey, Arc<Record>>);

/// What a submit with a key may do.
pub enum Turn {
    /// It is the first: it may be sent.
    First(Claim),
    /// It was sent, and this is the answer.
    Answered(Box<Job>),
    /// It was sent and its answer was lost: it may only be looked for.
    LookFor(Box<Job>, Claim),
}

/// The right to settle what became of a submit. Dropped without that, the key is free again: nothing was sent.
pub struct Claim {
    records: Cache<RecordKey, Arc<Record>>,
    key: RecordKey,
    record: Arc<Record>,
    settled: bool,
}

impl Default for Submits {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST_RECORDS).time_to_live(LIFETIME).build())
    }
}

impl Submits {
    /// Begins a submit to `company` with `key`.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when the key came with another request, [`Error::SubmitInProgress`] while that is under way.
    pub fn begin(&self, caller: &Caller, company: &str, key: &IdempotencyKey) -> Result<Turn> {
        let record_key = (CallerKey::whatever_locale(caller), company.to_owned(), key.key.clone());
        let fresh = Arc::new(Record { fingerprint: key.fingerprint, state: Mutex::new(State::Running) });
        let entry = self.0.entry(record_key.clone()).or_insert(Arc::clone(&fresh));
        let is_first = entry.is_fresh();
        let record = entry.into_value();
        let claim = |record| Claim { records: self.0.clone(), key: record_key, record, settled: false };
        if is_first {
            return Ok(Turn::First(claim(record)));
        }
        if record.fingerprint != key.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        let mut state = record.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Running => Err(Error::SubmitInProgress),
            State::Accepted(job) => Ok(Turn::Answered(job.clone())),
            State::Unknown(job) => {
                let job = job.clone();
                *state = State::Running;
                drop(state);
                Ok(Turn::LookFor(job, claim(record)))
            }
        }
    }
}

impl Claim {
    /// IPS has the job.
    pub fn accepted(mut self, job: &Job) {
        self.settle(State::Accepted(Box::new(job.clone())));
    }

    /// IPS may have the job: it must never be sent again.
    pub fn unknown(mut self, job: &Job) {
        self.settle(State::Unknown(Box::new(job.clone())));
    }

    fn settle(&mut self, state: State) {
        self.record.set(state);
        self.settled = true;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            self.records.invalidate(&self.key);
        }
    }
}
