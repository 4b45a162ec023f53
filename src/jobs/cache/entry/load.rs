//! Loads of a cache entry: in flight, failed, and the result of a read.

use std::sync::Arc;

use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use crate::jobs::cache::policy::Lookup;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::snapshot::Snapshot;

/// Load in flight. Every caller that waits for it holds a clone.
pub type InFlightLoad = Shared<BoxFuture<'static, Result<Arc<Snapshot>>>>;

/// Next step of a read.
pub enum ReadStep {
    /// Respond with a cached snapshot.
    Respond(Lookup),
    /// Wait for a load.
    Wait(InFlightLoad),
}

/// Last failed load of an entry.
#[derive(Clone)]
pub struct LoadFailure {
    /// Error of the load.
    pub error: Error,
    /// End of the back-off: the list is not loaded before.
    pub retry_at: Instant,
    /// Invalidation epoch under which it was loaded.
    pub epoch: u64,
    /// Number of failed loads in a row, including this one.
    pub count: u32,
}

/// Invalidation epochs of a load.
#[derive(Debug, Clone, Copy)]
pub struct LoadEpochs {
    /// Epoch under which the load was started and callers join it.
    pub started_under: u64,
    /// Epoch to which its result belongs; later than `started_under` if the load was repeated after a mutation.
    pub result: u64,
}

/// Visibility of a loaded snapshot to other replicas.
#[derive(Debug, Clone, Copy)]
pub enum Visibility {
    /// Not shared: there are no other replicas, or the load failed or was superseded.
    Local,
    /// Published in the shared store under this fencing token.
    Published(u64),
    /// Not published: the shared store is unavailable.
    Unpublished {
        /// Time in microseconds, which takes the place of a token.
        micros: u64,
        /// Id under which the event log is continued, if other replicas have it.
        log_id: u64,
    },
}
