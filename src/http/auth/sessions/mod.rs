//! Sessions: credentials of a page of the gateway, encrypted in a cookie that scripts can't read, for 8 hours.
//!
//! The gateway keeps nothing. Without a shared store, the key of the encryption is a random one of the process, so that a restart ends all
//! sessions; replicas use the key of their store. The cookie counts only in requests without other credentials, of a page of the gateway
//! itself. The age of a session is by the monotonic clock at the process that issued it, by the clock of the store at others.

mod caller;
mod content;
mod cookie;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use tokio::time::Instant;

pub use caller::SealedCaller;

use crate::config::TrustedProxies;
use crate::http::auth::authenticator::Authenticator;
use crate::http::auth::credentials::{X_API_KEY, locale};
use crate::http::auth::origin::is_of_own_page;
use crate::http::request_context::Principal;
use crate::replicas::Coordinator;
use crate::replicas::crypto::Keys;
use crate::runtime::clock::Clock;
use crate::upstream::Caller;
pub use content::LIFETIME;
use content::{Moment, SessionContent};
use cookie::SessionCookies;

/// Version of the format of sessions, the first byte of each.
const VERSION: u8 = 1;
/// Purpose of the encryption: no other encrypted data of the replicas is accepted as a session.
const PURPOSE: &str = "session";
/// Time for which the clock of the store is taken to go like the monotonic clock.
const STORE_CLOCK_LIFETIME: Duration = Duration::from_mins(1);

/// Issuer and reader of sessions.
pub struct Sessions {
    encryption: SessionEncryption,
    cookies: SessionCookies,
    clock: Clock,
    /// Random number of this process.
    process: u64,
    started: Instant,
    /// Last time by the clock of the store, and when it came.
    store_clock: Mutex<Option<(Duration, Instant)>>,
}

/// Encryption of sessions.
enum SessionEncryption {
    /// With the key of the replicas.
    Shared(Arc<dyn Coordinator>),
    /// With a random key.
    Process(Box<Keys>),
}

/// Session of a request.
#[derive(Debug)]
pub enum RequestSession {
    /// The request has no session cookie, has other credentials, or is not of a page of the gateway.
    Absent,
    /// The session is expired, or can't be decrypted, or its API key is no longer in use.
    Invalid,
    /// Principal of the session.
    Valid(Principal),
}

/// Error of a session that can't be issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The operating system has no random bytes.
    #[error("the session can't be encrypted")]
    NotEncrypted,
    /// The encrypted credentials are longer than a cookie may be.
    #[error("the credentials are too long for a session, which a cookie contains")]
    TooLong,
}

impl Sessions {
    /// Creates the sessions of a gateway with this path prefix. With a coordinator, all replicas accept them. `trusted_proxies` say whether a
    /// request came over TLS.
    ///
    /// # Errors
    /// The operating system has no random bytes.
    pub fn new(
        coordinator: Option<Arc<dyn Coordinator>>,
        path_prefix: String,
        trusted_proxies: TrustedProxies,
        clock: Clock,
    ) -> Result<Self, getrandom::Error> {
        let encryption = if let Some(coordinator) = coordinator {
            SessionEncryption::Shared(coordinator)
        } else {
            let mut secret = Zeroizing::new([0; 32]);
            getrandom::fill(&mut *secret)?;
            SessionEncryption::Process(Box::new(Keys::new(&*secret, &[])))
        };
        let started = clock.instant();
        let cookies = SessionCookies::new(path_prefix, trusted_proxies);
        Ok(Self { encryption, cookies, clock, process: getrandom::u64()?, started, store_clock: Mutex::default() })
    }

    /// Issues a session for a caller whose credentials are those of `request`, and returns its `Set-Cookie`.
    ///
    /// # Errors
    /// The session can't be encrypted, or is longer than a cookie may be.
    pub async fn issue(&self, request: &HttpRequest, caller: &Caller) -> Result<HeaderValue, SessionError> {
        let issued = self.now(self.store_time().await);
        let content = SessionContent { caller: SealedCaller::of(caller), issued };
        let content = serde_json::to_vec(&content).map(Zeroizing::new).map_err(|_| SessionError::NotEncrypted)?;
        let sealed = match &self.encryption {
            SessionEncryption::Shared(coordinator) => coordinator.seal(PURPOSE, &content),
            SessionEncryption::Process(keys) => keys.seal(PURPOSE, &content),
        };
        let sealed = sealed.ok_or(SessionError::NotEncrypted)?;
        let value = URL_SAFE_NO_PAD.encode([&[VERSION], &*sealed].concat());
        self.cookies.set(request, &value).ok_or(SessionError::TooLong)
    }

    /// Returns the `Set-Cookie` that ends the session of a browser.
    pub fn expire(&self, request: &HttpRequest) -> HeaderValue {
        self.cookies.expire(request)
    }

    /// Whether a request may have a session: it has a cookie and no other credentials. Reads no more than the names of headers.
    pub fn may_have_session(headers: &HeaderMap) -> bool {
        !headers.contains_key(header::AUTHORIZATION)
            && headers.contains_key(header::COOKIE)
            && !headers.contains_key(X_API_KEY)
    }

    /// Returns the session of a request.
    pub async fn of_request(&self, request: &HttpRequest, authenticator: &Authenticator) -> RequestSession {
        let headers = request.headers();
        if !Self::may_have_session(headers) || !is_of_own_page(request.method(), headers) {
            return RequestSession::Absent;
        }
        let Some(value) = self.cookies.value(request) else { return RequestSession::Absent };
        match self.principal(value, headers, authenticator).await {
            Some(principal) => RequestSession::Valid(principal),
            None => RequestSession::Invalid,
        }
    }

    /// Returns the principal of a session, with what its API key permits now.
    async fn principal(&self, value: &str, headers: &HeaderMap, authenticator: &Authenticator) -> Option<Principal> {
        let SessionContent { caller, issued } = self.open(value)?;
        let store = if issued.process == self.process { None } else { self.store_time().await };
        let remaining = LIFETIME.checked_sub(issued.age(&self.now(store))?).filter(|time| !time.is_zero())?;
        let caller = caller.into_caller(authenticator.service_account())?.with_locale(locale(headers));
        let principal = authenticator.principal_of_issued(&caller)?;
        Some(Principal { session_end: Some(Instant::now() + remaining), ..principal })
    }

    /// Decrypts a session; `None` if it is not one of this gateway and its replicas.
    fn open(&self, value: &str) -> Option<SessionContent> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (&VERSION, sealed) = bytes.split_first()? else { return None };
        let content = match &self.encryption {
            SessionEncryption::Shared(coordinator) => coordinator.open(PURPOSE, sealed),
            SessionEncryption::Process(keys) => keys.open(PURPOSE, sealed),
        };
        serde_json::from_slice(&Zeroizing::new(content?)).ok()
    }

    fn now(&self, store: Option<Duration>) -> Moment {
        let uptime = self.clock.instant().saturating_duration_since(self.started);
        Moment { process: self.process, uptime: micros(uptime), wall: self.clock.micros(), store: store.map(micros) }
    }

    /// Returns the time by the clock of the store, which is asked at most once a minute.
    async fn store_time(&self) -> Option<Duration> {
        let SessionEncryption::Shared(coordinator) = &self.encryption else { return None };
        let known = || *self.store_clock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((time, at)) = known()
            && at.elapsed() < STORE_CLOCK_LIFETIME
        {
            return Some(time + at.elapsed());
        }
        let time = coordinator.time().await.ok()?;
        *self.store_clock.lock().unwrap_or_else(PoisonError::into_inner) = Some((time, Instant::now()));
        Some(time)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
