//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header): repeated submits with the same key are sent to IPS once, whichever replica
//! receives them.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use crate::jobs::cache::wire::{self, WireJob};
use crate::jobs::commands::idempotency_scope::{IdempotencyScope, RecordKey};
use crate::jobs::commands::idempotency_user::IdempotencyUser;
use crate::jobs::commands::key_status::{KeyStatus, UnsharedKeys};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::Job;
use crate::replicas::{ClaimOutcome, ClaimedRecord, Coordinator, StoreKey};
use crate::telemetry::metrics::{names, report_table};
use crate::upstream::{Caller, CallerKey};

/// Time for which a record is kept.
const TIME_TO_LIVE: Duration = Duration::from_hours(24);
/// Maximum approximate memory of the records of this process, in bytes; beyond it, the least recently used ones are evicted.
const MAX_BYTES: u64 = 16 << 20;
/// Lease of a claim. When the lease of a replica expires, another replica takes over the claim and looks up the job.
const LEASE: Duration = Duration::from_secs(6);
/// Attempts to settle a claim in the shared store.
const SETTLE_ATTEMPTS: usize = 3;

/// Idempotency key of a submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// IPS user of the caller.
    pub user: IdempotencyUser,
    /// Key in the request.
    pub key: String,
    /// Hash of the request. The same key with another request is an error.
    pub fingerprint: [u8; 32],
}

impl IdempotencyKey {
    /// Returns the key with its scope.
    #[must_use]
    pub fn scope<'a>(&'a self, caller: &'a Caller, company: &'a str) -> IdempotencyScope<'a> {
        IdempotencyScope { caller, user: &self.user, company, key: &self.key }
    }
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
    /// Credential of the submit that created the record.
    credential: CallerKey,
    state: Mutex<SubmitState>,
    bytes: usize,
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

/// Records of idempotency keys: of this process, and shared with other replicas if there are any.
pub struct IdempotencyRecords {
    local: Cache<RecordKey, Arc<IdempotencyRecord>>,
    coordinator: Option<Arc<dyn Coordinator>>,
    unshared_keys: UnsharedKeys,
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
/// Dropping it without settling, by a panic, records the outcome as unknown: the submit may have been sent. In the shared store the lease
/// expires, and another replica looks up the job.
pub struct Claim {
    records: Cache<RecordKey, Arc<IdempotencyRecord>>,
    key: RecordKey,
    record: Arc<IdempotencyRecord>,
    /// Job of the submit.
    job: Box<Job>,
    shared: Option<SharedClaim>,
    status: KeyStatus,
    settled: bool,
}

/// Claim in the shared store, with the task that renews its lease.
struct SharedClaim {
    coordinator: Arc<dyn Coordinator>,
    key: StoreKey,
    version: Vec<u8>,
    renewal: AbortHandle,
}

/// State of a record in the shared store when it is claimed.
enum SharedState {
    /// The record was created, or the store is unavailable.
    New,
    /// IPS accepted the job.
    Accepted(Box<Job>),
    /// The record was taken over: the submit of this job may have been sent.
    Unknown(Box<Job>),
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
    pub fn new(coordinator: Option<Arc<dyn Coordinator>>, unshared_keys: UnsharedKeys, runtime: Handle) -> Self {
        let local = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|(_, _, company, key): &RecordKey, record: &Arc<IdempotencyRecord>| {
                u32::try_from(company.len() + key.len() + record.bytes).unwrap_or(u32::MAX)
            })
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(TIME_TO_LIVE)
            .build();
        Self { local, coordinator, unshared_keys, runtime }
    }

    /// Returns whether the record of `key` in this process is that of a submit with this very credential of `caller`, which learns nothing from
    /// it that it did not know.
    #[must_use]
    pub fn is_own(&self, caller: &Caller, company: &str, key: &IdempotencyKey) -> bool {
        let record = self.local.get(&key.scope(caller, company).record_key());
        record.is_some_and(|record| record.credential == CallerKey::ignoring_locale(caller))
    }

    /// Sets the gauge of the memory of the records.
    pub fn report_metrics(&self) {
        report_table("idempotency_records", self.local.weighted_size(), MAX_BYTES);
    }

    /// Claims `key` for a submit; `job` is recorded in case its response is lost.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] if the key was used for another request, [`Error::SubmitInProgress`] while a submit with it is in
    /// flight, [`Error::IdempotencyUnavailable`] with [`UnsharedKeys::Refuse`] if the shared store is unavailable.
    pub async fn claim(&self, caller: &Caller, job: &Job, key: &IdempotencyKey) -> Result<IdempotencyOutcome> {
        let scope = key.scope(caller, &job.company);
        let outcome = self.claim_local(scope, job, key.fingerprint)?;
        let Some(coordinator) = &self.coordinator else { return Ok(outcome) };
        let is_new = matches!(outcome, IdempotencyOutcome::New(_));
        let mut claim = match outcome {
            IdempotencyOutcome::Completed(_) => return Ok(outcome),
            IdempotencyOutcome::New(claim) | IdempotencyOutcome::Unresolved(_, claim) => claim,
        };
        match self.claim_shared(coordinator, scope.store_key(&**coordinator), &mut claim).await {
            Ok(SharedState::Accepted(job)) => {
                claim.settle_local(SubmitState::Accepted(job.clone()));
                Ok(IdempotencyOutcome::Completed(job))
            }
            Ok(SharedState::Unknown(job)) => {
                claim.job.clone_from(&job);
                Ok(IdempotencyOutcome::Unresolved(job, claim))
            }
            Ok(SharedState::New) if is_new => Ok(IdempotencyOutcome::New(claim)),
            Ok(SharedState::New) => Ok(IdempotencyOutcome::Unresolved(claim.job.clone(), claim)),
            Err(error) => {
                if is_new {
                    claim.remove_local();
                }
                Err(error)
            }
        }
    }

    /// Claims the record in the shared store. Without the store, only the records of this process count.
    async fn claim_shared(
        &self,
        coordinator: &Arc<dyn Coordinator>,
        key: StoreKey,
        claim: &mut Claim,
    ) -> Result<SharedState> {
        let fingerprint = claim.record.fingerprint;
        let record = SharedRecord { fingerprint, is_accepted: false, job: (&*claim.job).into() };
        let Some(record) = wire::encode(&record) else {
            return Err(Error::Internal("an idempotency record can't be serialized"));
        };
        let existing = match coordinator.claim(key, &record, LEASE, TIME_TO_LIVE).await {
            Ok(ClaimOutcome::Exists(existing)) => existing,
            Ok(ClaimOutcome::Created(version)) => {
                claim.shared = Some(self.renew_lease(coordinator, key, version));
                return Ok(SharedState::New);
            }
            Err(_) => {
                let (result, outcome) = match self.unshared_keys {
                    UnsharedKeys::Send => ("sent", Ok(SharedState::New)),
                    UnsharedKeys::Refuse => ("refused", Err(Error::IdempotencyUnavailable)),
                };
                metrics::counter!(names::IDEMPOTENCY_NOT_SHARED, "result" => result).increment(1);
                claim.status = KeyStatus::NotShared;
                return outcome;
            }
        };
        let ClaimedRecord { version, value, is_leased } = existing;
        // The submit of a record that can't be read may have been sent.
        let existing = value.as_deref().and_then(wire::decode::<SharedRecord<'_>>);
        match existing {
            Some(existing) if existing.fingerprint != fingerprint => Err(Error::IdempotencyKeyReused),
            Some(existing) if existing.is_accepted => Ok(SharedState::Accepted(Box::new(existing.job.into()))),
            _ if is_leased => Err(Error::SubmitInProgress),
            existing => match coordinator.take_over(key, &version, &record, LEASE, TIME_TO_LIVE).await {
                Ok(Some(version)) => {
                    claim.shared = Some(self.renew_lease(coordinator, key, version));
                    let job = existing.map_or_else(|| claim.job.clone(), |existing| Box::new(existing.job.into()));
                    Ok(SharedState::Unknown(job))
                }
                Ok(None) | Err(_) => Err(Error::SubmitInProgress),
            },
        }
    }

    fn claim_local(&self, scope: IdempotencyScope<'_>, job: &Job, fingerprint: [u8; 32]) -> Result<IdempotencyOutcome> {
        let key = scope.record_key();
        // A parsed job takes about twice the memory of its JSON; 1 KiB is for the rest.
        let bytes = 1024 + serde_json::to_vec(&WireJob::from(job)).map_or(0, |json| 2 * json.len());
        let credential = CallerKey::ignoring_locale(scope.caller);
        let state = Mutex::new(SubmitState::InFlight);
        let new = Arc::new(IdempotencyRecord { fingerprint, credential, state, bytes });
        let entry = self.local.entry_by_ref(&key).or_insert(new);
        let is_new = entry.is_fresh();
        let record = entry.into_value();
        let claim = |record, job| {
            let (records, status) = (self.local.clone(), KeyStatus::Kept);
            Claim { records, key, record, job, shared: None, status, settled: false }
        };
        if is_new {
            return Ok(IdempotencyOutcome::New(claim(record, Box::new(job.clone()))));
        }
        if record.fingerprint != fingerprint {
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
                Ok(IdempotencyOutcome::Unresolved(job.clone(), claim(record, job)))
            }
        }
    }

    fn renew_lease(&self, coordinator: &Arc<dyn Coordinator>, key: StoreKey, version: Vec<u8>) -> SharedClaim {
        let (store, own_version) = (Arc::clone(coordinator), version.clone());
        let renewal = self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(LEASE / 3).await;
                let _ = store.renew_claim(key, &own_version, LEASE).await;
            }
        });
        SharedClaim { coordinator: Arc::clone(coordinator), key, version, renewal: renewal.abort_handle() }
    }
}

impl Claim {
    /// Returns whether the replicas know the key.
    #[must_use]
    pub fn status(&self) -> KeyStatus {
        self.status
    }

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
    pub async fn release(mut self) {
        self.settle_shared(Settlement::Released).await;
        self.remove_local();
    }

    fn remove_local(&mut self) {
        self.records.invalidate(&self.key);
        self.settled = true;
    }

    fn settle_local(&mut self, state: SubmitState) {
        *self.record.state() = state;
        self.settled = true;
    }

    /// Settles the claim in the shared store. Awaited before the response, because the client may send the next request to another replica.
    async fn settle_shared(&self, settlement: Settlement<'_>) {
        let Some(SharedClaim { coordinator, key, version, .. }) = &self.shared else { return };
        let fingerprint = self.record.fingerprint;
        let encode = |is_accepted, job: &Job| wire::encode(&SharedRecord { fingerprint, is_accepted, job: job.into() });
        let record = match settlement {
            Settlement::Accepted(job) => encode(true, job).map(Some),
            Settlement::Unknown(job) => encode(false, job).map(Some),
            Settlement::Released => Some(None),
        };
        // A record that can't be encoded stays as it was claimed, of unknown outcome.
        let Some(record) = record else { return };
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
            *self.record.state() = SubmitState::Unknown(self.job.clone());
        }
    }
}

impl Drop for SharedClaim {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}
