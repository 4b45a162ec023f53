//! Request coalescing: equal reads share one call to IPS while it is in flight, and its answer until one second after its start.
//!
//! The lists of active and scheduled jobs are not coalesced here: the snapshot cache shares them.

use std::any::Any;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::ips::types::*;
use crate::runtime::clock::Clock;
use crate::telemetry::metrics::report_table;
use crate::telemetry::span;
use crate::upstream::api::{Call, IpsAnswer, IpsApi, forward_operations};
use crate::upstream::caller::{Caller, CallerKey};
use crate::upstream::error::{Delivery, Failure, UpstreamError};
use crate::upstream::health::UpstreamHealth;

/// Reads that the snapshot cache already shares.
const CACHED_AS_SNAPSHOTS: [&str; 2] = [GetActiveJobsParam::NAME, GetScheduledJobsParam::NAME];
/// Time to live of a read from its start: the minimum interval between calls of equal reads.
const TIME_TO_LIVE: Duration = Duration::from_secs(1);
/// Maximum approximate memory of the reads that are shared, in bytes; beyond it the least recently used ones are dropped.
const MAX_BYTES: u64 = 14 << 20;
/// Approximate memory of a read without its answer, in bytes.
const READ_BYTES: u32 = 2048;
/// Time after which a read is dropped that did not remove itself, because its task panicked.
const MAX_LIFETIME: Duration = Duration::from_mins(1);

type OperationResult<T> = Result<IpsAnswer<<T as Operation>::Answer>, UpstreamError>;
/// Makes a call of `T`.
type MakeCall<T> = fn(Arc<dyn IpsApi>, Caller, T) -> BoxFuture<'static, OperationResult<T>>;
/// Result of a call of any operation.
type SharedResult = Arc<dyn Any + Send + Sync>;
/// Call of any operation; `None` if it panicked.
type SharedCall = Shared<BoxFuture<'static, Option<SharedResult>>>;

/// Identity of a read: equal keys get equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ReadKey {
    operation: &'static str,
    caller: CallerKey,
    request: [u8; 32],
}

#[derive(Clone)]
struct CoalescedRead {
    /// Distinguishes it from other reads with the same key.
    number: u64,
    call: SharedCall,
    began: Instant,
    invalidations: u64,
    /// Approximate memory.
    bytes: u32,
}

/// Counter of invalidations: a read that was started before an invalidation is not shared with callers that come after it.
#[derive(Debug, Clone, Default)]
pub struct Invalidations(Arc<AtomicU64>);

impl Invalidations {
    /// Counts one invalidation.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns the number of invalidations since the start of the process.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Decorator of [`IpsApi`] that coalesces reads.
pub struct CoalescingUpstream {
    upstream: Arc<dyn IpsApi>,
    reads: Cache<ReadKey, CoalescedRead>,
    /// Number of the next read.
    next_number: AtomicU64,
    /// Reads that began before a mutation are not shared after it.
    invalidations: Invalidations,
    clock: Clock,
    runtime: Handle,
}

impl CoalescingUpstream {
    /// Coalesces the reads of `upstream`. They run as tasks of `runtime`, so that a caller that disconnects does not cancel them.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, invalidations: Invalidations, clock: Clock, runtime: Handle) -> Self {
        let reads = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, read: &CoalescedRead| read.bytes)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(MAX_LIFETIME)
            .build();
        Self { upstream, reads, next_number: AtomicU64::new(0), invalidations, clock, runtime }
    }

    async fn coalesce<T>(&self, caller: &Caller, request: &T, make_call: MakeCall<T>) -> OperationResult<T>
    where
        T: Operation<Answer: Clone + Sync + 'static> + Clone + 'static,
    {
        let written = serde_json::to_vec(request).expect("a request has string keys and finite numbers");
        let key =
            ReadKey { operation: T::NAME, caller: CallerKey::of(caller), request: Sha256::digest(&written).into() };
        let start = || {
            let call = make_call(Arc::clone(&self.upstream), caller.clone(), request.clone());
            call.map(|result| Arc::new(result) as SharedResult).boxed()
        };
        let read = self.join(key, &start, memory_of::<T>);
        // The task drops its sender if the call panics.
        let result = read.call.await.ok_or_else(aborted::<T>)?;
        result.downcast_ref::<OperationResult<T>>().cloned().unwrap_or_else(|| Err(aborted::<T>()))
    }

    /// Returns the read with this key, or starts one if there is none that may be shared.
    fn join(
        &self,
        key: ReadKey,
        start: &dyn Fn() -> BoxFuture<'static, SharedResult>,
        memory_of: fn(&(dyn Any + Send + Sync)) -> u32,
    ) -> CoalescedRead {
        let (invalidations, now) = (self.invalidations.count(), self.clock.instant());
        let is_shareable = |read: &CoalescedRead| {
            let is_fresh = now.saturating_duration_since(read.began) < TIME_TO_LIVE;
            read.invalidations == invalidations && (is_fresh || read.call.peek().is_none())
        };
        let start = || {
            let number = self.next_number.fetch_add(1, Ordering::Relaxed);
            let call = start();
            let (sender, receiver) = oneshot::channel();
            let (reads, clock, key) = (self.reads.clone(), self.clock.clone(), key.clone());
            self.runtime.spawn(span::in_current_span(async move {
                let result = call.await;
                // Fails if all callers have gone.
                let _ = sender.send(Arc::clone(&result));
                let measured = tokio::task::spawn_blocking(move || memory_of(&*result)).await;
                reweigh(&reads, key.clone(), number, measured.unwrap_or(READ_BYTES));
                let age = clock.instant().saturating_duration_since(now);
                tokio::time::sleep(TIME_TO_LIVE.saturating_sub(age)).await;
                remove(&reads, key, number);
            }));
            let call = receiver.map(Result::ok).boxed().shared();
            CoalescedRead { number, call, began: now, invalidations, bytes: READ_BYTES }
        };
        self.reads.entry_by_ref(&key).or_insert_with_if(start, |read| !is_shareable(read)).into_value()
    }
}

/// Returns the approximate memory of a read with its answer, in bytes: a parsed answer takes about twice the memory of its JSON.
fn memory_of<T: Operation<Answer: 'static>>(result: &(dyn Any + Send + Sync)) -> u32 {
    let mut json = CountedBytes(0);
    if let Some(Ok(answer)) = result.downcast_ref::<OperationResult<T>>() {
        // Counting does not fail, and an answer has string keys.
        let _ = serde_json::to_writer(&mut json, &answer.value);
    }
    READ_BYTES.saturating_add(u32::try_from(2 * json.0).unwrap_or(u32::MAX))
}

/// Writer that counts its bytes.
struct CountedBytes(usize);

impl io::Write for CountedBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Sets the memory of the read with this number, unless another one replaced it.
fn reweigh(reads: &Cache<ReadKey, CoalescedRead>, key: ReadKey, number: u64, bytes: u32) {
    reads.entry(key).and_compute_with(|current| match current {
        Some(current) if current.value().number == number => Op::Put(CoalescedRead { bytes, ..current.into_value() }),
        _ => Op::Nop,
    });
    report_table("coalesced_reads", reads.weighted_size(), MAX_BYTES);
}

/// Removes the read with this number, unless another one replaced it: its answer, which may be large, is not kept any longer.
fn remove(reads: &Cache<ReadKey, CoalescedRead>, key: ReadKey, number: u64) {
    reads.entry(key).and_compute_with(|current| match current {
        Some(current) if current.value().number == number => Op::Remove,
        _ => Op::Nop,
    });
}

/// Error of a read whose task panicked or was aborted.
fn aborted<T: Operation>() -> UpstreamError {
    UpstreamError::of::<T>(Failure::Incomplete("the gateway aborted the call".into()), Delivery::Unknown)
}

/// Whether calls of this operation are coalesced.
fn is_coalesced<T: Operation>(_request: &T) -> bool {
    T::EFFECT == Effect::Reads && !CACHED_AS_SNAPSHOTS.contains(&T::NAME)
}

macro_rules! coalesce_or_forward {
    ($decorator:ident, $method:ident, $caller:ident, $request:ident) => {
        async move {
            if is_coalesced($request) {
                let make_call: MakeCall<_> =
                    |upstream, caller, request| Box::pin(async move { upstream.$method(&caller, &request).await });
                $decorator.coalesce($caller, $request, make_call).await
            } else {
                $decorator.upstream.$method($caller, $request).await
            }
        }
    };
}

impl IpsApi for CoalescingUpstream {
    fn health(&self) -> UpstreamHealth {
        self.upstream.health()
    }

    fn has_accepted(&self, caller: &Caller) -> bool {
        self.upstream.has_accepted(caller)
    }

    fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError> {
        self.upstream.check_submit(request)
    }

    for_each_operation!(forward_operations { coalesce_or_forward });
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::upstream::caller::{CredentialSource, Credentials};
    use crate::upstream::health::{CircuitState, ServiceAccountState};

    /// Upstream whose answers are empty; a call with the word `panic` in its request panics.
    struct EmptyUpstream;

    macro_rules! answer {
        ($upstream:ident, $method:ident, $caller:ident, $request:ident) => {{
            let _: &Caller = $caller;
            async move {
                assert!(!format!("{:?}", $request).contains("panic"), "a panic that the test asked for");
                Ok(IpsAnswer::default())
            }
        }};
    }

    impl IpsApi for EmptyUpstream {
        fn health(&self) -> UpstreamHealth {
            let circuit = CircuitState::Closed;
            UpstreamHealth {
                circuit,
                suspended_companies: 0,
                last_success: None,
                last_failure: None,
                in_flight: 0,
                queued: 0,
                service_account: ServiceAccountState::Unknown,
            }
        }

        fn check_submit(&self, _: &SubmitJobParam) -> Result<(), UpstreamError> {
            Ok(())
        }

        for_each_operation!(forward_operations { answer });
    }

    fn coalescing() -> CoalescingUpstream {
        CoalescingUpstream::new(Arc::new(EmptyUpstream), Invalidations::default(), Clock::system(), Handle::current())
    }

    fn caller() -> Caller {
        let credentials = Credentials::AccessToken(SecretString::from("token"));
        Caller::new(credentials, CredentialSource::Caller)
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_kept_until_a_second_after_the_start_of_its_call() {
        let upstream = coalescing();
        for rows in 0..100 {
            let request = GetJobLogsParam { num_rows: Some(rows), ..GetJobLogsParam::default() };
            upstream.get_job_logs(&caller(), &request).await.expect("an answer");
        }
        assert_eq!(upstream.reads.iter().count(), 100);
        tokio::time::sleep(TIME_TO_LIVE + Duration::from_millis(10)).await;
        assert_eq!(upstream.reads.iter().count(), 0);
    }

    #[tokio::test]
    async fn answers_are_kept_within_a_bound_in_bytes() {
        let upstream = coalescing();
        let key = |number: u8| ReadKey { operation: "test", caller: CallerKey::of(&caller()), request: [number; 32] };
        for number in 0..100 {
            let call = async { Some(Arc::new(()) as SharedResult) }.boxed().shared();
            let read = CoalescedRead { number: 0, call, began: Instant::now(), invalidations: 0, bytes: READ_BYTES };
            upstream.reads.insert(key(number), read);
            reweigh(&upstream.reads, key(number), 0, 1 << 20);
        }
        upstream.reads.run_pending_tasks();
        assert!((MAX_BYTES / 2..=MAX_BYTES).contains(&upstream.reads.weighted_size()));
        let answer = IpsAnswer { value: GetJobLogsReturn::default(), bad_items: Vec::new() };
        assert!(memory_of::<GetJobLogsParam>(&Ok::<_, UpstreamError>(answer)) > READ_BYTES);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_panics_is_an_error_and_the_next_one_is_made() {
        let upstream = coalescing();
        let request = GetJobLogDetailsParam { original_name: Some("panic".into()), ..GetJobLogDetailsParam::default() };
        let error = upstream.get_job_log_details(&caller(), &request).await.expect_err("a panic");
        assert!(matches!(error.failure, Failure::Incomplete(_)), "{error:?}");
    }
}
