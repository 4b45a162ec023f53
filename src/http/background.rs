//! Background tasks: work that continues after the request that started it.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use crate::telemetry::span;

/// Spawner of background tasks. The shutdown waits for the tasks of its tracker.
pub struct BackgroundTasks {
    runtime: Handle,
    tracker: TaskTracker,
}

/// Error of a background task that panicked or was aborted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the background task panicked or was aborted")]
pub struct TaskFailed;

impl BackgroundTasks {
    /// Creates a spawner of tasks on `runtime`. `tracker` tracks those that the shutdown waits for.
    #[must_use]
    pub fn new(runtime: Handle, tracker: TaskTracker) -> Self {
        Self { runtime, tracker }
    }

    /// Spawns `work` at once, in the current span, and returns a future of its result. Dropping that future, as a disconnect of the client
    /// does, doesn't cancel the work. The shutdown doesn't wait for it.
    pub fn spawn<F>(&self, work: F) -> impl Future<Output = Result<F::Output, TaskFailed>> + use<F>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        result_of(self.runtime.spawn(span::in_current_span(work)))
    }

    /// Spawns `work` like [`BackgroundTasks::spawn`]; the shutdown waits for it.
    pub fn spawn_tracked<F>(&self, work: F) -> impl Future<Output = Result<F::Output, TaskFailed>> + use<F>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        result_of(self.tracker.spawn_on(span::in_current_span(work), &self.runtime))
    }
}

/// Returns the result of a task. Its future contains the handle of the task only: one of the work would enlarge that of the handler.
async fn result_of<T>(task: JoinHandle<T>) -> Result<T, TaskFailed> {
    task.await.map_err(|_| TaskFailed)
}
