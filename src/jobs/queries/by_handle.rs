//! Lookup of one job by an IPS handle.

use std::sync::Arc;
use std::time::Duration;

use crate::ips::types::{GetActiveJobsParam, GetJobLogDetailsParam, GetScheduledJobsParam};
use crate::jobs::cache::SnapshotCache;
use crate::jobs::cache::policy::{CacheDirective, Lookup};
use crate::jobs::cache::recent::Mutation;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::distinct::jobs_of_records;
use crate::jobs::model::id::JobId;
use crate::jobs::model::job::Job;
use crate::jobs::queries::found::{FoundJob, only_job};
use crate::jobs::queries::lookup::{JobLookup, LookupScope, log_request, records_of};

impl JobLookup {
    /// Returns the job of a handle: from the cached lists, else the one that IPS finds by it. IPS gives a job another handle in every list
    /// and at its submit.
    pub(super) async fn find_by_handle(&self, scope: &LookupScope<'_>, handle: &str) -> Result<FoundJob> {
        let (active, scheduled) = (self.active_jobs(scope, scope.directive).await?, self.scheduled_jobs(scope).await?);
        for list in [&active, &scheduled].into_iter().flatten() {
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
        let records = scope.permitted(records_of(scope, answer, |answer| answer.job_array))?.unwrap_or_default();
        let (mut jobs, _) =
            jobs_of_records("jobArray", records, Vec::new(), None, |record| Job::active(company, record));
        self.enrich(caller, company, &mut jobs).await;
        if let Some(job) = only_job(jobs, handle)? {
            return self.job_of_list(scope, &self.caches.active, active.as_ref(), job).await;
        }
        let request = GetScheduledJobsParam {
            company_handle,
            job_handle: job_handle.clone(),
            ..GetScheduledJobsParam::default()
        };
        let answer = self.upstream.get_scheduled_jobs(caller, &request).await;
        let records = scope.permitted(records_of(scope, answer, |answer| answer.job_array))?.unwrap_or_default();
        let (mut jobs, _) =
            jobs_of_records("jobArray", records, Vec::new(), None, |record| Job::scheduled(company, record));
        self.enrich(caller, company, &mut jobs).await;
        if let Some(job) = only_job(jobs, handle)? {
            return self.job_of_list(scope, &self.caches.scheduled, scheduled.as_ref(), job).await;
        }
        let request = GetJobLogDetailsParam { job_handle, ..log_request(company) };
        let logs = scope.permitted(self.logs(scope, request).await)?.unwrap_or_default();
        let (mut jobs, _) = jobs_of_records("jobLogArray", logs, Vec::new(), None, |log| Job::completed(company, log));
        self.enrich(caller, company, &mut jobs).await;
        if let Some(job) = only_job(jobs, handle)? {
            return Ok(self.loaded_jobs(scope, vec![job]).await.remove(0));
        }
        // IPS may not list the job yet that it returned this handle for.
        match self.recent.get(caller, handle).await.map(|known| known.mutation) {
            Some(Mutation::Submitted(job)) if job.company == company => {
                let id = JobId::decode(&job.id).map_err(|_| Error::JobNotFound)?;
                self.find_by_id(scope, &id).await
            }
            _ => self.find_in_history(scope, handle).await,
        }
    }

    /// Returns a job that IPS found by another handle as it is in the list, which is loaded again if it does not have the job.
    async fn job_of_list(
        &self,
        scope: &LookupScope<'_>,
        cache: &Arc<SnapshotCache>,
        list: Option<&Lookup>,
        job: Job,
    ) -> Result<FoundJob> {
        let handle = job.handle().unwrap_or_default();
        if let Some(found) = list.and_then(|list| FoundJob::with_handle(list, handle)) {
            return Ok(found);
        }
        let list = cache.read(scope.caller, scope.company, CacheDirective::MaxAge(Duration::ZERO)).await?;
        match FoundJob::with_handle(&list, handle) {
            Some(found) => Ok(found),
            None => Ok(self.loaded_jobs(scope, vec![job]).await.remove(0)),
        }
    }

    /// Returns the job of the newest logs with this handle: for callers who may read them, but not the details of logs.
    async fn find_in_history(&self, scope: &LookupScope<'_>, handle: &str) -> Result<FoundJob> {
        let Some(denied) = scope.denied() else { return Err(Error::JobNotFound) };
        let history = self.caches.history.read(scope.caller, scope.company, scope.directive).await;
        let history = scope.permitted(history)?;
        history.and_then(|history| FoundJob::with_handle(&history, handle)).ok_or_else(|| denied.clone())
    }
}
