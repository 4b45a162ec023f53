//! Lookup of one job in any phase: IPS has no such operation, so its three lists are searched one after the other.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use tokio::time::Instant;

use crate::ips::types::{GetActiveJobsParam, GetJobLogDetailsParam, GetScheduledJobsParam, JobLog, Timestamp};
use crate::jobs::cache::SnapshotCache;
use crate::jobs::cache::key::{JobKey, job_cache};
use crate::jobs::cache::lists::ListCaches;
use crate::jobs::cache::loaders;
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Lookup, MIN_LOAD_INTERVAL};
use crate::jobs::cache::recent::{Mutation, RecentMutations};
use crate::jobs::company::{Companies, CompanyChoice};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::answer::jobs_of_records;
use crate::jobs::model::id::{JobId, JobName, JobRef};
use crate::jobs::model::job::{Job, Phase};
use crate::jobs::model::json::RenderedJob;
use crate::jobs::model::unique_name;
use crate::jobs::queries::found::{FoundJob, MAX_CANDIDATES, ambiguous, logged_job, only_job};
use crate::runtime::clock::Clock;
use crate::upstream::{Caller, CallerKey, IpsAnswer, IpsApi, UpstreamError};

/// Entries that are read with a log, its last ones: if the job was stopped, one of them says so.
const LAST_LOG_ENTRIES: i32 = 20;
/// Time for which completed jobs are cached; they do not change.
const COMPLETED_TTL: Duration = Duration::from_hours(1);

/// Completed job in the cache.
#[derive(Clone)]
struct CompletedJob {
    job: Arc<RenderedJob>,
    loaded_at: Instant,
}

/// Scope of a lookup.
struct LookupScope<'a> {
    caller: &'a Caller,
    company: &'a str,
    directive: CacheDirective,
}

/// Lookup of single jobs.
pub struct JobLookup {
    companies: Arc<Companies>,
    caches: ListCaches,
    upstream: Arc<dyn IpsApi>,
    completed: Cache<JobKey, CompletedJob>,
    recent: RecentMutations,
    clock: Clock,
    appears_within: Duration,
}

impl JobLookup {
    /// Searches the lists of `caches` and the job log of `upstream`; `recent` has the jobs that IPS does not list yet. A job has to appear in a
    /// list `appears_within` this time after its submit.
    #[must_use]
    pub fn new(
        companies: Arc<Companies>,
        caches: ListCaches,
        upstream: Arc<dyn IpsApi>,
        recent: RecentMutations,
        clock: Clock,
        appears_within: Duration,
    ) -> Self {
        Self { companies, caches, upstream, completed: job_cache(COMPLETED_TTL), recent, clock, appears_within }
    }

    /// Returns the referenced job.
    ///
    /// # Errors
    /// [`Error::JobNotFound`], [`Error::AmbiguousJob`] if several jobs have the name in the id, [`Error::NotCached`] with
    /// [`CacheDirective::OnlyIfCached`], and the errors of IPS.
    pub async fn find(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        directive: CacheDirective,
    ) -> Result<FoundJob> {
        let company = self.company_of(caller, choice, job).await?;
        let scope = LookupScope { caller, company: &company, directive };
        match job {
            JobRef::Handle(handle) => self.find_by_handle(&scope, handle).await,
            JobRef::Id(id) => match self.cached_completed_job(&scope, id) {
                Some(found) => Ok(found),
                None => self.find_by_id(&scope, id).await,
            },
        }
    }

    /// Returns a completed job from the cache, if its age fits the cache directive.
    fn cached_completed_job(&self, scope: &LookupScope<'_>, id: &JobId) -> Option<FoundJob> {
        let CompletedJob { job, loaded_at } = self.completed.get(&(CallerKey::of(scope.caller), id.encode()))?;
        let age = self.clock.instant().saturating_duration_since(loaded_at);
        let fits = match scope.directive {
            CacheDirective::Unspecified | CacheDirective::OnlyIfCached => age < COMPLETED_TTL,
            CacheDirective::MaxAge(max_age) => age <= max_age.max(MIN_LOAD_INTERVAL),
            CacheDirective::Reload => false,
        };
        fits.then_some(FoundJob { job, cache_status: CacheStatus::Hit, age })
    }

    /// Returns the job of an id, with any cache status.
    ///
    /// # Errors
    /// Those of [`JobLookup::find`].
    pub async fn find_by_job_id(&self, caller: &Caller, id: &JobId) -> Result<FoundJob> {
        self.find(caller, &CompanyChoice::default(), &JobRef::Id(id.clone()), CacheDirective::Unspecified).await
    }

    /// Returns the company of a job: that in the id, or for a handle that of the request.
    ///
    /// # Errors
    /// The company of the request is not that of the id, or can't be resolved.
    pub async fn company_of(&self, caller: &Caller, choice: &CompanyChoice, job: &JobRef) -> Result<String> {
        match job {
            JobRef::Handle(_) => self.companies.resolve(caller, choice).await,
            JobRef::Id(id) if *choice == CompanyChoice::default() => {
                caller.check_company(&id.company)?;
                Ok(id.company.clone())
            }
            JobRef::Id(id) => match self.companies.resolve(caller, choice).await? {
                company if company == id.company => Ok(company),
                _ => Err(Error::invalid_parameter("companyHandle", "the job with this id belongs to another company")),
            },
        }
    }

    async fn find_by_id(&self, scope: &LookupScope<'_>, id: &JobId) -> Result<FoundJob> {
        let is_unique = unique_name::is_unique(id.name.original());
        match &id.name {
            JobName::Original(original) if !is_unique => self.find_by_shared_name(scope, id, original).await,
            _ => self.find_by_unique_name(scope, id).await,
        }
    }

    /// Returns the job of a name that no other job has, from the first list that contains it.
    async fn find_by_unique_name(&self, scope: &LookupScope<'_>, id: &JobId) -> Result<FoundJob> {
        let active = self.active_jobs(scope, scope.directive).await?;
        if let Some(found) = FoundJob::with_id(&active, id)? {
            return Ok(found);
        }
        let scheduled = self.scheduled_jobs(scope).await?;
        if let Some(found) = FoundJob::with_id(&scheduled, id)? {
            return Ok(found);
        }
        // An empty name is no filter for IPS.
        if !matches!(id.name, JobName::Schedule(_)) && !id.name.original().is_empty() {
            let logs = self.logs_by_original_name(scope, id.name.original()).await?;
            let (jobs, _) =
                jobs_of_records("jobLogArray", logs, Vec::new(), None, |log| Job::completed(scope.company, log));
            if let Some(job) = logged_job(jobs, id)? {
                return Ok(self.loaded_jobs(scope, vec![job]).await.remove(0));
            }
        }
        if matches!(id.name, JobName::Run { .. }) {
            // IPS can't filter by a name that it did not send.
            let history = self.caches.history.read(scope.caller, scope.company, scope.directive).await?;
            if let Some(found) = FoundJob::with_id(&history, id)? {
                return Ok(found);
            }
        }
        if scope.directive == CacheDirective::OnlyIfCached {
            return Err(Error::NotCached);
        }
        // The job may have moved to the active list since the snapshot was loaded.
        if active.cache_status != CacheStatus::Loaded {
            // Another replica may have submitted it a moment ago, of which this one knows by the shared store only.
            let is_alone = self.recent.may_miss_mutations();
            let directive = if is_alone { CacheDirective::Reload } else { CacheDirective::MaxAge(Duration::ZERO) };
            let active = self.active_jobs(scope, directive).await?;
            if let Some(found) = FoundJob::with_id(&active, id)? {
                return Ok(found);
            }
        }
        self.find_unlisted(scope, id).await
    }

    /// Returns the job of a name that several jobs may have, if exactly one job in all lists has it.
    async fn find_by_shared_name(&self, scope: &LookupScope<'_>, id: &JobId, original: &str) -> Result<FoundJob> {
        let (active, scheduled) = (self.active_jobs(scope, scope.directive).await?, self.scheduled_jobs(scope).await?);
        let mut candidates = Vec::new();
        let encoded = id.encode();
        for list in [&active, &scheduled] {
            let has_name = |job: &RenderedJob| job.job.original_name() == Some(original) || job.job.id == encoded;
            let with_name = list.snapshot.jobs.iter().filter(|job| has_name(job));
            candidates.extend(with_name.map(|job| FoundJob::in_snapshot(job, list)));
        }
        let mut logs = self.logs_by_original_name(scope, original).await?;
        logs.truncate(MAX_CANDIDATES);
        for completed in self.completed_jobs(scope, logs).await {
            if candidates.iter().all(|candidate| candidate.job.job.id != completed.job.job.id) {
                candidates.push(completed);
            }
        }
        if candidates.len() > 1 {
            return Err(ambiguous(candidates.iter().map(|candidate| &candidate.job.job)));
        }
        match candidates.pop() {
            Some(found) => Ok(found),
            None => self.find_unlisted(scope, id).await,
        }
    }

    /// Returns the job of a handle: from the cached lists, else the one that IPS finds by it. IPS gives a job another handle in every list
    /// and at its submit.
    async fn find_by_handle(&self, scope: &LookupScope<'_>, handle: &str) -> Result<FoundJob> {
        let (active, scheduled) = (self.active_jobs(scope, scope.directive).await?, self.scheduled_jobs(scope).await?);
        for list in [&active, &scheduled] {
            if let Some(found) = FoundJob::with_handle(list, handle) {
                return Ok(found);
            }
        }
        if scope.directive == CacheDirective::OnlyIfCached {
            return Err(Error::NotCached);
        }
        let (company, caller) = (scope.company, scope.caller);
        let (company_handle, job_handle) = (Some(company.to_owned()), Some(handle.to_owned()));
        let request = GetActiveJobsParam {
            company_handle: company_handle.clone(),
            job_handle: job_handle.clone(),
            include_waiting_jobs: Some(true),
            ..GetActiveJobsParam::default()
        };
        let answer = self.upstream.get_active_jobs(caller, &request).await;
        let records = records_of(scope, answer, |answer| answer.job_array)?;
        let (jobs, _) = jobs_of_records("jobArray", records, Vec::new(), None, |record| Job::active(company, record));
        if let Some(job) = only_job(jobs, handle)? {
            return self.job_of_list(scope, &self.caches.active, &active, job).await;
        }
        let request = GetScheduledJobsParam {
            company_handle,
            job_handle: job_handle.clone(),
            ..GetScheduledJobsParam::default()
        };
        let answer = self.upstream.get_scheduled_jobs(caller, &request).await;
        let records = records_of(scope, answer, |answer| answer.job_array)?;
        let (jobs, _) =
            jobs_of_records("jobArray", records, Vec::new(), None, |record| Job::scheduled(company, record));
        if let Some(job) = only_job(jobs, handle)? {
            return self.job_of_list(scope, &self.caches.scheduled, &scheduled, job).await;
        }
        let logs = self.logs(scope, GetJobLogDetailsParam { job_handle, ..minimal_log_request(company) }).await?;
        let (jobs, _) = jobs_of_records("jobLogArray", logs, Vec::new(), None, |log| Job::completed(company, log));
        if let Some(job) = only_job(jobs, handle)? {
            return Ok(self.loaded_jobs(scope, vec![job]).await.remove(0));
        }
        // IPS may not list the job yet that it returned this handle for.
        match self.recent.get(caller, handle).await {
            Some(Mutation::Submitted(job, _)) if job.company == company => {
                let id = JobId::decode(&job.id).map_err(|_| Error::JobNotFound)?;
                self.find_by_id(scope, &id).await
            }
            _ => Err(Error::JobNotFound),
        }
    }

    /// Returns a job that IPS found by another handle as it is in the list, which is loaded again if it does not have the job.
    async fn job_of_list(
        &self,
        scope: &LookupScope<'_>,
        cache: &Arc<SnapshotCache>,
        list: &Lookup,
        job: Job,
    ) -> Result<FoundJob> {
        let handle = job.handle().unwrap_or_default();
        if let Some(found) = FoundJob::with_handle(list, handle) {
            return Ok(found);
        }
        let list = cache.read(scope.caller, scope.company, CacheDirective::MaxAge(Duration::ZERO)).await?;
        match FoundJob::with_handle(&list, handle) {
            Some(found) => Ok(found),
            None => Ok(self.loaded_jobs(scope, vec![job]).await.remove(0)),
        }
    }

    async fn active_jobs(&self, scope: &LookupScope<'_>, directive: CacheDirective) -> Result<Lookup> {
        self.caches.active.read(scope.caller, scope.company, directive).await
    }

    async fn scheduled_jobs(&self, scope: &LookupScope<'_>) -> Result<Lookup> {
        self.caches.scheduled.read(scope.caller, scope.company, scope.directive).await
    }

    async fn logs_by_original_name(&self, scope: &LookupScope<'_>, original: &str) -> Result<Vec<JobLog>> {
        let request =
            GetJobLogDetailsParam { original_name: Some(original.into()), ..minimal_log_request(scope.company) };
        let logs = self.logs(scope, request).await?;
        Ok(logs
            .into_iter()
            .filter(|log| log.original_job_name.as_deref().is_none_or(|name| name == original))
            .collect())
    }

    async fn logs(&self, scope: &LookupScope<'_>, request: GetJobLogDetailsParam) -> Result<Vec<JobLog>> {
        if scope.directive == CacheDirective::OnlyIfCached {
            return Err(Error::NotCached);
        }
        let answer = self.upstream.get_job_log_details(scope.caller, &request).await;
        records_of(scope, answer, |answer| answer.job_log_array)
    }

    /// Returns the jobs of logs, and caches those that are complete.
    async fn completed_jobs(&self, scope: &LookupScope<'_>, logs: Vec<JobLog>) -> Vec<FoundJob> {
        let jobs = logs.into_iter().filter_map(|log| Job::completed(scope.company, log)).collect();
        self.loaded_jobs(scope, jobs).await
    }

    /// Returns jobs that IPS just returned, and caches those that are complete.
    async fn loaded_jobs(&self, scope: &LookupScope<'_>, mut jobs: Vec<Job>) -> Vec<FoundJob> {
        loaders::link_schedules(&mut jobs, &self.caches.scheduled, scope.caller, scope.company).await;
        self.set_stopped(scope.caller, &mut jobs).await;
        let now = self.clock.read();
        let found = jobs.into_iter().map(|job| {
            let job = Arc::new(RenderedJob::new(job, now.wall));
            if job.job.is_final() {
                let key = (CallerKey::of(scope.caller), job.job.id.clone());
                self.completed.insert(key, CompletedJob { job: Arc::clone(&job), loaded_at: now.monotonic });
            }
            FoundJob::loaded(job)
        });
        found.collect()
    }

    /// Sets the outcome of those completed jobs that are known to have been stopped a short time ago.
    pub(super) async fn set_stopped(&self, caller: &Caller, jobs: &mut [Job]) {
        self.recent.set_stopped(caller, jobs, self.clock.now()).await;
    }

    /// Returns whether IPS is asked for the jobs that wait for a server, so that the active list contains them.
    fn lists_waiting_jobs(&self) -> bool {
        self.upstream.omitted_fields().iter().all(|omitted| omitted.field != "includeWaitingJobs")
    }

    /// Returns a job that no list of IPS contains, but that was recently submitted or stopped. Whether IPS has a job is unknown if the response
    /// to its submit was lost, or another replica or this one before a restart sent it.
    async fn find_unlisted(&self, scope: &LookupScope<'_>, id: &JobId) -> Result<FoundJob> {
        let now = self.clock.now();
        let is_recent = |at: DateTime<Utc>| (now - at).abs().to_std().is_ok_and(|age| age < self.appears_within);
        let named_at = unique_name::submitted_at(id.name.original());
        let job = match self.recent.get(scope.caller, &id.encode()).await {
            Some(Mutation::Submitted(job, at)) if is_recent(at) || job.phase == Phase::Scheduled => *job,
            // It may wait for longer, unlisted.
            Some(Mutation::Submitted(job, _)) if !self.lists_waiting_jobs() => *job,
            Some(Mutation::Submitted(job, _) | Mutation::Stopped(job)) => job.finalizing(),
            Some(Mutation::Unconfirmed(job))
                if job.sent_at.and_then(Timestamp::instant).is_some_and(|at| is_recent(at.to_utc())) =>
            {
                *job
            }
            None => match named_at.filter(|at| is_recent(*at)) {
                Some(at) => Job::of_id(id).unconfirmed(at),
                None => return Err(Error::JobNotFound),
            },
            Some(Mutation::Unconfirmed(_) | Mutation::Deleted) => return Err(Error::JobNotFound),
        };
        Ok(FoundJob::loaded(Arc::new(RenderedJob::new(job, now))))
    }
}

/// Returns the records of an answer about one job; none if IPS does not know the job.
fn records_of<T, R>(
    scope: &LookupScope<'_>,
    answer: Result<IpsAnswer<T>, UpstreamError>,
    records: impl FnOnce(T) -> Vec<R>,
) -> Result<Vec<R>> {
    match answer.map_err(Error::of_job_call(scope.caller)) {
        Ok(answer) => Ok(records(answer.value)),
        Err(Error::JobUnknownToIps { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Returns a request for a job log with its last entries.
fn minimal_log_request(company: &str) -> GetJobLogDetailsParam {
    GetJobLogDetailsParam {
        company_handle: company.into(),
        records_per_page: Some(LAST_LOG_ENTRIES),
        results_page: Some(1),
        sort_by: Some("Date".into()),
        sort_direction: Some("Descending".into()),
        ..GetJobLogDetailsParam::default()
    }
}
