//! Coordination of replicas: lookups first read the shared store, and one replica at a time loads a list, under a lease.
//!
//! A snapshot is published before any client gets it, and every lookup waits for a read of the shared store that started after the lookup.
//! So a client that is routed to another replica never gets an older list than before. While the shared store is unavailable, each replica
//! works alone.

mod publish;
mod sync;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use crate::jobs::cache::SnapshotCache;
use crate::jobs::cache::entry::{EntryState, KeyedEntry, LoadEpochs, SharedList, Visibility};
use crate::jobs::error::Result;
use crate::jobs::model::snapshot::Snapshot;
use crate::replicas::{self, Lease, LeaseOutcome, Unavailable};

/// Bounds of the lease of a load, which else is the freshness lifetime. When the lease of a replica expires, another one loads the list.
const MIN_LEASE: Duration = Duration::from_millis(500);
const MAX_LEASE: Duration = Duration::from_secs(2);
/// Maximum time for which a follower waits for a notification, which may be lost, before it requests the lease again.
const MAX_NOTIFICATION_WAIT: Duration = Duration::from_millis(500);

/// Outcome of a load under a lease.
enum LeaderOutcome {
    /// Result for the callers that wait for the load.
    Finished(Result<Arc<Snapshot>>),
    /// The shared store refused the snapshot, because a mutation or a later lease superseded it.
    Superseded,
}

impl SnapshotCache {
    /// Loads a list as the leader if this replica gets the lease; else follows: waits for the result of the replica that holds it.
    ///
    /// # Errors
    /// The error of the load, of this replica or the leader.
    pub(super) async fn load_as_leader_or_follow(
        self: &Arc<Self>,
        keyed: KeyedEntry<'_>,
        shared: &SharedList,
        started_under: u64,
    ) -> Result<Arc<Snapshot>> {
        let KeyedEntry { entry, key, .. } = keyed;
        let SharedList { coordinator, location } = shared;
        let mut epoch = started_under;
        loop {
            // Subscribed before the lease is requested, so that no notification is missed.
            let mut notifications = shared.subscribe();
            let known_token = entry.lock().newest_token();
            let outcome = coordinator.acquire_lease(location, epoch, known_token, self.lease_duration()).await;
            self.metrics().count_lease_request(outcome_code(outcome));
            match outcome {
                Err(Unavailable) => {
                    return self.load_alone(keyed, LoadEpochs { started_under, result: epoch }).await;
                }
                Ok(LeaseOutcome::Granted(lease)) => {
                    let epochs = LoadEpochs { started_under, result: epoch };
                    let outcome = self.load_as_leader(keyed, shared, lease, epochs).await;
                    if let LeaderOutcome::Finished(result) = outcome {
                        return result;
                    }
                }
                Ok(LeaseOutcome::HeldByOther(remaining)) => {
                    let wait = remaining.min(MAX_NOTIFICATION_WAIT);
                    let _ = tokio::time::timeout(wait, notifications.changed()).await;
                    continue;
                }
                Ok(LeaseOutcome::StaleEpoch(current)) => self.epochs().observe(&key.company, current),
                Ok(LeaseOutcome::NewerSnapshot | LeaseOutcome::RecentFailure) => {}
            }
            self.sync_with_replicas(keyed).await;
            epoch = self.epoch(key, entry);
            {
                let mut state = entry.lock();
                if let Some(result) = result_of_other(&state, epoch, outcome, known_token) {
                    state.end_load(started_under);
                    return result;
                }
            }
            if outcome == Ok(LeaseOutcome::RecentFailure) {
                // This version can't decode the failure, or it is of another epoch.
                let _ = tokio::time::timeout(MAX_NOTIFICATION_WAIT, notifications.changed()).await;
            }
        }
    }

    /// Loads the list and publishes the result.
    ///
    /// If a mutation supersedes the load, its callers still get the snapshot: they called before the mutation, and would wait forever if
    /// mutations came faster than loads.
    async fn load_as_leader(
        self: &Arc<Self>,
        keyed: KeyedEntry<'_>,
        shared: &SharedList,
        lease: Lease,
        epochs: LoadEpochs,
    ) -> LeaderOutcome {
        let result = tokio::select! {
            result = self.run_loader(keyed) => result,
            never = self.keep_lease(shared, lease) => match never {},
        };
        let visibility = match &result {
            Ok(snapshot) => match self.publish(keyed.entry, shared, snapshot, lease).await {
                Ok(true) => Visibility::Published(lease.token),
                Ok(false) => {
                    self.sync_with_replicas(keyed).await;
                    let is_superseded_by_mutation = self.epoch(keyed.key, keyed.entry) > lease.epoch
                        && keyed.entry.lock().newest_token() < lease.token;
                    if !is_superseded_by_mutation {
                        return LeaderOutcome::Superseded;
                    }
                    Visibility::Local
                }
                Err(Unavailable) => self.unpublished(),
            },
            Err(_) => Visibility::Local,
        };
        let failure = self.end_load(keyed, epochs, result.as_ref(), visibility);
        if let Err(error) = &result {
            self.publish_failure(shared, lease, error, failure).await;
        }
        LeaderOutcome::Finished(result)
    }

    /// Renews the lease three times per lease duration, until it is dropped.
    async fn keep_lease(&self, SharedList { coordinator, location }: &SharedList, lease: Lease) -> Infallible {
        loop {
            tokio::time::sleep(self.lease_duration() / 3).await;
            let _ = coordinator.renew_lease(location, lease, self.lease_duration()).await;
        }
    }

    /// Loads the list without a lease: the shared store is unavailable, or IPS has not accepted the caller.
    pub(in crate::jobs::cache) async fn load_alone(
        self: &Arc<Self>,
        keyed: KeyedEntry<'_>,
        epochs: LoadEpochs,
    ) -> Result<Arc<Snapshot>> {
        let result = self.run_loader(keyed).await;
        self.end_load(keyed, epochs, result.as_ref(), self.unpublished());
        result
    }

    fn unpublished(&self) -> Visibility {
        Visibility::Unpublished { micros: self.clock().micros(), log_id: self.new_log_id() }
    }

    fn lease_duration(&self) -> Duration {
        self.freshness().fresh.clamp(MIN_LEASE, MAX_LEASE)
    }
}

/// Returns the result of a load of another replica under this epoch: its failure if that is why the lease was refused, or a snapshot newer
/// than the known one; `None` if this replica has neither.
fn result_of_other(
    state: &EntryState,
    epoch: u64,
    outcome: replicas::Result<LeaseOutcome>,
    known_token: u64,
) -> Option<Result<Arc<Snapshot>>> {
    match (state.failure(epoch), state.valid_snapshot(epoch)) {
        (Some(failure), _) if outcome == Ok(LeaseOutcome::RecentFailure) => Some(Err(failure.error.clone())),
        (_, Some(snapshot)) if state.newest_token() > known_token => Some(Ok(Arc::clone(snapshot))),
        _ => None,
    }
}

/// Returns the outcome of a lease request as in the metric.
fn outcome_code(outcome: replicas::Result<LeaseOutcome>) -> &'static str {
    match outcome {
        Ok(LeaseOutcome::Granted(_)) => "granted",
        Ok(LeaseOutcome::NewerSnapshot) => "news",
        Ok(LeaseOutcome::RecentFailure) => "failed",
        Ok(LeaseOutcome::HeldByOther(_)) => "taken",
        Ok(LeaseOutcome::StaleEpoch(_)) => "outdated",
        Err(Unavailable) => "unavailable",
    }
}
