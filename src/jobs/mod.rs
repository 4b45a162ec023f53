//! What the gateway promises about jobs. No HTTP, no XML: [`upstream::Upstream`] is the port to IPS.

mod cache;
mod commands;
mod company;
mod error;
mod events;
mod model;
mod queries;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::runtime::Handle;

pub use crate::upstream::CallerKey;
pub use cache::policy::{CacheDirective, CacheStatus, Freshness, Lookup};
pub use commands::idempotency::IdempotencyKey;
pub use commands::submit::{Submission, SubmitMode};
pub use commands::url_policy::UrlRules;
pub use company::CompanyChoice;
pub use error::{Error, InvalidField, Location, Result};
pub use events::{Change, Event, EventCursor};
pub use model::id::{InvalidJobId, JobId, JobRef, Name};
pub use model::job::{Action, Job, ObservedJob, Outcome, Phase, Record, RenderedJob, Status, SubmittedJob, moment};
pub use model::snapshot::{ListBody, Snapshot, StaleReason, etag_of, weak_etag};
pub use queries::find::Found;
pub use queries::list::{Cursor, ListQuery, Listed, Page, SORT_FIELDS, Sort};
pub use queries::logs::{
    Archive, JOB_LOG_SORT_FIELDS, JobLogsQuery, JobLogsSort, Level, LogEntry, LogPage, LogQuery, LogSort, MOST_PER_PAGE,
};
pub use queries::subscription::{HEARTBEAT, Subscription, Told, Watches};

use crate::clock::Clock;
use crate::replicas;
use crate::replicas::Coordinator;
use crate::telemetry::metrics::names;
use crate::upstream::CoalescingUpstream;
use crate::upstream::{CircuitState, IpsApi, UpstreamHealth};
use cache::epoch::CompanyEpochs;
use cache::key::{JobKey, job_cache};
use cache::loaders;
use cache::recent::RecentMutations;
use cache::snapshot_cache::{Common, SnapshotCache};
use commands::idempotency::Submits;
use company::Companies;

/// What the job logic needs to know.
pub struct Settings {
    /// The company of requests that name none: a name or a handle.
    pub company: Option<String>,
    /// Which URLs IPS may be made to call.
    pub urls: UrlRules,
    /// How long snapshots are good for.
    pub freshness: Freshness,
    /// Tells the time.
    pub clock: Clock,
    /// Where work runs that must not end with the request that began it.
    pub runtime: Handle,
    /// What is shared with other replicas, if there are any.
    pub fleet: Option<Arc<dyn Coordinator>>,
}

/// How long a job is believed to be finished as it is: nothing about it changes any more.
const FINISHED: Duration = Duration::from_hours(1);

/// The jobs of IPS.
pub struct Jobs {
    upstream: Arc<CoalescingUpstream>,
    companies: Companies,
    active: Arc<SnapshotCache>,
    scheduled: Arc<SnapshotCache>,
    history: Arc<SnapshotCache>,
    finished: Cache<JobKey, Arc<RenderedJob>>,
    submits: Submits,
    memory: RecentMutations,
    urls: UrlRules,
    clock: Clock,
    generations: Arc<CompanyEpochs>,
    fleet: Option<Arc<dyn Coordinator>>,
}

impl Jobs {
    /// Jobs of the IPS behind `upstream`.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, settings: Settings) -> Arc<Self> {
        let Settings { company, urls, freshness, clock, runtime, fleet } = settings;
        let generations = Arc::new(CompanyEpochs::new(fleet.clone(), clock.clone()));
        let joined =
            Arc::new(CoalescingUpstream::new(upstream, generations.invalidations(), clock.clone(), runtime.clone()));
        let upstream: Arc<dyn IpsApi> = joined.clone();
        let common = Common { freshness, generations, clock, runtime, fleet };
        let store = |name, loader| SnapshotCache::new(name, loader, common.clone());
        let Common { generations, clock, runtime, fleet, .. } = common.clone();
        let scheduled = store("scheduled", loaders::scheduled(Arc::clone(&upstream), clock.clone()));
        let history = store("history", loaders::history(Arc::clone(&upstream), Arc::clone(&scheduled), clock.clone()));
        let memory = RecentMutations::new(fleet.clone());
        let active = loaders::ActiveJobs {
            upstream: Arc::clone(&upstream),
            scheduled: Arc::clone(&scheduled),
            history: Arc::clone(&history),
            memory: memory.clone(),
            clock: clock.clone(),
        };
        Arc::new(Self {
            companies: Companies::new(upstream, company),
            active: store("active", loaders::active(active)),
            history,
            finished: job_cache(FINISHED),
            submits: Submits::new(fleet.clone(), runtime),
            memory,
            urls,
            scheduled,
            upstream: joined,
            clock,
            generations,
            fleet,
        })
    }

    /// The companies that callers may look at.
    #[must_use]
    pub fn companies(&self) -> &Companies {
        &self.companies
    }

    /// How IPS was when it was asked last; asks nothing.
    #[must_use]
    pub fn upstream_health(&self) -> UpstreamHealth {
        self.upstream.health()
    }

    /// Tells how much is kept, and how IPS was seen last, for metrics.
    pub fn report(&self) {
        let health = self.upstream_health();
        for state in [CircuitState::Closed, CircuitState::HalfOpen, CircuitState::Open] {
            let is_it = if state == health.circuit { 1.0 } else { 0.0 };
            metrics::gauge!(names::UPSTREAM_CIRCUIT, "state" => state.code()).set(is_it);
        }
        metrics::gauge!(names::UPSTREAM_CALLS, "state" => "in_flight").set(health.in_flight as f64);
        metrics::gauge!(names::UPSTREAM_CALLS, "state" => "waiting").set(health.queued as f64);
        for (_, store) in self.stores() {
            store.report();
        }
    }

    /// How many snapshots are kept, of all lists.
    #[must_use]
    pub fn snapshots(&self) -> u64 {
        self.stores().iter().map(|(_, store)| store.count()).sum()
    }

    /// How the store is that replicas share, if they do.
    #[must_use]
    pub fn fleet_health(&self) -> Option<replicas::StoreHealth> {
        self.fleet.as_ref().map(|fleet| fleet.health())
    }

    /// Something of `company` was changed: nothing that was seen before is true any more, on no replica.
    async fn changed(&self, company: &str) {
        self.generations.change(company).await;
    }
}
