//! Tickets: short-lived credentials in the URL of an event stream. A ticket opens one stream at a time: the first within a minute of its issue,
//! and another within a minute of the end of the one before, since a browser reconnects with the same URL.
//!
//! A gateway without a shared store keeps the callers of its tickets in memory. Replicas can't share them without storing credentials in
//! the shared store: there, a ticket is the caller itself, encrypted with the key of the replicas, and the store keeps only the hashes of
//! redeemed tickets. The age of a ticket is by the monotonic clock at the replica that issued it, by the clock of the store at others.

mod content;
#[cfg(test)]
mod tests;
mod uses;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

pub use uses::TicketUse;

use crate::http::background::BackgroundTasks;
use crate::replicas::Coordinator;
use crate::runtime::clock::Clock;
use crate::telemetry::metrics::report_table;
use crate::upstream::{Caller, Credentials};
pub use content::Acceptance;
use content::TicketContent;
use uses::{LIFETIME, Resumption, TicketHash, TicketUses, resumption_key, ticket_bytes};

/// Maximum approximate memory of the issued tickets and of the hashes of redeemed ones, in bytes; beyond that, the oldest are evicted.
const MAX_ISSUED_BYTES: u64 = 4 << 20;
const MAX_REDEEMED_BYTES: u64 = 2 << 20;
/// Approximate memory of the hash of a redeemed ticket, in bytes.
const REDEEMED_BYTES: u32 = 200;
/// Purpose of the encryption: no other encrypted data of the replicas is accepted as a ticket.
const PURPOSE: &str = "ticket";
/// Maximum wait for the end of the open stream of a ticket: the client may have disconnected before the gateway has noticed it.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// Interval in which the end of the open stream is checked.
const WAIT_INTERVAL: Duration = Duration::from_millis(100);

/// Issued and redeemed tickets.
pub struct Tickets {
    /// Tickets of this gateway that are not redeemed, with their expiry.
    issued: Cache<TicketHash, (Caller, Instant)>,
    /// Encrypted tickets that this replica has redeemed.
    redeemed: Cache<TicketHash, ()>,
    uses: Arc<TicketUses>,
    service_account: Option<Credentials>,
    coordinator: Option<Arc<dyn Coordinator>>,
}

/// Outcome of an attempt to redeem a ticket.
enum Attempt {
    Redeemed(TicketUse),
    /// A stream with this ticket may be open.
    InUse,
    Invalid,
}

/// Error of a ticket that can't be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// The operating system has no random bytes.
    #[error("the operating system has no random bytes for a ticket")]
    NoRandomBytes,
    /// The caller can't be serialized or encrypted.
    #[error("the ticket can't be encrypted")]
    NotEncrypted,
}

impl Tickets {
    /// Creates the tickets of a gateway. With a coordinator, a ticket can be redeemed at any replica. `background` runs the calls to the
    /// shared store.
    #[must_use]
    pub fn new(
        service_account: Option<Credentials>,
        coordinator: Option<Arc<dyn Coordinator>>,
        clock: Clock,
        background: BackgroundTasks,
    ) -> Self {
        // The default policy, TinyLFU, could reject new tickets in favour of old ones that are read more often.
        let lru = EvictionPolicy::lru;
        let issued = Cache::builder()
            .max_capacity(MAX_ISSUED_BYTES)
            .weigher(|_: &TicketHash, (caller, _): &(Caller, Instant)| {
                u32::try_from(ticket_bytes(caller)).unwrap_or(u32::MAX)
            })
            .eviction_policy(lru())
            .time_to_live(LIFETIME)
            .build();
        let redeemed = Cache::builder()
            .max_capacity(MAX_REDEEMED_BYTES)
            .weigher(|_: &TicketHash, ()| REDEEMED_BYTES)
            .eviction_policy(lru())
            .time_to_live(2 * LIFETIME)
            .build();
        let uses = TicketUses::new(clock, background, coordinator.clone());
        Self { issued, redeemed, uses, service_account, coordinator }
    }

    /// Issues a ticket for `caller`, and returns it with its expiry, one minute from now.
    ///
    /// # Errors
    /// There are no random bytes, or the ticket can't be encrypted.
    pub async fn issue(&self, caller: Caller, acceptance: Acceptance) -> Result<(String, DateTime<Utc>), TicketError> {
        let now = self.uses.now();
        let expires_at = now.wall + LIFETIME;
        let ticket = if let Some(coordinator) = &self.coordinator {
            let store_expires_at = coordinator.time().await.ok().map(|time| micros(time + LIFETIME));
            let content = TicketContent::of(&caller, expires_at, store_expires_at).marked(acceptance);
            let content = serde_json::to_vec(&content);
            let sealed = content.ok().and_then(|content| coordinator.seal(PURPOSE, &content));
            URL_SAFE_NO_PAD.encode(sealed.ok_or(TicketError::NotEncrypted)?)
        } else {
            let mut random = [0; 32];
            getrandom::fill(&mut random).map_err(|_| TicketError::NoRandomBytes)?;
            URL_SAFE_NO_PAD.encode(random)
        };
        self.issued.insert(Sha256::digest(&ticket).into(), (caller, now.monotonic + LIFETIME));
        Ok((ticket, expires_at))
    }

    /// Sets the gauges of the memory of the tickets.
    pub fn report_metrics(&self) {
        report_table("issued_tickets", self.issued.weighted_size(), MAX_ISSUED_BYTES);
        report_table("redeemed_tickets", self.redeemed.weighted_size(), MAX_REDEEMED_BYTES);
        self.uses.report_metrics();
    }

    /// Returns the caller of a ticket without redeeming it. `None` if the ticket is unknown or expired, or has an open stream at this replica.
    pub async fn caller(&self, ticket: &str) -> Option<Caller> {
        let hash = TicketHash::from(Sha256::digest(ticket));
        let resumable = self.uses.resumable(&hash).map(|(caller, _)| caller);
        let Some(coordinator) = &self.coordinator else {
            let now = self.uses.now().monotonic;
            let issued = self.issued.get(&hash).filter(|(_, expires_at)| now < *expires_at).map(|(caller, _)| caller);
            return issued.or(resumable);
        };
        if self.uses.is_open(&hash) || resumable.is_some() {
            return resumable;
        }
        let content = open(&**coordinator, ticket)?;
        let is_unused = !self.redeemed.contains_key(&hash) && self.is_current(&**coordinator, &hash, &content).await;
        let is_valid = is_unused || resumption(&**coordinator, &hash).await.is_some();
        content.into_caller(self.service_account.as_ref()).filter(|_| is_valid)
    }

    /// Redeems a ticket. If a stream with it is open, waits for its end for up to a second. `None` if the ticket is unknown or expired, or if
    /// its stream is still open then.
    pub async fn redeem(&self, ticket: &str) -> Option<TicketUse> {
        let hash = Sha256::digest(ticket).into();
        let deadline = Instant::now() + MAX_WAIT;
        loop {
            let attempt = match &self.coordinator {
                None => self.redeem_own(hash),
                Some(coordinator) => self.redeem_shared(&**coordinator, hash, ticket).await,
            };
            match attempt {
                Attempt::Redeemed(ticket) => return Some(ticket),
                Attempt::InUse if Instant::now() < deadline => tokio::time::sleep(WAIT_INTERVAL).await,
                Attempt::InUse | Attempt::Invalid => return None,
            }
        }
    }

    /// Redeems a ticket of this gateway.
    fn redeem_own(&self, hash: TicketHash) -> Attempt {
        if let Some((caller, expires_at)) = self.issued.remove(&hash) {
            return if self.uses.now().monotonic < expires_at {
                self.start(hash, 0, caller, Acceptance::Stranger)
            } else {
                Attempt::Invalid
            };
        }
        match self.uses.resumable(&hash) {
            Some((caller, Resumption { number })) => self.start(hash, number, caller, Acceptance::Stranger),
            None if self.uses.is_open(&hash) => Attempt::InUse,
            None => Attempt::Invalid,
        }
    }

    /// Redeems an encrypted ticket of the replicas. Markers in the shared store keep two of them from the same use.
    async fn redeem_shared(&self, coordinator: &dyn Coordinator, hash: TicketHash, ticket: &str) -> Attempt {
        let Some(content) = open(coordinator, ticket) else { return Attempt::Invalid };
        let is_current = self.is_current(coordinator, &hash, &content).await;
        let acceptance = if content.is_of_stranger { Acceptance::Stranger } else { Acceptance::Accepted };
        let Some(caller) = content.into_caller(self.service_account.as_ref()) else { return Attempt::Invalid };
        let ttl = 2 * LIFETIME;
        if is_current && self.redeemed.entry(hash).or_insert(()).is_fresh() {
            let key = coordinator.store_key(&[b"used ticket", &hash]);
            // Without the store, a ticket is accepted once by each replica.
            if acceptance == Acceptance::Stranger || coordinator.insert_marker(key, ttl).await.unwrap_or(true) {
                return self.start(hash, 0, caller, acceptance);
            }
        }
        let own = self.uses.resumable(&hash).map(|(_, next)| next);
        let shared = resumption(coordinator, &hash).await;
        let Some(next) = own.into_iter().chain(shared).max_by_key(|next| next.number) else { return Attempt::InUse };
        let key = coordinator.store_key(&[b"used ticket", &hash, &next.number.to_be_bytes()]);
        // Without the store, a ticket resumes its stream at the same replica only.
        if acceptance == Acceptance::Stranger || coordinator.insert_marker(key, ttl).await.unwrap_or(own.is_some()) {
            self.start(hash, next.number, caller, acceptance)
        } else {
            Attempt::InUse
        }
    }

    /// Returns whether an encrypted ticket was issued less than a minute ago.
    async fn is_current(&self, coordinator: &dyn Coordinator, hash: &TicketHash, content: &TicketContent) -> bool {
        let now = self.uses.now();
        if let Some((_, expires_at)) = self.issued.get(hash) {
            return now.monotonic < expires_at;
        }
        match (content.store_expires_at, coordinator.time().await) {
            (Some(expires_at), Ok(time)) => micros(time) < expires_at,
            // The replicas have no other clock in common.
            _ => now.wall < content.expires_at,
        }
    }

    fn start(&self, hash: TicketHash, number: u64, caller: Caller, acceptance: Acceptance) -> Attempt {
        self.uses.start(hash, number, caller, acceptance).map_or(Attempt::InUse, Attempt::Redeemed)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Decrypts a ticket; `None` if it is not one of the replicas.
fn open(coordinator: &dyn Coordinator, ticket: &str) -> Option<TicketContent> {
    let content = coordinator.open(PURPOSE, &URL_SAFE_NO_PAD.decode(ticket).ok()?)?;
    serde_json::from_slice(&content).ok()
}

/// Returns the next use of a ticket whose stream was dropped at any replica.
async fn resumption(coordinator: &dyn Coordinator, hash: &TicketHash) -> Option<Resumption> {
    let values = coordinator.get(&[resumption_key(coordinator, hash)]).await.ok()?;
    serde_json::from_slice(values.first()?.as_ref()?).ok()
}
