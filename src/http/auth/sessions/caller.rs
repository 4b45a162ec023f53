//! Plaintext of a caller in sealed credentials: tickets and sessions.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::upstream::{Caller, CredentialSource, Credentials};

/// Plaintext of a caller, without its locale. Replicas of different versions exchange it.
#[derive(Serialize, Deserialize)]
pub struct SealedCaller {
    holder: CredentialHolder,
    /// Hash of the caller's API key; replicas of version 0.1 issue tickets without it.
    #[serde(default)]
    api_key_hash: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum CredentialHolder {
    /// E-mail address and password of an IPS user.
    Password(String, String),
    /// IMS access token.
    Token(String),
    /// Companies of an API key. The credentials of the service account are not part of it: every replica has them.
    ApiKey(Option<Vec<String>>),
}

impl SealedCaller {
    /// Returns the plaintext of a caller.
    pub fn of(caller: &Caller) -> Self {
        let holder = match (caller.credentials(), caller.source) {
            (_, CredentialSource::Gateway) => {
                CredentialHolder::ApiKey(caller.companies.as_deref().map(<[String]>::to_vec))
            }
            (Credentials::Password { user, password }, _) => {
                CredentialHolder::Password(user.clone(), password.expose_secret().to_owned())
            }
            (Credentials::AccessToken(token), _) => CredentialHolder::Token(token.expose_secret().to_owned()),
        };
        Self { holder, api_key_hash: caller.api_key_hash.clone() }
    }

    /// Returns the caller; `None` if it needs a service account and the gateway has none.
    pub fn into_caller(self, service_account: Option<&Credentials>) -> Option<Caller> {
        let (credentials, source, companies) = match self.holder {
            CredentialHolder::Password(user, password) => {
                let password = SecretString::from(password);
                (Credentials::Password { user, password }, CredentialSource::Caller, None)
            }
            CredentialHolder::Token(token) => (Credentials::AccessToken(token.into()), CredentialSource::Caller, None),
            CredentialHolder::ApiKey(companies) => {
                (service_account?.clone(), CredentialSource::Gateway, companies.map(Arc::from))
            }
        };
        Some(Caller::new(credentials, source).with_api_key(self.api_key_hash, companies))
    }
}
