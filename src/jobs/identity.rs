//! Who a caller is, as a cache key: no credential can be read from it, and none that differs shares it.

use std::sync::LazyLock;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::fleet::{Fleet, Name};
use super::upstream::{Caller, Credentials};

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
        let [kind, user, secret] = identity(caller);
        let mut hash = Sha256::new_with_prefix(*PROCESS_KEY);
        for part in [kind, user, secret, locale] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

/// The whole credential. Only to be hashed, with a key.
fn identity(caller: &Caller) -> [&str; 3] {
    match &caller.credentials {
        Credentials::Password { user, password } => ["password", user, password.expose_secret()],
        Credentials::AccessToken(token) => ["token", "", token.expose_secret()],
    }
}

/// By what something of a caller is known to the fleet, whatever the language: `what` it is, and which.
pub fn name_of(fleet: &dyn Fleet, what: &str, caller: &Caller, which: &[&str]) -> Name {
    let parts = [what].into_iter().chain(identity(caller)).chain(which.iter().copied());
    fleet.name(&parts.map(str::as_bytes).collect::<Vec<_>>())
}
