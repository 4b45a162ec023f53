//! Authentication: credentials, API keys and roles, sessions of pages, and for event streams tickets and a quota.

mod api_keys;
mod authenticator;
mod caller_identity;
mod credentials;
mod extractors;
mod key_store;
mod known_callers;
mod origin;
mod principal_names;
mod sessions;
mod stream_quota;
mod tickets;

use std::sync::Arc;

pub use api_keys::{ApiKeys, InvalidKeys, new_key};
pub use authenticator::{AccessWatch, Authenticator, InvalidSession};
pub use caller_identity::CallerIdentity;
pub use extractors::{Authenticated, Operator, current_role};
pub use key_store::{KeyFileValidity, KeyStore};
pub use known_callers::KnownCallers;
pub use origin::{SEC_FETCH_SITE, is_of_own_page, is_own, origin_of};
pub use principal_names::PrincipalNames;
pub use sessions::{LIFETIME as SESSION_LIFETIME, RequestSession, SessionError, Sessions};
pub use stream_quota::{StreamPermit, StreamQuota};
pub use tickets::{Acceptance, TicketUse, Tickets};

/// Authenticator, sessions, tickets and stream quota of the gateway.
pub struct Auth {
    /// Authenticator of requests.
    pub authenticator: Arc<Authenticator>,
    /// Sessions; `None` if they are switched off.
    pub sessions: Option<Arc<Sessions>>,
    /// Issued tickets.
    pub tickets: Tickets,
    /// Quota of open event streams.
    pub stream_quota: StreamQuota,
}

impl Auth {
    /// Returns the names of the request headers on which cached responses depend (`Vary`, RFC 9110 §12.5.5).
    #[must_use]
    pub fn vary(&self) -> &'static str {
        match (&*self.authenticator, &self.sessions) {
            (Authenticator::IpsCredentials(_), None) => "Authorization, Accept-Encoding, Accept-Language",
            (Authenticator::IpsCredentials(_), Some(_)) => "Authorization, Accept-Encoding, Accept-Language, Cookie",
            (Authenticator::ApiKeys { .. }, None) => "Authorization, X-API-Key, Accept-Encoding, Accept-Language",
            (Authenticator::ApiKeys { .. }, Some(_)) => {
                "Authorization, X-API-Key, Accept-Encoding, Accept-Language, Cookie"
            }
        }
    }
}
