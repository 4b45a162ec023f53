//! Tickets: single-use, short-lived credentials in the URL of an event stream.
//!
//! A gateway without a shared store keeps the callers of its tickets in memory. Replicas can't share them without storing credentials in
//! the shared store: there, a ticket is the caller itself, encrypted with the key of the replicas, and the store keeps only the hashes of
//! redeemed tickets.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::replicas::Coordinator;
use crate::telemetry::metrics::report_table;
use crate::upstream::{Caller, CredentialSource, Credentials};

/// Time until a ticket expires.
const LIFETIME: TimeDelta = TimeDelta::minutes(1);
/// Maximum approximate memory of the issued tickets and of the hashes of redeemed ones, in bytes; beyond that, the oldest are evicted.
const MAX_ISSUED_BYTES: u64 = 4 << 20;
const MAX_REDEEMED_BYTES: u64 = 2 << 20;
/// Approximate memory of a ticket without its credentials, in bytes.
const TICKET_BYTES: usize = 400;
/// Approximate memory of the hash of a redeemed ticket, in bytes.
const REDEEMED_BYTES: u32 = 200;
/// Purpose of the encryption: no other encrypted data of the replicas is accepted as a ticket.
const PURPOSE: &str = "ticket";

/// SHA-256 hash of a ticket.
type TicketHash = [u8; 32];

/// Issued and redeemed tickets.
pub struct Tickets {
    /// Tickets of this gateway that are not redeemed, with their expiry; unused with a coordinator.
    issued: Cache<TicketHash, (Caller, DateTime<Utc>)>,
    /// Encrypted tickets that this replica has redeemed.
    redeemed: Cache<TicketHash, ()>,
    service_account: Option<Credentials>,
    coordinator: Option<Arc<dyn Coordinator>>,
}

/// Plaintext of an encrypted ticket. Replicas of different versions exchange it.
#[derive(Serialize, Deserialize)]
struct TicketContent {
    holder: TicketHolder,
    /// Hash of the caller's API key; replicas of version 0.1 issue tickets without it.
    #[serde(default)]
    api_key_hash: Option<String>,
    locale: Option<String>,
    expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
enum TicketHolder {
    /// E-mail address and password of an IPS user.
    Password(String, String),
    /// IMS access token.
    Token(String),
    /// Companies of an API key. The credentials of the service account are not part of the ticket: every replica has them.
    ApiKey(Option<Vec<String>>),
}

impl TicketContent {
    fn of(caller: &Caller, expires_at: DateTime<Utc>) -> Self {
        let holder = match (&caller.credentials, caller.source) {
            (_, CredentialSource::Gateway) => TicketHolder::ApiKey(caller.companies.as_deref().map(<[String]>::to_vec)),
            (Credentials::Password { user, password }, _) => {
                TicketHolder::Password(user.clone(), password.expose_secret().to_owned())
            }
            (Credentials::AccessToken(token), _) => TicketHolder::Token(token.expose_secret().to_owned()),
        };
        Self { holder, api_key_hash: caller.api_key_hash.clone(), locale: caller.locale.clone(), expires_at }
    }

    /// Returns the caller; `None` if it needs a service account and the gateway has none.
    fn into_caller(self, service_account: Option<&Credentials>) -> Option<Caller> {
        let (credentials, source, companies) = match self.holder {
            TicketHolder::Password(user, password) => {
                let password = SecretString::from(password);
                (Credentials::Password { user, password }, CredentialSource::Caller, None)
            }
            TicketHolder::Token(token) => (Credentials::AccessToken(token.into()), CredentialSource::Caller, None),
            TicketHolder::ApiKey(companies) => {
                (service_account?.clone(), CredentialSource::Gateway, companies.map(Arc::from))
            }
        };
        Some(Caller { credentials, source, companies, api_key_hash: self.api_key_hash, locale: self.locale })
    }
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
    /// Creates the tickets of a gateway. With a coordinator, a ticket can be redeemed once at any replica.
    #[must_use]
    pub fn new(service_account: Option<Credentials>, coordinator: Option<Arc<dyn Coordinator>>) -> Self {
        let lifetime = LIFETIME.to_std().unwrap_or_default();
        // The default policy, TinyLFU, could reject new tickets in favour of old ones that are read more often.
        let lru = EvictionPolicy::lru;
        let issued = Cache::builder()
            .max_capacity(MAX_ISSUED_BYTES)
            .weigher(|_: &TicketHash, (caller, _): &(Caller, DateTime<Utc>)| {
                let credentials: usize = caller.credential_parts().iter().map(|part| part.len()).sum();
                u32::try_from(TICKET_BYTES + credentials).unwrap_or(u32::MAX)
            })
            .eviction_policy(lru())
            .time_to_live(lifetime)
            .build();
        let redeemed = Cache::builder()
            .max_capacity(MAX_REDEEMED_BYTES)
            .weigher(|_: &TicketHash, ()| REDEEMED_BYTES)
            .eviction_policy(lru())
            .time_to_live(2 * lifetime)
            .build();
        Self { issued, redeemed, service_account, coordinator }
    }

    /// Issues a ticket for `caller`, and returns it with its expiry, one minute from `now`.
    ///
    /// # Errors
    /// There are no random bytes, or the ticket can't be encrypted.
    pub fn issue(&self, caller: Caller, now: DateTime<Utc>) -> Result<(String, DateTime<Utc>), TicketError> {
        let expires_at = now + LIFETIME;
        if let Some(coordinator) = &self.coordinator {
            let content = serde_json::to_vec(&TicketContent::of(&caller, expires_at));
            let sealed = content.ok().and_then(|content| coordinator.seal(PURPOSE, &content));
            return Ok((URL_SAFE_NO_PAD.encode(sealed.ok_or(TicketError::NotEncrypted)?), expires_at));
        }
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|_| TicketError::NoRandomBytes)?;
        let ticket = URL_SAFE_NO_PAD.encode(random);
        self.issued.insert(Sha256::digest(&ticket).into(), (caller, expires_at));
        Ok((ticket, expires_at))
    }

    /// Sets the gauges of the memory of the tickets.
    pub fn report_metrics(&self) {
        report_table("issued_tickets", self.issued.weighted_size(), MAX_ISSUED_BYTES);
        report_table("redeemed_tickets", self.redeemed.weighted_size(), MAX_REDEEMED_BYTES);
    }

    /// Returns the caller of a ticket without redeeming it. `None` if the ticket is unknown or expired, or if this replica has redeemed it.
    pub fn caller(&self, ticket: &str, now: DateTime<Utc>) -> Option<Caller> {
        let hash: TicketHash = Sha256::digest(ticket).into();
        let Some(coordinator) = &self.coordinator else {
            return self.issued.get(&hash).filter(|(_, expires_at)| now < *expires_at).map(|(caller, _)| caller);
        };
        let content = open(&**coordinator, ticket).filter(|content| now < content.expires_at)?;
        content.into_caller(self.service_account.as_ref()).filter(|_| !self.redeemed.contains_key(&hash))
    }

    /// Redeems a ticket and returns its caller. `None` if the ticket is unknown, expired or was redeemed before.
    pub async fn redeem(&self, ticket: &str, now: DateTime<Utc>) -> Option<Caller> {
        let hash: TicketHash = Sha256::digest(ticket).into();
        let Some(coordinator) = &self.coordinator else {
            let (caller, expires_at) = self.issued.remove(&hash)?;
            return (now < expires_at).then_some(caller);
        };
        let content = open(&**coordinator, ticket)?;
        let is_first_here = self.redeemed.entry(hash).or_insert(()).is_fresh();
        if now >= content.expires_at || !is_first_here {
            return None;
        }
        let key = coordinator.store_key(&[b"used ticket", &hash]);
        // Without the store, a ticket is accepted once by each replica.
        let is_first = coordinator.insert_marker(key, 2 * LIFETIME.to_std().unwrap_or_default()).await.unwrap_or(true);
        content.into_caller(self.service_account.as_ref()).filter(|_| is_first)
    }
}

/// Decrypts a ticket; `None` if it is not one of the replicas.
fn open(coordinator: &dyn Coordinator, ticket: &str) -> Option<TicketContent> {
    let content = coordinator.open(PURPOSE, &URL_SAFE_NO_PAD.decode(ticket).ok()?)?;
    serde_json::from_slice(&content).ok()
}
