//! Tickets: what stands in a URL instead of credentials, once and briefly.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::jobs::upstream::Caller;

const LIFETIME: Duration = Duration::from_mins(1);
const MOST_TICKETS: u64 = 100_000;

/// The tickets that were given out and not used yet, by their hashes.
pub struct Tickets(Cache<[u8; 32], Caller>);

impl Default for Tickets {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(MOST_TICKETS).time_to_live(LIFETIME).build())
    }
}

impl Tickets {
    /// A ticket for `caller`, and how long it is good for; `None` where the operating system has no random bytes.
    pub fn issue(&self, caller: Caller) -> Option<(String, Duration)> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).ok()?;
        let ticket = URL_SAFE_NO_PAD.encode(random);
        self.0.insert(Sha256::digest(&ticket).into(), caller);
        Some((ticket, LIFETIME))
    }

    /// Whoever got the ticket; nobody the second time.
    pub fn redeem(&self, ticket: &str) -> Option<Caller> {
        let hash: [u8; 32] = Sha256::digest(ticket).into();
        self.0.remove(&hash)
    }
}
