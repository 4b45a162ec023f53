//! Coordinator on Valkey or Redis.
//!
//! Numbers (epochs, fencing tokens) are stored in plain text. Every other value is encrypted and bound to its key, snapshots to their token
//! too: a value that was moved, truncated or written by others can't be decrypted, and counts as absent.

mod client;
mod connection;
mod keys;
mod scripts;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use redis::{Client, Cmd, TlsCertificates};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use crate::replicas::crypto::Keys;
use crate::replicas::redis::client::{Argument, StoreClient, command, millis, parse_number};
use crate::replicas::redis::connection::StoreConnection;
use crate::replicas::redis::keys::{
    FORMAT, ListKeys, channel, encode_key, epoch_key, events_key, record_keys, value_key,
};
use crate::replicas::{
    ClaimOutcome, ClaimedRecord, Coordinator, FailureReport, Lease, LeaseOutcome, ListLocation, ListStatus,
    Notifications, Notifier, Publication, Result, SnapshotRetention, StoreHealth, StoreKey, StoredSnapshot,
    Unavailable,
};

/// Maximum number of batches of events in a log; beyond it the oldest are dropped.
const MAX_BATCHES: u64 = 256;

/// Coordinator on Valkey or Redis.
pub struct RedisCoordinator {
    client: StoreClient,
    epoch_ttl: Duration,
    notifier: Arc<Notifier>,
    /// Last answer with the time of the store, and when it came.
    last_time: Mutex<Option<(Duration, Instant)>>,
}

/// Error of an address of the store that can't be used. The message does not contain it, because it may contain a password.
#[derive(Debug, Clone, Copy, thiserror::Error)]
pub enum InvalidAddress {
    /// The URL is invalid.
    #[error("the URL of the shared store can't be used")]
    Url,
    /// The certificates of the authorities are invalid.
    #[error("the certificate authorities of the shared store can't be read")]
    Authorities,
}

impl RedisCoordinator {
    /// Opens the store at `url`, and keeps a connection to it until this is dropped. `secret` and `scope` (the upstream and its API
    /// version) determine the keys: replicas with others share nothing. `epoch_ttl` is the time to live of an invalidation epoch: longer than
    /// that of every snapshot that it can invalidate, and than a load. With TLS, `authorities` (PEM) replace those of the system. Must be
    /// called within a tokio runtime.
    ///
    /// # Errors
    /// The URL or the authorities are invalid.
    pub fn open(
        url: &SecretString,
        authorities: Option<Vec<u8>>,
        secret: &SecretString,
        scope: &[&str],
        epoch_ttl: Duration,
    ) -> std::result::Result<Self, InvalidAddress> {
        let url = url.expose_secret();
        let client = match authorities {
            None => Client::open(url).map_err(|_| InvalidAddress::Url)?,
            Some(authorities) => {
                let certificates = TlsCertificates { client_tls: None, root_cert: Some(authorities) };
                Client::build_with_tls(url, certificates).map_err(|_| InvalidAddress::Authorities)?
            }
        };
        let notifier = Arc::new(Notifier::default());
        let connection = StoreConnection::open(client, Arc::clone(&notifier));
        let keys = Keys::new(secret.expose_secret().as_bytes(), &[&[FORMAT], scope].concat());
        Ok(Self { client: StoreClient { keys, connection }, epoch_ttl, notifier, last_time: Mutex::default() })
    }
}

/// Returns a lease as it is stored.
fn encode_lease(lease: Lease) -> String {
    format!("{}|{}", lease.epoch, lease.token)
}

#[async_trait]
impl Coordinator for RedisCoordinator {
    fn health(&self) -> StoreHealth {
        self.client.connection.health()
    }

    fn store_key(&self, parts: &[&[u8]]) -> StoreKey {
        self.client.keys.store_key(parts)
    }

    fn seal(&self, purpose: &str, plain: &[u8]) -> Option<Vec<u8>> {
        self.client.keys.seal(&format!("{FORMAT}:{purpose}"), plain)
    }

    fn open(&self, purpose: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.client.keys.open(&format!("{FORMAT}:{purpose}"), sealed)
    }

    async fn time(&self) -> Result<Duration> {
        let answer = self.client.query::<(u64, u64)>("time", &redis::cmd("TIME")).await;
        let mut last = self.last_time.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok((seconds, micros)) => {
                let time = Duration::from_secs(seconds) + Duration::from_micros(micros);
                *last = Some((time, Instant::now()));
                Ok(time)
            }
            Err(Unavailable) => last.map(|(time, at)| time + at.elapsed()).ok_or(Unavailable),
        }
    }

    fn subscribe(&self, keys: &[StoreKey]) -> Notifications {
        self.notifier.subscribe(keys)
    }

    async fn status(&self, list: &ListLocation) -> Result<ListStatus> {
        let keys = ListKeys::of(list);
        let get = command("MGET", &[&keys.epoch, &keys.token, &keys.failure]);
        let [epoch, token, failure]: [Option<Vec<u8>>; 3] = self.client.query("look", &get).await?;
        let failure = failure.and_then(|failure| {
            let end = failure.iter().position(|byte| *byte == b'|')?;
            let failure_epoch = parse_number(Some(&failure[..end]));
            self.client.open(&format!("{}|{failure_epoch}", keys.failure), &failure[end + 1..])
        });
        Ok(ListStatus { epoch: parse_number(epoch.as_deref()), token: parse_number(token.as_deref()), failure })
    }

    async fn snapshot(&self, list: &ListLocation) -> Result<Option<StoredSnapshot>> {
        let keys = ListKeys::of(list);
        let fetch = self.client.invoke("fetch", &scripts::FETCH, &[&keys.token, &keys.snapshot], &[]).await?;
        let (token, snapshot, remaining): (Option<Vec<u8>>, Option<Vec<u8>>, i64) = fetch;
        let token = parse_number(token.as_deref());
        let associated_data = format!("{}|{token}", keys.snapshot);
        let data = snapshot.and_then(|snapshot| self.client.open(&associated_data, &snapshot));
        Ok((token > 0).then_some(StoredSnapshot {
            token,
            data,
            remaining: u64::try_from(remaining).ok().map(Duration::from_millis),
        }))
    }

    async fn events(&self, list: &ListLocation, log_id: u64, after: u64) -> Result<Vec<Vec<u8>>> {
        let key = events_key(list, log_id);
        let range = command("ZRANGEBYSCORE", &[key.clone(), format!("({after}"), "+inf".to_owned()]);
        let batches: Vec<Vec<u8>> = self.client.query("events", &range).await?;
        Ok(batches.iter().filter_map(|batch| self.client.open(&key, batch)).collect())
    }

    async fn acquire_lease(
        &self,
        list: &ListLocation,
        epoch: u64,
        known_token: u64,
        ttl: Duration,
    ) -> Result<LeaseOutcome> {
        let ListKeys { epoch: epoch_key, token, last_token, lease, failure, .. } = ListKeys::of(list);
        let keys = [&epoch_key, &token, &last_token, &lease, &failure];
        let arguments: [&dyn Argument; 4] = [&epoch, &known_token, &millis(ttl), &millis(self.epoch_ttl)];
        let (outcome, value): (String, u64) =
            self.client.invoke("begin", &scripts::ACQUIRE_LEASE, &keys, &arguments).await?;
        match outcome.as_str() {
            "granted" => Ok(LeaseOutcome::Granted(Lease { epoch, token: value })),
            "held" => Ok(LeaseOutcome::HeldByOther(Duration::from_millis(value))),
            "stale_epoch" => Ok(LeaseOutcome::StaleEpoch(value)),
            "failed" => Ok(LeaseOutcome::RecentFailure),
            "newer_snapshot" => Ok(LeaseOutcome::NewerSnapshot),
            _ => Err(Unavailable),
        }
    }

    async fn renew_lease(&self, list: &ListLocation, lease: Lease, ttl: Duration) -> Result<()> {
        let keys = ListKeys::of(list);
        let arguments: [&dyn Argument; 2] = [&encode_lease(lease), &millis(ttl)];
        self.client.invoke("renew", &scripts::RENEW_LEASE, &[&keys.lease, &keys.last_token], &arguments).await
    }

    async fn publish(&self, list: &ListLocation, lease: Lease, publication: Publication) -> Result<bool> {
        let keys = ListKeys::of(list);
        let Publication { snapshot, events, ttl } = publication;
        let snapshot = self.client.seal(&format!("{}|{}", keys.snapshot, lease.token), &snapshot)?;
        let (events_key, last_event, batch) = match events {
            Some(batch) => {
                let key = events_key(list, batch.log_id);
                let sealed = self.client.seal(&key, &batch.data)?;
                (key, batch.last, sealed)
            }
            None => (events_key(list, 0), 0, Vec::new()),
        };
        let ListKeys { epoch, token, last_token, lease: lease_key, failure, snapshot: snapshot_key } = &keys;
        let keys = [epoch, token, last_token, lease_key, failure, snapshot_key, &events_key];
        let arguments: [&dyn Argument; 10] = [
            &lease.epoch,
            &lease.token,
            &encode_lease(lease),
            &millis(ttl),
            &snapshot,
            &last_event,
            &batch,
            &MAX_BATCHES,
            &channel(),
            &encode_key(list.list),
        ];
        self.client.invoke("publish", &scripts::PUBLISH, &keys, &arguments).await
    }

    async fn publish_failure(&self, list: &ListLocation, lease: Lease, report: FailureReport) -> Result<()> {
        let ListKeys { epoch, token, last_token, lease: lease_key, failure: failure_key, snapshot } =
            ListKeys::of(list);
        let associated_data = format!("{failure_key}|{}", lease.epoch);
        let failure = report.failure.map_or(Ok(Vec::new()), |failure| self.client.seal(&associated_data, &failure))?;
        let keys = [&epoch, &token, &last_token, &lease_key, &failure_key, &snapshot];
        let arguments: [&dyn Argument; 8] = [
            &lease.epoch,
            &lease.token,
            &encode_lease(lease),
            &millis(report.back_off),
            &failure,
            &u64::from(report.snapshot == SnapshotRetention::Delete),
            &channel(),
            &encode_key(list.list),
        ];
        self.client.invoke("fail", &scripts::PUBLISH_FAILURE, &keys, &arguments).await
    }

    async fn bump_epoch(&self, company: StoreKey, at_least: u64) -> Result<u64> {
        let arguments: [&dyn Argument; 5] = [&at_least, &1, &millis(self.epoch_ttl), &channel(), &encode_key(company)];
        self.client.invoke("change", &scripts::RAISE_EPOCH, &[&epoch_key(company)], &arguments).await
    }

    async fn restore_epoch(&self, company: StoreKey, epoch: u64) -> Result<()> {
        let arguments: [&dyn Argument; 5] = [&epoch, &0, &millis(self.epoch_ttl), &channel(), &encode_key(company)];
        let key = epoch_key(company);
        self.client.invoke::<u64>("remind", &scripts::RAISE_EPOCH, &[&key], &arguments).await.map(drop)
    }

    async fn claim(&self, key: StoreKey, value: &[u8], lease: Duration, ttl: Duration) -> Result<ClaimOutcome> {
        let [record, lease_key] = record_keys(key);
        let version = self.client.seal(&record, value)?;
        let arguments: [&dyn Argument; 3] = [&version, &millis(lease), &millis(ttl)];
        let existing: Option<(Vec<u8>, bool)> =
            self.client.invoke("claim", &scripts::CLAIM, &[&record, &lease_key], &arguments).await?;
        Ok(match existing {
            None => ClaimOutcome::Created(version),
            Some((version, is_leased)) => {
                let value = self.client.open(&record, &version);
                ClaimOutcome::Exists(ClaimedRecord { version, value, is_leased })
            }
        })
    }

    async fn take_over(
        &self,
        key: StoreKey,
        version: &[u8],
        value: &[u8],
        lease: Duration,
        ttl: Duration,
    ) -> Result<Option<Vec<u8>>> {
        let [record, lease_key] = record_keys(key);
        let new_version = self.client.seal(&record, value)?;
        let arguments: [&dyn Argument; 4] = [&version, &new_version, &millis(lease), &millis(ttl)];
        let is_taken: bool =
            self.client.invoke("take_over", &scripts::TAKE_OVER, &[&record, &lease_key], &arguments).await?;
        Ok(is_taken.then_some(new_version))
    }

    async fn renew_claim(&self, key: StoreKey, version: &[u8], lease: Duration) -> Result<()> {
        let [_, lease_key] = record_keys(key);
        let arguments: [&dyn Argument; 2] = [&version, &millis(lease)];
        self.client.invoke("hold", &scripts::RENEW_CLAIM, &[&lease_key], &arguments).await
    }

    async fn settle(&self, key: StoreKey, version: &[u8], value: Option<&[u8]>, ttl: Duration) -> Result<()> {
        let [record, lease_key] = record_keys(key);
        let value = value.map_or(Ok(Vec::new()), |value| self.client.seal(&record, value))?;
        let arguments: [&dyn Argument; 3] = [&version, &value, &millis(ttl)];
        self.client.invoke("settle", &scripts::SETTLE, &[&record, &lease_key], &arguments).await
    }

    async fn put(&self, key: StoreKey, value: &[u8], ttl: Duration) -> Result<()> {
        let key = value_key(key);
        let mut put = Cmd::new();
        put.arg("SET").arg(&key).arg(self.client.seal(&key, value)?).arg("PX").arg(millis(ttl));
        self.client.query("put", &put).await
    }

    async fn remaining(&self, key: StoreKey) -> Result<Option<Duration>> {
        let remaining: i64 = self.client.query("remaining", &command("PTTL", &[value_key(key)])).await?;
        Ok(u64::try_from(remaining).ok().map(Duration::from_millis))
    }

    async fn get(&self, keys: &[StoreKey]) -> Result<Vec<Option<Vec<u8>>>> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<_> = keys.iter().map(|key| value_key(*key)).collect();
        let values: Vec<Option<Vec<u8>>> = self.client.query("get", &command("MGET", &keys)).await?;
        let open = |(key, value): (&String, Option<Vec<u8>>)| self.client.open(key, &value?);
        Ok(keys.iter().zip(values).map(open).collect())
    }

    async fn insert_marker(&self, key: StoreKey, ttl: Duration) -> Result<bool> {
        let mut set = Cmd::new();
        set.arg("SET").arg(value_key(key)).arg("1").arg("NX").arg("PX").arg(millis(ttl));
        let reply: Option<String> = self.client.query("is_first", &set).await?;
        Ok(reply.is_some())
    }
}
