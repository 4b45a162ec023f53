//! Plaintext of encrypted tickets: the caller itself.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::upstream::{Caller, CredentialSource, Credentials};

/// Plaintext of an encrypted ticket. Replicas of different versions exchange it.
#[derive(Serialize, Deserialize)]
pub struct TicketContent {
    holder: TicketHolder,
    /// Hash of the caller's API key; replicas of version 0.1 issue tickets without it.
    #[serde(default)]
    api_key_hash: Option<String>,
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

#[derive(Serialize, Deserialize)]
enum TicketHolder {
    /// E-mail address and password of an IPS user.
    Password(String, String),
    /// IMS access token.
    Token(String),
    /// Companies of an API key. The credentials of the service account are not part of the ticket: every replica has them.
    ApiKey(Option<Vec<String>>),
}

impl TicketContent {
    /// Returns the content of a ticket for `caller`, with its expiry by the wall clock and by the clock of the store.
    pub fn of(caller: &Caller, expires_at: DateTime<Utc>, store_expires_at: Option<u64>) -> Self {
        let holder = match (caller.credentials(), caller.source) {
            (_, CredentialSource::Gateway) => TicketHolder::ApiKey(caller.companies.as_deref().map(<[String]>::to_vec)),
            (Credentials::Password { user, password }, _) => {
                TicketHolder::Password(user.clone(), password.expose_secret().to_owned())
            }
            (Credentials::AccessToken(token), _) => TicketHolder::Token(token.expose_secret().to_owned()),
        };
        let (api_key_hash, locale) = (caller.api_key_hash.clone(), caller.locale.clone());
        Self { holder, api_key_hash, locale, expires_at, store_expires_at, is_of_stranger: false }
    }

    /// Returns the content with a mark if IPS has not accepted the caller.
    pub fn marked(self, acceptance: Acceptance) -> Self {
        Self { is_of_stranger: acceptance == Acceptance::Stranger, ..self }
    }

    /// Returns the caller; `None` if it needs a service account and the gateway has none.
    pub fn into_caller(self, service_account: Option<&Credentials>) -> Option<Caller> {
        let (credentials, source, companies) = match self.holder {
            TicketHolder::Password(user, password) => {
                let password = SecretString::from(password);
                (Credentials::Password { user, password }, CredentialSource::Caller, None)
            }
            TicketHolder::Token(token) => (Credentials::AccessToken(token.into()), CredentialSource::Caller, None),
            TicketHolder::ApiKey(companies) => {
                (service_account?.clone(), CredentialSource::Gateway, companies.map(Arc::from))
            }
        };
        Some(Caller::new(credentials, source).with_api_key(self.api_key_hash, companies).with_locale(self.locale))
    }
}
