//! How many calls are made at once: a few wait for their turn, and who would wait too long is told at once.
//!
//! Waiting costs nobody anything as long as it is short. Under overload a queue would only grow until all that is answered comes too
//! late, so the gate looks at how long calls take, and refuses at once what would not have its turn in time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// So many may wait for each call that may be under way.
const WAITING_PER_CALL: usize = 4;

/// Lets so many calls through at once.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    turns: Semaphore,
    size: usize,
    /// How long a call may wait for its turn.
    patience: Duration,
    waiting: AtomicUsize,
    pace: Mutex<Pace>,
}

/// How fast calls come to their end.
#[derive(Debug)]
struct Pace {
    /// How long a call takes, the last ones counting most.
    call: Duration,
    /// When one last began or ended.
    moved: Instant,
}

impl Pace {
    fn end(&mut self, began: Instant, now: Instant) {
        let took = now.saturating_duration_since(began);
        self.call = self.call.mul_f64(0.9) + took.mul_f64(0.1);
        self.moved = now;
    }

    /// How long the `position`th of those who wait is likely to wait while `size` calls are under way.
    fn wait(&self, position: usize, size: usize, now: Instant) -> Duration {
        // When nothing has moved for longer than they usually take, they are no longer as fast as that.
        let call = self.call.max(now.saturating_duration_since(self.moved));
        call.mul_f64(position as f64 / size as f64)
    }
}

/// A call has its turn until this is dropped.
#[derive(Debug)]
pub(super) struct Permit<'a> {
    _permit: SemaphorePermit<'a>,
    gate: &'a ConcurrencyLimit,
    began: Instant,
}

/// Counts one who waits, however the waiting ends.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ConcurrencyLimit {
    pub(super) fn new(size: usize, patience: Duration) -> Self {
        let pace = Mutex::new(Pace { call: Duration::ZERO, moved: Instant::now() });
        Self { turns: Semaphore::new(size), size, patience, waiting: AtomicUsize::new(0), pace }
    }

    /// Waits for a turn, until `deadline` at the latest.
    ///
    /// # Errors
    /// There is none in time. The answer is when it is worth another try.
    pub(super) async fn enter(&self, deadline: Instant) -> Result<Permit<'_>, Duration> {
        if let Ok(permit) = self.turns.try_acquire() {
            return Ok(self.turn(permit));
        }
        let position = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        let _waiting = Waiting(&self.waiting);
        let now = Instant::now();
        let wait = self.pace().wait(position, self.size, now);
        // Likely to come in good time, so that hardly any waits in vain.
        if position > self.size * WAITING_PER_CALL || wait > self.patience / 2 {
            return Err(wait.max(self.patience));
        }
        match tokio::time::timeout_at(deadline.min(now + self.patience), self.turns.acquire()).await {
            Ok(Ok(permit)) => Ok(self.turn(permit)),
            Ok(Err(_)) | Err(_) => Err(self.patience),
        }
    }

    fn turn<'a>(&'a self, permit: SemaphorePermit<'a>) -> Permit<'a> {
        let now = Instant::now();
        self.pace().moved = now;
        Permit { _permit: permit, gate: self, began: now }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls that have their turn.
    pub(super) fn in_flight(&self) -> usize {
        self.size - self.turns.available_permits()
    }

    /// Calls that wait for it.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.gate.pace().end(self.began, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(1);

    fn far() -> Instant {
        Instant::now() + Duration::from_hours(1)
    }

    /// Makes a call that takes `time`; when it was refused, if it was.
    async fn call(gate: &ConcurrencyLimit, time: Duration) -> Option<Duration> {
        let began = Instant::now();
        match gate.enter(far()).await {
            Ok(_turn) => {
                tokio::time::sleep(time).await;
                None
            }
            Err(_) => Some(began.elapsed()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_have_their_turn_and_the_next_waits_for_an_end() {
        let gate = ConcurrencyLimit::new(2, PATIENCE);
        let (first, _second) = (gate.enter(far()).await.expect("a turn"), gate.enter(far()).await.expect("a turn"));
        let mut third = Box::pin(gate.enter(far()));
        assert!(third.as_mut().now_or_never().is_none());
        assert_eq!((gate.in_flight(), gate.waiting()), (2, 1));
        drop(first);
        assert!(third.await.is_ok());
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_ends_with_patience_or_with_the_deadline() {
        let gate = ConcurrencyLimit::new(1, PATIENCE);
        let _turn = gate.enter(far()).await.expect("a turn");
        let began = Instant::now();
        assert!(gate.enter(far()).await.is_err());
        assert_eq!(began.elapsed().as_millis() / 10, 100);
        let gate = ConcurrencyLimit::new(1, PATIENCE);
        let _turn = gate.enter(far()).await.expect("a turn");
        let began = Instant::now();
        assert!(gate.enter(began + Duration::from_millis(300)).await.is_err());
        assert_eq!(began.elapsed().as_millis() / 10, 30);
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_behind_more_than_a_few() {
        let gate = ConcurrencyLimit::new(2, PATIENCE);
        let refused = join_all((0..20).map(|_| call(&gate, Duration::from_millis(10)))).await;
        let refused: Vec<_> = refused.into_iter().flatten().collect();
        assert_eq!(refused, [Duration::ZERO; 10], "2 have their turn, 8 wait");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_where_nothing_moves() {
        let gate = ConcurrencyLimit::new(4, PATIENCE);
        tokio::time::advance(Duration::from_mins(10)).await;
        let _turns = join_all((0..4).map(|_| gate.enter(far()))).await;
        assert!(gate.enter(far()).now_or_never().is_none(), "they may be quick");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(gate.enter(far()).now_or_never().is_some_and(|refused| refused.is_err()), "they are not");
    }

    /// Calls come five times as fast as they can be made, then no more than fits, and calls get ten times as slow and quick again.
    #[tokio::test(start_paused = true)]
    async fn under_overload_work_goes_on_at_full_speed_and_the_rest_is_told_at_once() {
        let gate = ConcurrencyLimit::new(8, PATIENCE);
        for (time, offered, seconds) in [(100, 400, 20), (1_000, 400, 120), (100, 400, 10), (100, 60, 10)] {
            let calls = (0..offered * seconds).map(|number| {
                let gate = &gate;
                async move {
                    tokio::time::sleep(
                        Duration::from_secs(seconds).mul_f64(number as f64 / (offered * seconds) as f64),
                    )
                    .await;
                    call(gate, Duration::from_millis(time)).await
                }
            });
            let refused: Vec<_> = join_all(calls).await.into_iter().flatten().collect();
            let done = offered * seconds - refused.len() as u64;
            let most = (8_000 / time * seconds).min(offered * seconds);
            assert!(done * 100 >= most * 90, "{done} of {most} were done when each took {time} ms");
            let late = refused.iter().filter(|wait| **wait > Duration::from_millis(10)).count();
            assert!(late * 1_000 <= refused.len(), "{late} of {} were refused late", refused.len());
        }
    }
}
