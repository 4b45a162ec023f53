//! Combinators of futures.

use futures_util::future::select_all;
use tokio::task::JoinHandle;

/// Completes when the first of these futures completes; never if there is none.
pub async fn first_of<F: Future>(futures: impl Iterator<Item = F>) -> F::Output {
    let futures: Vec<_> = futures.map(Box::pin).collect();
    if futures.is_empty() {
        return std::future::pending().await;
    }
    select_all(futures).await.0
}

/// Waits for a task and returns its output; `None` if it was aborted, such as by the shutdown of its runtime. A panic of the task is one of the
/// caller.
pub async fn join<T>(task: JoinHandle<T>) -> Option<T> {
    match task.await {
        Ok(output) => Some(output),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
    }
}
