//! Facade of the jobs: builds queries, commands and caches, and delegates to them.
//!
//! | part | file |
//! |---|---|
//! | lists, long-poll watchers | `queries/list.rs` |
//! | one job in any phase | `queries/find.rs` |
//! | logs and history | `queries/logs.rs` |
//! | event subscriptions | `queries/subscription.rs` |
//! | submit, idempotency | `commands/submit.rs`, `commands/idempotency.rs` |
//! | stop, pause, resume, execute, delete | `commands/actions.rs` |
//! | companies and memberships | `company.rs` |

use std::sync::Arc;

use tokio::runtime::Handle;

use super::cache::epoch::CompanyEpochs;
use super::cache::loaders;
use super::cache::policy::{CacheDirective, Freshness};
use super::cache::recent::RecentMutations;
use super::cache::snapshot_cache::{Common, SnapshotCache};
use super::commands::actions::JobActions;
use super::commands::idempotency::IdempotencyRecords;
use super::commands::submit::{Submission, SubmitCommand, SubmitDependencies};
use super::commands::url_policy::UrlRules;
use super::company::{Companies, CompanyChoice};
use super::error::Result;
use super::events::EventCursor;
use super::model::id::JobRef;
use super::model::job::{Action, Job, Phase};
use super::queries::find::{Found, JobLookup};
use super::queries::list::{JobLists, ListQuery, ListWatchers, Listed};
use super::queries::logs::LogQueries;
use super::queries::subscription::{Subscription, Subscriptions};
use crate::clock::Clock;
use crate::replicas::{Coordinator, StoreHealth};
use crate::upstream::{Caller, CircuitState, CoalescingUpstream, IpsApi, UpstreamHealth};

/// Configuration and dependencies of the jobs.
pub struct JobsConfig {
    /// Default company: a name or a handle.
    pub company: Option<String>,
    /// Rules for URLs that IPS will call.
    pub urls: UrlRules,
    /// Freshness policy of snapshots.
    pub freshness: Freshness,
    /// Clock of everything that is shown or shared.
    pub clock: Clock,
    /// Runtime of work that outlives its request.
    pub runtime: Handle,
    /// Coordinator of the replicas, if there are any.
    pub coordinator: Option<Arc<dyn Coordinator>>,
}

/// Facade of the jobs of IPS.
pub struct Jobs {
    upstream: Arc<dyn IpsApi>,
    companies: Arc<Companies>,
    lists: Arc<JobLists>,
    lookup: Arc<JobLookup>,
    logs: LogQueries,
    subscriptions: Subscriptions,
    submit: SubmitCommand,
    actions: JobActions,
    coordinator: Option<Arc<dyn Coordinator>>,
}

impl Jobs {
    /// Builds the jobs of the IPS behind `upstream`.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, config: JobsConfig) -> Arc<Self> {
        let JobsConfig { company, urls, freshness, clock, runtime, coordinator } = config;
        let epochs = Arc::new(CompanyEpochs::new(coordinator.clone(), clock.clone()));
        let upstream: Arc<dyn IpsApi> =
            Arc::new(CoalescingUpstream::new(upstream, epochs.invalidations(), clock.clone(), runtime.clone()));
        let companies = Arc::new(Companies::new(Arc::clone(&upstream), company));
        let recent = RecentMutations::new(coordinator.clone());
        let common = Common {
            freshness,
            generations: Arc::clone(&epochs),
            clock: clock.clone(),
            runtime: runtime.clone(),
            fleet: coordinator.clone(),
        };
        let lists = Arc::new(job_lists(&upstream, &recent, &common));
        let lookup = Arc::new(JobLookup::new(
            Arc::clone(&lists),
            Arc::clone(&companies),
            Arc::clone(&upstream),
            recent.clone(),
            clock.clone(),
        ));
        let submit = SubmitCommand::new(SubmitDependencies {
            upstream: Arc::clone(&upstream),
            companies: Arc::clone(&companies),
            lookup: Arc::clone(&lookup),
            idempotency: IdempotencyRecords::new(coordinator.clone(), runtime),
            recent: recent.clone(),
            epochs: Arc::clone(&epochs),
            urls,
            clock,
        });
        Arc::new(Self {
            logs: LogQueries::new(Arc::clone(&upstream), Arc::clone(&lookup)),
            subscriptions: Subscriptions::new(Arc::clone(&lists), Arc::clone(&lookup)),
            actions: JobActions::new(Arc::clone(&upstream), Arc::clone(&lookup), recent, epochs),
            submit,
            companies,
            lists,
            lookup,
            coordinator,
            upstream,
        })
    }

    /// Returns the company resolver.
    #[must_use]
    pub fn companies(&self) -> &Companies {
        &self.companies
    }

    /// Returns the log queries.
    #[must_use]
    pub fn logs(&self) -> &LogQueries {
        &self.logs
    }

    /// Lists jobs; see [`JobLists::list`].
    ///
    /// # Errors
    /// Those of [`JobLists::list`].
    pub async fn list(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Result<Option<Listed>> {
        self.lists.list(caller, company, query, directive).await
    }

    /// Fast path of [`Jobs::list`]; see [`JobLists::list_fresh`].
    ///
    /// # Errors
    /// Those of [`JobLists::list_fresh`].
    #[must_use]
    pub fn list_fresh(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Option<Result<Listed>> {
        self.lists.list_fresh(caller, company, query, directive)
    }

    /// Watches the lists of `phases`; see [`JobLists::watch`].
    #[must_use]
    pub fn watch(&self, caller: &Caller, company: &str, phases: &[Phase]) -> ListWatchers {
        self.lists.watch(caller, company, phases)
    }

    /// Finds one job in any phase; see [`JobLookup::find`].
    ///
    /// # Errors
    /// Those of [`JobLookup::find`].
    pub async fn find(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        directive: CacheDirective,
    ) -> Result<Found> {
        self.lookup.find(caller, choice, job, directive).await
    }

    /// Performs an action on a job; see [`JobActions::act`].
    ///
    /// # Errors
    /// Those of [`JobActions::act`].
    pub async fn act(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        action: Action,
    ) -> Result<Option<Found>> {
        self.actions.act(caller, choice, job, action).await
    }

    /// Validates a submission; see [`SubmitCommand::validate`].
    ///
    /// # Errors
    /// Those of [`SubmitCommand::validate`].
    pub fn validate(&self, submission: &Submission) -> Result<()> {
        self.submit.validate(submission)
    }

    /// Submits a job; see [`SubmitCommand::submit`].
    ///
    /// # Errors
    /// Those of [`SubmitCommand::submit`].
    pub async fn submit(&self, caller: &Caller, submission: Submission) -> Result<Job> {
        self.submit.submit(caller, submission).await
    }

    /// Subscribes to the events of a company; see [`Subscriptions::of_company`].
    ///
    /// # Errors
    /// Those of [`Subscriptions::of_company`].
    pub async fn subscribe(&self, caller: Caller, company: &str, cursor: Option<EventCursor>) -> Result<Subscription> {
        self.subscriptions.of_company(caller, company, cursor).await
    }

    /// Subscribes to the events of one job; see [`Subscriptions::of_job`].
    ///
    /// # Errors
    /// Those of [`Subscriptions::of_job`].
    pub async fn subscribe_to(
        &self,
        caller: Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        cursor: Option<EventCursor>,
    ) -> Result<Subscription> {
        self.subscriptions.of_job(caller, choice, job, cursor).await
    }

    /// Returns the health of the upstream as recent calls showed it.
    #[must_use]
    pub fn upstream_health(&self) -> UpstreamHealth {
        self.upstream.health()
    }

    /// Updates the gauges of the caches and of the upstream.
    pub fn report(&self) {
        let health = self.upstream_health();
        for state in [CircuitState::Closed, CircuitState::HalfOpen, CircuitState::Open] {
            let value = if state == health.circuit { 1.0 } else { 0.0 };
            metrics::gauge!("ips_gateway_upstream_circuit", "state" => state.code()).set(value);
        }
        metrics::gauge!("ips_gateway_upstream_calls", "state" => "in_flight").set(health.in_flight as f64);
        metrics::gauge!("ips_gateway_upstream_calls", "state" => "waiting").set(health.queued as f64);
        self.lists.report();
    }

    /// Returns the number of cached snapshots.
    #[must_use]
    pub fn snapshots(&self) -> u64 {
        self.lists.snapshots()
    }

    /// Returns the health of the shared store, if there are replicas.
    #[must_use]
    pub fn store_health(&self) -> Option<StoreHealth> {
        self.coordinator.as_ref().map(|coordinator| coordinator.health())
    }
}

fn job_lists(upstream: &Arc<dyn IpsApi>, recent: &RecentMutations, common: &Common) -> JobLists {
    let (upstream, clock) = (Arc::clone(upstream), common.clock.clone());
    let cache = |name, loader| SnapshotCache::new(name, loader, common.clone());
    let scheduled = cache("scheduled", loaders::scheduled(Arc::clone(&upstream), clock.clone()));
    let history = cache("history", loaders::history(Arc::clone(&upstream), Arc::clone(&scheduled), clock.clone()));
    let active = loaders::active(loaders::ActiveJobs {
        upstream,
        scheduled: Arc::clone(&scheduled),
        history: Arc::clone(&history),
        memory: recent.clone(),
        clock,
    });
    JobLists { active: cache("active", active), scheduled, history }
}
