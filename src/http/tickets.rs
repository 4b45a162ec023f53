//! Tickets: what stands in a URL instead of credentials, once and briefly.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::jobs::upstream::Caller;

const LIFETIME: TimeDelta = TimeDelta::minutes(1);
const MOST_TICKETS: u64 = 100_000;

/// The tickets that were given out and not used yet, by their hashes: whose each is, and until when.
pub struct Tickets(Cache<[u8; 32], (Caller, DateTime<Utc>)>);

impl Default for Tickets {
    fn default() -> Self {
        let lifetime = LIFETIME.to_std().unwrap_or_default();
        Self(Cache::builder().max_capacity(MOST_TICKETS).time_to_live(lifetime).build())
    }
}

impl Tickets {
    /// A ticket for `caller`, and when it is worthless; `None` where the operating system has no random bytes.
    pub fn issue(&self, caller: Caller, now: DateTime<Utc>) -> Option<(String, DateTime<Utc>)> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).ok()?;
        let ticket = URL_SAFE_NO_PAD.encode(random);
        let expires_at = now + LIFETIME;
        self.0.insert(Sha256::digest(&ticket).into(), (caller, expires_at));
        Some((ticket, expires_at))
    }

    /// Whoever got the ticket; nobody the second time, nor too late.
    pub fn redeem(&self, ticket: &str, now: DateTime<Utc>) -> Option<Caller> {
        let hash: [u8; 32] = Sha256::digest(ticket).into();
        let (caller, expires_at) = self.0.remove(&hash)?;
        (now < expires_at).then_some(caller)
    }
}
