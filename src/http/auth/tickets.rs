//! Tickets: what stands in a URL instead of credentials, once and briefly.
//!
//! A gateway that stands alone remembers whose its tickets are. Replicas can't tell each other without putting credentials into the store
//! that they share: there a ticket holds the caller, sealed by the key of the fleet, and the store remembers only that it was used.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::http::auth::Access;
use crate::replicas::Coordinator;
use crate::upstream::{Caller, CredentialSource, Credentials};

const LIFETIME: TimeDelta = TimeDelta::minutes(1);
const MOST_TICKETS: u64 = 100_000;
/// What sealed tickets are for: nothing else that the fleet seals opens as one.
const PURPOSE: &str = "ticket";

/// The tickets that were given out.
pub struct Tickets {
    /// By their hashes, those that were not used yet: whose each is, and until when.
    given: Cache<[u8; 32], (Caller, DateTime<Utc>)>,
    /// By their hashes, sealed ones that were used here.
    used: Cache<[u8; 32], ()>,
    fleet: Option<Arc<dyn Coordinator>>,
}

/// What a sealed ticket holds.
#[derive(Serialize, Deserialize)]
struct Sealed {
    holder: Holder,
    locale: Option<String>,
    expires_at: DateTime<Utc>,
}

#[derive(Serialize, Deserialize)]
enum Holder {
    Password(String, String),
    Token(String),
    /// The holder of an API key for these companies. The account's credentials are not for the holder, and every replica has them.
    ApiKey(Option<Vec<String>>),
}

impl Sealed {
    fn of(caller: &Caller, expires_at: DateTime<Utc>) -> Self {
        let holder = match (&caller.credentials, caller.source) {
            (_, CredentialSource::Gateway) => Holder::ApiKey(caller.companies.as_deref().map(<[String]>::to_vec)),
            (Credentials::Password { user, password }, _) => {
                Holder::Password(user.clone(), password.expose_secret().to_owned())
            }
            (Credentials::AccessToken(token), _) => Holder::Token(token.expose_secret().to_owned()),
        };
        Self { holder, locale: caller.locale.clone(), expires_at }
    }

    fn caller(self, access: &Access) -> Option<Caller> {
        let (credentials, source, companies) = match self.holder {
            Holder::Password(user, password) => {
                let password = SecretString::from(password);
                (Credentials::Password { user, password }, CredentialSource::Caller, None)
            }
            Holder::Token(token) => (Credentials::AccessToken(token.into()), CredentialSource::Caller, None),
            Holder::ApiKey(companies) => {
                (access.account()?.clone(), CredentialSource::Gateway, companies.map(Arc::from))
            }
        };
        // A stream changes nothing: whose key it is makes no difference.
        Some(Caller { credentials, source, companies, api_key_hash: None, locale: self.locale })
    }
}

impl Tickets {
    /// No tickets yet; where there is a fleet, a ticket is good on every replica, and on one of them.
    #[must_use]
    pub fn new(fleet: Option<Arc<dyn Coordinator>>) -> Self {
        let lifetime = LIFETIME.to_std().unwrap_or_default();
        let given = Cache::builder().max_capacity(MOST_TICKETS).time_to_live(lifetime).build();
        let used = Cache::builder().max_capacity(MOST_TICKETS).time_to_live(2 * lifetime).build();
        Self { given, used, fleet }
    }

    /// A ticket for `caller`, and when it is worthless; `None` where the operating system has no random bytes.
    pub fn issue(&self, caller: Caller, now: DateTime<Utc>) -> Option<(String, DateTime<Utc>)> {
        let expires_at = now + LIFETIME;
        if let Some(fleet) = &self.fleet {
            let plain = serde_json::to_vec(&Sealed::of(&caller, expires_at)).ok()?;
            return Some((URL_SAFE_NO_PAD.encode(fleet.seal(PURPOSE, &plain)?), expires_at));
        }
        let mut random = [0; 32];
        getrandom::fill(&mut random).ok()?;
        let ticket = URL_SAFE_NO_PAD.encode(random);
        self.given.insert(Sha256::digest(&ticket).into(), (caller, expires_at));
        Some((ticket, expires_at))
    }

    /// Whoever got the ticket; nobody the second time, nor too late.
    pub async fn redeem(&self, ticket: &str, access: &Access, now: DateTime<Utc>) -> Option<Caller> {
        let hash: [u8; 32] = Sha256::digest(ticket).into();
        let Some(fleet) = &self.fleet else {
            let (caller, expires_at) = self.given.remove(&hash)?;
            return (now < expires_at).then_some(caller);
        };
        let plain = fleet.open(PURPOSE, &URL_SAFE_NO_PAD.decode(ticket).ok()?)?;
        let sealed: Sealed = serde_json::from_slice(&plain).ok()?;
        let is_first_here = self.used.entry(hash).or_insert(()).is_fresh();
        if now >= sealed.expires_at || !is_first_here {
            return None;
        }
        let used = fleet.store_key(&[b"used ticket", &hash]);
        // Where the store fails, this replica can tell only for itself.
        let is_first = fleet.insert_marker(used, 2 * LIFETIME.to_std().unwrap_or_default()).await.unwrap_or(true);
        sealed.caller(access).filter(|_| is_first)
    }
}
