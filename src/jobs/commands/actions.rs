//! Asking something of a job: stop, pause, resume, execute, delete.

use std::time::Duration;

use crate::ips::types::{DeleteJobParam, ExecuteJobParam, PauseJobParam, ResumeJobParam, StopJobParam};
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::recent::Mutation;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::id::{JobId, JobRef, Name};
use crate::jobs::model::job::{Action, Job, Phase, Status};
use crate::jobs::queries::find::Found;
use crate::jobs::{CompanyChoice, Jobs};
use crate::upstream::{Caller, Delivery, IpsApi, UpstreamError};

impl Jobs {
    /// Asks `action` of a job and tells how the job is then, or was before if that can't be read; `None` once it is deleted.
    ///
    /// # Errors
    /// Whatever [`Jobs::find`] finds, [`Error::ActionNotPossible`] when the job's phase and status don't allow it (nothing is sent
    /// then), and whatever IPS answers.
    pub async fn act(
        &self,
        caller: &Caller,
        choice: &CompanyChoice,
        job: &JobRef,
        action: Action,
    ) -> Result<Option<Found>> {
        let before = self.find(caller, choice, job, CacheDirective::NotOlderThan(Duration::ZERO)).await?;
        let company = self.company_of(caller, choice, job).await?;
        let known = &before.job.job;
        let handle = match known.handle() {
            Some(handle) if known.actions.contains(&action) => handle.to_owned(),
            _ => return Err(Error::ActionNotPossible { action, possible: known.actions.clone() }),
        };
        self.changed(&company).await;
        let answer = self.send(caller, &company, handle, action).await;
        self.changed(&company).await;
        let id: JobRef = known.id.parse().map_err(|_| Error::Internal("an id of our own can't be read"))?;
        if let Err(error) = answer {
            // The answer may be lost and the request not: the job tells, and is not asked again.
            let done = match error.delivery {
                Delivery::Unknown => {
                    let now = self.find(caller, &CompanyChoice::default(), &id, CacheDirective::Any).await;
                    shows(action, known, now.as_ref().map(|found| &found.job.job))
                }
                Delivery::NotSent | Delivery::Rejected => false,
            };
            if !done {
                return Err(Error::of_call(caller, error));
            }
        }
        match action {
            Action::Delete => {
                self.remember_done(caller, &company, known, &Mutation::Deleted).await;
                return Ok(None);
            }
            Action::Stop => {
                let stopped = Mutation::Stopped(Box::new(known.clone()));
                self.remember_done(caller, &company, known, &stopped).await;
            }
            Action::Pause | Action::Resume | Action::Execute => {}
        }
        // Whatever goes wrong now, IPS has done it: the job as it was before is a better answer than an error.
        Ok(Some(self.find(caller, &CompanyChoice::default(), &id, CacheDirective::Any).await.unwrap_or(before)))
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

    /// A job whose name was sent as given is remembered by that name alone.
    async fn remember_done(&self, caller: &Caller, company: &str, job: &Job, done: &Mutation) {
        let name = Name::Original(job.original_name().into());
        for id in [job.id.clone(), JobId { company: company.into(), name }.encode()] {
            self.memory.remember(caller, &id, done.clone()).await;
        }
    }
}

/// Whether the job, as it is now, shows that `action` was done.
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
