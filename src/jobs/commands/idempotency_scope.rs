//! Scope of an idempotency key: IPS user, API key and company.

use crate::jobs::commands::idempotency_user::IdempotencyUser;
use crate::replicas::{Coordinator, StoreKey};
use crate::upstream::Caller;

/// Idempotency key with its scope: IPS user, API key and company. Keys of different scopes are independent.
#[derive(Debug, Clone, Copy)]
pub struct IdempotencyScope<'a> {
    /// Caller with its API key.
    pub caller: &'a Caller,
    /// IPS user of the caller.
    pub user: &'a IdempotencyUser,
    /// Handle of the company.
    pub company: &'a str,
    /// Idempotency key in the request.
    pub key: &'a str,
}

/// Key of a record in this process: user, API key, company and idempotency key.
pub type RecordKey = (IdempotencyUser, String, String, String);

impl IdempotencyScope<'_> {
    /// Returns the key of the record in this process. Like [`IdempotencyScope::store_key`], it depends on the user and not on the credential: only
    /// a caller whose credential IPS confirmed may get what the record says.
    #[must_use]
    pub fn record_key(&self) -> RecordKey {
        let Self { user, company, key, .. } = *self;
        (user.clone(), self.api_key_hash().to_owned(), company.to_owned(), key.to_owned())
    }

    /// Returns the key of the record in the shared store.
    #[must_use]
    pub fn store_key(&self, coordinator: &dyn Coordinator) -> StoreKey {
        let parts = [self.api_key_hash(), self.company, self.key].map(str::as_bytes);
        coordinator.store_key(&[&[b"submit".as_slice(), self.user.as_bytes()], parts.as_slice()].concat())
    }

    /// Returns the bytes from which the unique name of the job is derived, the same on every replica.
    #[must_use]
    pub fn unique_name_seed(&self) -> Vec<u8> {
        let parts = [self.company, self.key, self.api_key_hash()].map(str::as_bytes);
        [self.user.as_bytes(), parts[0], parts[1], parts[2]].join(&0)
    }

    fn api_key_hash(&self) -> &str {
        self.caller.api_key_hash.as_deref().unwrap_or_default()
    }
}
