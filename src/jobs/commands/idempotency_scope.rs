//! Scope of an idempotency key: IPS account, API key and company.

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::jobs::cache::key::caller_store_key;
use crate::replicas::{Coordinator, StoreKey};
use crate::upstream::{Caller, CallerKey, Credentials};

/// Idempotency key with its scope: IPS account, API key and company. Keys of different scopes are independent.
#[derive(Debug, Clone, Copy)]
pub struct IdempotencyScope<'a> {
    /// Caller: its IPS account and its API key.
    pub caller: &'a Caller,
    /// Handle of the company.
    pub company: &'a str,
    /// Idempotency key in the request.
    pub key: &'a str,
}

/// Key of a record in this process.
pub type RecordKey = (CallerKey, Option<String>, String, String);

impl IdempotencyScope<'_> {
    /// Returns the key of the record in this process. Like [`IdempotencyScope::store_key`], it depends on the whole credential, so that
    /// a caller with a wrong password never gets the job of a record.
    #[must_use]
    pub fn record_key(&self) -> RecordKey {
        let Self { caller, company, key } = *self;
        (CallerKey::ignoring_locale(caller), caller.api_key_hash.clone(), company.to_owned(), key.to_owned())
    }

    /// Returns the key of the record in the shared store.
    #[must_use]
    pub fn store_key(&self, coordinator: &dyn Coordinator) -> StoreKey {
        caller_store_key(coordinator, "submit", self.caller, &[self.api_key_hash(), self.company, self.key])
    }

    /// Returns the bytes from which the unique name of the job is derived, the same on every replica. They depend on the user, not on the
    /// password: after a change of the password, the job is found by its name.
    #[must_use]
    pub fn unique_name_seed(&self) -> Vec<u8> {
        let user = match &self.caller.credentials {
            Credentials::Password { user, .. } => user.to_lowercase().into_bytes(),
            Credentials::AccessToken(token) => Sha256::digest(token.expose_secret()).to_vec(),
        };
        [&user, self.company.as_bytes(), self.key.as_bytes(), self.api_key_hash().as_bytes()].join(&0)
    }

    fn api_key_hash(&self) -> &str {
        self.caller.api_key_hash.as_deref().unwrap_or_default()
    }
}
