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

/// A record as the fleet has it. Whether its owner is at work, the store tells.
#[derive(Serialize, Deserialize)]
struct RecordForm<'a> {
    fingerprint: [u8; 32],
    is_accepted: bool,
    job: JobForm<'a>,
}

/// Whose account, by whom, in which company, under which key.
type RecordKey = (CallerKey, Option<String>, String, String);

/// The submits that came with a key.
pub struct Submits {
    here: Cache<RecordKey, Arc<Record>>,
    fleet: Option<Arc<dyn Coordinator>>,
    runtime: Handle,
}

/// What a submit with a key may do.
pub enum Turn {
    /// It is the first: it may be sent.
    First(Claim),
    /// It was sent, and this is the answer.
    Answered(Box<Job>),
    /// It was sent and its answer was lost: it may only be looked for.
    LookFor(Box<Job>, Claim),
}

/// The right to settle what became of a submit.
pub struct Claim {
    records: Cache<RecordKey, Arc<Record>>,
    key: RecordKey,
    record: Arc<Record>,
    /// The same, as the fleet knows it.
    held: Option<Held>,
    settled: bool,
}

/// A record of the fleet that this replica owns, as long as it says so again and again.
struct Held {
    fleet: Arc<dyn Coordinator>,
    name: StoreKey,
    stamp: Vec<u8>,
    holding: AbortHandle,
}

impl Submits {
    /// Those of this process, or of the whole fleet.
    #[must_use]
    pub fn new(fleet: Option<Arc<dyn Coordinator>>, runtime: Handle) -> Self {
        Self { here: Cache::builder().max_capacity(MOST_RECORDS).time_to_live(LIFETIME).build(), fleet, runtime }
    }

    /// Begins a submit to the company of `job` with `key`; `job` is what it will be known as if its answer is lost.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] when the key came with another request, [`Error::SubmitInProgress`] while that is under way.
    pub async fn begin(&self, caller: &Caller, job: &Job, key: &IdempotencyKey) -> Result<Turn> {
        let turn = self.begin_here(caller, job.company(), key)?;
        let Some(fleet) = &self.fleet else { return Ok(turn) };
        let (mut claim, lost) = match turn {
            Turn::Answered(_) => return Ok(turn),
            Turn::First(claim) => (claim, None),
            Turn::LookFor(job, claim) => (claim, Some(job)),
        };
        let holder = caller.api_key_hash.as_deref().unwrap_or_default();
        let name = name_of(&**fleet, "submit", caller, &[holder, job.company(), &key.key]);
        let form =
            RecordForm { fingerprint: key.fingerprint, is_accepted: false, job: lost.as_deref().unwrap_or(job).into() };
        let Some(form) = wire::write(&form) else { return Err(Error::Internal("a record can't be written")) };
        let theirs = match fleet.claim(name, &form, HOLD, LIFETIME).await {
            Ok(ClaimOutcome::Theirs(entry)) => entry,
            Ok(ClaimOutcome::Ours(stamp)) => {
                claim.held = Some(self.hold(fleet, name, stamp));
                return Ok(first_or_lost(claim, lost));
            }
            // This replica by itself, then.
            Err(_) => return Ok(first_or_lost(claim, lost)),
        };
        let ClaimedRecord { stamp, value, is_held } = theirs;
        // A record that can't be read is somebody's: the submit may have been sent.
        let known = value.as_deref().and_then(wire::read::<RecordForm<'_>>);
        match known {
            Some(known) if known.fingerprint != key.fingerprint => Err(Error::IdempotencyKeyReused),
            Some(known) if known.is_accepted => {
                let job: Box<Job> = Box::new(known.job.into());
                claim.settle_here(State::Accepted(job.clone()));
                Ok(Turn::Answered(job))
            }
            _ if is_held => Err(Error::SubmitInProgress),
            known => match fleet.take_over(name, &stamp, &form, HOLD, LIFETIME).await {
                Ok(Some(stamp)) => {
                    claim.held = Some(self.hold(fleet, name, stamp));
                    let lost = known.map_or_else(|| job.clone(), |known| known.job.into());
                    Ok(Turn::LookFor(Box::new(lost), claim))
                }
                Ok(None) | Err(_) => Err(Error::SubmitInProgress),
            },
        }
    }

    fn begin_here(&self, caller: &Caller, company: &str, key: &IdempotencyKey) -> Result<Turn> {
        let record_key =
            (CallerKey::ignoring_locale(caller), caller.api_key_hash.clone(), company.to_owned(), key.key.clone());
        let fresh = Arc::new(Record { fingerprint: key.fingerprint, state: Mutex::new(State::Running) });
        let entry = self.here.entry(record_key.clone()).or_insert(Arc::clone(&fresh));
        let is_first = entry.is_fresh();
        let record = entry.into_value();
        let claim = |record| Claim { records: self.here.clone(), key: record_key, record, held: None, settled: false };
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

    fn hold(&self, fleet: &Arc<dyn Coordinator>, name: StoreKey, stamp: Vec<u8>) -> Held {
        let holder = Arc::clone(fleet);
        let holding = self.runtime.spawn(async move {
            loop {
                tokio::time::sleep(HOLD / 3).await;
                let _ = holder.hold(name, HOLD).await;
            }
        });
        Held { fleet: Arc::clone(fleet), name, stamp, holding: holding.abort_handle() }
    }
}

fn first_or_lost(claim: Claim, lost: Option<Box<Job>>) -> Turn {
    match lost {
        Some(job) => Turn::LookFor(job, claim),
        None => Turn::First(claim),
    }
}

impl Claim {
    /// IPS has the job.
    pub async fn accepted(mut self, job: &Job) {
        self.settle_here(State::Accepted(Box::new(job.clone())));
        self.tell(Some((true, job))).await;
    }

    /// IPS may have the job: it must never be sent again.
    pub async fn unknown(mut self, job: &Job) {
        self.settle_here(State::Unknown(Box::new(job.clone())));
        self.tell(Some((false, job))).await;
    }

    /// Nothing was done: the key is free again.
    pub async fn free(self) {
        self.tell(None).await;
    }

    fn settle_here(&mut self, state: State) {
        self.record.set(state);
        self.settled = true;
    }

    /// Before the client gets its answer: it may come back to another replica.
    async fn tell(&self, settled: Option<(bool, &Job)>) {
        let Some(Held { fleet, name, stamp, .. }) = &self.held else { return };
        let form = settled.and_then(|(is_accepted, job)| {
            wire::write(&RecordForm { fingerprint: self.record.fingerprint, is_accepted, job: job.into() })
        });
        for _ in 0..ATTEMPTS {
            if fleet.settle(*name, stamp, form.as_deref(), LIFETIME).await.is_ok() {
                return;
            }
        }
    }
}

/// Without a word, the key is free again here. To the fleet that says nothing: it looks for the job when nobody holds the record any more.
impl Drop for Claim {
    fn drop(&mut self) {
        if !self.settled {
            self.records.invalidate(&self.key);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.holding.abort();
    }
}
