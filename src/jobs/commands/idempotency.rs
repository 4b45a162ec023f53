//! Idempotency keys: however often a client sends a submit, and to whichever replica, IPS gets it once
//! (draft-ietf-httpapi-idempotency-key-header).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::jobs::cache::key::name_of;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::Job;
use crate::jobs::wire;
use crate::jobs::wire::JobForm;
use crate::replicas::{ClaimOutcome, ClaimedRecord, Coordinator, StoreKey};
use crate::upstream::Caller;
use crate::upstream::CallerKey;

/// How long an answer is repeated.
const LIFETIME: Duration = Duration::from_hours(24);
const MOST_RECORDS: u64 = 200_000;
/// A replica that stops being heard of has left its submits behind after this time: the others look for their jobs then.
const HOLD: Duration = Duration::from_secs(6);
/// So often the fleet is told what became of a submit.
const ATTEMPTS: usize = 3;

/// A client's name for one submit, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Key as the client sent it.
    pub key: String,
    /// Hash of the request: a key must not be reused with another request.
    pub fingerprint: [u8; 32],
}

/// State of the first submit with a key.
#[derive(Debug, Clone)]
enum State {
    Running,
    Accepted(Box<Job>),
    /// Its answer was lost: the job may or may not exist.
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

/// Record in the shared store, which also knows whether its owner holds it.
#[derive(Serialize, Deserialize)]
struct StoredRecord<'a> {
    fingerprint: [u8; 32],
    is_accepted: bool,
    job: JobForm<'a>,
}

/// Cache key of a record: account, API key, company and idempotency key.
type RecordKey = (CallerKey, Option<String>, String, String);

/// Records of the submits with an idempotency key.
pub struct IdempotencyRecords {
    local: Cache<RecordKey, Arc<Record>>,
    coordinator: Option<Arc<dyn Coordinator>>,
    runtime: Handle,
}

/// Result of claiming an idempotency key.
pub enum ClaimResult {
    /// First submit with the key: it may be sent.
    First(Claim),
    /// It was sent before, with this answer.
    Answered(Box<Job>),
    /// It was sent before and its answer was lost: it may only be recovered.
    Recover(Box<Job>, Claim),
}

/// Claim of an idempotency key; it must be settled with the outcome of the submit.
pub struct Claim {
    records: Cache<RecordKey, Arc<Record>>,
    key: RecordKey,
    record: Arc<Record>,
    /// Record in the shared store, if it could be claimed there.
    held: Option<HeldRecord>,
    settled: bool,
}

/// Record in the shared store that this replica holds by renewing it.
struct HeldRecord {
    coordinator: Arc<dyn Coordinator>,
    key: StoreKey,
    stamp: Vec<u8>,
    renewal: AbortHandle,
}

impl IdempotencyRecords {
    /// Creates the records of this process, or of all replicas.
    #[must_use]
    pub fn new(coordinator: Option<Arc<dyn Coordinator>>, runtime: Handle) -> Self {
        Self { local: Cache::builder().max_capacity(MOST_RECORDS).time_to_live(LIFETIME).build(), coordinator, runtime }
    }

    /// Claims a key for a submit to the company of `job`. If its answer is lost, it is recovered as `job`.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] if the key was used with another request, [`Error::SubmitInProgress`] while the first is in flight.
    pub async fn claim(&self, caller: &Caller, job: &Job, key: &IdempotencyKey) -> Result<ClaimResult> {
        let local = self.claim_local(caller, job.company(), key)?;
        let Some(coordinator) = &self.coordinator else { return Ok(local) };
        let (mut claim, lost) = match local {
            ClaimResult::Answered(_) => return Ok(local),
            ClaimResult::First(claim) => (claim, None),
            ClaimResult::Recover(job, claim) => (claim, Some(job)),
        };
        let holder = caller.api_key_hash.as_deref().unwrap_or_default();
        let store_key = name_of(&**coordinator, "submit", caller, &[holder, job.company(), &key.key]);
        let form = StoredRecord {
            fingerprint: key.fingerprint,
            is_accepted: false,
            job: lost.as_deref().unwrap_or(job).into(),
        };
        let Some(form) = wire::write(&form) else { return Err(Error::Internal("a record can't be written")) };
        let theirs = match coordinator.claim(store_key, &form, HOLD, LIFETIME).await {
            Ok(ClaimOutcome::Theirs(entry)) => entry,
            Ok(ClaimOutcome::Ours(stamp)) => {
                claim.held = Some(self.hold(coordinator, store_key, stamp));
                return Ok(first_or_lost(claim, lost));
            }
            // The store is unavailable: this replica goes on alone.
            Err(_) => return Ok(first_or_lost(claim, lost)),
        };
        let ClaimedRecord { stamp, value, is_held } = theirs;
        // A record that can't be read belongs to another submit, which may have been sent.
        let known = value.as_deref().and_then(wire::read::<StoredRecord<'_>>);
        match known {
            Some(known) if known.fingerprint != key.fingerprint => Err(Error::IdempotencyKeyReused),
            Some(known) if known.is_accepted => {
                let job: Box<Job> = Box::new(known.job.into());
                claim.settle_local(State::Accepted(job.clone()));
                Ok(ClaimResult::Answered(job))
            }
            _ if is_held => Err(Error::SubmitInProgress),
            known => match coordinator.take_over(store_key, &stamp, &form, HOLD, LIFETIME).await {
                Ok(Some(stamp)) => {
                    claim.held = Some(self.hold(coordinator, store_key, stamp));
                    let lost = known.map_or_else(|| job.clone(), |known| known.job.into());
                    Ok(ClaimResult::Recover(Box::new(lost), claim))
                }
                Ok(None) | Err(_) => Err(Error::SubmitInProgress),
            },
        }
    }

    fn claim_local(&self, caller: &Caller, company: &str, key: &IdempotencyKey) -> Result<ClaimResult> {
        let record_key =
            (CallerKey::ignoring_locale(caller), caller.api_key_hash.clone(), company.to_owned(), key.key.clone());
        let fresh = Arc::new(Record { fingerprint: key.fingerprint, state: Mutex::new(State::Running) });
        let entry = self.local.entry(record_key.clone()).or_insert(Arc::clone(&fresh));
        let is_first = entry.is_fresh();
        let record = entry.into_value();
        let claim = |record| Claim { records: self.local.clone(), key: record_key, record, held: None, settled: false };
        if is_first {
            return Ok(ClaimResult::First(claim(record)));
        }
        if record.fingerprint != key.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        let mut state = record.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Running => Err(Error::SubmitInProgress),
            State::Accepted(job) => Ok(ClaimResult::Answered(job.clone())),
            State::Unknown(job) => {
                let job = job.clone();
                *state = State::Running;
                drop(state);
                Ok(ClaimResult::Recover(job, claim(record)))
            }
        }
    }

    fn hold(&self, coordinator: &Arc<dyn Coordinator>, key: StoreKey, stamp: Vec<u8>) -> HeldRecord {
        let renewing = Arc::clone(coordinator);
        let renewal = self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(HOLD / 3).await;
                let _ = renewing.hold(key, HOLD).await;
            }
        });
        HeldRecord { coordinator: Arc::clone(coordinator), key, stamp, renewal: renewal.abort_handle() }
    }
}

fn first_or_lost(claim: Claim, lost: Option<Box<Job>>) -> ClaimResult {
    match lost {
        Some(job) => ClaimResult::Recover(job, claim),
        None => ClaimResult::First(claim),
    }
}

impl Claim {
    /// Settles the claim: IPS accepted the job.
    pub async fn accepted(mut self, job: &Job) {
        self.settle_local(State::Accepted(Box::new(job.clone())));
        self.publish(Some((true, job))).await;
    }

    /// Settles the claim: IPS may have the job, which is never sent again.
    pub async fn unknown(mut self, job: &Job) {
        self.settle_local(State::Unknown(Box::new(job.clone())));
        self.publish(Some((false, job))).await;
    }

    /// Releases the key: nothing was done.
    pub async fn release(self) {
        self.publish(None).await;
    }

    fn settle_local(&mut self, state: State) {
        self.record.set(state);
        self.settled = true;
    }

    /// Writes the outcome to the shared store, before the client gets its answer and may repeat the request on another replica.
    async fn publish(&self, settled: Option<(bool, &Job)>) {
        let Some(HeldRecord { coordinator, key, stamp, .. }) = &self.held else { return };
        let form = settled.and_then(|(is_accepted, job)| {
            wire::write(&StoredRecord { fingerprint: self.record.fingerprint, is_accepted, job: job.into() })
        });
        for _ in 0..ATTEMPTS {
            if coordinator.settle(*key, stamp, form.as_deref(), LIFETIME).await.is_ok() {
                return;
            }
        }
    }
}

/// A claim that is dropped without an outcome frees the key in this process. In the shared store the hold expires, and the next submit
/// recovers the job.
impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            self.records.invalidate(&self.key);
        }
    }
}

impl Drop for HeldRecord {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}
