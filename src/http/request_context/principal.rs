//! Principal of a request: its caller, role, and name in logs.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use tokio::time::Instant;

use super::role::Role;
use crate::upstream::Caller;

/// Authenticated caller of a request.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Caller on whose behalf IPS is called.
    pub caller: Arc<Caller>,
    /// Role of the API key; `Operator` with IPS credentials, whose permissions IPS checks.
    pub role: Role,
    /// Name in the access log, the audit log and traces: that of the API key, or a keyed hash of the IPS user.
    pub name: Arc<str>,
    /// Time at which its session expires; `None` if the request has credentials.
    pub session_end: Option<Instant>,
}

/// Principal of a request, once it is authenticated; clones share it.
#[derive(Debug, Clone, Default)]
pub struct PrincipalCell(Rc<OnceCell<Principal>>);

impl PrincipalCell {
    /// Sets the principal, if it is not set.
    pub fn set(&self, principal: Principal) {
        // The first one stays.
        let _ = self.0.set(principal);
    }

    /// Returns the principal; `None` if the request is not authenticated.
    pub fn get(&self) -> Option<&Principal> {
        self.0.get()
    }

    /// Returns the name of the principal; `None` if the request is not authenticated.
    pub fn name(&self) -> Option<&Arc<str>> {
        self.get().map(|principal| &principal.name)
    }
}
