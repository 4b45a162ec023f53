//! List in the shared store.

use std::sync::Arc;

use crate::jobs::cache::key::{caller_store_key, company_store_key};
use crate::replicas::{Coordinator, ListLocation, Notifications};
use crate::upstream::Caller;

/// List in the shared store: its location there, and the coordinator of the replicas.
pub struct SharedList {
    /// Coordinator of the replicas.
    pub coordinator: Arc<dyn Coordinator>,
    /// Location of the list.
    pub location: ListLocation,
}

impl SharedList {
    /// Returns the list with this name, of `company` for `caller`.
    pub fn new(coordinator: &Arc<dyn Coordinator>, name: &str, caller: &Caller, company: &str) -> Self {
        let location = ListLocation {
            company: company_store_key(&**coordinator, company),
            list: caller_store_key(&**coordinator, name, caller, &[company]),
        };
        Self { coordinator: Arc::clone(coordinator), location }
    }

    /// Subscribes to changes of the list, and of the epoch of its company, by other replicas.
    pub fn subscribe(&self) -> Notifications {
        self.coordinator.subscribe(&[self.location.list, self.location.company])
    }
}
