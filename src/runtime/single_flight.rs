//! Single-flight: concurrent callers share one run of an operation, and join only a run that starts after they called.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, WeakShared};

type Run = BoxFuture<'static, ()>;

/// Single-flight group: one run at a time. Callers that come during a run share the next one. Clones share the group.
#[derive(Clone, Default)]
pub struct SingleFlight {
    /// Run that has not started yet, which callers can join. Weak, because the run owns the group: it ends with its last caller.
    next: Arc<Mutex<Option<WeakShared<Run>>>>,
    /// Held by the current run.
    running: Arc<tokio::sync::Mutex<()>>,
}

impl SingleFlight {
    /// Waits for a run that starts after this call. The first caller's `operation` is run.
    pub async fn run(&self, operation: impl Future<Output = ()> + Send + 'static) {
        let joined = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            next.as_ref().and_then(WeakShared::upgrade).unwrap_or_else(|| {
                let run: Shared<Run> = self.clone().run_exclusively(operation).boxed().shared();
                *next = run.downgrade();
                run
            })
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
    async fn a_run_that_all_callers_left_is_dropped_and_the_next_caller_starts_another_one() {
        let (flight, owned) = (SingleFlight::default(), Arc::new(()));
        let running = flight.running.clone().lock_owned().await;
        let kept = Arc::clone(&owned);
        let caller = flight.run(async move { drop(kept) });
        assert!(caller.now_or_never().is_none(), "another run is in progress");
        assert_eq!((Arc::strong_count(&owned), Arc::strong_count(&flight.next)), (1, 1));
        drop(running);
        let (sender, receiver) = tokio::sync::oneshot::channel();
        flight.run(async move { sender.send(()).expect("the test waits") }).await;
        receiver.await.expect("the operation ran");
    }

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
