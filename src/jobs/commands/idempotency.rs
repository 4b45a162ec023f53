//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header): repeated submits with the same key are sent to IPS once, whichever replica
//! receives them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::jobs::cache::key::caller_store_key;
use crate::jobs::cache::wire;
use crate::jobs::cache::wire::WireJob;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::Job;
use crate::replicas::{ClaimOutcome, ClaimedRecord, Coordinator, StoreKey};
use crate::upstream::{Caller, CallerKey};

/// Time for which a record is kept.
const TIME_TO_LIVE: Duration = Duration::from_hours(24);
/// Maximum number of records of this process; beyond it, the least used ones are evicted.
const MAX_RECORDS: u64 = 200_000;
/// Lease of a claim. When the lease of a replica expires, another replica takes over the claim and looks up the job.
const LEASE: Duration = Duration::from_secs(6);
/// Attempts to settle a claim in the shared store.
const SETTLE_ATTEMPTS: usize = 3;

/// Idempotency key of a submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Key in the request.
    pub key: String,
    /// Hash of the request. The same key with another request is an error.
    pub fingerprint: [u8; 32],
}

/// State of the submit with an idempotency key.
#[derive(Debug, Clone)]
enum SubmitState {
    InFlight,
    Accepted(Box<Job>),
    /// The response was lost: IPS may have accepted the job.
    Unknown(Box<Job>),
}

/// Record of an idempotency key in this process.
#[derive(Debug)]
struct IdempotencyRecord {
    fingerprint: [u8; 32],
    state: Mutex<SubmitState>,
}

impl IdempotencyRecord {
    fn state(&self) -> MutexGuard<'_, SubmitState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Record of an idempotency key in the shared store. The store knows whether a replica holds its lease.
#[derive(Serialize, Deserialize)]
struct SharedRecord<'a> {
    fingerprint: [u8; 32],
    is_accepted: bool,
    job: WireJob<'a>,
}

/// Scope of an idempotency key: IPS account, hash of the API key, company; and the key.
type RecordKey = (CallerKey, Option<String>, String, String);

/// Records of idempotency keys: of this process, and shared with other replicas if there are any.
pub struct IdempotencyRecords {
    local: Cache<RecordKey, Arc<IdempotencyRecord>>,
    coordinator: Option<Arc<dyn Coordinator>>,
    runtime: Handle,
}

/// Outcome of a claim of an idempotency key.
pub enum IdempotencyOutcome {
    /// The key is new: the submit may be sent.
    New(Claim),
    /// IPS accepted the submit with this key: the job.
    Completed(Box<Job>),
    /// The submit with this key was sent and its response lost: the job may be looked up, but not sent again.
    Unresolved(Box<Job>, Claim),
}

/// Claim of an idempotency key: the exclusive right to send its submit, and the duty to settle the record.
///
/// Dropping it without settling releases the key in this process. In the shared store the lease expires, and another replica looks up the
/// job.
pub struct Claim {
    records: Cache<RecordKey, Arc<IdempotencyRecord>>,
    key: RecordKey,
    record: Arc<IdempotencyRecord>,
    shared: Option<SharedClaim>,
    settled: bool,
}

/// Claim in the shared store, with the task that renews its lease.
struct SharedClaim {
    coordinator: Arc<dyn Coordinator>,
    key: StoreKey,
    version: Vec<u8>,
    renewal: AbortHandle,
}

/// Outcome of a submit, as settled in the shared store.
enum Settlement<'a> {
    Accepted(&'a Job),
    Unknown(&'a Job),
    /// Nothing was sent: the record is deleted.
    Released,
}

impl IdempotencyRecords {
    /// Creates empty records, shared by `coordinator` if there is one. Leases are renewed on `runtime`.
    #[must_use]
    pub fn new(coordinator: Option<Arc<dyn Coordinator>>, runtime: Handle) -> Self {
        let local = Cache::builder().max_capacity(MAX_RECORDS).time_to_live(TIME_TO_LIVE).build();
        Self { local, coordinator, runtime }
    }

    /// Claims `key` for a submit; `job` is recorded in case its response is lost.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] if the key was used for another request, [`Error::SubmitInProgress`] while a submit with it is in
    /// flight.
    pub async fn claim(&self, caller: &Caller, job: &Job, key: &IdempotencyKey) -> Result<IdempotencyOutcome> {
        let outcome = self.claim_local(caller, &job.company, key)?;
        let Some(coordinator) = &self.coordinator else { return Ok(outcome) };
        let (mut claim, unresolved) = match outcome {
            IdempotencyOutcome::Completed(_) => return Ok(outcome),
            IdempotencyOutcome::New(claim) => (claim, None),
            IdempotencyOutcome::Unresolved(job, claim) => (claim, Some(job)),
        };
        let api_key_hash = caller.api_key_hash.as_deref().unwrap_or_default();
        let store_key = caller_store_key(&**coordinator, "submit", caller, &[api_key_hash, &job.company, &key.key]);
        let record = SharedRecord {
            fingerprint: key.fingerprint,
            is_accepted: false,
            job: unresolved.as_deref().unwrap_or(job).into(),
        };
        let Some(record) = wire::encode(&record) else {
            return Err(Error::Internal("an idempotency record can't be serialized"));
        };
        let existing = match coordinator.claim(store_key, &record, LEASE, TIME_TO_LIVE).await {
            Ok(ClaimOutcome::Exists(existing)) => existing,
            Ok(ClaimOutcome::Created(version)) => {
                claim.shared = Some(self.renew_lease(coordinator, store_key, version));
                return Ok(new_or_unresolved(claim, unresolved));
            }
            // Without the shared store, only the records of this process count.
            Err(_) => return Ok(new_or_unresolved(claim, unresolved)),
        };
        let ClaimedRecord { version, value, is_leased } = existing;
        // The submit of a record that can't be read may have been sent.
        let existing = value.as_deref().and_then(wire::decode::<SharedRecord<'_>>);
        match existing {
            Some(existing) if existing.fingerprint != key.fingerprint => Err(Error::IdempotencyKeyReused),
            Some(existing) if existing.is_accepted => {
                let job: Box<Job> = Box::new(existing.job.into());
                claim.settle_local(SubmitState::Accepted(job.clone()));
                Ok(IdempotencyOutcome::Completed(job))
            }
            _ if is_leased => Err(Error::SubmitInProgress),
            existing => match coordinator.take_over(store_key, &version, &record, LEASE, TIME_TO_LIVE).await {
                Ok(Some(version)) => {
                    claim.shared = Some(self.renew_lease(coordinator, store_key, version));
                    let unresolved = existing.map_or_else(|| job.clone(), |existing| existing.job.into());
                    Ok(IdempotencyOutcome::Unresolved(Box::new(unresolved), claim))
                }
                Ok(None) | Err(_) => Err(Error::SubmitInProgress),
            },
        }
    }

    fn claim_local(&self, caller: &Caller, company: &str, key: &IdempotencyKey) -> Result<IdempotencyOutcome> {
        let record_key =
            (CallerKey::ignoring_locale(caller), caller.api_key_hash.clone(), company.to_owned(), key.key.clone());
        let state = Mutex::new(SubmitState::InFlight);
        let new = Arc::new(IdempotencyRecord { fingerprint: key.fingerprint, state });
        let entry = self.local.entry(record_key.clone()).or_insert(new);
        let is_new = entry.is_fresh();
        let record = entry.into_value();
        let claim =
            |record| Claim { records: self.local.clone(), key: record_key, record, shared: None, settled: false };
        if is_new {
            return Ok(IdempotencyOutcome::New(claim(record)));
        }
        if record.fingerprint != key.fingerprint {
            return Err(Error::IdempotencyKeyReused);
        }
        let mut state = record.state();
        match &*state {
            SubmitState::InFlight => Err(Error::SubmitInProgress),
            SubmitState::Accepted(job) => Ok(IdempotencyOutcome::Completed(job.clone())),
            SubmitState::Unknown(job) => {
                let job = job.clone();
                *state = SubmitState::InFlight;
                drop(state);
                Ok(IdempotencyOutcome::Unresolved(job, claim(record)))
            }
        }
    }

    fn renew_lease(&self, coordinator: &Arc<dyn Coordinator>, key: StoreKey, version: Vec<u8>) -> SharedClaim {
        let store = Arc::clone(coordinator);
        let renewal = self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(LEASE / 3).await;
                let _ = store.renew_claim(key, LEASE).await;
            }
        });
        SharedClaim { coordinator: Arc::clone(coordinator), key, version, renewal: renewal.abort_handle() }
    }
}

fn new_or_unresolved(claim: Claim, unresolved: Option<Box<Job>>) -> IdempotencyOutcome {
    match unresolved {
        Some(job) => IdempotencyOutcome::Unresolved(job, claim),
        None => IdempotencyOutcome::New(claim),
    }
}

impl Claim {
    /// Settles the claim: IPS accepted the job.
    pub async fn settle_accepted(mut self, job: &Job) {
        self.settle_local(SubmitState::Accepted(Box::new(job.clone())));
        self.settle_shared(Settlement::Accepted(job)).await;
    }

    /// Settles the claim: IPS may have accepted the job, so it is never sent again.
    pub async fn settle_unknown(mut self, job: &Job) {
        self.settle_local(SubmitState::Unknown(Box::new(job.clone())));
        self.settle_shared(Settlement::Unknown(job)).await;
    }

    /// Releases the key: nothing was sent.
    pub async fn release(self) {
        self.settle_shared(Settlement::Released).await;
    }

    fn settle_local(&mut self, state: SubmitState) {
        *self.record.state() = state;
        self.settled = true;
    }

    /// Settles the claim in the shared store. Awaited before the response, because the client may send the next request to another replica.
    async fn settle_shared(&self, settlement: Settlement<'_>) {
        let Some(SharedClaim { coordinator, key, version, .. }) = &self.shared else { return };
        let fingerprint = self.record.fingerprint;
        let record = match settlement {
            Settlement::Accepted(job) => Some(SharedRecord { fingerprint, is_accepted: true, job: job.into() }),
            Settlement::Unknown(job) => Some(SharedRecord { fingerprint, is_accepted: false, job: job.into() }),
            Settlement::Released => None,
        };
        let record = record.and_then(|record| wire::encode(&record));
        for _ in 0..SETTLE_ATTEMPTS {
            if coordinator.settle(*key, version, record.as_deref(), TIME_TO_LIVE).await.is_ok() {
                return;
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            self.records.invalidate(&self.key);
        }
    }
}

impl Drop for SharedClaim {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}
