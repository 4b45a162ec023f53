//! Submitting a job: checked before anything is sent, sent once, found again when the answer is lost.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::ips::types::SubmitJobParam;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::recent::Mutation;
use crate::jobs::commands::idempotency::{IdempotencyKey, Turn};
use crate::jobs::company::permitted;
use crate::jobs::error::{Error, InvalidField, Location, Result};
use crate::jobs::model::id::{JobId, JobRef, Name};
use crate::jobs::model::job::{Job, Record};
use crate::jobs::model::unique_name;
use crate::jobs::{CompanyChoice, Jobs};
use crate::upstream::{Caller, Credentials, Delivery, Failure, IpsApi};

/// Longer names are refused: ids carry them.
const LONGEST_NAME: usize = 512;
/// When a lost answer's job is looked for, counted from the loss: IPS may need a moment to list it.
const LOOKS_AFTER: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)];

/// Whether a submitted name is made unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SubmitMode {
    /// A suffix makes the name unique, so that the job can be found in every phase.
    #[default]
    UniqueName,
    /// The name is sent as it is: jobs of the same name may not be told apart.
    NameAsGiven,
}

/// A job to submit.
#[derive(Debug, Clone)]
pub struct Submission {
    /// What to do; its `companyHandle` may be left empty where the query or the settings name a company.
    pub request: SubmitJobParam,
    /// The company that the query names.
    pub company: CompanyChoice,
    /// What to do about the name.
    pub mode: SubmitMode,
    /// The client's name for this submit: however often it comes, it is sent once.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// The 13 kinds of job that `submitJob` takes, each with whether the request holds its details.
fn kinds(request: &SubmitJobParam) -> [(&'static str, bool); 13] {
    [
        ("imageServingPublishJob", request.image_serving_publish_job.is_some()),
        ("imageRenderingPublishJob", request.image_rendering_publish_job.is_some()),
        ("videoPublishJob", request.video_publish_job.is_some()),
        ("serverDirectoryPublishJob", request.server_directory_publish_job.is_some()),
        ("metadataPublishJob", request.metadata_publish_job.is_some()),
        ("uploadDirectoryJob", request.upload_directory_job.is_some()),
        ("uploadUrlsJob", request.upload_urls_job.is_some()),
        ("optimizeImagesJob", request.optimize_images_job.is_some()),
        ("ripPdfsJob", request.rip_pdfs_job.is_some()),
        ("reprocessAssetsJob", request.reprocess_assets_job.is_some()),
        ("createVideoSitemapJob", request.create_video_sitemap_job.is_some()),
        ("exportJob", request.export_job.is_some()),
        ("automatedSetGenerationJob", request.automated_set_generation_job.is_some()),
    ]
}

impl Jobs {
    /// Checks a submission as [`Jobs::submit`] would; sends nothing to IPS.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that is wrong.
    pub fn validate(&self, submission: &Submission) -> Result<()> {
        let wrong = complaints(submission);
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        self.upstream.check_submit(&submission.request).map_err(|error| match error.failure {
            Failure::Unwritable { pointer, reason } => Error::invalid_body(pointer, reason.to_string()),
            _ => Error::Internal("a request could not be written"),
        })?;
        // Last: what can't even be written is no URL either, and says so better.
        match self.urls.complaints(&submission.request) {
            none if none.is_empty() => Ok(()),
            wrong => Err(Error::Invalid(wrong)),
        }
    }

    /// Submits a job (`submitJob`), with an idempotency key only once however often it is asked for.
    ///
    /// # Errors
    /// Whatever [`Jobs::validate`] finds, an unclear company, a key that came with another request, what IPS answers, and
    /// [`Error::SubmitOutcomeUnknown`] when its answer is lost and the job can't be found.
    pub async fn submit(&self, caller: &Caller, submission: Submission) -> Result<Job> {
        self.validate(&submission)?;
        let Submission { mut request, company, mode, idempotency_key } = submission;
        request.company_handle = match request.company_handle {
            unnamed if unnamed.is_empty() => self.companies.resolve(caller, &company).await?,
            named => permitted(caller, named)?,
        };
        if mode == SubmitMode::UniqueName && request.exec_schedule.is_none() {
            request.job_name = self.unique_name(caller, &request, idempotency_key.as_ref())?;
        }
        let Some(key) = idempotency_key else { return self.send_submit(caller, &request).await };
        let submitted = Job::submitted(&request, None);
        let (claim, submitted, job) = match self.submits.begin(caller, &submitted, &key).await? {
            Turn::Answered(job) => return Ok(*job),
            Turn::LookFor(submitted, claim) => {
                let found = self.look_for(caller, &submitted, &LOOKS_AFTER[..1]).await;
                let id = submitted.id.clone();
                (claim, *submitted, found.ok().flatten().ok_or(Error::SubmitOutcomeUnknown { id, error: None }))
            }
            Turn::First(claim) => {
                // Another replica, or this one before a restart, may have sent it: not to know is no reason to send it again.
                let job = match self.look_for(caller, &submitted, &LOOKS_AFTER[..1]).await {
                    Ok(Some(job)) => Ok(job),
                    Ok(None) => self.send_submit(caller, &request).await,
                    Err(error) if error.denies_access() => self.send_submit(caller, &request).await,
                    Err(error) => Err(error),
                };
                (claim, submitted, job)
            }
        };
        match &job {
            Ok(job) => claim.accepted(job).await,
            Err(Error::SubmitOutcomeUnknown { .. }) => claim.unknown(&submitted).await,
            Err(_) => claim.free().await,
        }
        job
    }

    /// A name that no other job has: with an idempotency key the same wherever and whenever it is made.
    fn unique_name(&self, caller: &Caller, request: &SubmitJobParam, key: Option<&IdempotencyKey>) -> Result<String> {
        if let Some(key) = key {
            return Ok(unique_name::make_unique_by_key(&request.job_name, &named_by(caller, request, key)));
        }
        let random = getrandom::u32().map_err(|_| Error::Internal("the operating system has no random bytes"))?;
        Ok(unique_name::make_unique(&request.job_name, self.clock.now(), random))
    }

    /// Sends a submit once, whatever happens.
    async fn send_submit(&self, caller: &Caller, request: &SubmitJobParam) -> Result<Job> {
        self.changed(&request.company_handle).await;
        let answer = self.upstream.submit_job(caller, request).await;
        self.changed(&request.company_handle).await;
        let lost = match answer {
            // An answer without a handle is whole, and says nothing.
            Ok(answer) if answer.value.job_handle.is_empty() => None,
            Ok(answer) => {
                return Ok(self.remember(caller, Job::submitted(request, Some(answer.value.job_handle))).await);
            }
            Err(error) if error.delivery == Delivery::Unknown => Some(error),
            Err(error) => return Err(Error::of_call(caller, error)),
        };
        let submitted = Job::submitted(request, None);
        let found = self.look_for(caller, &submitted, &LOOKS_AFTER).await;
        found.ok().flatten().ok_or(Error::SubmitOutcomeUnknown { id: submitted.id, error: lost })
    }

    async fn remember(&self, caller: &Caller, job: Job) -> Job {
        let done = Mutation::Submitted(Box::new(job.clone()), self.clock.now());
        self.memory.remember(caller, &job.id, done).await;
        job
    }

    /// A job that may have been submitted: its unique name tells.
    ///
    /// # Errors
    /// Why the last look told nothing.
    async fn look_for(&self, caller: &Caller, submitted: &Job, waits: &[Duration]) -> Result<Option<Job>> {
        let name = submitted.original_name();
        if !unique_name::is_unique(name) {
            return Ok(None);
        }
        let id = JobRef::Id(JobId { company: submitted.company().into(), name: Name::Original(name.into()) });
        let mut last = Ok(None);
        for wait in waits {
            tokio::time::sleep(*wait).await;
            self.changed(submitted.company()).await;
            last = match self.find(caller, &CompanyChoice::default(), &id, CacheDirective::Any).await {
                Ok(found) if !matches!(found.job.job.record, Record::Submitted(_)) => {
                    return Ok(Some(Job { recovered: true, ..Arc::unwrap_or_clone(found.job).job }));
                }
                Ok(_) | Err(Error::JobNotFound) => Ok(None),
                Err(error) => Err(error),
            };
        }
        last
    }
}

/// What a unique name is made of: the same on every replica, and another one for every caller, company and key.
fn named_by(caller: &Caller, request: &SubmitJobParam, key: &IdempotencyKey) -> Vec<u8> {
    let who = match &caller.credentials {
        Credentials::Password { user, .. } => user.to_lowercase().into_bytes(),
        Credentials::AccessToken(token) => Sha256::digest(token.expose_secret()).to_vec(),
    };
    let holder = caller.api_key_hash.as_deref().unwrap_or_default().as_bytes();
    [who.as_slice(), request.company_handle.as_bytes(), key.key.as_bytes(), holder].join(&0)
}

impl Caller {
    /// The same caller where the language of log messages doesn't matter.
    #[must_use]
    pub fn without_locale(&self) -> Self {
        Self { locale: None, ..self.clone() }
    }
}

fn complaints(submission: &Submission) -> Vec<InvalidField> {
    let Submission { request, company, .. } = submission;
    let mut wrong = Vec::from_iter(company.contradiction());
    let mut complain = |pointer: &str, reason: String| {
        wrong.push(InvalidField { location: Location::Body(pointer.into()), reason });
    };
    if request.job_name.trim().is_empty() {
        complain("/jobName", "must not be empty".into());
    } else if request.job_name.len() > LONGEST_NAME {
        complain("/jobName", format!("must not be longer than {LONGEST_NAME} bytes"));
    }
    match company {
        CompanyChoice { handle: Some(handle), .. }
            if !request.company_handle.is_empty() && *handle != request.company_handle =>
        {
            complain("/companyHandle", "differs from the `companyHandle` of the query".into());
        }
        CompanyChoice { name: Some(_), .. } if !request.company_handle.is_empty() => {
            complain("/companyHandle", "the query names a `company` already".into());
        }
        _ => {}
    }
    if request.exec_time.is_some() && request.exec_schedule.is_some() {
        complain(
            "/execSchedule",
            "`execTime` is given too: a job runs once at a time or on a schedule, not both".into(),
        );
    }
    let given: Vec<_> = kinds(request).into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect();
    match given[..] {
        [_] => {}
        [] => complain(
            "",
            format!("must hold the details of one job: one of {}", kinds(request).map(|(kind, _)| kind).join(", ")),
        ),
        [first, ref more @ ..] => {
            for kind in more {
                complain(&format!("/{kind}"), format!("`{first}` is given too: a submit takes the details of one job"));
            }
        }
    }
    wrong
}
