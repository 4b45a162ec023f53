//! Lookup of one job in any phase. IPS has no such operation: the three lists are read one after the other.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;

use crate::clock::Clock;
use crate::ips::types::{GetJobLogDetailsParam, JobLog};
use crate::jobs::cache::key::{JobKey, job_cache};
use crate::jobs::cache::loaders;
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Lookup};
use crate::jobs::cache::recent::{Mutation, RecentMutations};
use crate::jobs::company::{Companies, CompanyChoice, asked, permitted};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::id::{JobId, JobRef, Name};
use crate::jobs::model::job::{Job, Phase, RenderedJob, Status};
use crate::jobs::model::unique_name;
use crate::jobs::queries::list::JobLists;
use crate::upstream::{Caller, CallerKey, IpsApi};

/// Time after its submit within which a job that is in no list yet counts as waiting.
const LISTED_WITHIN: TimeDelta = TimeDelta::minutes(2);

/// Job with its cache status.
#[derive(Debug, Clone)]
pub struct Found {
    /// Job and its JSON.
    pub job: Arc<RenderedJob>,
    /// Cache status of the answer.
    pub source: CacheStatus,
    /// Age of the answer.
    pub age: Duration,
}

/// Scope of one lookup.
struct Search<'a> {
    caller: &'a Caller,
    company: &'a str,
    want: CacheDirective,
}

/// Time to live of a final job, which doesn't change any more.
const FINAL_TIME_TO_LIVE: Duration = Duration::from_hours(1);

/// Lookup of single jobs, with a cache of final ones.
pub struct JobLookup {
    lists: Arc<JobLists>,
    companies: Arc<Companies>,
    upstream: Arc<dyn IpsApi>,
    recent: RecentMutations,
    finals: Cache<JobKey, Arc<RenderedJob>>,
    clock: Clock,
}

impl JobLookup {
    /// Creates a lookup with an empty cache.
    #[must_use]
    pub fn new(
        lists: Arc<JobLists>,
        companies: Arc<Companies>,
        upstream: Arc<dyn IpsApi>,
        recent: RecentMutations,
        clock: Clock,
    ) -> Self {
        Self { lists, companies, upstream, recent, finals: job_cache(FINAL_TIME_TO_LIVE), clock }
    }

    /// Finds a job.
    ///
    /// # Errors
    /// [`Error::JobNotFound`], [`Error::AmbiguousJob`] if several jobs share the name of the id, or a failed call of IPS.
    pub async fn find(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        want: CacheDirective,
    ) -> Result<Found> {
        let company = self.company_of(caller, choice, job).await?;
        let search = Search { caller, company: &company, want };
        match job {
            JobRef::Handle(handle) => self.find_by_handle(&search, handle).await,
            JobRef::Id(id) => match self.finals.get(&(CallerKey::of(caller), id.encode())) {
                Some(job) => Ok(Found { job, source: CacheStatus::Hit, age: Duration::ZERO }),
                None => self.find_by_id(&search, id).await,
            },
        }
    }

    /// Returns the company of a job: an id contains it, a handle doesn't.
    ///
    /// # Errors
    /// The selected company can't be resolved, or is not that of the id.
    pub async fn company_of(&self, caller: &Caller, choice: &CompanyChoice, job: &JobRef) -> Result<String> {
        match job {
            JobRef::Handle(_) => self.companies.resolve(caller, choice).await,
            JobRef::Id(id) if *choice == CompanyChoice::default() => permitted(caller, id.company.clone()),
            JobRef::Id(id) => match self.companies.resolve(caller, choice).await? {
                company if company == id.company => Ok(company),
                _ => Err(Error::invalid_parameter("companyHandle", "the job of this id belongs to another company")),
            },
        }
    }

    async fn find_by_id(&self, search: &Search<'_>, id: &JobId) -> Result<Found> {
        let unique = unique_name::is_unique(id.name.original());
        match &id.name {
            Name::Original(original) if !unique => self.find_by_shared_name(search, id, original).await,
            _ => self.find_by_unique_name(search, id).await,
        }
    }

    /// Finds a job by a unique name: the first list that contains it decides.
    async fn find_by_unique_name(&self, search: &Search<'_>, id: &JobId) -> Result<Found> {
        let text = id.encode();
        let active = self.active_jobs(search, search.want).await?;
        if let Some(found) = found_in(&active, &text) {
            return Ok(found);
        }
        let scheduled = self.scheduled_jobs(search).await?;
        if let Some(found) = found_in(&scheduled, &text) {
            return Ok(found);
        }
        if !matches!(id.name, Name::Schedule(_)) {
            let logs = self.logs_named(search, id.name.original()).await?;
            let log = logs.into_iter().find(|log| match &id.name {
                Name::Run { run, .. } => log.job_name == *run,
                _ => true,
            });
            if let Some(log) = log {
                return Ok(self.logged(search, log).await);
            }
        }
        // It may have moved between two of these calls, or have appeared after the cached snapshot.
        if active.source != CacheStatus::Loaded {
            let active = self.active_jobs(search, CacheDirective::NotOlderThan(Duration::ZERO)).await?;
            if let Some(found) = found_in(&active, &text) {
                return Ok(found);
            }
        }
        self.between_lists(search, id).await
    }

    /// Finds a job by a name that several jobs may have: it must be the only one in all lists.
    async fn find_by_shared_name(&self, search: &Search<'_>, id: &JobId, original: &str) -> Result<Found> {
        let (active, scheduled) = (self.active_jobs(search, search.want).await?, self.scheduled_jobs(search).await?);
        let mut candidates = Vec::new();
        for read in [&active, &scheduled] {
            let named = read.snapshot.jobs.iter().filter(|job| job.job.original_name() == original);
            candidates.extend(named.map(|job| Found { job: Arc::clone(job), source: read.source, age: read.age }));
        }
        for log in self.logs_named(search, original).await? {
            let logged = self.logged(search, log).await;
            if candidates.iter().all(|known| known.job.job.id != logged.job.job.id) {
                candidates.push(logged);
            }
        }
        if candidates.len() > 1 {
            return Err(Error::AmbiguousJob {
                candidates: candidates.iter().map(|found| found.job.job.id.clone()).collect(),
            });
        }
        match candidates.pop() {
            Some(found) => Ok(found),
            None => self.between_lists(search, id).await,
        }
    }

    async fn find_by_handle(&self, search: &Search<'_>, handle: &str) -> Result<Found> {
        for read in [self.active_jobs(search, search.want).await?, self.scheduled_jobs(search).await?] {
            if let Some(job) = read.snapshot.jobs.iter().find(|job| job.job.handle() == Some(handle)) {
                return Ok(Found { job: Arc::clone(job), source: read.source, age: read.age });
            }
        }
        let request = GetJobLogDetailsParam { job_handle: Some(handle.into()), ..details_of(search.company) };
        let log = self.details(search, request).await?.into_iter().find(|log| log.job_handle == handle);
        match log {
            Some(log) => Ok(self.logged(search, log).await),
            None => Err(Error::JobNotFound),
        }
    }

    async fn active_jobs(&self, search: &Search<'_>, want: CacheDirective) -> Result<Lookup> {
        let read = self.lists.active.read(search.caller, search.company, want).await?;
        read.ok_or(Error::NotCached)
    }

    async fn scheduled_jobs(&self, search: &Search<'_>) -> Result<Lookup> {
        let read = self.lists.scheduled.read(search.caller, search.company, search.want).await?;
        read.ok_or(Error::NotCached)
    }

    async fn logs_named(&self, search: &Search<'_>, original: &str) -> Result<Vec<JobLog>> {
        let request = GetJobLogDetailsParam { original_name: Some(original.into()), ..details_of(search.company) };
        let logs = self.details(search, request).await?;
        Ok(logs.into_iter().filter(|log| log.original_job_name == original).collect())
    }

    async fn details(&self, search: &Search<'_>, request: GetJobLogDetailsParam) -> Result<Vec<JobLog>> {
        if search.want == CacheDirective::OnlyIfCached {
            return Err(Error::NotCached);
        }
        let answer = self.upstream.get_job_log_details(search.caller, &request).await;
        asked(search.caller, answer).map(|answer| answer.value.job_log_array)
    }

    /// Makes a job of a log. Final jobs are cached.
    async fn logged(&self, search: &Search<'_>, log: JobLog) -> Found {
        let mut job = Job::completed(log);
        loaders::point_to_schedules(
            std::slice::from_mut(&mut job),
            &self.lists.scheduled,
            search.caller,
            search.company,
        )
        .await;
        let job = Arc::new(RenderedJob::new(job, self.clock.now()));
        if job.job.is_final() {
            self.finals.insert((CallerKey::of(search.caller), job.job.id.clone()), Arc::clone(&job));
        }
        Found { job, source: CacheStatus::Loaded, age: Duration::ZERO }
    }

    /// Makes a job that is in no list from recent mutations: submitted or stopped.
    async fn between_lists(&self, search: &Search<'_>, id: &JobId) -> Result<Found> {
        let now = self.clock.now();
        let is_recent = |at: DateTime<Utc>| (now - at).abs() < LISTED_WITHIN;
        let job = match self.recent.recall(search.caller, &id.encode()).await {
            Some(Mutation::Submitted(job, at)) if is_recent(at) || job.phase == Phase::Scheduled => *job,
            Some(Mutation::Submitted(job, _) | Mutation::Stopped(job)) => job.finalizing(),
            None if unique_name::submitted_at(id.name.original()).is_some_and(is_recent) => {
                Job::between_lists(id, Status::Waiting)
            }
            None | Some(Mutation::Deleted) => return Err(Error::JobNotFound),
        };
        Ok(self.unlisted(job))
    }

    /// Result for a job that is in no list of IPS.
    fn unlisted(&self, job: Job) -> Found {
        Found {
            job: Arc::new(RenderedJob::new(job, self.clock.now())),
            source: CacheStatus::Loaded,
            age: Duration::ZERO,
        }
    }
}

impl Found {
    /// Returns the phases in which the next change of this job will appear; none for a final job.
    #[must_use]
    pub fn next_phases(&self) -> &'static [Phase] {
        match self.job.job.phase {
            _ if self.job.job.is_final() => &[],
            Phase::Scheduled => &[Phase::Scheduled, Phase::Active],
            Phase::Active | Phase::Completed => &[Phase::Active],
        }
    }
}

fn found_in(read: &Lookup, id: &str) -> Option<Found> {
    let job = Arc::clone(read.snapshot.job(id)?);
    Some(Found { job, source: read.source, age: read.age })
}

/// Request for a log without its entries: one entry is the minimum that IPS permits.
fn details_of(company: &str) -> GetJobLogDetailsParam {
    GetJobLogDetailsParam {
        company_handle: company.into(),
        records_per_page: Some(1),
        results_page: Some(1),
        ..GetJobLogDetailsParam::default()
    }
}
