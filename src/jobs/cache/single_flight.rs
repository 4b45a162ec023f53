//! Many who come at once are served by one look that began after all of them came.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::Mutex as Turn;

type Look = Shared<BoxFuture<'static, ()>>;

/// Lets one look through at a time. Who comes while one is under way waits for the next one, with all others who do.
#[derive(Clone, Default)]
pub struct SingleFlight {
    next: Arc<Mutex<Option<Look>>>,
    turn: Arc<Turn<()>>,
}

impl SingleFlight {
    /// Waits for a look that begins from now on. `look` makes it, if nobody else has.
    pub async fn pass(&self, look: impl Future<Output = ()> + Send + 'static) {
        let joined = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            next.get_or_insert_with(|| self.clone().when_it_is_its_turn(look).boxed().shared()).clone()
        };
        joined.await;
    }

    async fn when_it_is_its_turn(self, look: impl Future<Output = ()> + Send + 'static) {
        let _turn = self.turn.lock().await;
        self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        look.await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn who_comes_during_a_look_waits_for_the_next_one_with_all_others() {
        let (turnstile, looks, gate) =
            (SingleFlight::default(), Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let come = || {
            let (turnstile, looks, gate) = (turnstile.clone(), Arc::clone(&looks), Arc::clone(&gate));
            tokio::spawn(async move {
                let begun = looks.load(Ordering::SeqCst);
                let look = {
                    let looks = Arc::clone(&looks);
                    async move {
                        looks.fetch_add(1, Ordering::SeqCst);
                        gate.acquire().await.expect("it stays open").forget();
                    }
                };
                turnstile.pass(look).await;
                looks.load(Ordering::SeqCst) - begun
            })
        };
        let first = come();
        while looks.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let others: Vec<_> = std::iter::repeat_with(come).take(100).collect();
        for _ in 0..300 {
            tokio::task::yield_now().await;
        }
        assert_eq!(looks.load(Ordering::SeqCst), 1, "one at a time");
        gate.add_permits(2);
        first.await.expect("it is served");
        for other in others {
            assert_eq!(other.await.expect("it is served"), 1, "by a look that began after it came, shared by all");
        }
    }
}
