//! Background tasks: work that continues after the request that started it.

use std::future::Future;

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use crate::telemetry::span;

/// Spawner of background tasks. The shutdown waits for the tasks of its tracker.
pub struct BackgroundTasks {
    runtime: Handle,
    tracker: TaskTracker,
}

/// Error of a background task that panicked or was aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the background task ended early")]
pub struct EndedEarly;

impl BackgroundTasks {
    /// Creates a spawner of tasks on `runtime`, tracked by `tracker`.
    #[must_use]
    pub fn new(runtime: Handle, tracker: TaskTracker) -> Self {
        Self { runtime, tracker }
    }

    /// Spawns `work` at once, in the current span, and returns a future of its result. Dropping that future, as a disconnect of the client
    /// does, doesn't cancel the work.
    pub fn spawn<F>(&self, work: F) -> impl Future<Output = Result<F::Output, EndedEarly>> + use<F>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        // Spawned here, not at the first poll: otherwise the future of the handler would contain the work as well.
        let task = self.tracker.spawn_on(span::in_current_span(work), &self.runtime);
        async move { task.await.map_err(|_| EndedEarly) }
    }
}
