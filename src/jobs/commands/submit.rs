//! Submit: validated before anything is sent, sent once, recovered by its unique name if the answer is lost.

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::ips::types::SubmitJobParam;
use crate::jobs::cache::epoch::CompanyEpochs;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::recent::{Mutation, RecentMutations};
use crate::jobs::commands::idempotency::{ClaimResult, IdempotencyKey, IdempotencyRecords};
use crate::jobs::commands::url_policy::UrlRules;
use crate::jobs::company::{Companies, CompanyChoice, permitted};
use crate::jobs::error::{Error, InvalidField, Location, Result};
use crate::jobs::model::id::{JobId, JobRef, Name};
use crate::jobs::model::job::{Job, Record};
use crate::jobs::model::unique_name;
use crate::jobs::queries::find::JobLookup;
use crate::upstream::{Caller, Credentials, Delivery, Failure, IpsApi};

/// Maximum length of a job name in bytes: ids contain the name.
const MAX_NAME_BYTES: usize = 512;
/// Pauses before the attempts to recover a job whose answer was lost: IPS may need a moment to list it.
const RECOVERY_PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(500), Duration::from_secs(2)];

/// Whether the submitted name gets a unique suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SubmitMode {
    /// A unique suffix, by which the job can be found in every phase.
    #[default]
    UniqueName,
    /// The name as given: jobs with the same name may be ambiguous.
    NameAsGiven,
}

/// Submit of a job.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Request; its `companyHandle` may be empty if the query or the settings select a company.
    pub request: SubmitJobParam,
    /// Company selected by the query.
    pub company: CompanyChoice,
    /// Handling of the name.
    pub mode: SubmitMode,
    /// Idempotency key: requests with the same key are sent once.
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Returns the 13 kinds of job of `submitJob`, each with whether the request has its details.
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

/// Dependencies of the submit command.
pub struct SubmitDependencies {
    /// Port to IPS.
    pub upstream: Arc<dyn IpsApi>,
    /// Company resolver.
    pub companies: Arc<Companies>,
    /// Lookup of jobs, for the recovery.
    pub lookup: Arc<JobLookup>,
    /// Records of idempotency keys.
    pub idempotency: IdempotencyRecords,
    /// Recent mutations.
    pub recent: RecentMutations,
    /// Invalidation epochs.
    pub epochs: Arc<CompanyEpochs>,
    /// Rules for URLs that IPS will call.
    pub urls: UrlRules,
    /// Clock of unique names.
    pub clock: Clock,
}

/// Submit command.
pub struct SubmitCommand(SubmitDependencies);

impl SubmitCommand {
    /// Creates the command.
    #[must_use]
    pub fn new(dependencies: SubmitDependencies) -> Self {
        Self(dependencies)
    }

    /// Validates a submission; sends nothing to IPS.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all invalid fields.
    pub fn validate(&self, submission: &Submission) -> Result<()> {
        let invalid = invalid_fields(submission);
        if !invalid.is_empty() {
            return Err(Error::Invalid(invalid));
        }
        self.0.upstream.check_submit(&submission.request).map_err(|error| match error.failure {
            Failure::Unwritable { pointer, reason } => Error::invalid_body(pointer, reason.to_string()),
            _ => Error::Internal("a request could not be written"),
        })?;
        // Last: a value that can't be written has a more specific error.
        let invalid = self.0.urls.complaints(&submission.request);
        if invalid.is_empty() { Ok(()) } else { Err(Error::Invalid(invalid)) }
    }

    /// Submits a job (`submitJob`); with an idempotency key only once.
    ///
    /// # Errors
    /// Those of [`SubmitCommand::validate`], an unresolved company, a reused idempotency key, a failed call of IPS, and
    /// [`Error::SubmitOutcomeUnknown`] if the answer is lost and the job can't be found.
    pub async fn submit(&self, caller: &Caller, submission: Submission) -> Result<Job> {
        self.validate(&submission)?;
        let Submission { mut request, company, mode, idempotency_key } = submission;
        request.company_handle = match request.company_handle {
            unnamed if unnamed.is_empty() => self.0.companies.resolve(caller, &company).await?,
            named => permitted(caller, named)?,
        };
        if mode == SubmitMode::UniqueName && request.exec_schedule.is_none() {
            request.job_name = self.unique_name(caller, &request, idempotency_key.as_ref())?;
        }
        let Some(key) = idempotency_key else { return self.send_submit(caller, &request).await };
        let submitted = Job::submitted(&request, None);
        let (claim, submitted, job) = match self.0.idempotency.claim(caller, &submitted, &key).await? {
            ClaimResult::Answered(job) => return Ok(*job),
            ClaimResult::Recover(submitted, claim) => {
                let found = self.recover(caller, &submitted, &RECOVERY_PAUSES[..1]).await;
                let id = submitted.id.clone();
                (claim, *submitted, found.ok().flatten().ok_or(Error::SubmitOutcomeUnknown { id, error: None }))
            }
            ClaimResult::First(claim) => {
                // Another replica, or this one before a restart, may have sent it.
                let job = match self.recover(caller, &submitted, &RECOVERY_PAUSES[..1]).await {
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
            Err(_) => claim.release().await,
        }
        job
    }

    /// Returns a unique name; with an idempotency key a deterministic one, the same on every replica.
    fn unique_name(&self, caller: &Caller, request: &SubmitJobParam, key: Option<&IdempotencyKey>) -> Result<String> {
        if let Some(key) = key {
            return Ok(unique_name::make_unique_by_key(&request.job_name, &name_seed(caller, request, key)));
        }
        let random = getrandom::u32().map_err(|_| Error::Internal("the operating system has no random bytes"))?;
        Ok(unique_name::make_unique(&request.job_name, self.0.clock.now(), random))
    }

    /// Sends a submit once.
    async fn send_submit(&self, caller: &Caller, request: &SubmitJobParam) -> Result<Job> {
        self.0.epochs.change(&request.company_handle).await;
        let answer = self.0.upstream.submit_job(caller, request).await;
        self.0.epochs.change(&request.company_handle).await;
        let lost = match answer {
            // An answer without a handle does not tell whether the job exists.
            Ok(answer) if answer.value.job_handle.is_empty() => None,
            Ok(answer) => {
                return Ok(self.remember(caller, Job::submitted(request, Some(answer.value.job_handle))).await);
            }
            Err(error) if error.delivery == Delivery::Unknown => Some(error),
            Err(error) => return Err(Error::of_call(caller, error)),
        };
        let submitted = Job::submitted(request, None);
        let found = self.recover(caller, &submitted, &RECOVERY_PAUSES).await;
        found.ok().flatten().ok_or(Error::SubmitOutcomeUnknown { id: submitted.id, error: lost })
    }

    async fn remember(&self, caller: &Caller, job: Job) -> Job {
        let mutation = Mutation::Submitted(Box::new(job.clone()), self.0.clock.now());
        self.0.recent.remember(caller, &job.id, mutation).await;
        job
    }

    /// Looks for a job that may have been submitted, by its unique name.
    ///
    /// # Errors
    /// The error of the last lookup.
    async fn recover(&self, caller: &Caller, submitted: &Job, pauses: &[Duration]) -> Result<Option<Job>> {
        let name = submitted.original_name();
        if !unique_name::is_unique(name) {
            return Ok(None);
        }
        let id = JobRef::Id(JobId { company: submitted.company().into(), name: Name::Original(name.into()) });
        let mut last = Ok(None);
        for pause in pauses {
            tokio::time::sleep(*pause).await;
            self.0.epochs.change(submitted.company()).await;
            last = match self.0.lookup.find(caller, &CompanyChoice::default(), &id, CacheDirective::Any).await {
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

/// Returns the seed of a deterministic unique name: caller, company and idempotency key.
fn name_seed(caller: &Caller, request: &SubmitJobParam, key: &IdempotencyKey) -> Vec<u8> {
    let user = match &caller.credentials {
        Credentials::Password { user, .. } => user.to_lowercase().into_bytes(),
        Credentials::AccessToken(token) => Sha256::digest(token.expose_secret()).to_vec(),
    };
    let holder = caller.api_key_hash.as_deref().unwrap_or_default().as_bytes();
    [user.as_slice(), request.company_handle.as_bytes(), key.key.as_bytes(), holder].join(&0)
}

/// Returns the invalid fields of a submission, apart from those that only the XML serializer finds.
fn invalid_fields(submission: &Submission) -> Vec<InvalidField> {
    let Submission { request, company, .. } = submission;
    let mut invalid = Vec::from_iter(company.contradiction());
    let mut report = |pointer: &str, reason: String| {
        invalid.push(InvalidField { location: Location::Body(pointer.into()), reason });
    };
    if request.job_name.trim().is_empty() {
        report("/jobName", "must not be empty".into());
    } else if request.job_name.len() > MAX_NAME_BYTES {
        report("/jobName", format!("must not be longer than {MAX_NAME_BYTES} bytes"));
    }
    match company {
        CompanyChoice { handle: Some(handle), .. }
            if !request.company_handle.is_empty() && *handle != request.company_handle =>
        {
            report("/companyHandle", "differs from the `companyHandle` of the query".into());
        }
        CompanyChoice { name: Some(_), .. } if !request.company_handle.is_empty() => {
            report("/companyHandle", "the query names a `company` already".into());
        }
        _ => {}
    }
    if request.exec_time.is_some() && request.exec_schedule.is_some() {
        report("/execSchedule", "`execTime` is given too: a job runs once at a time or on a schedule, not both".into());
    }
    let given: Vec<_> = kinds(request).into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind).collect();
    match given[..] {
        [_] => {}
        [] => report(
            "",
            format!("must hold the details of one job: one of {}", kinds(request).map(|(kind, _)| kind).join(", ")),
        ),
        [first, ref more @ ..] => {
            for kind in more {
                report(&format!("/{kind}"), format!("`{first}` is given too: a submit takes the details of one job"));
            }
        }
    }
    invalid
}
