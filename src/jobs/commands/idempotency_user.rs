//! Users to whom idempotency keys belong: named by the credential, or by IPS for a token that names no user itself.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use secrecy::ExposeSecret;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::ips::types::GetUserInfoParam;
use crate::telemetry::metrics::report_table;
use crate::upstream::{Caller, CallerKey, Credentials, IpsApi};

/// Time without a submit after which the user of a token is forgotten: idempotency keys are kept as long.
const TIME_TO_IDLE: Duration = Duration::from_hours(24);
/// Maximum approximate memory of the users of tokens, in bytes; beyond it the least recently used ones are evicted.
const MAX_BYTES: u64 = 1 << 20;
/// Overhead of a user in its approximate memory, in bytes.
const OVERHEAD_BYTES: usize = 256;
/// Maximum length of an e-mail address in an answer of IPS, in bytes; a longer one counts as absent.
const MAX_EMAIL_LENGTH: usize = 1024;

/// User to whom an idempotency key belongs: the e-mail address, another name of the user, or the hash of the token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyUser(Arc<[u8]>);

impl IdempotencyUser {
    /// Returns the user with an e-mail address, in which upper and lower case are equal.
    #[must_use]
    pub fn of_email(email: &str) -> Self {
        Self(email.to_lowercase().into_bytes().into())
    }

    /// Returns the bytes that identify the user, the same on every replica.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the user that the credential of `caller` names: the e-mail address, else the user in the claims of the token. `None` for a token
    /// without them. The claims are not verified: they count only once IPS accepted the token.
    fn named_by(caller: &Caller) -> Option<Self> {
        match caller.credentials() {
            Credentials::Password { user, .. } => Some(Self::of_email(user)),
            Credentials::AccessToken(token) => match claims_of(token.expose_secret())? {
                TokenClaims { email: Some(email), .. } => Some(Self::of_email(&email)),
                TokenClaims { user_id: Some(id), .. } | TokenClaims { sub: Some(id), .. } => {
                    Some(Self(format!("token user {id}").into_bytes().into()))
                }
                TokenClaims { .. } => None,
            },
        }
    }

    /// Returns the credential of `caller` as a user of its own.
    fn of_credential(caller: &Caller) -> Self {
        let [_, _, secret] = caller.credential_parts();
        Self(Sha256::digest(secret).to_vec().into())
    }
}

/// Claims of an access token that name its user. Adobe's tokens have `user_id`.
#[derive(Deserialize)]
struct TokenClaims {
    email: Option<String>,
    user_id: Option<String>,
    sub: Option<String>,
}

/// Returns the claims of a JSON Web Token (RFC 7519); `None` for another token.
fn claims_of(token: &str) -> Option<TokenClaims> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Users of the callers, with a cache of those that IPS named (`getUserInfo`).
pub struct IdempotencyUsers {
    upstream: Arc<dyn IpsApi>,
    by_token: Cache<CallerKey, IdempotencyUser>,
}

impl IdempotencyUsers {
    /// Creates an empty cache.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>) -> Self {
        let by_token = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_: &CallerKey, user: &IdempotencyUser| {
                u32::try_from(OVERHEAD_BYTES + user.0.len()).unwrap_or(u32::MAX)
            })
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(TIME_TO_IDLE)
            .build();
        Self { upstream, by_token }
    }

    /// Returns the user of a caller that IPS has accepted. A token that names no user is one of its own if IPS does not name one either, and
    /// remains so: a repeated submit with the same token has to find the record of the first one.
    pub async fn user_of(&self, caller: &Caller) -> IdempotencyUser {
        if let Some(user) = IdempotencyUser::named_by(caller) {
            return user;
        }
        let key = CallerKey::ignoring_locale(caller);
        if let Some(known) = self.by_token.get(&key) {
            return known;
        }
        let user = self.ask(caller).await.unwrap_or_else(|| IdempotencyUser::of_credential(caller));
        // Of two submits at the same time, both have the user of the first.
        self.by_token.entry(key).or_insert(user).into_value()
    }

    /// Asks IPS for the user of a token; `None` without an answer that names one.
    async fn ask(&self, caller: &Caller) -> Option<IdempotencyUser> {
        let answer = self.upstream.get_user_info(&caller.without_locale(), &GetUserInfoParam::default()).await;
        match answer {
            Ok(answer) => {
                let email = answer.value.user_info.email?;
                (!email.is_empty() && email.len() <= MAX_EMAIL_LENGTH).then(|| IdempotencyUser::of_email(&email))
            }
            Err(error) => {
                tracing::info!(cause = error.failure.code(), "IPS did not name the user of an access token");
                None
            }
        }
    }

    /// Sets the gauge of the memory of the users of tokens.
    pub fn report_metrics(&self) {
        report_table("token_users", self.by_token.weighted_size(), MAX_BYTES);
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::upstream::CredentialSource;

    fn user(credentials: Credentials) -> Option<IdempotencyUser> {
        let source = CredentialSource::Caller;
        let caller = Caller::new(credentials, source);
        IdempotencyUser::named_by(&caller)
    }

    fn token(claims: &str, signature: &str) -> Credentials {
        let payload = URL_SAFE_NO_PAD.encode(claims);
        Credentials::AccessToken(SecretString::from(format!("eyJhbGciOiJub25lIn0.{payload}.{signature}")))
    }

    #[test]
    fn a_refreshed_token_names_the_same_user() {
        let [one, refreshed] = ["a", "b"].map(|signature| user(token(r#"{"user_id":"7F@AdobeID"}"#, signature)));
        assert!(one.is_some() && one == refreshed);
        assert_ne!(one, user(token(r#"{"user_id":"80@AdobeID"}"#, "a")));
        let password = Credentials::Password { user: "Katlyn@example.com".into(), password: SecretString::from("x") };
        assert_eq!(user(password), user(token(r#"{"email":"katlyn@example.com","sub":"7"}"#, "a")));
    }

    #[test]
    fn an_opaque_token_names_no_user() {
        for text in ["one", "a.b.c", "a.e30.c"] {
            assert_eq!(user(Credentials::AccessToken(SecretString::from(text))), None, "{text}");
        }
    }
}
