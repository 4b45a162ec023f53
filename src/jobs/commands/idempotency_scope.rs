//! Scope of an idempotency key: IPS user, API key and company.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::replicas::{Coordinator, StoreKey};
use crate::upstream::{Caller, Credentials};

/// Idempotency key with its scope: IPS user, API key and company. Keys of different scopes are independent.
#[derive(Debug, Clone, Copy)]
pub struct IdempotencyScope<'a> {
    /// Caller: its IPS user and its API key.
    pub caller: &'a Caller,
    /// Handle of the company.
    pub company: &'a str,
    /// Idempotency key in the request.
    pub key: &'a str,
}

/// Key of a record in this process: user, API key, company and idempotency key.
pub type RecordKey = (Vec<u8>, String, String, String);

impl IdempotencyScope<'_> {
    /// Returns the key of the record in this process. Like [`IdempotencyScope::store_key`], it depends on the user and not on the credential: only
    /// a caller whose credential IPS confirmed may get what the record says.
    #[must_use]
    pub fn record_key(&self) -> RecordKey {
        let Self { caller, company, key } = *self;
        (user_of(caller), self.api_key_hash().to_owned(), company.to_owned(), key.to_owned())
    }

    /// Returns the key of the record in the shared store.
    #[must_use]
    pub fn store_key(&self, coordinator: &dyn Coordinator) -> StoreKey {
        let user = user_of(self.caller);
        let parts = [self.api_key_hash(), self.company, self.key].map(str::as_bytes);
        coordinator.store_key(&[&[b"submit".as_slice(), &user], parts.as_slice()].concat())
    }

    /// Returns the bytes from which the unique name of the job is derived, the same on every replica.
    #[must_use]
    pub fn unique_name_seed(&self) -> Vec<u8> {
        let user = user_of(self.caller);
        [&user, self.company.as_bytes(), self.key.as_bytes(), self.api_key_hash().as_bytes()].join(&0)
    }

    fn api_key_hash(&self) -> &str {
        self.caller.api_key_hash.as_deref().unwrap_or_default()
    }
}

/// Claims of an access token that name its user. Adobe's tokens have `user_id`.
#[derive(Deserialize)]
struct TokenClaims {
    email: Option<String>,
    user_id: Option<String>,
    sub: Option<String>,
}

/// Returns the user of a caller: the e-mail address, else the user that the token names, else the hash of the token. The claims are not verified:
/// they count only once IPS accepted the token.
fn user_of(caller: &Caller) -> Vec<u8> {
    match caller.credentials() {
        Credentials::Password { user, .. } => user.to_lowercase().into_bytes(),
        Credentials::AccessToken(token) => match claims_of(token.expose_secret()) {
            Some(TokenClaims { email: Some(email), .. }) => email.to_lowercase().into_bytes(),
            Some(TokenClaims { user_id: Some(id), .. } | TokenClaims { sub: Some(id), .. }) => {
                format!("token user {id}").into_bytes()
            }
            _ => Sha256::digest(token.expose_secret()).to_vec(),
        },
    }
}

/// Returns the claims of a JSON Web Token (RFC 7519); `None` for another token.
fn claims_of(token: &str) -> Option<TokenClaims> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::upstream::CredentialSource;

    fn user(credentials: Credentials) -> Vec<u8> {
        let source = CredentialSource::Caller;
        user_of(&Caller::new(credentials, source))
    }

    fn token(claims: &str, signature: &str) -> Credentials {
        let payload = URL_SAFE_NO_PAD.encode(claims);
        Credentials::AccessToken(SecretString::from(format!("eyJhbGciOiJub25lIn0.{payload}.{signature}")))
    }

    #[test]
    fn a_refreshed_token_names_the_same_user() {
        let [one, refreshed] = ["a", "b"].map(|signature| user(token(r#"{"user_id":"7F@AdobeID"}"#, signature)));
        assert_eq!(one, refreshed);
        assert_ne!(one, user(token(r#"{"user_id":"80@AdobeID"}"#, "a")));
        let password = Credentials::Password { user: "Katlyn@example.com".into(), password: SecretString::from("x") };
        assert_eq!(user(password), user(token(r#"{"email":"katlyn@example.com","sub":"7"}"#, "a")));
    }

    #[test]
    fn an_opaque_token_is_its_own_user() {
        let [one, other] = ["one", "a.b.c"].map(|text| user(Credentials::AccessToken(SecretString::from(text))));
        assert_ne!(one, other);
    }
}
