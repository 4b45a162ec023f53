//! Lookup of one job in any phase: IPS has no such operation, so its three lists are searched one after the other.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::ips::types::{GetJobLogDetailsParam, JobLog};
use crate::jobs::cache::lists::ListCaches;
use crate::jobs::cache::loaders;
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Lookup};
use crate::jobs::cache::recent::{Mutation, RecentMutations};
use crate::jobs::company::{Companies, CompanyChoice};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::distinct::jobs_of_records;
use crate::jobs::model::id::{JobId, JobName, JobRef};
use crate::jobs::model::identity::{JobRole, role_of};
use crate::jobs::model::job::{Job, Phase};
use crate::jobs::model::json::RenderedJob;
use crate::jobs::model::links::JobLinks;
use crate::jobs::model::unique_name;
use crate::jobs::queries::completed::CompletedJobs;
use crate::jobs::queries::found::{FoundJob, MAX_CANDIDATES, ambiguous, logged_index};
use crate::runtime::clock::Clock;
use crate::upstream::{Caller, IpsAnswer, IpsApi, UpstreamError};

/// Entries that are read with a log, its last ones: if the job was stopped, one of them says so.
const LAST_LOG_ENTRIES: i32 = 20;

/// Scope of a lookup.
pub(super) struct LookupScope<'a> {
    pub caller: &'a Caller,
    pub company: &'a str,
    pub directive: CacheDirective,
    /// First refusal of a list that the caller may not read; the lookup goes on with the others.
    denied: OnceLock<Error>,
}

impl LookupScope<'_> {
    /// Returns the refusal of the first list that the caller may not read.
    pub(super) fn denied(&self) -> Option<&Error> {
        self.denied.get()
    }

    /// Returns what was read; `None` if the caller may not read it.
    pub(super) fn permitted<T>(&self, read: Result<T>) -> Result<Option<T>> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(error) if error.denies_operation() => {
                self.denied.get_or_init(|| error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// Lookup of single jobs.
pub struct JobLookup {
    companies: Arc<Companies>,
    pub(super) caches: ListCaches,
    pub(super) upstream: Arc<dyn IpsApi>,
    completed: CompletedJobs,
    pub(super) recent: RecentMutations,
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
        Self { companies, caches, upstream, completed: CompletedJobs::default(), recent, clock, appears_within }
    }

    /// Sets the gauge of the memory of the completed jobs.
    pub fn report_metrics(&self) {
        self.completed.report_metrics();
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
        let scope = LookupScope { caller, company: &company, directive, denied: OnceLock::new() };
        match job {
            JobRef::Handle(handle) => self.find_by_handle(&scope, handle).await,
            JobRef::Id(id) => match self.cached_completed_job(&scope, id).await {
                Some(found) => Ok(found),
                None => self.find_by_id(&scope, id).await,
            },
        }
    }

    /// Returns a completed job from the cache, if its age fits the cache directive, with its follow-on jobs as in the cached lists. `None` if
    /// its chain is not completed and the cached lists show no follow-on job.
    async fn cached_completed_job(&self, scope: &LookupScope<'_>, id: &JobId) -> Option<FoundJob> {
        let LookupScope { caller, company, directive, .. } = *scope;
        let id = id.encode();
        let now = self.clock.read();
        let found = self.completed.get(caller, &id, directive, now)?;
        if !found.job.job.is_settled() {
            self.caches.active.read(caller, company, directive).await.ok()?;
        }
        let (active, history) =
            (self.caches.active.cached(caller, company), self.caches.history.cached(caller, company));
        let follow_ons = active.iter().chain(&history).flat_map(|list| list.follow_ons(&id));
        let links = JobLinks::between(follow_ons);
        let found = self.completed.relink(caller, found, &links, now);
        let is_current = links.has_follow_ons_of(&id) || found.job.job.is_settled();
        is_current.then_some(found)
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
    /// The company of the request is not that of the id, or can't be resolved; the API key does not permit that of the id.
    pub async fn company_of(&self, caller: &Caller, choice: &CompanyChoice, job: &JobRef) -> Result<String> {
        match job {
            JobRef::Handle(_) => self.companies.resolve(caller, choice).await,
            JobRef::Id(id) if *choice == CompanyChoice::default() => {
                if caller.may_see(&id.company) {
                    Ok(id.company.clone())
                } else {
                    Err(Error::JobNotFound)
                }
            }
            JobRef::Id(id) => match self.companies.resolve(caller, choice).await? {
                _ if !caller.may_see(&id.company) => Err(Error::JobNotFound),
                company if company == id.company => Ok(company),
                _ => Err(Error::invalid_parameter("companyHandle", "the job with this id belongs to another company")),
            },
        }
    }

    pub(super) async fn find_by_id(&self, scope: &LookupScope<'_>, id: &JobId) -> Result<FoundJob> {
        match &id.name {
            JobName::Original(original) if !unique_name::is_unique(original) => {
                self.find_by_shared_name(scope, id).await
            }
            JobName::Submitted { .. } => self.find_by_shared_name(scope, id).await,
            _ => self.find_by_unique_name(scope, id).await,
        }
    }

    /// Returns the job of a name that no other job has, except for its follow-on jobs, from the first list that contains it.
    async fn find_by_unique_name(&self, scope: &LookupScope<'_>, id: &JobId) -> Result<FoundJob> {
        let active = self.active_jobs(scope, scope.directive).await?;
        let scheduled = match in_list(active.as_ref(), id)? {
            Some(found) => return Ok(found),
            None => self.scheduled_jobs(scope).await?,
        };
        if let Some(found) = in_list(scheduled.as_ref(), id)? {
            return Ok(found);
        }
        let mut is_in_log = None;
        // An empty name is no filter for IPS.
        if !matches!(id.name, JobName::Schedule(_)) && !id.name.original().is_empty() {
            let logs = scope.permitted(self.logs_by_original_name(scope, id.name.original()).await)?;
            is_in_log = logs.as_ref().map(|logs| !logs.is_empty());
            let (mut jobs, _) = jobs_of_records("jobLogArray", logs.unwrap_or_default(), Vec::new(), None, |log| {
                Job::completed(scope.company, log)
            });
            if let Some(index) = logged_index(&jobs, id)? {
                jobs[index].id = id.encode();
                self.enrich(scope.caller, scope.company, &mut jobs).await;
                return Ok(self.loaded_jobs(scope, vec![jobs.swap_remove(index)]).await.remove(0));
            }
        }
        // IPS can't filter by a name that it did not send, may return only the log of a follow-on job, and not every caller may use the filter.
        if matches!(id.name, JobName::Run { .. })
            || is_in_log != Some(false) && !matches!(id.name, JobName::Schedule(_))
        {
            let history = self.caches.history.read(scope.caller, scope.company, scope.directive).await;
            if let Some(found) = in_list(scope.permitted(history)?.as_ref(), id)? {
                return Ok(found);
            }
        }
        if scope.directive == CacheDirective::OnlyIfCached {
            return Err(Error::NotCached);
        }
        // The job may have moved to the active list since the snapshot was loaded.
        if active.is_some_and(|active| active.cache_status != CacheStatus::Loaded) {
            // Another replica may have submitted it a moment ago, of which this one knows by the shared store only.
            let is_alone = self.recent.may_miss_mutations();
            let directive = if is_alone { CacheDirective::Reload } else { CacheDirective::MaxAge(Duration::ZERO) };
            let active = self.active_jobs(scope, directive).await?;
            if let Some(found) = in_list(active.as_ref(), id)? {
                return Ok(found);
            }
        }
        self.find_unlisted(scope, id).await
    }

    /// Returns the job of a name that several jobs may have, if exactly one job in all lists has it. Follow-on jobs of a submitted job, whose
    /// kind the id has, don't count.
    async fn find_by_shared_name(&self, scope: &LookupScope<'_>, id: &JobId) -> Result<FoundJob> {
        let original = id.name.original();
        let submitted = match &id.name {
            JobName::Submitted { kind, .. } => Some(kind),
            _ => None,
        };
        let may_be_meant = |job: &Job| {
            let role = role_of(original, job.name().unwrap_or_default(), job.kind.as_ref(), submitted);
            submitted.is_none() || role != Some(JobRole::FollowOn)
        };
        let lists =
            [self.active_jobs(scope, scope.directive).await?, self.scheduled_jobs(scope).await?].into_iter().flatten();
        let mut candidates = Vec::new();
        let encoded = id.encode();
        for list in lists {
            let has_name = |job: &Job| job.original_name() == Some(original) || job.id == encoded;
            let with_name = list.snapshot.jobs.iter().filter(|job| has_name(&job.job) && may_be_meant(&job.job));
            candidates.extend(with_name.map(|job| FoundJob::in_snapshot(job, &list)));
        }
        let logs = scope.permitted(self.logs_by_original_name(scope, original).await)?.unwrap_or_default();
        let mut jobs: Vec<Job> = logs.into_iter().filter_map(|log| Job::completed(scope.company, log)).collect();
        self.enrich(scope.caller, scope.company, &mut jobs).await;
        jobs.retain(may_be_meant);
        jobs.truncate(MAX_CANDIDATES);
        for completed in self.loaded_jobs(scope, jobs).await {
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

    /// Returns the active list; `None` if the caller may not read it.
    pub(super) async fn active_jobs(
        &self,
        scope: &LookupScope<'_>,
        directive: CacheDirective,
    ) -> Result<Option<Lookup>> {
        scope.permitted(self.caches.active.read(scope.caller, scope.company, directive).await)
    }

    /// Returns the scheduled list; `None` if the caller may not read it.
    pub(super) async fn scheduled_jobs(&self, scope: &LookupScope<'_>) -> Result<Option<Lookup>> {
        scope.permitted(self.caches.scheduled.read(scope.caller, scope.company, scope.directive).await)
    }

    async fn logs_by_original_name(&self, scope: &LookupScope<'_>, original: &str) -> Result<Vec<JobLog>> {
        let request = GetJobLogDetailsParam { original_name: Some(original.into()), ..log_request(scope.company) };
        let logs = self.logs(scope, request).await?;
        Ok(logs
            .into_iter()
            .filter(|log| log.original_job_name.as_deref().is_none_or(|name| name == original))
            .collect())
    }

    pub(super) async fn logs(&self, scope: &LookupScope<'_>, request: GetJobLogDetailsParam) -> Result<Vec<JobLog>> {
        if scope.directive == CacheDirective::OnlyIfCached {
            return Err(Error::NotCached);
        }
        let answer = self.upstream.get_job_log_details(scope.caller, &request).await;
        records_of(scope, answer, |answer| answer.job_log_array)
    }

    /// Sets what IPS may not say of these jobs, which it just returned: that they were stopped a short time ago, and their links with each
    /// other and with the jobs of the cached lists.
    pub(in crate::jobs) async fn enrich(&self, caller: &Caller, company: &str, jobs: &mut [Job]) {
        let now = self.clock.server_time();
        self.recent.set_stopped(caller, jobs).await;
        let (active, history) =
            (self.caches.active.cached(caller, company), self.caches.history.cached(caller, company));
        let cached = active.iter().chain(&history).flat_map(|list| list.all_jobs());
        let links = JobLinks::between(jobs.iter().chain(cached));
        for job in jobs {
            links.apply(job, now);
        }
    }

    /// Returns jobs that IPS just returned, and caches those that are complete.
    pub(super) async fn loaded_jobs(&self, scope: &LookupScope<'_>, mut jobs: Vec<Job>) -> Vec<FoundJob> {
        loaders::link_schedules(&mut jobs, &self.caches.scheduled, scope.caller, scope.company).await;
        let now = self.clock.read();
        let found = jobs.into_iter().map(|job| {
            let job = Arc::new(RenderedJob::new(job, now.wall));
            if job.job.is_final() {
                self.completed.insert(scope.caller, Arc::clone(&job), now);
            }
            FoundJob::loaded(job)
        });
        found.collect()
    }

    /// Returns whether IPS is asked for the jobs that wait for a server, so that the active list contains them.
    pub fn lists_waiting_jobs(&self) -> bool {
        self.upstream.omitted_fields().iter().all(|omitted| omitted.field != "includeWaitingJobs")
    }

    /// Returns a job that no list of IPS contains, but that was recently submitted or stopped. Whether IPS has a job is unknown if the response
    /// to its submit was lost, or another replica or this one before a restart sent it.
    async fn find_unlisted(&self, scope: &LookupScope<'_>, id: &JobId) -> Result<FoundJob> {
        let now = self.clock.read();
        let known = self.recent.get(scope.caller, &id.encode()).await;
        let is_recent = known.as_ref().is_some_and(|known| known.age < self.appears_within);
        // Of a submit that neither this process nor the shared store knows, the name has the only time, by the clock of IPS at its sender.
        let is_named_now =
            |at: &DateTime<Utc>| (now.server - *at).abs().to_std().is_ok_and(|age| age < self.appears_within);
        let named_at = match &id.name {
            JobName::Original(original) => unique_name::submitted_at(original),
            _ => None,
        };
        // The job may be in the list that the caller may not read.
        let unknown = || scope.denied().cloned().unwrap_or(Error::JobNotFound);
        let mut job = match known.map(|known| known.mutation) {
            Some(Mutation::Submitted(job)) if is_recent || job.phase == Phase::Scheduled => *job,
            // It may wait for longer, unlisted.
            Some(Mutation::Submitted(job)) if !self.lists_waiting_jobs() => *job,
            Some(Mutation::Submitted(job) | Mutation::Stopped(job)) => job.finalizing(),
            Some(Mutation::Unconfirmed(job)) if is_recent => *job,
            Some(Mutation::Unconfirmed(_)) => return Err(unknown()),
            Some(Mutation::Deleted) => return Err(Error::JobNotFound),
            None => match named_at.filter(|at| is_named_now(at) && scope.denied().is_none()) {
                Some(at) => Job::of_id(id).unconfirmed(at),
                None => return Err(unknown()),
            },
        };
        job.set_chain(now.server);
        let active = self.caches.active.cached(scope.caller, scope.company);
        active.inspect(|active| job.set_waits_for(active.jobs.iter().map(|job| &job.job)));
        Ok(FoundJob::loaded(Arc::new(RenderedJob::new(job, now.wall))))
    }
}

/// Returns the job of a list with this id, if the caller may read the list and it has the job.
///
/// # Errors
/// Those of [`FoundJob::with_id`].
fn in_list(list: Option<&Lookup>, id: &JobId) -> Result<Option<FoundJob>> {
    list.map_or(Ok(None), |list| FoundJob::with_id(list, id))
}

/// Returns the records of an answer about one job; none if IPS does not know the job.
pub(super) fn records_of<T, R>(
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
pub(super) fn log_request(company: &str) -> GetJobLogDetailsParam {
    GetJobLogDetailsParam {
        company_handle: company.into(),
        records_per_page: Some(LAST_LOG_ENTRIES),
        results_page: Some(1),
        sort_by: Some("Date".into()),
        sort_direction: Some("Descending".into()),
        ..GetJobLogDetailsParam::default()
    }
}
