//! The caller of a request: credentials, permitted companies, and the cache key made of them.

use std::fmt;
use std::sync::{Arc, LazyLock};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// The credentials that go into the `authHeader` of a call.
#[derive(Clone)]
pub enum Credentials {
    /// IPS e-mail and password.
    Password {
        /// The e-mail address of the IPS user.
        user: String,
        /// Its password.
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

/// Whose credentials a call carries: that decides what their rejection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialSource {
    /// The caller's own, passed through.
    Caller,
    /// The gateway's service account.
    Gateway,
}

/// On whose behalf IPS is asked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What IPS checks.
    pub credentials: Credentials,
    /// Whose they are.
    pub source: CredentialSource,
    /// The only companies that an API key may see; `None`: those that IPS lets the credentials see.
    pub companies: Option<Arc<[String]>>,
    /// The hash of the API key that the caller holds: IPS sees one account, and idempotency keys are each holder's own.
    pub holder: Option<String>,
    /// The language of log messages (`authHeader/locale`), for example `en-US`.
    pub locale: Option<String>,
}

impl Caller {
    /// Whether the caller may see this company, as far as the gateway decides that.
    #[must_use]
    pub fn may_see(&self, company: &str) -> bool {
        self.companies.as_ref().is_none_or(|companies| companies.iter().any(|permitted| permitted == company))
    }

    /// Returns kind, user and secret of the whole credential. Only to be hashed, with a key.
    #[must_use]
    pub fn credential_parts(&self) -> [&str; 3] {
        match &self.credentials {
            Credentials::Password { user, password } => ["password", user, password.expose_secret()],
            Credentials::AccessToken(token) => ["token", "", token.expose_secret()],
        }
    }
}

/// Keys are worthless outside the process that made them.
static PROCESS_KEY: LazyLock<[u8; 32]> = LazyLock::new(|| {
    let mut key = [0; 32];
    getrandom::fill(&mut key).expect("the operating system has random bytes");
    key
});

/// A keyed hash of everything that makes IPS answer one caller differently from another: the whole credential, and the locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CallerKey([u8; 32]);

impl CallerKey {
    /// The key of `caller`.
    #[must_use]
    pub fn of(caller: &Caller) -> Self {
        Self::with_locale(caller, caller.locale.as_deref().unwrap_or_default())
    }

    /// The key of `caller` where the language of log messages doesn't matter.
    #[must_use]
    pub fn whatever_locale(caller: &Caller) -> Self {
        Self::with_locale(caller, "")
    }

    fn with_locale(caller: &Caller, locale: &str) -> Self {
        let [kind, user, secret] = caller.credential_parts();
        let mut hash = Sha256::new_with_prefix(*PROCESS_KEY);
        for part in [kind, user, secret, locale] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}
