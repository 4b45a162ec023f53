//! Lifecycle of the server: serving, draining, stopping.

use tokio_util::sync::{CancellationToken, DropGuard};

/// Phase of a graceful shutdown, shared by everything that has to end with the server. It only moves forward.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    draining: CancellationToken,
    stopping: CancellationToken,
}

impl Lifecycle {
    /// Starts draining: requests are served, but readiness fails and every response says `Connection: close`.
    pub fn drain(&self) {
        self.draining.cancel();
    }

    /// Starts stopping: no connection is accepted any more, event streams and long polls end, other requests in flight finish.
    pub fn stop(&self) {
        self.drain();
        self.stopping.cancel();
    }

    /// Starts stopping when the guard is dropped.
    #[must_use]
    pub fn stop_on_drop(&self) -> DropGuard {
        self.stopping.clone().drop_guard()
    }

    /// Whether the server drains or stops.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.is_cancelled() || self.is_stopping()
    }

    /// Whether the server stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Completes when the server starts stopping.
    pub fn stopping(&self) -> impl Future<Output = ()> + '_ {
        self.stopping.cancelled()
    }
}
