//! Identity of a caller, by which its requests and its event streams are counted.

use crate::upstream::{Caller, CallerKey};

/// Identity of a caller: its API key, or its IPS credentials. All API keys share one IPS account, whose credentials identify none of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallerIdentity {
    /// Hash of the API key.
    ApiKey(String),
    /// IPS credentials.
    Credentials(CallerKey),
}

impl From<&Caller> for CallerIdentity {
    fn from(caller: &Caller) -> Self {
        match &caller.api_key_hash {
            Some(hash) => Self::ApiKey(hash.clone()),
            None => Self::Credentials(CallerKey::ignoring_locale(caller)),
        }
    }
}
