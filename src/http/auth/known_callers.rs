//! Principals of the callers that a worker served last, by their `Authorization`: a poller sends the same one with each request.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use actix_web::http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderMap, HeaderValue};
use constant_time_eq::constant_time_eq;
use secrecy::{ExposeSecret, SecretSlice};
use tokio::time::Instant;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::http::request_context::Principal;

/// Maximum approximate memory of the callers of a worker, in bytes; beyond it the least recently used one is evicted.
const MAX_BYTES: usize = 128 * 1024;
/// Approximate memory of a caller besides its headers, in bytes.
const OVERHEAD_BYTES: usize = 512;
/// Maximum length of the headers of a caller, in bytes.
const MAX_HEADER_BYTES: usize = 8 * 1024;
/// Time without a request after which a caller is forgotten.
const MAX_IDLE_TIME: Duration = Duration::from_mins(1);
/// Interval between two searches for callers to forget: each looks at all callers.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Callers of a worker whose IPS credentials were accepted. It has no `Debug`, since it contains credentials; they are zeroized when a caller
/// is forgotten.
#[derive(Default)]
pub struct KnownCallers(RefCell<Table>);

#[derive(Default)]
struct Table {
    /// By the keyed hash of their headers. Callers with equal hashes replace each other.
    callers: BTreeMap<u64, KnownCaller>,
    hash_key: HashKey,
    bytes: usize,
    swept_at: Option<Instant>,
}

/// Random key of the hashes, so that clients can't predict which headers have equal ones.
struct HashKey(u64);

impl Default for HashKey {
    fn default() -> Self {
        Self(RandomState::new().hash_one(()))
    }
}

struct KnownCaller {
    authorization: SecretSlice<u8>,
    language: Option<HeaderValue>,
    principal: Principal,
    used_at: Instant,
}

/// Headers that determine the principal of a request.
struct PrincipalHeaders<'a> {
    authorization: &'a HeaderValue,
    language: Option<&'a HeaderValue>,
}

impl KnownCallers {
    /// Returns the principal of a request with these headers, if a caller with the same ones is known. `now` is the current time.
    pub fn get(&self, headers: &HeaderMap, now: Instant) -> Option<Principal> {
        let headers = PrincipalHeaders::of(headers)?;
        let table = &mut *self.0.borrow_mut();
        let hash = headers.hash(&table.hash_key);
        let known = table.callers.get_mut(&hash)?;
        // The comparison takes a time that does not depend on where the credentials differ.
        let is_same = constant_time_eq(known.authorization.expose_secret(), headers.authorization.as_bytes())
            && known.language.as_ref() == headers.language;
        if !is_same {
            return None;
        }
        if now - known.used_at > MAX_IDLE_TIME {
            table.remove(hash);
            return None;
        }
        known.used_at = now;
        Some(known.principal.clone())
    }

    /// Adds a caller whose credentials IPS has accepted.
    pub fn insert(&self, headers: &HeaderMap, principal: Principal) {
        let Some(headers) = PrincipalHeaders::of(headers) else { return };
        let table = &mut *self.0.borrow_mut();
        let hash = headers.hash(&table.hash_key);
        let now = Instant::now();
        let known = KnownCaller {
            authorization: SecretSlice::from(headers.authorization.as_bytes().to_vec()),
            language: headers.language.cloned(),
            principal,
            used_at: now,
        };
        table.remove(hash);
        table.bytes += known.bytes();
        table.callers.insert(hash, known);
        table.evict(now);
    }

    /// Removes the caller with these headers.
    pub fn remove(&self, headers: &HeaderMap) {
        let Some(headers) = PrincipalHeaders::of(headers) else { return };
        let table = &mut *self.0.borrow_mut();
        let hash = headers.hash(&table.hash_key);
        table.remove(hash);
    }
}

impl Table {
    fn remove(&mut self, hash: u64) {
        if let Some(known) = self.callers.remove(&hash) {
            self.bytes -= known.bytes();
        }
    }

    /// Evicts the callers that were idle for longer than `MAX_IDLE_TIME`, at most once in `SWEEP_INTERVAL`. Beyond `MAX_BYTES`, evicts the least
    /// recently used ones down to seven eighths of it.
    fn evict(&mut self, now: Instant) {
        if self.swept_at.is_none_or(|swept_at| now.saturating_duration_since(swept_at) >= SWEEP_INTERVAL) {
            self.swept_at = Some(now);
            let is_idle = |known: &KnownCaller| now.saturating_duration_since(known.used_at) > MAX_IDLE_TIME;
            let idle: Vec<_> = self.callers.iter().filter(|(_, known)| is_idle(known)).map(|(hash, _)| *hash).collect();
            for hash in idle {
                self.remove(hash);
            }
        }
        if self.bytes > MAX_BYTES {
            let mut by_age: Vec<_> = self.callers.iter().map(|(hash, known)| (known.used_at, *hash)).collect();
            by_age.sort_unstable();
            for (_, hash) in by_age {
                if self.bytes <= MAX_BYTES / 8 * 7 {
                    break;
                }
                self.remove(hash);
            }
        }
    }
}

impl KnownCaller {
    fn bytes(&self) -> usize {
        // The credentials are in the header, and decoded in the principal.
        let language = self.language.as_ref().map_or(0, HeaderValue::len);
        2 * (self.authorization.expose_secret().len() + language) + OVERHEAD_BYTES
    }
}

impl<'a> PrincipalHeaders<'a> {
    /// Returns the headers of a request; `None` unless it has exactly one `Authorization`, of a moderate length.
    fn of(headers: &'a HeaderMap) -> Option<Self> {
        let mut authorizations = headers.get_all(AUTHORIZATION);
        let (authorization, None) = (authorizations.next()?, authorizations.next()) else { return None };
        let language = headers.get(ACCEPT_LANGUAGE);
        let bytes = authorization.len() + language.map_or(0, HeaderValue::len);
        (bytes <= MAX_HEADER_BYTES).then_some(Self { authorization, language })
    }

    fn hash(&self, HashKey(key): &HashKey) -> u64 {
        let key = self.language.map_or(*key, |language| xxh3_64_with_seed(language.as_bytes(), *key));
        xxh3_64_with_seed(self.authorization.as_bytes(), key)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use secrecy::SecretString;

    use super::*;
    use crate::http::request_context::Role;
    use crate::upstream::{Caller, CredentialSource, Credentials};

    fn headers(authorization: &str, language: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(authorization).expect("a value"));
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(language).expect("a value"));
        headers
    }

    fn principal(name: &str) -> Principal {
        let credentials = Credentials::AccessToken(SecretString::from(name));
        let caller = Caller::new(credentials, CredentialSource::Caller).into();
        Principal { caller, role: Role::Operator, name: name.into(), session_end: None }
    }

    #[test]
    fn a_caller_is_known_by_all_of_its_headers() {
        let known = KnownCallers::default();
        known.insert(&headers("Bearer one", "de"), principal("one"));
        let found = known.get(&headers("Bearer one", "de"), Instant::now()).map(|principal| principal.name);
        assert_eq!(found, Some(Arc::from("one")));
        assert!(known.get(&headers("Bearer two", "de"), Instant::now()).is_none());
        assert!(known.get(&headers("Bearer one", "en"), Instant::now()).is_none());
        let mut twice = headers("Bearer one", "de");
        twice.append(AUTHORIZATION, HeaderValue::from_static("Bearer one"));
        assert!(known.get(&twice, Instant::now()).is_none());
        known.remove(&headers("Bearer one", "de"));
        assert!(known.get(&headers("Bearer one", "de"), Instant::now()).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_without_requests_for_a_minute_is_removed_by_the_next_new_one() {
        let known = KnownCallers::default();
        known.insert(&headers("Bearer idle", "de"), principal("one"));
        tokio::time::advance(MAX_IDLE_TIME + SWEEP_INTERVAL).await;
        known.insert(&headers("Bearer new", "de"), principal("one"));
        assert_eq!(known.0.borrow().callers.len(), 1);
    }

    #[test]
    fn the_least_recently_used_callers_are_evicted() {
        let known = KnownCallers::default();
        for number in 0..1_000 {
            known.insert(&headers(&format!("Bearer {number}"), "de"), principal("one"));
            assert!(known.get(&headers("Bearer 0", "de"), Instant::now()).is_some(), "{number}");
        }
        let table = known.0.borrow();
        assert!(table.bytes <= MAX_BYTES && table.callers.len() > 100, "{} bytes", table.bytes);
        assert_eq!(table.bytes, table.callers.values().map(KnownCaller::bytes).sum::<usize>());
    }
}
