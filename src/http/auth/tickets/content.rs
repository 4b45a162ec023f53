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
    /// Time after which it opens no first stream.
    pub expires_at: DateTime<Utc>,
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
    /// Returns the content of a ticket for `caller`.
    pub fn of(caller: &Caller, expires_at: DateTime<Utc>) -> Self {
        let holder = match (caller.credentials(), caller.source) {
            (_, CredentialSource::Gateway) => TicketHolder::ApiKey(caller.companies.as_deref().map(<[String]>::to_vec)),
            (Credentials::Password { user, password }, _) => {
                TicketHolder::Password(user.clone(), password.expose_secret().to_owned())
            }
            (Credentials::AccessToken(token), _) => TicketHolder::Token(token.expose_secret().to_owned()),
        };
        Self { holder, api_key_hash: caller.api_key_hash.clone(), locale: caller.locale.clone(), expires_at }
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
