//! Replicas: the port to the store that several gateways share, and its implementation for Valkey or Redis.
//!
//! A store that implements [`Coordinator`] keeps the newest snapshot and event log of every list, grants the lease of a load to one
//! replica at a time, and notifies the others. All values are opaque bytes. If the store is unavailable, every method returns
//! [`Unavailable`] and the replica works alone.
//!
//! Three numbers order what replicas share. They only grow, and are derived from the time, so that a store that lost its data does not
//! reuse old ones:
//! - the *invalidation epoch* of a company, bumped by every mutation: a snapshot that was loaded under an older one is invalid;
//! - the *fencing token* of a load, granted with the lease: the snapshot with the highest token is the newest, and one with a lower token
//!   cannot overwrite it;
//! - the *cursor* of a reader in an event log, made of the log's id and the number of an event.

pub mod crypto;
#[cfg(test)]
pub mod in_memory;
pub mod notifier;
pub mod redis;

use std::time::Duration;

use async_trait::async_trait;

pub use crate::replicas::notifier::{Notifications, Notifier};

/// Key of a value in the shared store: a keyed hash, which reveals nothing and can't be computed without the secret of the replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoreKey(pub [u8; 24]);

/// Location of a list in the shared store. Values of one company are stored together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLocation {
    /// Key of the company.
    pub company: StoreKey,
    /// Key of the list of this company for one caller.
    pub list: StoreKey,
}

/// Error of a store that is down, slow, full or read-only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared store is not available")]
pub struct Unavailable;

/// Result of an operation on the shared store.
pub type Result<T> = std::result::Result<T, Unavailable>;

/// Status of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListStatus {
    /// Invalidation epoch of the company; 0 if the store has none.
    pub epoch: u64,
    /// Fencing token of the newest snapshot; 0 if the store has none.
    pub token: u64,
    /// Failure of the last load, during its back-off.
    pub failure: Option<Vec<u8>>,
}

/// Snapshot in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSnapshot {
    /// Fencing token of its load.
    pub token: u64,
    /// Snapshot; `None` if it can't be decrypted: it was moved, truncated, or is of another format.
    pub data: Option<Vec<u8>>,
    /// Time for which the store still keeps it, by the clock of the store; `None` if it doesn't say.
    pub remaining: Option<Duration>,
}

/// Outcome of a request for the lease of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// The replica has the lease, and loads the list.
    Granted(Lease),
    /// Another replica published a newer snapshot.
    NewerSnapshot,
    /// The last load failed, and its back-off has not ended.
    RecentFailure,
    /// Another replica holds the lease, which expires after this time unless it is renewed.
    HeldByOther(Duration),
    /// A mutation bumped the invalidation epoch to this one.
    StaleEpoch(u64),
}

/// Lease of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// Invalidation epoch under which it was granted.
    pub epoch: u64,
    /// Fencing token: higher than those of all earlier leases of the list.
    pub token: u64,
}

/// Successful load, as published to other replicas.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Snapshot.
    pub snapshot: Vec<u8>,
    /// Events since the snapshot before; `None` if there are none, or too many.
    pub events: Option<EventBatch>,
    /// Time for which the store keeps it.
    pub ttl: Duration,
}

/// Consecutive events of an event log.
#[derive(Debug, Clone)]
pub struct EventBatch {
    /// Id of the event log.
    pub log_id: u64,
    /// Number of the last event.
    pub last: u64,
    /// Events.
    pub data: Vec<u8>,
}

/// Failed load, as published to other replicas.
#[derive(Debug, Clone)]
pub struct FailureReport {
    /// Failure; `None` if it concerns only this replica.
    pub failure: Option<Vec<u8>>,
    /// Time for which no replica loads the list.
    pub back_off: Duration,
    /// Retention of the stored snapshot.
    pub snapshot: SnapshotRetention,
}

/// Retention of the stored snapshot after a failed load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotRetention {
    /// It may be served while it is stale.
    Keep,
    /// It is deleted, because IPS denied the caller access.
    Delete,
}

/// Existing record that another request claimed. Its value is opaque to the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedRecord {
    /// Version of the record, for compare-and-set.
    pub version: Vec<u8>,
    /// Value; `None` if it can't be decrypted.
    pub value: Option<Vec<u8>>,
    /// Whether the lease of its owner has not expired.
    pub is_leased: bool,
}

/// Outcome of a claim of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// The record was created, with this version.
    Created(Vec<u8>),
    /// The record existed.
    Exists(ClaimedRecord),
}

/// Health of the shared store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreHealth {
    /// Whether the connection is up, or not tried yet.
    pub up: bool,
    /// Kind of the last error while the connection is down, such as `refused` or `timeout`.
    pub error_kind: Option<&'static str>,
}

/// Coordinator of the replicas: the port to the store that they share.
#[async_trait]
pub trait Coordinator: Send + Sync {
    /// Returns the health of the store, without a call to it.
    fn health(&self) -> StoreHealth;

    /// Returns the key of the value that these parts identify, the same on every replica.
    fn store_key(&self, parts: &[&[u8]]) -> StoreKey;

    /// Encrypts and authenticates a value for a purpose, so that only replicas can read or make it; `None` if the operating system has no
    /// random bytes.
    fn seal(&self, purpose: &str, plain: &[u8]) -> Option<Vec<u8>>;

    /// Decrypts a value that [`Coordinator::seal`] returned for the same purpose; `None` for anything else.
    fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>>;

    /// Returns the time of the clock of the store: while it is unavailable, that of the last answer and the time since then by the monotonic
    /// clock. [`Unavailable`] if it never answered.
    async fn time(&self) -> Result<Duration>;

    /// Subscribes to the notifications of these lists and companies.
    fn subscribe(&self, keys: &[StoreKey]) -> Notifications;

    /// Returns the status of a list.
    async fn status(&self, list: &ListLocation) -> Result<ListStatus>;

    /// Returns the newest snapshot of a list.
    async fn snapshot(&self, list: &ListLocation) -> Result<Option<StoredSnapshot>>;

    /// Returns the batches of events after the event with number `after`, without those that expired or can't be decrypted.
    async fn events(&self, list: &ListLocation, log_id: u64, after: u64) -> Result<Vec<Vec<u8>>>;

    /// Requests the lease of a load under an invalidation epoch, for `ttl`. `known_token` is that of the newest snapshot of this replica.
    async fn acquire_lease(
        &self,
        list: &ListLocation,
        epoch: u64,
        known_token: u64,
        ttl: Duration,
    ) -> Result<LeaseOutcome>;

    /// Renews a lease for `ttl`, if this replica still holds it.
    async fn renew_lease(&self, list: &ListLocation, lease: Lease, ttl: Duration) -> Result<()>;

    /// Publishes a snapshot, ends the lease and notifies other replicas. Returns whether it was accepted: not if there is a later lease or
    /// a mutation since.
    async fn publish(&self, list: &ListLocation, lease: Lease, publication: Publication) -> Result<bool>;

    /// Publishes a failed load, ends the lease and notifies other replicas.
    async fn publish_failure(&self, list: &ListLocation, lease: Lease, report: FailureReport) -> Result<()>;

    /// Bumps the invalidation epoch of a company to at least this one, and notifies other replicas. Returns the new epoch.
    async fn bump_epoch(&self, company: StoreKey, at_least: u64) -> Result<u64>;

    /// Restores an invalidation epoch that the store lost.
    async fn restore_epoch(&self, company: StoreKey, epoch: u64) -> Result<()>;

    /// Creates a record for `ttl` unless it exists. Its owner has a lease on it for `lease`.
    async fn claim(&self, key: StoreKey, value: &[u8], lease: Duration, ttl: Duration) -> Result<ClaimOutcome>;

    /// Takes over a record of this version whose lease has expired. Returns the new version; `None` if the record changed or is leased.
    async fn take_over(
        &self,
        key: StoreKey,
        version: &[u8],
        value: &[u8],
        lease: Duration,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>>;

    /// Renews the lease of a record for `lease`, if the owner of this version still holds it.
    async fn renew_claim(&self, key: StoreKey, version: &[u8], lease: Duration) -> Result<()>;

    /// Sets the value of a record of this version, or deletes the record (`None`), and ends its lease.
    async fn settle(&self, key: StoreKey, version: &[u8], value: Option<&[u8]>, ttl: Duration) -> Result<()>;

    /// Sets a value for `ttl`.
    async fn put(&self, key: StoreKey, value: &[u8], ttl: Duration) -> Result<()>;

    /// Returns the time for which the store still keeps the value of this key; `None` if it is absent or kept without limit.
    async fn remaining(&self, key: StoreKey) -> Result<Option<Duration>>;

    /// Returns the values of these keys; `None` for those that are absent or can't be decrypted.
    async fn get(&self, keys: &[StoreKey]) -> Result<Vec<Option<Vec<u8>>>>;

    /// Sets a marker for `ttl` unless it exists. Returns whether it did not exist.
    async fn insert_marker(&self, key: StoreKey, ttl: Duration) -> Result<bool>;
}
