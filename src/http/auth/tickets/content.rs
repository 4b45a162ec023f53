//! Plaintext of encrypted tickets: the caller itself.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::http::auth::sessions::SealedCaller;
use crate::upstream::{Caller, Credentials};

/// Plaintext of an encrypted ticket. Replicas of different versions exchange it.
#[derive(Serialize, Deserialize)]
pub struct TicketContent {
    #[serde(flatten)]
    caller: SealedCaller,
    locale: Option<String>,
    /// Time after which it opens no first stream, by the wall clock of the replica that issued it.
    pub expires_at: DateTime<Utc>,
    /// The same by the clock of the shared store, in microseconds; absent if the store had not answered yet, and of version 0.1.
    #[serde(default)]
    pub store_expires_at: Option<u64>,
    /// Whether IPS had not accepted the caller when it was issued; such a ticket leaves nothing in the store.
    #[serde(default)]
    pub is_of_stranger: bool,
}

/// Whether IPS has accepted the credentials of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// IPS has accepted them.
    Accepted,
    /// IPS was not asked, or did not answer.
    Stranger,
}

impl TicketContent {
    /// Returns the content of a ticket for `caller`, with its expiry by the wall clock and by the clock of the store.
    pub fn of(caller: &Caller, expires_at: DateTime<Utc>, store_expires_at: Option<u64>) -> Self {
        let locale = caller.locale.clone();
        Self { caller: SealedCaller::of(caller), locale, expires_at, store_expires_at, is_of_stranger: false }
    }

    /// Returns the content with a mark if IPS has not accepted the caller.
    pub fn marked(self, acceptance: Acceptance) -> Self {
        Self { is_of_stranger: acceptance == Acceptance::Stranger, ..self }
    }

    /// Returns the caller; `None` if it needs a service account and the gateway has none.
    pub fn into_caller(self, service_account: Option<&Credentials>) -> Option<Caller> {
        Some(self.caller.into_caller(service_account)?.with_locale(self.locale))
    }
}
