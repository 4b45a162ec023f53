//! Submitting a job: checked before anything is sent, sent once, found again when the answer is lost.

use std::sync::Arc;
use std::time::Duration;

use super::company::permitted;
use super::error::{Error, InvalidField, Location, Result};
use super::id::{JobId, JobRef, Name};
use super::job::{Job, Record};
use super::store::Want;
use super::upstream::{Caller, Credentials, Delivery, Failure, UpstreamError};
use super::{CompanyChoice, Jobs, job_key, name};
use crate::ips::types::SubmitJobParam;

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
        })
    }

    /// Submits a job (`submitJob`).
    ///
    /// # Errors
    /// Whatever [`Jobs::validate`] finds, an unclear company, what IPS answers, and [`Error::SubmitOutcomeUnknown`] when its answer is
    /// lost and the job can't be found.
    pub async fn submit(&self, caller: &Caller, submission: Submission) -> Result<Job> {
        self.validate(&submission)?;
        let Submission { mut request, company, mode } = submission;
        request.company_handle = match request.company_handle {
            unnamed if unnamed.is_empty() => self.companies.resolve(caller, &company).await?,
            named => permitted(caller, named)?,
        };
        if mode == SubmitMode::UniqueName && request.exec_schedule.is_none() {
            let random = getrandom::u32().map_err(|_| Error::Internal("the operating system has no random bytes"))?;
            request.job_name = name::make_unique(&request.job_name, self.clock.now(), random);
        }
        self.changed(&request.company_handle);
        let answer = self.upstream.submit_job(caller, &request).await;
        self.changed(&request.company_handle);
        match answer {
            Ok(answer) => Ok(self.remember(caller, Job::submitted(&request, Some(answer.value.job_handle)))),
            Err(error) if error.delivery == Delivery::Unknown => self.recover(caller, &request, error).await,
            Err(error) => Err(Error::Upstream { error, credentials: caller.source }),
        }
    }

    fn remember(&self, caller: &Caller, job: Job) -> Job {
        let key = job_key(caller, &job.id);
        self.deleted.invalidate(&key);
        self.submitted.insert(key, job.clone());
        job
    }

    /// The answer was lost, the job perhaps not: its unique name tells.
    async fn recover(&self, caller: &Caller, request: &SubmitJobParam, error: UpstreamError) -> Result<Job> {
        let submitted = Job::submitted(request, None);
        let id = JobId { company: request.company_handle.clone(), name: Name::Original(request.job_name.clone()) };
        if name::submitted_at(&request.job_name).is_some() {
            for wait in LOOKS_AFTER {
                tokio::time::sleep(wait).await;
                self.changed(&request.company_handle);
                let found = self.find(caller, &CompanyChoice::default(), &JobRef::Id(id.clone()), Want::Any).await;
                match found {
                    Ok(found) if !matches!(found.job.job.record, Record::Submitted(_)) => {
                        return Ok(Job { recovered: true, ..Arc::unwrap_or_clone(found.job).job });
                    }
                    _ => {}
                }
            }
        }
        Err(Error::SubmitOutcomeUnknown { id: submitted.id, error })
    }
}

impl Caller {
    /// The same caller where the language of log messages doesn't matter.
    #[must_use]
    pub fn without_locale(&self) -> Self {
        Self { locale: None, ..self.clone() }
    }

    /// Who is calling, for logs at debug level.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match &self.credentials {
            Credentials::Password { user, .. } => Some(user),
            Credentials::AccessToken(_) => None,
        }
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
