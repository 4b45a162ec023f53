//! Names of principals in logs.

use std::borrow::Cow;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use crate::upstream::Credentials;

/// Namer of principals with IPS credentials: a keyed hash (HMAC-SHA-256), so that logs show which requests are of one user but not of whom.
pub struct PrincipalNames(Hmac<Sha256>);

impl PrincipalNames {
    /// Creates a namer. Without `key`, the names are those of a random one: they have no meaning outside of this process.
    ///
    /// # Panics
    /// The operating system has no random bytes.
    #[must_use]
    pub fn new(key: Option<&SecretString>) -> Self {
        let mut random = [0; 32];
        if key.is_none() {
            getrandom::fill(&mut random).expect("the operating system has random bytes");
        }
        let key = key.map_or(&random[..], |key| key.expose_secret().as_bytes());
        Self(Hmac::new_from_slice(key).expect("HMAC takes keys of all lengths"))
    }

    /// Returns the name of an IPS user, `user:` and 16 hexadecimal digits, whatever the case of the e-mail address; of a token, whose user
    /// is not known, `token:` and such digits.
    #[must_use]
    pub fn name(&self, credentials: &Credentials) -> Arc<str> {
        let (kind, identity) = match credentials {
            Credentials::Password { user, .. } => ("user", Cow::Owned(user.to_lowercase())),
            Credentials::AccessToken(token) => ("token", Cow::Borrowed(token.expose_secret())),
        };
        let hash = self.0.clone().chain_update(kind).chain_update(identity.as_bytes()).finalize().into_bytes();
        let digits = hash[..8].iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        format!("{kind}:{digits:016x}").into()
    }
}
