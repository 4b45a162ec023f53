//! Facade of the job logic: builds its parts and delegates to them.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::ips::types::ApiVersion;
use crate::jobs::cache::CacheDependencies;
use crate::jobs::cache::epoch::CompanyEpochs;
use crate::jobs::cache::lists::ListCaches;
use crate::jobs::cache::policy::{CacheDirective, Freshness, Lookup};
use crate::jobs::cache::recent::RecentMutations;
use crate::jobs::commands::{
    IdempotencyRecords, IdempotencyUsers, JobActions, Preflight, Submission, SubmitCommand, SubmitDependencies,
    SubmitReceipt, UnsharedKeys, UrlPolicy,
};
use crate::jobs::company::{Companies, CompanyChoice};
use crate::jobs::error::Result;
use crate::jobs::history::{HistoryQueries, HistorySource, JobLists, StatisticsQueries};
use crate::jobs::model::id::JobRef;
use crate::jobs::model::job::{Action, Phase};
use crate::jobs::queries::{
    FoundJob, JobListing, JobLookup, ListQueries, ListQuery, LogQueries, PublishQueue, publish_queue,
};
use crate::jobs::results::JobResults;
use crate::jobs::subscriptions::{ListWatchers, StreamEnd, StreamPosition, Subscription, Subscriptions};
use crate::replicas::{Coordinator, StoreHealth};
use crate::runtime::clock::Clock;
use crate::runtime::timing::Timing;
use crate::upstream::{
    Caller, CoalescingUpstream, IpsApi, OmittedField, UnknownFields, UpstreamHealth, VersionAdapter,
};

/// Configuration and dependencies of [`Jobs`].
pub struct JobsConfig {
    /// Name or handle of the company of requests that name none.
    pub default_company: Option<String>,
    /// Policy for URLs that IPS fetches.
    pub url_policy: UrlPolicy,
    /// Treatment of submits whose idempotency key can't be shared with other replicas.
    pub unshared_keys: UnsharedKeys,
    /// Freshness of snapshots.
    pub freshness: Freshness,
    /// Maximum approximate memory of all snapshots, in bytes.
    pub cache_bytes: u64,
    /// Wall clock.
    pub clock: Clock,
    /// Runtime of loads and background tasks, which outlive the request that started them.
    pub runtime: Handle,
    /// Coordinator of the replicas, if there are several.
    pub coordinator: Option<Arc<dyn Coordinator>>,
    /// Intervals that have no setting.
    pub timing: Timing,
    /// API version of IPS.
    pub api_version: ApiVersion,
    /// Treatment of the gateway's own fields that the API version may lack.
    pub unknown_fields: UnknownFields,
}

/// Jobs of IPS: the facade of the job logic.
pub struct Jobs {
    upstream: Arc<dyn IpsApi>,
    coordinator: Option<Arc<dyn Coordinator>>,
    companies: Arc<Companies>,
    caches: ListCaches,
    epochs: Arc<CompanyEpochs>,
    recent: RecentMutations,
    lookup: Arc<JobLookup>,
    lists: JobLists,
    history: HistoryQueries,
    statistics: StatisticsQueries,
    logs: LogQueries,
    submit: SubmitCommand,
    actions: JobActions,
    subscriptions: Subscriptions,
}

impl Jobs {
    /// Builds the job logic on the port `upstream`.
    #[must_use]
    pub fn new(upstream: Arc<dyn IpsApi>, config: JobsConfig) -> Arc<Self> {
        let JobsConfig {
            default_company,
            url_policy,
            unshared_keys,
            freshness,
            cache_bytes,
            clock,
            runtime,
            coordinator,
            timing,
            api_version,
            unknown_fields,
        } = config;
        let epochs = Arc::new(CompanyEpochs::new(coordinator.clone(), clock.clone()));
        let uncoalesced = Arc::clone(&upstream);
        let coalescing = CoalescingUpstream::new(upstream, epochs.invalidations(), clock.clone(), runtime.clone());
        // Outside of the coalescing, so that all pages of a log that IPS can't page come from one call.
        let upstream: Arc<dyn IpsApi> =
            Arc::new(VersionAdapter::new(Arc::new(coalescing), &api_version, unknown_fields));
        let recent = RecentMutations::new(coordinator.clone(), clock.clone());
        let is_accepted = {
            let upstream = Arc::clone(&upstream);
            Arc::new(move |caller: &Caller| upstream.has_accepted(caller))
        };
        let dependencies = CacheDependencies {
            freshness,
            epochs: Arc::clone(&epochs),
            clock: clock.clone(),
            runtime: runtime.clone(),
            coordinator: coordinator.clone(),
            max_bytes: cache_bytes,
            is_accepted,
        };
        let caches = ListCaches::new(&upstream, &recent, &dependencies);
        let companies = Arc::new(Companies::new(Arc::clone(&upstream), default_company, clock.clone()));
        let lookup = Arc::new(JobLookup::new(
            Arc::clone(&companies),
            caches.clone(),
            Arc::clone(&upstream),
            recent.clone(),
            clock.clone(),
            timing.submit_appearance,
        ));
        let history =
            HistorySource { upstream: Arc::clone(&upstream), lookup: Arc::clone(&lookup), clock: clock.clone() };
        let uncoalesced = HistorySource { upstream: uncoalesced, ..history.clone() };
        let submit = SubmitCommand::new(SubmitDependencies {
            companies: Arc::clone(&companies),
            lookup: Arc::clone(&lookup),
            caches: caches.clone(),
            upstream: Arc::clone(&upstream),
            epochs: Arc::clone(&epochs),
            recent: recent.clone(),
            idempotency: IdempotencyRecords::new(coordinator.clone(), unshared_keys, runtime),
            users: IdempotencyUsers::new(Arc::clone(&upstream)),
            url_policy,
            clock,
            recovery_pauses: timing.submit_recovery,
        });
        Arc::new(Self {
            lists: JobLists::new(ListQueries::new(caches.clone()), history.clone()),
            history: HistoryQueries::new(history, uncoalesced.clone()),
            statistics: StatisticsQueries::new(uncoalesced),
            logs: LogQueries::new(Arc::clone(&lookup), Arc::clone(&upstream)),
            submit,
            actions: JobActions::new(Arc::clone(&lookup), Arc::clone(&upstream), Arc::clone(&epochs), recent.clone()),
            subscriptions: Subscriptions::new(caches.clone(), Arc::clone(&lookup)),
            upstream,
            coordinator,
            companies,
            caches,
            epochs,
            recent,
            lookup,
        })
    }

    /// Returns the companies of the callers.
    #[must_use]
    pub fn companies(&self) -> &Companies {
        &self.companies
    }

    /// Lists the jobs of `company`.
    ///
    /// # Errors
    /// Those of `JobLists::list`.
    pub async fn list(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Result<JobListing> {
        self.lists.list(caller, company, query, directive).await
    }

    /// Lists the jobs of `company` if all snapshots are cached and fresh.
    ///
    /// # Errors
    /// Those of `JobLists::list_fresh`.
    pub fn list_fresh(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Result<JobListing> {
        self.lists.list_fresh(caller, company, query, directive)
    }

    /// Returns the whole active list of `company`.
    ///
    /// # Errors
    /// Those of `JobLists::list`.
    pub async fn active_list(&self, caller: &Caller, company: &str, directive: CacheDirective) -> Result<Lookup> {
        self.caches.active.read(caller, company, directive).await
    }

    /// Returns whether lists are shared with other replicas.
    #[must_use]
    pub fn has_shared_store(&self) -> bool {
        self.coordinator.is_some()
    }

    /// Returns the referenced job.
    ///
    /// # Errors
    /// Those of `JobLookup::find`.
    pub async fn find(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        directive: CacheDirective,
    ) -> Result<FoundJob> {
        self.lookup.find(caller, choice, job, directive).await
    }

    /// Returns the queue of the publishes of `company`, and the cache status of the list of active jobs.
    ///
    /// # Errors
    /// Those of `publish_queue`.
    pub async fn publish_queue(
        &self,
        caller: &Caller,
        company: &str,
        directive: CacheDirective,
    ) -> Result<(PublishQueue, Lookup)> {
        let is_complete = self.lookup.lists_waiting_jobs();
        publish_queue(&self.caches, caller, company, directive, is_complete).await
    }

    /// Returns the log queries.
    #[must_use]
    pub fn logs(&self) -> &LogQueries {
        &self.logs
    }

    /// Returns the queries of results.
    #[must_use]
    pub fn results(&self) -> JobResults<'_> {
        JobResults { logs: &self.logs, lookup: &self.lookup }
    }

    /// Returns the queries of the history.
    #[must_use]
    pub fn history(&self) -> &HistoryQueries {
        &self.history
    }

    /// Returns the queries of statistics of the history.
    #[must_use]
    pub fn statistics(&self) -> &StatisticsQueries {
        &self.statistics
    }

    /// Checks a submission without sending it.
    ///
    /// # Errors
    /// Those of `SubmitCommand::check`.
    pub fn check(&self, submission: &Submission) -> Result<()> {
        self.submit.check(submission)
    }

    /// Validates a submission without sending it; returns what would be sent, and warnings.
    ///
    /// # Errors
    /// Those of `SubmitCommand::preflight`.
    pub async fn preflight(&self, caller: &Caller, submission: &Submission) -> Result<Preflight> {
        self.submit.preflight(caller, submission).await
    }

    /// Submits a job.
    ///
    /// # Errors
    /// Those of `SubmitCommand::submit`.
    pub async fn submit(&self, caller: &Caller, submission: Submission) -> Result<SubmitReceipt> {
        self.submit.submit(caller, submission).await
    }

    /// Performs an action on a job. Returns the job after the action; `None` after a delete.
    ///
    /// # Errors
    /// Those of `JobActions::perform`.
    pub async fn perform(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        action: Action,
    ) -> Result<Option<FoundJob>> {
        self.actions.perform(caller, choice, job, action).await
    }

    /// Subscribes to the events of the active jobs of `company`.
    ///
    /// # Errors
    /// Those of `Subscriptions::subscribe_to_company`.
    pub async fn subscribe_to_company(
        &self,
        caller: Arc<Caller>,
        company: &str,
        position: Option<StreamPosition>,
    ) -> Result<Subscription> {
        self.subscriptions.subscribe_to_company(caller, company, position).await
    }

    /// Subscribes to the events of one job.
    ///
    /// # Errors
    /// Those of `Subscriptions::subscribe_to_job`.
    pub async fn subscribe_to_job(
        &self,
        caller: Arc<Caller>,
        choice: &CompanyChoice,
        job: &JobRef,
        position: Option<StreamPosition>,
        until: StreamEnd,
    ) -> Result<Subscription> {
        self.subscriptions.subscribe_to_job(caller, choice, job, position, until).await
    }

    /// Watches the lists of these phases of `company`.
    #[must_use]
    pub fn watch(&self, caller: &Caller, company: &str, phases: &[Phase]) -> ListWatchers {
        self.subscriptions.watch(caller, company, phases)
    }

    /// Returns whether IPS has accepted the credentials of the caller since the start of the process, without a call to it.
    #[must_use]
    pub fn has_accepted(&self, caller: &Caller) -> bool {
        self.upstream.has_accepted(caller)
    }

    /// Returns the health of the upstream, without a call to it.
    #[must_use]
    pub fn upstream_health(&self) -> UpstreamHealth {
        self.upstream.health()
    }

    /// Returns the fields that the gateway leaves out of its own requests to IPS.
    #[must_use]
    pub fn omitted_fields(&self) -> Vec<OmittedField> {
        self.upstream.omitted_fields()
    }

    /// Returns the health of the store that replicas share, if there is one.
    #[must_use]
    pub fn store_health(&self) -> Option<StoreHealth> {
        self.coordinator.as_ref().map(|coordinator| coordinator.health())
    }

    /// Returns the number of cached snapshots.
    #[must_use]
    pub fn snapshot_count(&self) -> u64 {
        self.caches.snapshot_count()
    }

    /// Sets the gauges of the upstream and the caches.
    pub fn report_metrics(&self) {
        self.upstream_health().report_metrics();
        self.omitted_fields().iter().for_each(OmittedField::report_metric);
        self.caches.report_metrics();
        self.epochs.report_metrics();
        self.companies.report_metrics();
        self.lookup.report_metrics();
        self.statistics.report_metrics();
        self.submit.report_metrics();
        self.recent.report_metrics();
    }
}
