//! Lifecycle of the server: serving, draining, stopping.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

/// Value of the phase while the server drains; 0 while it serves.
const DRAINING: u8 = 1;
/// Value of the phase while the server stops.
const STOPPING: u8 = 2;

/// Phase of a graceful shutdown, shared by everything that has to end with the server. It only moves forward.
#[derive(Debug, Clone, Default)]
pub struct Lifecycle {
    /// Read with each request: a token would lock.
    phase: Arc<AtomicU8>,
    stopping: CancellationToken,
}

/// Guard that starts stopping when it is dropped.
pub struct StopGuard(Lifecycle);

impl Drop for StopGuard {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Lifecycle {
    /// Starts draining: requests are served, but readiness fails and every response says `Connection: close`.
    pub fn drain(&self) {
        self.phase.fetch_max(DRAINING, Ordering::SeqCst);
    }

    /// Starts stopping: no connection is accepted any more, event streams and long polls end, other requests in flight finish.
    pub fn stop(&self) {
        self.phase.fetch_max(STOPPING, Ordering::SeqCst);
        self.stopping.cancel();
    }

    /// Starts stopping when the guard is dropped.
    #[must_use]
    pub fn stop_on_drop(&self) -> StopGuard {
        StopGuard(self.clone())
    }

    /// Whether the server drains or stops.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.phase.load(Ordering::SeqCst) >= DRAINING
    }

    /// Whether the server stops.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.phase.load(Ordering::SeqCst) >= STOPPING
    }

    /// Completes when the server starts stopping.
    pub fn stopping(&self) -> impl Future<Output = ()> + '_ {
        self.stopping.cancelled()
    }
}
