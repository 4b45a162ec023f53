//! The port to IPS: what the job logic needs of the upstream, without HTTP or XML.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use crate::ips::types::*;

/// The credentials that go into the `authHeader` of a call.
#[derive(Clone)]
pub enum Credentials {
    /// IPS e-mail and password.
    Password {
        /// The e-mail address of the IPS user.
        user: String,
        /// Its password.
        password: SecretString,
    },
    /// An IMS access token.
    AccessToken(SecretString),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password { [REDACTED] }",
            Self::AccessToken(_) => "AccessToken([REDACTED])",
        })
    }
}

/// Whose credentials a call carries: that decides what their rejection means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialSource {
    /// The caller's own, passed through.
    Caller,
    /// The gateway's service account.
    Gateway,
}

/// On whose behalf IPS is asked.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What IPS checks.
    pub credentials: Credentials,
    /// Whose they are.
    pub source: CredentialSource,
    /// The only companies that an API key may see; `None`: those that IPS lets the credentials see.
    pub companies: Option<Arc<[String]>>,
    /// The hash of the API key that the caller holds: IPS sees one account, and idempotency keys are each holder's own.
    pub holder: Option<String>,
    /// The language of log messages (`authHeader/locale`), for example `en-US`.
    pub locale: Option<String>,
}

impl Caller {
    /// Whether the caller may see this company, as far as the gateway decides that.
    #[must_use]
    pub fn may_see(&self, company: &str) -> bool {
        self.companies.as_ref().is_none_or(|companies| companies.iter().any(|permitted| permitted == company))
    }
}

/// How far a failed call got: it decides whether it may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// No byte of the request left: safe to send again.
    NotSent,
    /// The request may or may not have been processed.
    Unknown,
    /// IPS answered, with a fault.
    Rejected,
}

/// A call that brought no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operation}: {failure}")]
pub struct UpstreamError {
    /// The IPS operation.
    pub operation: &'static str,
    /// What went wrong.
    pub failure: Failure,
    /// How far the request got.
    pub delivery: Delivery,
}

impl UpstreamError {
    /// The code of the fault that IPS answered with.
    #[must_use]
    pub fn fault_code(&self) -> Option<i32> {
        match &self.failure {
            Failure::Fault(fault) => fault.code,
            _ => None,
        }
    }

    /// When it is worth another try: told only of calls that were not sent, to spare IPS.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.failure {
            Failure::Busy { retry_after } | Failure::Suspended { retry_after } => Some(retry_after),
            _ => None,
        }
    }

    /// Whether IPS said that there is no such company (20000 invalid company, 20006 illegal company).
    #[must_use]
    pub fn says_no_such_company(&self) -> bool {
        matches!(self.fault_code(), Some(20000 | 20006))
    }
}

/// Why a call brought no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// IPS answered with a SOAP fault (on whatever HTTP status).
    #[error("{0}")]
    Fault(Fault),
    /// The request holds a value that can't be sent; nothing was.
    #[error("{pointer}: {reason}")]
    Unwritable {
        /// JSON pointer (RFC 6901) to the value within the request.
        pointer: String,
        /// What is wrong with it.
        reason: UnwritableReason,
    },
    /// As many calls are under way as may be, and enough wait for their turn.
    #[error("as many calls are under way as IPS is to get at once")]
    Busy {
        /// When it is worth another try.
        retry_after: Duration,
    },
    /// Calls failed so often lately that none is made for a while.
    #[error("calls failed so often lately that none is made for a while")]
    Suspended {
        /// When it is worth another try.
        retry_after: Duration,
    },
    /// No connection: refused, unresolvable, or not accepted in time.
    #[error("no connection: {0}")]
    Connect(String),
    /// The TLS handshake failed.
    #[error("TLS: {0}")]
    Tls(String),
    /// The whole call took longer than allowed.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection ended before the answer was complete.
    #[error("the answer was cut off: {0}")]
    Cut(String),
    /// The answer is no SOAP envelope with the expected content.
    #[error("the answer{} can't be understood: {reason}", status.map(|status| format!(" (HTTP {status})")).unwrap_or_default())]
    Malformed {
        /// The HTTP status of the answer, if it has one that can be read.
        status: Option<u16>,
        /// What is wrong, with the path to it where there is one.
        reason: String,
    },
    /// The answer is larger than this many bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl Failure {
    /// One word for it, for metrics and logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fault(_) => "fault",
            Self::Unwritable { .. } => "unwritable",
            Self::Busy { .. } => "busy",
            Self::Suspended { .. } => "suspended",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Cut(_) => "cut",
            Self::Malformed { .. } => "malformed",
            Self::TooLarge(_) => "too_large",
        }
    }
}

/// Why a value can't be written into a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnwritableReason {
    /// XML 1.0 has no way to carry this character.
    #[error("holds the character U+{:04X}, which XML can't carry", u32::from(*.0))]
    Character(char),
    /// The field came with a later API version than the configured one.
    #[error("needs API version {since} or later; {configured} is configured")]
    Version {
        /// The version that introduced the field.
        since: &'static str,
        /// The version that the gateway speaks.
        configured: String,
    },
    /// A number that XML Schema has no lexical form for, or another unrepresentable value.
    #[error("{0}")]
    Value(String),
}

/// An answer, and what of it could not be read.
#[derive(Debug, Clone, Default)]
pub struct Answered<T> {
    /// The answer, without the items that could not be read.
    pub value: T,
    /// The items of its arrays that were left out, with the reason.
    pub bad_items: Vec<BadItem>,
}

/// An item of an answer that could not be read; the others could.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct BadItem {
    /// Where in the answer, for example `jobArray.items[3].totalSize`.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

/// Whether IPS is asked (a circuit breaker).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// It is.
    Closed,
    /// It failed too often lately: it is given a rest.
    Open,
    /// One call tries whether it is back.
    HalfOpen,
}

impl Circuit {
    /// One word for it, for metrics and logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// How IPS was when it was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether it is asked.
    pub circuit: Circuit,
    /// When it answered last, be it with a fault.
    pub last_success: Option<DateTime<Utc>>,
    /// When a call last brought no answer.
    pub last_failure: Option<DateTime<Utc>>,
    /// Calls under way.
    pub in_flight: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
}

/// The IPS operations that the gateway calls. One method, one SOAP call; see the operation of the same name in the IPS reference.
#[async_trait]
pub trait Upstream: Send + Sync {
    /// How IPS was when it was asked last; asks nothing.
    fn health(&self) -> Health;

    /// Checks that a submit could be written, as [`Upstream::submit_job`] would write it; sends nothing.
    fn check_submit(&self, request: &SubmitJobParam) -> Result<(), UpstreamError>;

    /// `submitJob`
    async fn submit_job(
        &self,
        caller: &Caller,
        request: &SubmitJobParam,
    ) -> Result<Answered<SubmitJobReturn>, UpstreamError>;
    /// `getActiveJobs`
    async fn get_active_jobs(
        &self,
        caller: &Caller,
        request: &GetActiveJobsParam,
    ) -> Result<Answered<GetActiveJobsReturn>, UpstreamError>;
    /// `getScheduledJobs`
    async fn get_scheduled_jobs(
        &self,
        caller: &Caller,
        request: &GetScheduledJobsParam,
    ) -> Result<Answered<GetScheduledJobsReturn>, UpstreamError>;
    /// `getJobLogs`
    async fn get_job_logs(
        &self,
        caller: &Caller,
        request: &GetJobLogsParam,
    ) -> Result<Answered<GetJobLogsReturn>, UpstreamError>;
    /// `getJobLogDetails`
    async fn get_job_log_details(
        &self,
        caller: &Caller,
        request: &GetJobLogDetailsParam,
    ) -> Result<Answered<GetJobLogDetailsReturn>, UpstreamError>;
    /// `getArchivedJobLogDetails`
    async fn get_archived_job_log_details(
        &self,
        caller: &Caller,
        request: &GetArchivedJobLogDetailsParam,
    ) -> Result<Answered<GetArchivedJobLogDetailsReturn>, UpstreamError>;
    /// `getAssetJobLogs`
    async fn get_asset_job_logs(
        &self,
        caller: &Caller,
        request: &GetAssetJobLogsParam,
    ) -> Result<Answered<GetAssetJobLogsReturn>, UpstreamError>;
    /// `getAssetArchivedJobLogs`
    async fn get_asset_archived_job_logs(
        &self,
        caller: &Caller,
        request: &GetAssetArchivedJobLogsParam,
    ) -> Result<Answered<GetAssetArchivedJobLogsReturn>, UpstreamError>;
    /// `stopJob`
    async fn stop_job(&self, caller: &Caller, request: &StopJobParam)
    -> Result<Answered<StopJobReturn>, UpstreamError>;
    /// `pauseJob`
    async fn pause_job(
        &self,
        caller: &Caller,
        request: &PauseJobParam,
    ) -> Result<Answered<PauseJobReturn>, UpstreamError>;
    /// `resumeJob`
    async fn resume_job(
        &self,
        caller: &Caller,
        request: &ResumeJobParam,
    ) -> Result<Answered<ResumeJobReturn>, UpstreamError>;
    /// `executeJob`
    async fn execute_job(
        &self,
        caller: &Caller,
        request: &ExecuteJobParam,
    ) -> Result<Answered<ExecuteJobReturn>, UpstreamError>;
    /// `deleteJob`
    async fn delete_job(
        &self,
        caller: &Caller,
        request: &DeleteJobParam,
    ) -> Result<Answered<DeleteJobReturn>, UpstreamError>;
    /// `getCompanyInfo`
    async fn get_company_info(
        &self,
        caller: &Caller,
        request: &GetCompanyInfoParam,
    ) -> Result<Answered<GetCompanyInfoReturn>, UpstreamError>;
    /// `getCompanyMembership`
    async fn get_company_membership(
        &self,
        caller: &Caller,
        request: &GetCompanyMembershipParam,
    ) -> Result<Answered<GetCompanyMembershipReturn>, UpstreamError>;
}
