//! Concurrency limit of the calls to IPS, with a short queue and load shedding.
//!
//! A short queue absorbs bursts. Under overload it would grow until every answer comes too late, so a call whose expected wait exceeds
//! the maximum queue time is rejected at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Maximum queue length for each call in flight.
const MAX_QUEUED_PER_CALL: usize = 4;

/// Concurrency limit with a bounded queue.
#[derive(Debug)]
pub(in crate::upstream) struct ConcurrencyLimit {
    slots: Semaphore,
    max_calls: usize,
    /// Maximum time that a call queues for a slot.
    max_queue_time: Duration,
    queued: AtomicUsize,
    service_time: Mutex<ServiceTime>,
}

/// Estimate of the service time of calls.
#[derive(Debug)]
struct ServiceTime {
    /// Exponentially weighted moving average of the duration of calls.
    average: Duration,
    /// Time at which a call last began or ended.
    last_progress: Instant,
}

impl ServiceTime {
    fn record(&mut self, began: Instant, now: Instant) {
        let took = now.saturating_duration_since(began);
        self.average = self.average.mul_f64(0.9) + took.mul_f64(0.1);
        self.last_progress = now;
    }

    /// Expected wait at this position of the queue while `max_calls` calls are in flight.
    fn expected_wait(&self, position: usize, max_calls: usize, now: Instant) -> Duration {
        // Without progress for longer than the average, calls have become slower than that.
        let service_time = self.average.max(now.saturating_duration_since(self.last_progress));
        service_time.mul_f64(position as f64 / max_calls as f64)
    }
}

/// Slot of one call in flight. Dropping it frees the slot, and records the time since it was acquired as a service time.
#[derive(Debug)]
pub(in crate::upstream) struct Slot<'a> {
    _permit: SemaphorePermit<'a>,
    limit: &'a ConcurrencyLimit,
    /// Start of the call; `None` if it was not made.
    began: Option<Instant>,
}

impl Slot<'_> {
    /// Frees the slot of a call that was not made: it has no service time.
    pub(in crate::upstream) fn discard(mut self) {
        self.began = None;
    }
}

/// Counts a queued call until it is dropped.
struct Queued<'a>(&'a AtomicUsize);

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ConcurrencyLimit {
    /// Permits `max_calls` calls at the same time; further ones queue for at most `max_queue_time`.
    pub(in crate::upstream) fn new(max_calls: usize, max_queue_time: Duration) -> Self {
        let service_time = Mutex::new(ServiceTime { average: Duration::ZERO, last_progress: Instant::now() });
        Self { slots: Semaphore::new(max_calls), max_calls, max_queue_time, queued: AtomicUsize::new(0), service_time }
    }

    /// Waits for a free slot, until `deadline` at the latest.
    ///
    /// # Errors
    /// No slot is, or is expected to be, free in time: the time after which to retry.
    pub(in crate::upstream) async fn acquire(&self, deadline: Instant) -> Result<Slot<'_>, Duration> {
        if let Ok(permit) = self.slots.try_acquire() {
            return Ok(self.slot(permit));
        }
        let position = self.queued.fetch_add(1, Ordering::Relaxed) + 1;
        let _queued = Queued(&self.queued);
        let now = Instant::now();
        let expected = self.service_time().expected_wait(position, self.max_calls, now);
        // Half of the maximum, so that hardly any call queues in vain.
        if position > self.max_calls * MAX_QUEUED_PER_CALL || expected > self.max_queue_time / 2 {
            return Err(expected.max(self.max_queue_time));
        }
        match tokio::time::timeout_at(deadline.min(now + self.max_queue_time), self.slots.acquire()).await {
            Ok(Ok(permit)) => Ok(self.slot(permit)),
            Ok(Err(_)) | Err(_) => Err(self.max_queue_time),
        }
    }

    fn slot<'a>(&'a self, permit: SemaphorePermit<'a>) -> Slot<'a> {
        let now = Instant::now();
        self.service_time().last_progress = now;
        Slot { _permit: permit, limit: self, began: Some(now) }
    }

    fn service_time(&self) -> MutexGuard<'_, ServiceTime> {
        self.service_time.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Number of calls in flight.
    pub(in crate::upstream) fn in_flight(&self) -> usize {
        self.max_calls - self.slots.available_permits()
    }

    /// Number of queued calls.
    pub(in crate::upstream) fn queued(&self) -> usize {
        self.queued.load(Ordering::Relaxed)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if let Some(began) = self.began {
            self.limit.service_time().record(began, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::join_all;

    use super::*;

    const MAX_QUEUE_TIME: Duration = Duration::from_secs(1);

    fn far() -> Instant {
        Instant::now() + Duration::from_hours(1)
    }

    /// Makes a call that takes `time`. Returns the time until its rejection, if it was rejected.
    async fn call(limit: &ConcurrencyLimit, time: Duration) -> Option<Duration> {
        let began = Instant::now();
        match limit.acquire(far()).await {
            Ok(_slot) => {
                tokio::time::sleep(time).await;
                None
            }
            Err(_) => Some(began.elapsed()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn calls_beyond_the_limit_queue_until_a_slot_is_free() {
        let limit = ConcurrencyLimit::new(2, MAX_QUEUE_TIME);
        let (first, _second) =
            (limit.acquire(far()).await.expect("a free slot"), limit.acquire(far()).await.expect("a free slot"));
        let mut third = Box::pin(limit.acquire(far()));
        assert!(third.as_mut().now_or_never().is_none());
        assert_eq!((limit.in_flight(), limit.queued()), (2, 1));
        drop(first);
        assert!(third.await.is_ok());
        assert_eq!(limit.queued(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn queueing_ends_at_the_maximum_queue_time_or_at_the_deadline() {
        let limit = ConcurrencyLimit::new(1, MAX_QUEUE_TIME);
        let _slot = limit.acquire(far()).await.expect("a free slot");
        let began = Instant::now();
        assert!(limit.acquire(far()).await.is_err());
        assert_eq!(began.elapsed().as_millis() / 10, 100);
        let limit = ConcurrencyLimit::new(1, MAX_QUEUE_TIME);
        let _slot = limit.acquire(far()).await.expect("a free slot");
        let began = Instant::now();
        assert!(limit.acquire(began + Duration::from_millis(300)).await.is_err());
        assert_eq!(began.elapsed().as_millis() / 10, 30);
        assert_eq!(limit.queued(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_queue_is_bounded() {
        let limit = ConcurrencyLimit::new(2, MAX_QUEUE_TIME);
        let rejected = join_all((0..20).map(|_| call(&limit, Duration::from_millis(10)))).await;
        let rejected: Vec<_> = rejected.into_iter().flatten().collect();
        assert_eq!(rejected, [Duration::ZERO; 10], "2 in flight, 8 queued");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_that_were_not_made_do_not_lower_the_service_time() {
        let limit = ConcurrencyLimit::new(1, MAX_QUEUE_TIME);
        for _ in 0..50 {
            call(&limit, Duration::from_millis(400)).await;
        }
        let before = limit.service_time().average;
        for _ in 0..50 {
            limit.acquire(far()).await.expect("a free slot").discard();
        }
        assert_eq!((limit.service_time().average, limit.in_flight()), (before, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn calls_are_rejected_at_once_while_no_call_ends() {
        let limit = ConcurrencyLimit::new(4, MAX_QUEUE_TIME);
        tokio::time::advance(Duration::from_mins(10)).await;
        let _slots = join_all((0..4).map(|_| limit.acquire(far()))).await;
        assert!(limit.acquire(far()).now_or_never().is_none(), "calls may be fast");
        tokio::time::advance(Duration::from_secs(5)).await;
        assert!(limit.acquire(far()).now_or_never().is_some_and(|rejected| rejected.is_err()), "they are slow");
    }

    /// Load of five times the capacity while calls become ten times slower and fast again, then a load below the capacity.
    #[tokio::test(start_paused = true)]
    async fn under_overload_throughput_stays_full_and_the_excess_is_rejected_at_once() {
        let limit = ConcurrencyLimit::new(8, MAX_QUEUE_TIME);
        for (time, offered, seconds) in [(100, 400, 20), (1_000, 400, 120), (100, 400, 10), (100, 60, 10)] {
            let calls = (0..offered * seconds).map(|number| {
                let limit = &limit;
                async move {
                    tokio::time::sleep(
                        Duration::from_secs(seconds).mul_f64(number as f64 / (offered * seconds) as f64),
                    )
                    .await;
                    call(limit, Duration::from_millis(time)).await
                }
            });
            let rejected: Vec<_> = join_all(calls).await.into_iter().flatten().collect();
            let done = offered * seconds - rejected.len() as u64;
            let most = (8_000 / time * seconds).min(offered * seconds);
            assert!(done * 100 >= most * 90, "{done} of {most} were done when each took {time} ms");
            let late = rejected.iter().filter(|wait| **wait > Duration::from_millis(10)).count();
            assert!(late * 1_000 <= rejected.len(), "{late} of {} were rejected late", rejected.len());
        }
    }
}
