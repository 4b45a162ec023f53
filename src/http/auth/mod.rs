//! Authentication: credentials, API keys and roles, and for event streams tickets and a quota.

mod api_keys;
mod authenticator;
mod caller_identity;
mod credentials;
mod extractors;
mod key_store;
mod known_callers;
mod principal;
mod role;
mod stream_quota;
mod tickets;

use std::sync::Arc;

pub use api_keys::{ApiKeys, InvalidKeys, new_key};
pub use authenticator::{AccessWatch, Authenticator};
pub use caller_identity::CallerIdentity;
pub use extractors::{Authenticated, Operator, role_of};
pub use key_store::{KeyFileValidity, KeyStore};
pub use known_callers::KnownCallers;
pub use principal::{Principal, PrincipalNames};
pub use role::Role;
pub use stream_quota::{StreamPermit, StreamQuota};
pub use tickets::{Acceptance, TicketUse, Tickets};

/// Authenticator, tickets and stream quota of the gateway.
pub struct Auth {
    /// Authenticator of requests.
    pub authenticator: Arc<Authenticator>,
    /// Issued tickets.
    pub tickets: Tickets,
    /// Quota of open event streams.
    pub stream_quota: StreamQuota,
}
