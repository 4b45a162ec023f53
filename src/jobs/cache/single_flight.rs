//! Single-flight: concurrent callers share one run of an operation, and join only a run that starts after they called.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};

type SharedRun = Shared<BoxFuture<'static, ()>>;

/// Single-flight group: one run at a time. Callers that come during a run share the next one. Clones share the group.
#[derive(Clone, Default)]
pub struct SingleFlight {
    /// Run that has not started yet, which callers can join.
    next: Arc<Mutex<Option<SharedRun>>>,
    /// Held by the current run.
    running: Arc<tokio::sync::Mutex<()>>,
}

impl SingleFlight {
    /// Waits for a run that starts after this call. The first caller's `operation` is run.
    pub async fn run(&self, operation: impl Future<Output = ()> + Send + 'static) {
        let joined = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            next.get_or_insert_with(|| self.clone().run_exclusively(operation).boxed().shared()).clone()
        };
        joined.await;
    }

    async fn run_exclusively(self, operation: impl Future<Output = ()> + Send + 'static) {
        let _running = self.running.lock().await;
        self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        operation.await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn callers_during_a_run_share_the_next_one() {
        let (flight, runs, gate) =
            (SingleFlight::default(), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let call = || {
            let (flight, runs, gate) = (flight.clone(), Arc::clone(&runs), Arc::clone(&gate));
            tokio::spawn(async move {
                let before = runs.load(Ordering::SeqCst);
                let operation = {
                    let runs = Arc::clone(&runs);
                    async move {
                        runs.fetch_add(1, Ordering::SeqCst);
                        gate.acquire().await.expect("the semaphore stays open").forget();
                    }
                };
                flight.run(operation).await;
                runs.load(Ordering::SeqCst) - before
            })
        };
        let first = call();
        while runs.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let others: Vec<_> = std::iter::repeat_with(call).take(100).collect();
        for _ in 0..300 {
            tokio::task::yield_now().await;
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1, "one at a time");
        gate.add_permits(2);
        first.await.expect("no panic");
        for other in others {
            assert_eq!(other.await.expect("no panic"), 1, "one run that started after the call, shared by all");
        }
    }
}
