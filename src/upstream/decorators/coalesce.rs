//! Request coalescing: equal reads share one call to IPS while it is in flight, and its answer until one second after its start.
//!
//! The lists of active and scheduled jobs are not coalesced here: the snapshot cache shares them.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::ips::types::*;
use crate::runtime::clock::Clock;
use crate::telemetry::span;
use crate::upstream::api::{Answered, Call, IpsApi, forward_operations};
use crate::upstream::caller::{Caller, CallerKey};
use crate::upstream::error::{Delivery, Failure, UpstreamError};
use crate::upstream::health::UpstreamHealth;

/// Reads that the snapshot cache already shares.
const CACHED_AS_SNAPSHOTS: [&str; 2] = [GetActiveJobsParam::NAME, GetScheduledJobsParam::NAME];
/// Time to live of a read from its start: the minimum interval between calls of equal reads.
const TIME_TO_LIVE: Duration = Duration::from_secs(1);
/// Maximum number of reads that are shared; beyond it the least used ones are dropped.
const MAX_READS: u64 = 1_000;

type OperationResult<T> = Result<Answered<<T as Operation>::Answer>, UpstreamError>;
/// Makes a call of `T`.
type MakeCall<T> = fn(Arc<dyn IpsApi>, Caller, T) -> BoxFuture<'static, OperationResult<T>>;
type SharedCall = Shared<BoxFuture<'static, Arc<dyn Any + Send + Sync>>>;

/// Identity of a read: equal keys get equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ReadKey {
    operation: &'static str,
    caller: CallerKey,
    request: [u8; 32],
}

#[derive(Clone)]
struct CoalescedRead {
    call: SharedCall,
    began: Instant,
    invalidations: u64,
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
    /// Reads that began before a mutation are not shared after it.
    invalidations: Invalidations,
    clock: Clock,
    runtime: Handle,
}

impl CoalescingUpstream {
    /// Coalesces the reads of `upstream`. They run as tasks of `runtime`, so that a caller that disconnects does not cancel them.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, invalidations: Invalidations, clock: Clock, runtime: Handle) -> Self {
        let reads = Cache::builder().max_capacity(MAX_READS).time_to_live(Duration::from_mins(1)).build();
        Self { upstream, reads, invalidations, clock, runtime }
    }

    async fn coalesce<T>(&self, caller: &Caller, request: &T, make_call: MakeCall<T>) -> OperationResult<T>
    where
        T: Operation<Answer: Clone + Sync + 'static> + Clone + 'static,
    {
        let written = serde_json::to_vec(request).expect("a request has string keys and finite numbers");
        let key =
            ReadKey { operation: T::NAME, caller: CallerKey::of(caller), request: Sha256::digest(&written).into() };
        let (invalidations, now) = (self.invalidations.count(), self.clock.instant());
        let is_shareable = |read: &CoalescedRead| {
            let is_fresh = now.saturating_duration_since(read.began) < TIME_TO_LIVE;
            read.invalidations == invalidations && (is_fresh || read.call.peek().is_none())
        };
        let start = || {
            let call = make_call(Arc::clone(&self.upstream), caller.clone(), request.clone());
            let task = self.runtime.spawn(span::in_current_span(async move {
                // Without it, later callers would wait for a call that never ends.
                let result: OperationResult<T> =
                    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_| Err(aborted::<T>()));
                Arc::new(result) as Arc<dyn Any + Send + Sync>
            }));
            let call = task.map(|ended| ended.unwrap_or_else(|_| Arc::new(OperationResult::<T>::Err(aborted::<T>()))));
            CoalescedRead { call: call.boxed().shared(), began: now, invalidations }
        };
        let read = self.reads.entry(key).or_insert_with_if(start, |read| !is_shareable(read)).into_value();
        let result = read.call.await;
        result.downcast_ref::<OperationResult<T>>().cloned().unwrap_or_else(|| Err(aborted::<T>()))
    }
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

    fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError> {
        self.upstream.check_submit(request)
    }

    for_each_operation!(forward_operations { coalesce_or_forward });
}
