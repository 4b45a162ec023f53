//! Coordinator in memory, for unit tests: the semantics of the scripts without encryption, and expiry only of values.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use crate::replicas::{
    ClaimOutcome, ClaimedRecord, Coordinator, FailureReport, Lease, LeaseOutcome, ListLocation, ListStatus,
    Notifications, Notifier, Publication, Result, SnapshotRetention, StoreHealth, StoreKey, StoredSnapshot,
};

/// Coordinator in memory.
#[derive(Default)]
pub struct InMemoryCoordinator {
    state: Mutex<StoreState>,
    notifier: Notifier,
    /// Start of the clock of the store.
    start: OnceLock<Instant>,
    /// Number of requests for leases of loads.
    pub lease_requests: AtomicUsize,
    /// Whether the next request for the lease of a load panics.
    pub lease_panics_once: AtomicBool,
    /// Whether the next read of the status of a list panics.
    pub status_panics_once: AtomicBool,
}

#[derive(Default)]
struct StoreState {
    epochs: HashMap<StoreKey, u64>,
    lists: HashMap<StoreKey, StoredList>,
    /// Records with the version of the owner of their lease.
    records: HashMap<StoreKey, (Vec<u8>, Option<Vec<u8>>)>,
    /// Values with the times at which they expire; markers have none.
    values: HashMap<StoreKey, (Vec<u8>, Option<Instant>)>,
    last_token: u64,
}

#[derive(Default)]
struct StoredList {
    token: u64,
    snapshot: Option<Vec<u8>>,
    /// Time at which the snapshot expires.
    expires_at: Option<Instant>,
    failure: Option<(u64, Vec<u8>)>,
    lease: Option<Lease>,
    events: Vec<(u64, u64, Vec<u8>)>,
}

impl InMemoryCoordinator {
    fn state(&self) -> MutexGuard<'_, StoreState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the failure of a load under this epoch.
    pub fn set_failure(&self, list: &ListLocation, epoch: u64, failure: Vec<u8>) {
        self.state().lists.entry(list.list).or_default().failure = Some((epoch, failure));
    }

    /// Returns the number of values and markers.
    pub fn value_count(&self) -> usize {
        self.state().values.len()
    }

    /// Ends the leases of all records, as if they had expired.
    pub fn expire_record_leases(&self) {
        self.state().records.values_mut().for_each(|(_, lease)| *lease = None);
    }
}

#[async_trait]
impl Coordinator for InMemoryCoordinator {
    fn health(&self) -> StoreHealth {
        StoreHealth { up: true, error_kind: None }
    }

    fn store_key(&self, parts: &[&[u8]]) -> StoreKey {
        let mut hasher = DefaultHasher::new();
        parts.hash(&mut hasher);
        let mut key = [0; 24];
        key[..8].copy_from_slice(&hasher.finish().to_be_bytes());
        StoreKey(key)
    }

    fn seal(&self, _: &str, plain: &[u8]) -> Option<Vec<u8>> {
        Some(plain.to_vec())
    }

    fn open(&self, _: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        Some(sealed.to_vec())
    }

    async fn time(&self) -> Result<Duration> {
        Ok(self.start.get_or_init(Instant::now).elapsed())
    }

    fn subscribe(&self, keys: &[StoreKey]) -> Notifications {
        self.notifier.subscribe(keys)
    }

    async fn status(&self, list: &ListLocation) -> Result<ListStatus> {
        assert!(!self.status_panics_once.swap(false, Ordering::SeqCst), "a panic that the test asked for");
        let mut state = self.state();
        let epoch = state.epochs.get(&list.company).copied().unwrap_or_default();
        let stored = state.lists.entry(list.list).or_default();
        let failure = stored.failure.as_ref().map(|(_, failure)| failure.clone());
        Ok(ListStatus { epoch, token: stored.token, failure })
    }

    async fn snapshot(&self, list: &ListLocation) -> Result<Option<StoredSnapshot>> {
        let mut state = self.state();
        let stored = state.lists.entry(list.list).or_default();
        Ok((stored.token > 0).then(|| StoredSnapshot {
            token: stored.token,
            data: stored.snapshot.clone(),
            remaining: stored.expires_at.map(|expires_at| expires_at.saturating_duration_since(Instant::now())),
        }))
    }

    async fn events(&self, list: &ListLocation, log_id: u64, after: u64) -> Result<Vec<Vec<u8>>> {
        let mut state = self.state();
        let events = &state.lists.entry(list.list).or_default().events;
        Ok(events
            .iter()
            .filter(|(id, last, _)| *id == log_id && *last > after)
            .map(|(.., data)| data.clone())
            .collect())
    }

    async fn acquire_lease(
        &self,
        list: &ListLocation,
        epoch: u64,
        known_token: u64,
        _: Duration,
    ) -> Result<LeaseOutcome> {
        self.lease_requests.fetch_add(1, Ordering::SeqCst);
        assert!(!self.lease_panics_once.swap(false, Ordering::SeqCst), "a panic that the test asked for");
        let state = &mut *self.state();
        let current = state.epochs.entry(list.company).or_default();
        if *current > epoch {
            return Ok(LeaseOutcome::StaleEpoch(*current));
        }
        *current = epoch;
        let stored = state.lists.entry(list.list).or_default();
        if stored.token > known_token {
            return Ok(LeaseOutcome::NewerSnapshot);
        }
        if stored.failure.as_ref().is_some_and(|(failed, _)| *failed == epoch) {
            return Ok(LeaseOutcome::RecentFailure);
        }
        if stored.lease.is_some_and(|lease| lease.epoch >= epoch) {
            return Ok(LeaseOutcome::HeldByOther(Duration::from_secs(1)));
        }
        state.last_token = state.last_token.max(stored.token).max(known_token) + 1;
        let lease = Lease { epoch, token: state.last_token };
        stored.lease = Some(lease);
        Ok(LeaseOutcome::Granted(lease))
    }

    async fn renew_lease(&self, _: &ListLocation, _: Lease, _: Duration) -> Result<()> {
        Ok(())
    }

    async fn publish(&self, list: &ListLocation, lease: Lease, publication: Publication) -> Result<bool> {
        let epoch = self.state().epochs.get(&list.company).copied().unwrap_or_default();
        let mut state = self.state();
        let stored = state.lists.entry(list.list).or_default();
        if epoch != lease.epoch || stored.token >= lease.token {
            return Ok(false);
        }
        stored.token = lease.token;
        stored.snapshot = Some(publication.snapshot);
        stored.expires_at = Some(Instant::now() + publication.ttl);
        stored.events.extend(publication.events.map(|batch| (batch.log_id, batch.last, batch.data)));
        (stored.failure, stored.lease) = (None, None);
        drop(state);
        self.notifier.notify(list.list);
        Ok(true)
    }

    async fn publish_failure(&self, list: &ListLocation, lease: Lease, report: FailureReport) -> Result<()> {
        let mut state = self.state();
        let stored = state.lists.entry(list.list).or_default();
        stored.lease = None;
        stored.failure = report.failure.map(|failure| (lease.epoch, failure));
        if report.snapshot == SnapshotRetention::Delete {
            (stored.token, stored.snapshot) = (0, None);
        }
        drop(state);
        self.notifier.notify(list.list);
        Ok(())
    }

    async fn bump_epoch(&self, company: StoreKey, at_least: u64) -> Result<u64> {
        let epoch = {
            let mut state = self.state();
            let epoch = state.epochs.entry(company).or_default();
            *epoch = at_least.max(*epoch + 1);
            *epoch
        };
        self.notifier.notify(company);
        Ok(epoch)
    }

    async fn restore_epoch(&self, company: StoreKey, epoch: u64) -> Result<()> {
        let mut state = self.state();
        let current = state.epochs.entry(company).or_default();
        *current = epoch.max(*current);
        Ok(())
    }

    async fn claim(&self, key: StoreKey, value: &[u8], _: Duration, _: Duration) -> Result<ClaimOutcome> {
        let mut state = self.state();
        if let Some((record, lease)) = state.records.get(&key) {
            let (version, value) = (record.clone(), Some(record.clone()));
            return Ok(ClaimOutcome::Exists(ClaimedRecord { version, value, is_leased: lease.is_some() }));
        }
        state.records.insert(key, (value.to_vec(), Some(value.to_vec())));
        Ok(ClaimOutcome::Created(value.to_vec()))
    }

    async fn take_over(
        &self,
        key: StoreKey,
        version: &[u8],
        value: &[u8],
        _: Duration,
        _: Duration,
    ) -> Result<Option<Vec<u8>>> {
        let mut state = self.state();
        let is_free = state.records.get(&key).is_some_and(|(record, lease)| record == version && lease.is_none());
        Ok(is_free.then(|| {
            state.records.insert(key, (value.to_vec(), Some(value.to_vec())));
            value.to_vec()
        }))
    }

    async fn renew_claim(&self, _: StoreKey, _: &[u8], _: Duration) -> Result<()> {
        Ok(())
    }

    async fn settle(&self, key: StoreKey, version: &[u8], value: Option<&[u8]>, _: Duration) -> Result<()> {
        let mut state = self.state();
        if state.records.get(&key).is_some_and(|(record, _)| record == version) {
            match value {
                Some(value) => drop(state.records.insert(key, (value.to_vec(), None))),
                None => drop(state.records.remove(&key)),
            }
        }
        Ok(())
    }

    async fn put(&self, key: StoreKey, value: &[u8], ttl: Duration) -> Result<()> {
        self.state().values.insert(key, (value.to_vec(), Some(Instant::now() + ttl)));
        Ok(())
    }

    async fn remaining(&self, key: StoreKey) -> Result<Option<Duration>> {
        let expires_at = self.state().values.get(&key).and_then(|(_, expires_at)| *expires_at);
        Ok(expires_at.map(|expires_at| expires_at.saturating_duration_since(Instant::now())))
    }

    async fn get(&self, keys: &[StoreKey]) -> Result<Vec<Option<Vec<u8>>>> {
        let state = self.state();
        let is_kept = |expires_at: Option<Instant>| expires_at.is_none_or(|expires_at| Instant::now() < expires_at);
        let value = |key| state.values.get(key).filter(|(_, expires_at)| is_kept(*expires_at));
        Ok(keys.iter().map(|key| Some(value(key)?.0.clone())).collect())
    }

    async fn insert_marker(&self, key: StoreKey, _: Duration) -> Result<bool> {
        Ok(self.state().values.insert(key, (Vec::new(), None)).is_none())
    }
}
