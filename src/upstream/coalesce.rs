//! The same read, asked for by many at once, is one call to IPS; whoever asks again within a second gets the same answer.
//!
//! The lists of active and scheduled jobs have a [`Store`](crate::jobs::cache::snapshot_cache::Store), which does more. All other reads come through here.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use crate::clock::Clock;
use crate::ips::types::*;
use crate::telemetry::span;
use crate::upstream::caller::CallerKey;
use crate::upstream::{Answered, Caller, Delivery, Failure, IpsApi, UpstreamError, UpstreamHealth};

/// How long an answer serves those who ask the same: as often as `no-cache` may ask IPS.
const REMEMBERED: TimeDelta = TimeDelta::seconds(1);
const MOST_READS: u64 = 1_000;

type Answer<T> = Result<Answered<<T as Operation>::Answer>, UpstreamError>;
/// Asks IPS for a `T`.
type Ask<T> = fn(Arc<dyn IpsApi>, Caller, T) -> BoxFuture<'static, Answer<T>>;
type Read = Shared<BoxFuture<'static, Arc<dyn Any + Send + Sync>>>;

/// Who asks what: equal keys get equal answers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    operation: &'static str,
    caller: CallerKey,
    request: [u8; 32],
}

#[derive(Clone)]
struct Entry {
    read: Read,
    begun: DateTime<Utc>,
    generation: u64,
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

/// An upstream whose reads are joined.
pub struct CoalescingUpstream {
    upstream: Arc<dyn IpsApi>,
    reads: Cache<Key, Entry>,
    /// What began before a change is worthless after it.
    invalidations: Invalidations,
    clock: Clock,
    runtime: Handle,
}

impl CoalescingUpstream {
    /// Joins the reads of `upstream`; they run on `runtime`, so that nobody who hangs up takes one along.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, invalidations: Invalidations, clock: Clock, runtime: Handle) -> Self {
        let reads = Cache::builder().max_capacity(MOST_READS).time_to_live(std::time::Duration::from_mins(1)).build();
        Self { upstream, reads, invalidations, clock, runtime }
    }

    async fn join<T>(&self, caller: &Caller, request: &T, ask: Ask<T>) -> Answer<T>
    where
        T: Operation<Answer: Clone + Sync + 'static> + Clone + 'static,
    {
        let written = serde_json::to_vec(request).expect("a request has string keys and finite numbers");
        let key = Key { operation: T::NAME, caller: CallerKey::of(caller), request: Sha256::digest(&written).into() };
        let (generation, now) = (self.invalidations.count(), self.clock.now());
        let serves = |entry: &Entry| {
            let recent = now - entry.begun < REMEMBERED;
            entry.generation == generation && (recent || entry.read.peek().is_none())
        };
        let begin = || {
            let asked = ask(Arc::clone(&self.upstream), caller.clone(), request.clone());
            let task = self.runtime.spawn(span::in_current_span(async move {
                // Or all who ask later would join what never ends.
                let answer: Answer<T> =
                    AssertUnwindSafe(asked).catch_unwind().await.unwrap_or_else(|_| Err(lost::<T>()));
                Arc::new(answer) as Arc<dyn Any + Send + Sync>
            }));
            let read = task.map(|ended| ended.unwrap_or_else(|_| Arc::new(Answer::<T>::Err(lost::<T>()))));
            Entry { read: read.boxed().shared(), begun: now, generation }
        };
        let entry = self.reads.entry(key).or_insert_with_if(begin, |entry| !serves(entry)).into_value();
        let answer = entry.read.await;
        answer.downcast_ref::<Answer<T>>().cloned().unwrap_or_else(|| Err(lost::<T>()))
    }
}

/// A read that ended without an answer, because the gateway broke or ends.
fn lost<T: Operation>() -> UpstreamError {
    UpstreamError {
        operation: T::NAME,
        failure: Failure::Cut("the gateway gave the call up".into()),
        delivery: Delivery::Unknown,
    }
}

macro_rules! upstream {
    (
        join { $($joined:ident($joined_request:ident) -> $joined_answer:ident;)+ }
        pass { $($passed:ident($passed_request:ident) -> $passed_answer:ident;)+ }
    ) => {
        #[async_trait]
        impl IpsApi for CoalescingUpstream {
            fn health(&self) -> UpstreamHealth {
                self.upstream.health()
            }

            fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError> {
                self.upstream.check_submit(request)
            }

            $(async fn $joined(&self, caller: &Caller, request: &$joined_request) -> Result<Answered<$joined_answer>, UpstreamError> {
                self.join(caller, request, |upstream, caller, request| {
                    Box::pin(async move { upstream.$joined(&caller, &request).await })
                })
                .await
            })+

            $(async fn $passed(&self, caller: &Caller, request: &$passed_request) -> Result<Answered<$passed_answer>, UpstreamError> {
                self.upstream.$passed(caller, request).await
            })+
        }
    };
}

upstream! {
    join {
        get_job_logs(GetJobLogsParam) -> GetJobLogsReturn;
        get_job_log_details(GetJobLogDetailsParam) -> GetJobLogDetailsReturn;
        get_archived_job_log_details(GetArchivedJobLogDetailsParam) -> GetArchivedJobLogDetailsReturn;
        get_asset_job_logs(GetAssetJobLogsParam) -> GetAssetJobLogsReturn;
        get_asset_archived_job_logs(GetAssetArchivedJobLogsParam) -> GetAssetArchivedJobLogsReturn;
        get_company_info(GetCompanyInfoParam) -> GetCompanyInfoReturn;
        get_company_membership(GetCompanyMembershipParam) -> GetCompanyMembershipReturn;
    }
    pass {
        submit_job(SubmitJobParam) -> SubmitJobReturn;
        get_active_jobs(GetActiveJobsParam) -> GetActiveJobsReturn;
        get_scheduled_jobs(GetScheduledJobsParam) -> GetScheduledJobsReturn;
        stop_job(StopJobParam) -> StopJobReturn;
        pause_job(PauseJobParam) -> PauseJobReturn;
        resume_job(ResumeJobParam) -> ResumeJobReturn;
        execute_job(ExecuteJobParam) -> ExecuteJobReturn;
        delete_job(DeleteJobParam) -> DeleteJobReturn;
    }
}
