//! Submit of a job: validated before it is sent, sent once, and looked up by its unique name if the response is lost.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::ips::types::SubmitJobParam;
use crate::jobs::cache::epoch::CompanyEpochs;
use crate::jobs::cache::lists::ListCaches;
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::recent::{Mutation, RecentMutations};
use crate::jobs::commands::idempotency::{IdempotencyKey, IdempotencyOutcome, IdempotencyRecords};
use crate::jobs::commands::idempotency_user::IdempotencyUsers;
use crate::jobs::commands::key_status::KeyStatus;
use crate::jobs::commands::submission::{Submission, SubmitMode};
use crate::jobs::commands::url_policy::UrlPolicy;
use crate::jobs::company::{Companies, CompanyChoice, check_permitted};
use crate::jobs::error::{Error, InvalidField, Result};
use crate::jobs::model::follow_on::RequestsFollowOn;
use crate::jobs::model::id::{JobId, JobName, JobRef};
use crate::jobs::model::job::{IpsRecord, Job};
use crate::jobs::model::kind::JobKind;
use crate::jobs::model::unique_name;
use crate::jobs::queries::JobLookup;
use crate::runtime::clock::Clock;
use crate::upstream::{Caller, Failure, IpsApi, UpstreamError};

/// Dependencies of [`SubmitCommand`].
pub struct SubmitDependencies {
    /// Resolves the company.
    pub companies: Arc<Companies>,
    /// Finds a job whose response was lost.
    pub lookup: Arc<JobLookup>,
    /// Cached lists.
    pub caches: ListCaches,
    /// Port to IPS.
    pub upstream: Arc<dyn IpsApi>,
    /// Invalidates the lists of the company.
    pub epochs: Arc<CompanyEpochs>,
    /// Keeps the job until IPS lists it.
    pub recent: RecentMutations,
    /// Outcomes of earlier submits with idempotency keys.
    pub idempotency: IdempotencyRecords,
    /// Users of the callers with idempotency keys.
    pub users: IdempotencyUsers,
    /// Policy for URLs that IPS fetches.
    pub url_policy: UrlPolicy,
    /// Wall clock.
    pub clock: Clock,
    /// Pauses before the lookups of a job whose response was lost.
    pub recovery_pauses: [Duration; 3],
}

/// Result of a submit.
#[derive(Debug)]
pub struct SubmitReceipt {
    /// Job.
    pub job: Job,
    /// Whether the replicas know the idempotency key; `None` without one.
    pub key_status: Option<KeyStatus>,
}

/// Submit of jobs.
pub struct SubmitCommand(SubmitDependencies);

impl SubmitCommand {
    /// Creates the command.
    #[must_use]
    pub fn new(dependencies: SubmitDependencies) -> Self {
        Self(dependencies)
    }

    /// Returns the dependencies.
    pub(super) fn dependencies(&self) -> &SubmitDependencies {
        &self.0
    }

    /// Sets the gauges of the memory of the idempotency records and of the users of tokens.
    pub fn report_metrics(&self) {
        self.0.users.report_metrics();
        self.0.idempotency.report_metrics();
    }

    /// Checks a submission as [`SubmitCommand::submit`] does, without a call to IPS.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all invalid fields.
    pub fn check(&self, submission: &Submission) -> Result<()> {
        let mut invalid = submission.invalid_fields(self.0.clock.server_time());
        let mut add = |field: InvalidField| {
            if !invalid.iter().any(|known| known.location == field.location) {
                invalid.push(field);
            }
        };
        if let Err(error) = self.0.upstream.check_submit(&submission.request) {
            match error.failure {
                Failure::Unwritable { pointer, reason } => add(InvalidField::in_body(pointer, reason.to_string())),
                _ => return Err(Error::Internal("a request can't be written")),
            }
        }
        // After the check for characters that XML does not permit, which has the better message for a URL with such a character.
        self.0.url_policy.invalid_urls(&submission.request).into_iter().for_each(&mut add);
        let invalid = submission.body_errors.clone().with(invalid);
        if invalid.is_empty() { Ok(()) } else { Err(Error::Invalid(invalid)) }
    }

    /// Submits a job (`submitJob`). Repeated submits with the same idempotency key are sent once and return the same job.
    ///
    /// # Errors
    /// Those of [`SubmitCommand::check`] and [`Companies::resolve`], [`Error::IdempotencyKeyReused`], [`Error::SubmitInProgress`], the
    /// errors of IPS, and [`Error::SubmitOutcomeUnknown`] if the response was lost and the job is not found.
    pub async fn submit(&self, caller: &Caller, submission: Submission) -> Result<SubmitReceipt> {
        self.check(&submission)?;
        let Submission { mut request, company, mode, idempotency_key, body_errors: _ } = submission;
        if request.company_handle.is_empty() {
            request.company_handle = self.0.companies.resolve(caller, &company).await?;
        } else {
            check_permitted(caller, &request.company_handle, &request.company_handle)?;
        }
        let idempotency_key = match idempotency_key {
            Some(key) => {
                self.0.companies.require_accepted(caller).await?;
                let user = self.0.users.user_of(caller).await;
                Some(IdempotencyKey { user, key, fingerprint: fingerprint(&request, mode)? })
            }
            None => None,
        };
        request.job_name = self.name_to_send(caller, &request, mode, idempotency_key.as_ref())?;
        match idempotency_key {
            Some(key) => self.submit_with_key(caller, &request, &key).await,
            None => self.send(caller, &request).await.map(|job| SubmitReceipt { job, key_status: None }),
        }
    }

    async fn submit_with_key(
        &self,
        caller: &Caller,
        request: &SubmitJobParam,
        key: &IdempotencyKey,
    ) -> Result<SubmitReceipt> {
        let submitted = Job::submitted(request, None, caller.email());
        let claimed = self.0.idempotency.claim(caller, &submitted, key).await;
        // Of a new key IPS confirms the user by accepting the submit. What the record of another credential says is for a confirmed user only.
        if !matches!(claimed, Ok(IdempotencyOutcome::New(_)) | Err(Error::IdempotencyUnavailable))
            && !self.0.idempotency.is_own(caller, &submitted.company, key)
        {
            self.0.companies.confirm_user(caller).await?;
        }
        let (claim, submitted, result) = match claimed? {
            IdempotencyOutcome::Completed(job) => {
                return Ok(SubmitReceipt { job: *job, key_status: Some(KeyStatus::Kept) });
            }
            IdempotencyOutcome::Unresolved(submitted, claim) => {
                let result = self.recover_or_unknown(caller, &submitted, &self.0.recovery_pauses[..1], None).await;
                (claim, *submitted, result)
            }
            IdempotencyOutcome::New(claim) => {
                // Another replica, or this one before a restart, may have sent it. If the lookup fails, it is not sent.
                let result = match self.recover(caller, &submitted, &self.0.recovery_pauses[..1]).await {
                    Ok(Some(job)) => Ok(job),
                    Ok(None) => self.send(caller, request).await,
                    Err(error) if error.denies_access() => self.send(caller, request).await,
                    Err(error) => Err(error),
                };
                (claim, submitted, result)
            }
        };
        let key_status = Some(claim.status());
        match &result {
            Ok(job) => claim.settle_accepted(job).await,
            Err(Error::SubmitOutcomeUnknown { .. }) => claim.settle_unknown(&submitted).await,
            Err(_) => claim.release().await,
        }
        result.map(|job| SubmitReceipt { job, key_status })
    }

    /// Returns the name to send: a unique one, unless the name is to be sent unchanged or is that of a recurring schedule.
    pub(super) fn name_to_send(
        &self,
        caller: &Caller,
        request: &SubmitJobParam,
        mode: SubmitMode,
        key: Option<&IdempotencyKey>,
    ) -> Result<String> {
        if mode == SubmitMode::NameAsGiven || request.exec_schedule.is_some() {
            return Ok(request.job_name.clone());
        }
        self.unique_name(caller, request, key)
    }

    /// Returns a unique name: with an idempotency key, the same on every replica.
    fn unique_name(&self, caller: &Caller, request: &SubmitJobParam, key: Option<&IdempotencyKey>) -> Result<String> {
        let kind = JobKind::of_submitted(request);
        let code = if request.requests_follow_on() { JobKind::code_with_follow_on } else { JobKind::code };
        let code = kind.as_ref().and_then(code);
        if let Some(key) = key {
            let seed = key.scope(caller, &request.company_handle).unique_name_seed();
            return Ok(unique_name::make_unique_by_key(&request.job_name, code, &seed));
        }
        let random = getrandom::u32().map_err(|_| Error::Internal("the operating system has no random bytes"))?;
        Ok(unique_name::make_unique(&request.job_name, code, self.0.clock.server_time(), random))
    }

    /// Sends a submit once. The lists of the company are invalidated if IPS may have accepted the job.
    async fn send(&self, caller: &Caller, request: &SubmitJobParam) -> Result<Job> {
        let sent_at = self.0.clock.now();
        let answer = self.0.upstream.submit_job(caller, request).await;
        // Without an answer, a submit with credentials that IPS does not know bumps nothing until a lookup shows that it knows them.
        let is_known = self.0.upstream.has_accepted(caller);
        if is_known && answer.as_ref().err().is_none_or(UpstreamError::may_be_carried_out) {
            self.0.epochs.bump(&request.company_handle).await;
        }
        let error = match answer {
            // An answer without a handle does not say whether IPS accepted the job.
            Ok(answer) if answer.value.job_handle.is_empty() => None,
            Ok(answer) => {
                let handle = answer.value.job_handle;
                let mut job = Job::submitted(request, Some(handle.clone()), caller.email());
                let active = self.0.caches.active.cached(caller, &job.company);
                active.inspect(|active| job.set_waits_for(active.jobs.iter().map(|job| &job.job)));
                let submitted = Mutation::Submitted(Box::new(job.clone()));
                for key in [&job.id, &handle] {
                    self.0.recent.record(caller, key, submitted.clone()).await;
                }
                return Ok(job);
            }
            Err(error) if error.may_be_carried_out() => Some(error),
            Err(error) => return Err(Error::of_call(caller)(error)),
        };
        let submitted = Job::submitted(request, None, caller.email());
        let result = self.recover_or_unknown(caller, &submitted, &self.0.recovery_pauses, error).await;
        if !is_known && self.0.upstream.has_accepted(caller) {
            self.0.epochs.bump(&request.company_handle).await;
        }
        if let Err(Error::SubmitOutcomeUnknown { id, .. }) = &result
            && self.0.upstream.has_accepted(caller)
        {
            let unconfirmed = Mutation::Unconfirmed(Box::new(submitted.unconfirmed(sent_at)));
            self.0.recent.record(caller, id, unconfirmed).await;
        }
        result
    }

    /// Looks up a job whose submit was sent. `error` is that of the submit.
    ///
    /// # Errors
    /// [`Error::SubmitOutcomeUnknown`] if it is not found or the lookup fails.
    async fn recover_or_unknown(
        &self,
        caller: &Caller,
        submitted: &Job,
        pauses: &[Duration],
        error: Option<UpstreamError>,
    ) -> Result<Job> {
        let found = self.recover(caller, submitted, pauses).await.unwrap_or_else(|error| {
            let cause = match &error {
                Error::Upstream { error, .. } => error.failure.code(),
                _ => "other",
            };
            tracing::warn!(cause, "the lookup of a job whose submit has an unknown outcome failed");
            None
        });
        found.ok_or_else(|| Error::SubmitOutcomeUnknown { id: submitted.id.clone(), error })
    }

    /// Looks up a job that may have been submitted, once after each pause; `None` if it is not found, or its name is not unique.
    ///
    /// # Errors
    /// The error of the last lookup.
    async fn recover(&self, caller: &Caller, submitted: &Job, pauses: &[Duration]) -> Result<Option<Job>> {
        let name = submitted.original_name().unwrap_or_default();
        if !unique_name::is_unique(name) {
            return Ok(None);
        }
        let id = JobRef::Id(JobId { company: submitted.company.clone(), name: JobName::Original(name.into()) });
        let mut last = Ok(None);
        for pause in pauses {
            tokio::time::sleep(*pause).await;
            // The job log is read again, too.
            self.0.epochs.invalidations().add();
            let found = self.0.lookup.find(caller, &CompanyChoice::default(), &id, CacheDirective::Reload).await;
            last = match found {
                Ok(found) if is_accepted(&found.job.job) => {
                    return Ok(Some(Job { recovered: true, ..Arc::unwrap_or_clone(found.job).job }));
                }
                Ok(_) | Err(Error::JobNotFound) => Ok(None),
                Err(error) => Err(error),
            };
        }
        last
    }
}

/// Returns the hash of the meaning of a submit: the order of members, white space and the way in which the company was named don't count.
fn fingerprint(request: &SubmitJobParam, mode: SubmitMode) -> Result<[u8; 32]> {
    let json = serde_json::to_vec(request).map_err(|_| Error::Internal("a submit can't be serialized"))?;
    Ok(Sha256::new().chain_update(format!("{mode:?} ")).chain_update(json).finalize().into())
}

/// Returns whether IPS accepted the job: a list contains it, or IPS returned its handle to the submit of another request or replica.
fn is_accepted(job: &Job) -> bool {
    !matches!(&job.record, IpsRecord::Submitted(submitted) if submitted.job_handle.is_none())
}
