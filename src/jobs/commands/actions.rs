//! Job actions: stop, pause, resume, execute and delete.

use std::sync::Arc;
use std::time::Duration;

use crate::ips::types::{
    DeleteJobParam, ExecuteJobParam, Fault, FaultClass, FaultName, PauseJobParam, ResumeJobParam, StopJobParam,
};
use crate::jobs::cache::epoch::CompanyEpochs;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::recent::{Mutation, RecentMutations};
use crate::jobs::company::CompanyChoice;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::id::{JobId, JobName, JobRef};
use crate::jobs::model::job::{Action, Job, Phase, Status};
use crate::jobs::queries::{FoundJob, JobLookup};
use crate::upstream::{Caller, IpsApi, UpstreamError};

/// Actions on jobs.
pub struct JobActions {
    lookup: Arc<JobLookup>,
    upstream: Arc<dyn IpsApi>,
    epochs: Arc<CompanyEpochs>,
    recent: RecentMutations,
}

impl JobActions {
    /// Sends actions to `upstream`, and records them in `epochs` and `recent`.
    #[must_use]
    pub fn new(
        lookup: Arc<JobLookup>,
        upstream: Arc<dyn IpsApi>,
        epochs: Arc<CompanyEpochs>,
        recent: RecentMutations,
    ) -> Self {
        Self { lookup, upstream, epochs, recent }
    }

    /// Performs an action on a job. Returns the job after the action, or as it was before if the lookup fails; `None` after a delete.
    ///
    /// The action is sent in every phase and status but `completed`: the possible actions of a job are a suggestion, and IPS decides.
    ///
    /// # Errors
    /// Those of [`JobLookup::find`], [`Error::ActionNotPossible`] if the job is completed or IPS refuses the action, and the errors of IPS.
    pub async fn perform(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        action: Action,
    ) -> Result<Option<FoundJob>> {
        let before = self.lookup.find(caller, choice, job, CacheDirective::MaxAge(Duration::ZERO)).await?;
        let company = self.lookup.company_of(caller, choice, job).await?;
        let known = &before.job.job;
        let handle = match known.handle() {
            Some(handle) if !known.is_final() => handle.to_owned(),
            _ => return Err(Error::ActionNotPossible { action, possible: known.actions.clone(), refusal: None }),
        };
        let id = before.id()?;
        let answer = self.send(caller, &company, handle, action).await;
        if answer.as_ref().err().is_none_or(UpstreamError::may_be_carried_out) {
            self.epochs.bump(&company).await;
        }
        if let Err(error) = answer {
            // If the response was lost, the state of the job shows whether IPS performed the action. It is not sent again.
            let is_done = error.may_be_carried_out() && {
                let after = self.reload(caller, &id).await;
                shows_effect(action, known, after.as_ref().map(|found| &found.job.job))
            };
            if !is_done {
                return Err(self.error_of(caller, &before, &id, action, error).await);
            }
        }
        match action {
            Action::Delete => {
                self.record(caller, &company, known, &Mutation::Deleted).await;
                return Ok(None);
            }
            // Of a stopped schedule, nothing remains that could be finalizing.
            Action::Stop if known.phase == Phase::Scheduled => {}
            Action::Stop => {
                let stopped = Mutation::Stopped(Box::new(known.clone()));
                self.record(caller, &company, known, &stopped).await;
            }
            Action::Pause | Action::Resume | Action::Execute => {}
        }
        // IPS performed the action: a failed lookup is no error of the request.
        Ok(Some(self.lookup.find_by_job_id(caller, &id).await.unwrap_or(before)))
    }

    /// Returns the error of a failed action: [`Error::ActionNotPossible`] with the actions that are possible now if IPS refused it, unless
    /// the job is gone.
    async fn error_of(
        &self,
        caller: &Caller,
        before: &FoundJob,
        id: &JobId,
        action: Action,
        error: UpstreamError,
    ) -> Error {
        if !error.fault().is_some_and(is_refusal) {
            return Error::of_call(caller)(error);
        }
        let possible = match self.reload(caller, id).await {
            Ok(now) => now.job.job.actions.clone(),
            Err(Error::JobNotFound) => return Error::of_job_call(caller)(error),
            Err(_) => before.job.job.actions.clone(),
        };
        Error::ActionNotPossible { action, possible, refusal: Some(error) }
    }

    /// Returns the job of an id as IPS lists it now: never from the cache.
    async fn reload(&self, caller: &Caller, id: &JobId) -> Result<FoundJob> {
        let job = JobRef::Id(id.clone());
        self.lookup.find(caller, &CompanyChoice::default(), &job, CacheDirective::Reload).await
    }

    async fn send(
        &self,
        caller: &Caller,
        company: &str,
        job_handle: String,
        action: Action,
    ) -> Result<(), UpstreamError> {
        let company_handle = company.to_owned();
        let ips = &self.upstream;
        match action {
            Action::Stop => ips.stop_job(caller, &StopJobParam { company_handle, job_handle }).await.map(drop),
            Action::Pause => ips.pause_job(caller, &PauseJobParam { company_handle, job_handle }).await.map(drop),
            Action::Resume => ips.resume_job(caller, &ResumeJobParam { company_handle, job_handle }).await.map(drop),
            Action::Execute => ips.execute_job(caller, &ExecuteJobParam { company_handle, job_handle }).await.map(drop),
            Action::Delete => ips.delete_job(caller, &DeleteJobParam { company_handle, job_handle }).await.map(drop),
        }
    }

    /// Records a mutation under the ids of the job: its own, and those of its original name, which a follow-on job shares with its parent.
    async fn record(&self, caller: &Caller, company: &str, job: &Job, mutation: &Mutation) {
        let original = job.original_name().filter(|_| job.parent.is_none());
        let names = original.into_iter().flat_map(|original| {
            let submitted = JobName::of_submitted(original.into(), job.kind.as_ref());
            [JobName::Original(original.into()), submitted]
        });
        let by_original = names.map(|name| JobId { company: company.into(), name }.encode());
        for id in [job.id.clone()].into_iter().chain(by_original) {
            self.recent.record(caller, &id, mutation.clone()).await;
        }
    }
}

/// Returns whether a fault is a refusal of the action itself: not of the caller, the company or the XML of the request.
fn is_refusal(fault: &Fault) -> bool {
    match fault.class() {
        FaultClass::InvalidValue | FaultClass::Exception => true,
        FaultClass::Unknown => !matches!(fault.name, FaultName::Authentication | FaultName::Authorization),
        FaultClass::Authentication | FaultClass::Permission | FaultClass::NoSuchCompany | FaultClass::InvalidXml => {
            false
        }
    }
}

/// Returns whether the state of the job after the action shows its effect.
fn shows_effect(action: Action, before: &Job, after: Result<&Job, &Error>) -> bool {
    match (action, after) {
        (Action::Delete, Err(Error::JobNotFound)) => true,
        (Action::Stop, Ok(job)) => {
            before.phase == Phase::Active
                && matches!(job.status, Status::Stopping | Status::Finalizing | Status::Completed)
        }
        (Action::Pause, Ok(job)) => job.status == Status::Paused,
        (Action::Resume, Ok(job)) => before.status == Status::Paused && job.status != Status::Paused,
        (Action::Execute, Ok(job)) => before.phase == Phase::Scheduled && job.phase != Phase::Scheduled,
        _ => false,
    }
}
