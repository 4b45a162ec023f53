//! Job actions: stop, pause, resume, execute, delete.

use std::sync::Arc;
use std::time::Duration;

use crate::ips::types::{DeleteJobParam, ExecuteJobParam, PauseJobParam, ResumeJobParam, StopJobParam};
use crate::jobs::cache::epoch::CompanyEpochs;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::recent::{Mutation, RecentMutations};
use crate::jobs::company::CompanyChoice;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::id::{JobId, JobRef, Name};
use crate::jobs::model::job::{Action, Job, Phase, Status};
use crate::jobs::queries::find::{Found, JobLookup};
use crate::upstream::{Caller, Delivery, IpsApi, UpstreamError};

/// Actions on jobs.
pub struct JobActions {
    upstream: Arc<dyn IpsApi>,
    lookup: Arc<JobLookup>,
    recent: RecentMutations,
    epochs: Arc<CompanyEpochs>,
}

impl JobActions {
    /// Creates the actions.
    #[must_use]
    pub fn new(
        upstream: Arc<dyn IpsApi>,
        lookup: Arc<JobLookup>,
        recent: RecentMutations,
        epochs: Arc<CompanyEpochs>,
    ) -> Self {
        Self { upstream, lookup, recent, epochs }
    }

    /// Performs an action and returns the job after it, or before it if it can't be read afterwards; `None` once it is deleted.
    ///
    /// # Errors
    /// Those of [`JobLookup::find`], [`Error::ActionNotPossible`] if the job's phase and status don't allow the action (nothing is sent),
    /// or a failed call of IPS.
    pub async fn act(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        action: Action,
    ) -> Result<Option<Found>> {
        let before = self.lookup.find(caller, choice, job, CacheDirective::NotOlderThan(Duration::ZERO)).await?;
        let company = self.lookup.company_of(caller, choice, job).await?;
        let known = &before.job.job;
        let handle = match known.handle() {
            Some(handle) if known.actions.contains(&action) => handle.to_owned(),
            _ => return Err(Error::ActionNotPossible { action, possible: known.actions.clone() }),
        };
        self.epochs.change(&company).await;
        let answer = self.send(caller, &company, handle, action).await;
        self.epochs.change(&company).await;
        let id: JobRef = known.id.parse().map_err(|_| Error::Internal("an id of the gateway can't be parsed"))?;
        if let Err(error) = answer {
            // If only the answer was lost, the job shows the effect. The request is not repeated.
            let is_done = match error.delivery {
                Delivery::Unknown => {
                    let now = self.lookup.find(caller, &CompanyChoice::default(), &id, CacheDirective::Any).await;
                    shows(action, known, now.as_ref().map(|found| &found.job.job))
                }
                Delivery::NotSent | Delivery::Rejected => false,
            };
            if !is_done {
                return Err(Error::of_call(caller, error));
            }
        }
        match action {
            Action::Delete => {
                self.remember(caller, &company, known, &Mutation::Deleted).await;
                return Ok(None);
            }
            Action::Stop => {
                let stopped = Mutation::Stopped(Box::new(known.clone()));
                self.remember(caller, &company, known, &stopped).await;
            }
            Action::Pause | Action::Resume | Action::Execute => {}
        }
        // IPS has performed the action: if the job can't be read now, its earlier state is a better answer than an error.
        Ok(Some(self.lookup.find(caller, &CompanyChoice::default(), &id, CacheDirective::Any).await.unwrap_or(before)))
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

    /// Adds a mutation to the recent ones, under the id and under the original name.
    async fn remember(&self, caller: &Caller, company: &str, job: &Job, mutation: &Mutation) {
        let name = Name::Original(job.original_name().into());
        for id in [job.id.clone(), JobId { company: company.into(), name }.encode()] {
            self.recent.remember(caller, &id, mutation.clone()).await;
        }
    }
}

/// Whether the current state of the job shows that the action was performed.
fn shows(action: Action, before: &Job, now: Result<&Job, &Error>) -> bool {
    match (action, now) {
        (Action::Delete, Err(Error::JobNotFound)) => true,
        (Action::Stop, Ok(now)) => matches!(now.status, Status::Stopping | Status::Finalizing | Status::Completed),
        (Action::Pause, Ok(now)) => now.status == Status::Paused,
        (Action::Resume, Ok(now)) => before.status == Status::Paused && now.status != Status::Paused,
        (Action::Execute, Ok(now)) => now.phase != Phase::Scheduled,
        _ => false,
    }
}
