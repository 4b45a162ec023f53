//! The caller of a request: credentials, permitted companies, and the cache key made of them.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Credentials of the `authHeader` of a call.
#[derive(Clone)]
pub enum Credentials {
    /// IPS e-mail and password.
    Password {
        /// E-mail address of the IPS user.
        user: String,
        /// Password of the IPS user.
        password: SecretString,
    },
    /// An IMS access token.
    AccessToken(SecretString),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password { [REDACTED] }",
            Self::AccessToken(_) => "AccessToken([REDACTED])",
        })
    }
}

/// Origin of the credentials of a call; decides what their rejection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialSource {
    /// Credentials of the caller, passed through.
    Caller,
    /// Service account of the gateway.
    Gateway,
}

/// Caller on whose behalf IPS is called.
#[derive(Debug, Clone)]
pub struct Caller {
    credentials: Credentials,
    /// Origin of the credentials.
    pub source: CredentialSource,
    /// Companies that the API key permits; `None`: all that IPS permits.
    pub companies: Option<Arc<[String]>>,
    /// Hash of the caller's API key; `None` without one. All API keys share one IPS account, so it scopes idempotency keys and rate limits.
    pub api_key_hash: Option<String>,
    /// Language of log messages (`authHeader/locale`), for example `en-US`.
    pub locale: Option<String>,
    /// Cache key without locale, computed when it is first needed. The credentials don't change.
    key: OnceLock<CallerKey>,
}

impl Caller {
    /// Returns a caller with these credentials, without restrictions and locale.
    #[must_use]
    pub fn new(credentials: Credentials, source: CredentialSource) -> Self {
        Self { credentials, source, companies: None, api_key_hash: None, locale: None, key: OnceLock::new() }
    }

    /// Returns the service account as a caller of its own, without the restrictions of an API key.
    #[must_use]
    pub fn service(account: &Credentials) -> Self {
        Self::new(account.clone(), CredentialSource::Gateway)
    }

    /// Returns the caller with this locale.
    #[must_use]
    pub fn with_locale(self, locale: Option<String>) -> Self {
        Self { locale, ..self }
    }

    /// Returns the caller as the holder of the API key with this hash, which permits these companies.
    #[must_use]
    pub fn with_api_key(self, hash: Option<String>, companies: Option<Arc<[String]>>) -> Self {
        Self { api_key_hash: hash, companies, ..self }
    }

    /// Returns the credentials that IPS checks.
    #[must_use]
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Whether the API key permits this company.
    #[must_use]
    pub fn may_see(&self, company: &str) -> bool {
        self.companies.as_ref().is_none_or(|companies| companies.iter().any(|permitted| permitted == company))
    }

    /// Returns the same caller without locale, for calls whose answers don't depend on it.
    #[must_use]
    pub fn without_locale(&self) -> Self {
        Self { locale: None, ..self.clone() }
    }

    /// Returns the e-mail address of the IPS user; `None` if only a token is known.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        match &self.credentials {
            Credentials::Password { user, .. } => Some(user).filter(|user| user.contains('@')).map(String::as_str),
            Credentials::AccessToken(_) => None,
        }
    }

    /// Returns kind, user and secret of the whole credential, to be hashed with a key.
    #[must_use]
    pub fn credential_parts(&self) -> [&str; 3] {
        match &self.credentials {
            Credentials::Password { user, password } => ["password", user, password.expose_secret()],
            Credentials::AccessToken(token) => ["token", "", token.expose_secret()],
        }
    }
}

/// Random hash key of this process: cache keys have no meaning outside of it.
static PROCESS_KEY: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the operating system has random bytes");
    key
});

/// Cache key of a caller: keyed hash of the whole credential and the locale, which together determine the answers of IPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallerKey([u8; 32]);

impl CallerKey {
    /// Returns the cache key of `caller`.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        match &caller.locale {
            Some(locale) => Self::with_locale(caller, locale),
            None => Self::ignoring_locale(caller),
        }
    }

    /// Returns the cache key of `caller` for answers that don't depend on the locale.
    #[must_use]
    pub fn ignoring_locale(caller: &Caller) -> Self {
        *caller.key.get_or_init(|| Self::with_locale(caller, ""))
    }

    /// Returns the key of the API key or, without one, of the credentials of `caller`.
    #[must_use]
    pub fn of_principal(caller: &Caller) -> Self {
        let [kind, user, secret] = caller.credential_parts();
        Self::of_parts(&["principal", kind, user, secret, caller.api_key_hash.as_deref().unwrap_or_default()])
    }

    /// Returns the key of a user name, in which upper and lower case are equal.
    #[must_use]
    pub fn of_user(user: &str) -> Self {
        Self::of_parts(&["user", &user.trim().to_lowercase()])
    }

    fn with_locale(caller: &Caller, locale: &str) -> Self {
        let [kind, user, secret] = caller.credential_parts();
        Self::of_parts(&[kind, user, secret, locale])
    }

    fn of_parts(parts: &[&str]) -> Self {
        let mut hash = Sha256::new_with_prefix(*PROCESS_KEY);
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}
