//! One job in whatever phase it is: IPS has no such operation, so its three lists are asked in turn.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::ips::types::{GetJobLogDetailsParam, JobLog};
use crate::jobs::Jobs;
use crate::jobs::cache::loaders;
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Lookup};
use crate::jobs::cache::recent::Mutation;
use crate::jobs::company::{CompanyChoice, asked, permitted};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::id::{JobId, JobRef, Name};
use crate::jobs::model::job::{Job, Phase, RenderedJob, Status};
use crate::jobs::model::unique_name;
use crate::upstream::CallerKey;
use crate::upstream::{Caller, IpsApi};

/// So long after its submit a job that is in no list yet is believed to be on its way.
const APPEARS_WITHIN: TimeDelta = TimeDelta::minutes(2);

/// A job and how it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The job.
    pub job: Arc<RenderedJob>,
    /// How the answer came about.
    pub source: CacheStatus,
    /// How old it is.
    pub age: Duration,
}

/// Where a job is looked for.
struct Search<'a> {
    caller: &'a Caller,
    company: &'a str,
    want: CacheDirective,
}

impl Jobs {
    /// Finds a job.
    ///
    /// # Errors
    /// [`Error::JobNotFound`], [`Error::AmbiguousJob`] when several jobs answer to an id whose name is not unique, and whatever IPS answers.
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
            JobRef::Id(id) => match self.finished.get(&(CallerKey::of(caller), id.encode())) {
                Some(job) => Ok(Found { job, source: CacheStatus::Hit, age: Duration::ZERO }),
                None => self.find_by_id(&search, id).await,
            },
        }
    }

    /// The company that a job belongs to: an id tells, a handle doesn't.
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
            Name::Original(original) if !unique => self.find_by_common_name(search, id, original).await,
            _ => self.find_by_own_name(search, id).await,
        }
    }

    /// A name that no other job has: the first list that knows it answers.
    async fn find_by_own_name(&self, search: &Search<'_>, id: &JobId) -> Result<Found> {
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
        // It may have moved on between two of these calls, or have come after a snapshot that was not quite fresh.
        if active.source != CacheStatus::Loaded {
            let active = self.active_jobs(search, CacheDirective::NotOlderThan(Duration::ZERO)).await?;
            if let Some(found) = found_in(&active, &text) {
                return Ok(found);
            }
        }
        self.between_lists(search, id).await
    }

    /// A name that several jobs may have: all lists are asked, and the job is found when just one of them has it.
    async fn find_by_common_name(&self, search: &Search<'_>, id: &JobId, original: &str) -> Result<Found> {
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
        let read = self.active.read(search.caller, search.company, want).await?;
        read.ok_or(Error::NotCached)
    }

    async fn scheduled_jobs(&self, search: &Search<'_>) -> Result<Lookup> {
        let read = self.scheduled.read(search.caller, search.company, search.want).await?;
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

    /// A job of the log; it is remembered once nothing about it will change any more.
    async fn logged(&self, search: &Search<'_>, log: JobLog) -> Found {
        let mut job = Job::completed(log);
        loaders::point_to_schedules(std::slice::from_mut(&mut job), &self.scheduled, search.caller, search.company)
            .await;
        let job = Arc::new(RenderedJob::new(job, self.clock.now()));
        if job.job.is_final() {
            self.finished.insert((CallerKey::of(search.caller), job.job.id.clone()), Arc::clone(&job));
        }
        Found { job, source: CacheStatus::Loaded, age: Duration::ZERO }
    }

    /// In no list, but known: just submitted, or stopped.
    async fn between_lists(&self, search: &Search<'_>, id: &JobId) -> Result<Found> {
        let now = self.clock.now();
        let lately = |at: DateTime<Utc>| (now - at).abs() < APPEARS_WITHIN;
        let job = match self.memory.recall(search.caller, &id.encode()).await {
            Some(Mutation::Submitted(job, at)) if lately(at) || job.phase == Phase::Scheduled => *job,
            Some(Mutation::Submitted(job, _) | Mutation::Stopped(job)) => job.finalizing(),
            None if unique_name::submitted_at(id.name.original()).is_some_and(lately) => {
                Job::between_lists(id, Status::Waiting)
            }
            None | Some(Mutation::Deleted) => return Err(Error::JobNotFound),
        };
        Ok(self.known_here(job))
    }

    /// A job that no list of IPS tells of now.
    fn known_here(&self, job: Job) -> Found {
        Found {
            job: Arc::new(RenderedJob::new(job, self.clock.now())),
            source: CacheStatus::Loaded,
            age: Duration::ZERO,
        }
    }
}

fn found_in(read: &Lookup, id: &str) -> Option<Found> {
    let job = Arc::clone(read.snapshot.job(id)?);
    Some(Found { job, source: read.source, age: read.age })
}

/// A look at the log itself: one entry is the least that IPS can be asked for.
fn details_of(company: &str) -> GetJobLogDetailsParam {
    GetJobLogDetailsParam {
        company_handle: company.into(),
        records_per_page: Some(1),
        results_page: Some(1),
        ..GetJobLogDetailsParam::default()
    }
}
