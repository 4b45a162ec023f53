//! The port to what replicas share: so that many gateways behave as one.
//!
//! A store that implements [`Coordinator`] keeps, for every list, the newest snapshot and what happened before it; decides which replica asks
//! IPS; and wakes the others. It may fail at any time: every method then says [`Unavailable`], and the replica goes on by itself.
//!
//! Three numbers order what happens. They only grow, and grow with time, so that a store which lost them takes up no old ones:
//! - the *generation* of a company changes with every change that was asked for there. What was loaded under an older one is worthless;
//! - the *token* of a load is given with the right to do it. A snapshot carries the token of its load, and the highest one is the newest;
//! - the *place* in a history tells readers of events where they are ([`crate::jobs::Place`]).

pub mod notifier;
pub mod redis;

use std::time::Duration;

use async_trait::async_trait;

pub use crate::replicas::notifier::{Notifications, Notifier};

/// A keyed hash: nothing can be read from it, and only who has the key of the fleet can make it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoreKey(pub [u8; 24]);

/// Where a list is kept: what belongs to a company stays together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLocation {
    /// Names the company.
    pub company: StoreKey,
    /// Names the list of this company for one caller.
    pub list: StoreKey,
}

/// The shared store is down, slow, full or refuses: it is to be done without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared store is not available")]
pub struct Unavailable;

/// What the store answers.
pub type Result<T> = std::result::Result<T, Unavailable>;

/// How a list is, at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListStatus {
    /// The generation of the company; 0 when the store doesn't know it.
    pub generation: u64,
    /// The token of the newest snapshot; 0 when there is none.
    pub token: u64,
    /// The last load failed so.
    pub failure: Option<Vec<u8>>,
}

/// A snapshot as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// The token of its load.
    pub token: u64,
    /// What it is; `None` when it can't be read: moved, cut, of another format.
    pub data: Option<Vec<u8>>,
}

/// Whether a replica may ask IPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// It may, for as long as it keeps the lease.
    Granted(Lease),
    /// Another one did: a newer snapshot is there.
    News,
    /// Another one tried in vain: the failure is there.
    FailureReport,
    /// Another one does, and its right lapses after this time unless it is renewed.
    Taken(Duration),
    /// Something was changed meanwhile: this is the generation now.
    Outdated(u64),
}

/// The right to load a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The generation under which it was given.
    pub generation: u64,
    /// Orders the loads of a list: a later lease has a higher one, and fences off the earlier ones.
    pub token: u64,
}

/// What a load brought, for all.
#[derive(Debug, Clone)]
pub struct Publication {
    /// The snapshot.
    pub snapshot: Vec<u8>,
    /// What happened since the one before, if anything did.
    pub events: Option<EventBatch>,
    /// How long it may be of use.
    pub keep: Duration,
}

/// Events in a row.
#[derive(Debug, Clone)]
pub struct EventBatch {
    /// The history that they belong to.
    pub epoch: u64,
    /// The number of the last one.
    pub last: u64,
    /// What they are.
    pub data: Vec<u8>,
}

/// A failed load, for all.
#[derive(Debug, Clone)]
pub struct FailureReport {
    /// What went wrong; `None` when that concerns no other replica.
    pub failure: Option<Vec<u8>>,
    /// Nobody tries again before this time is over.
    pub pause: Duration,
    /// What becomes of the last snapshot.
    pub last: LastSnapshot,
}

/// What becomes of the last snapshot when a load failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastSnapshot {
    /// It may still be served.
    Stays,
    /// The caller may not see it any more.
    Goes,
}

/// A record that only its owner may change. Its contents are opaque to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedRecord {
    /// Tells this state of the record from every other.
    pub stamp: Vec<u8>,
    /// What it says; `None` when it can't be read.
    pub value: Option<Vec<u8>>,
    /// Whether its owner is at work on it.
    pub is_held: bool,
}

/// Who has a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// Who asked: nobody had it before. The stamp proves it.
    Ours(Vec<u8>),
    /// Somebody had it already.
    Theirs(ClaimedRecord),
}

/// How the shared store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreHealth {
    /// Whether it is in use.
    pub up: bool,
    /// One word for what is wrong.
    pub trouble: Option<&'static str>,
}

/// What replicas share.
#[async_trait]
pub trait Coordinator: Send + Sync {
    /// How it is.
    fn health(&self) -> StoreHealth;

    /// The name of what these parts describe.
    fn name(&self, parts: &[&[u8]]) -> StoreKey;

    /// A text that only this fleet can read and make, for a purpose.
    fn seal(&self, purpose: &str, plain: &[u8]) -> Option<Vec<u8>>;

    /// What was sealed for this purpose.
    fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>>;

    /// Tells whenever something becomes known about one of these.
    fn news(&self, names: &[StoreKey]) -> Notifications;

    /// How a list is now.
    async fn look(&self, at: &ListLocation) -> Result<ListStatus>;

    /// The newest snapshot of a list.
    async fn fetch(&self, at: &ListLocation) -> Result<Option<StoredSnapshot>>;

    /// What happened in a history after the event of this number, as far as it is kept and can be read.
    async fn batches(&self, at: &ListLocation, epoch: u64, after: u64) -> Result<Vec<Vec<u8>>>;

    /// Asks for the right to load a list under a generation, when the newest snapshot known here has this token.
    async fn begin(&self, at: &ListLocation, generation: u64, known: u64, lease: Duration) -> Result<LeaseOutcome>;

    /// Keeps the right for this time from now on.
    async fn renew(&self, at: &ListLocation, lease: Lease, time: Duration) -> Result<()>;

    /// Puts a snapshot in place of the last one; tells whether it was let: a later load or a change makes it worthless.
    async fn publish(&self, at: &ListLocation, lease: Lease, publication: Publication) -> Result<bool>;

    /// Tells that a load failed, and gives the right back.
    async fn fail(&self, at: &ListLocation, lease: Lease, failed: FailureReport) -> Result<()>;

    /// Begins another generation of a company, at least this one, and tells which.
    async fn change(&self, company: StoreKey, at_least: u64) -> Result<u64>;

    /// Reminds the store of a generation that it has lost.
    async fn remind(&self, company: StoreKey, generation: u64) -> Result<()>;

    /// Makes a record, for `keep`, unless there is one. Its owner holds it for `hold`.
    async fn claim(&self, name: StoreKey, value: &[u8], hold: Duration, keep: Duration) -> Result<ClaimOutcome>;

    /// Takes a record over that nobody holds and that is as it was seen; the new stamp, if that was so.
    async fn take_over(
        &self,
        name: StoreKey,
        stamp: &[u8],
        value: &[u8],
        hold: Duration,
        keep: Duration,
    ) -> Result<Option<Vec<u8>>>;

    /// Goes on holding a record.
    async fn hold(&self, name: StoreKey, hold: Duration) -> Result<()>;

    /// Changes or removes (`None`) a record that is as the stamp says, and lets it go.
    async fn settle(&self, name: StoreKey, stamp: &[u8], value: Option<&[u8]>, keep: Duration) -> Result<()>;

    /// Remembers something.
    async fn put(&self, name: StoreKey, value: &[u8], keep: Duration) -> Result<()>;

    /// What is remembered under each of these.
    async fn get(&self, names: &[StoreKey]) -> Result<Vec<Option<Vec<u8>>>>;

    /// Whether nobody came with this before.
    async fn is_first(&self, name: StoreKey, keep: Duration) -> Result<bool>;
}
