//! Problem details (RFC 9457): every error that leaves the gateway, from one table and one match.

mod kinds;
mod unparsed_request;

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use kinds::*;
pub use kinds::{KINDS, Kind};
pub use unparsed_request::respond_to_unparsed;

use crate::ips::types::{Company, Effect, FaultClass};
use crate::jobs::{Action, Error, FieldLocation, InvalidField};
use crate::upstream::{CredentialSource, Delivery, Failure, UpstreamError};

/// What became of a request that was to change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOutcome {
    /// Nothing reached IPS: it is safe to send the request again.
    NotSent,
    /// IPS may or may not have done it.
    Unknown,
    /// IPS said no.
    Rejected,
}

/// A value that can't be accepted.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvalidValue {
    /// Where in the body: a JSON pointer (RFC 6901); the empty string is the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/uploadUrlsJob/urlArray/0/sourceUrl")]
    pub pointer: Option<String>,
    /// Which parameter of the query or path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "limit")]
    pub parameter: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

impl From<&InvalidField> for InvalidValue {
    fn from(field: &InvalidField) -> Self {
        let (pointer, parameter) = match &field.location {
            FieldLocation::Body(pointer) => (Some(pointer.clone()), None),
            FieldLocation::Parameter(name) => (None, Some(name.clone())),
        };
        Self { pointer, parameter, detail: field.reason.clone() }
    }
}

/// What IPS said, or how the call to it failed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UpstreamDetail {
    /// The IPS operation.
    #[schema(example = "submitJob")]
    pub operation: &'static str,
    /// The name of the fault: `authenticationFault`, `authorizationFault`, `ipsApiFault` or another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fault: Option<String>,
    /// The code of the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 20003)]
    pub code: Option<i32>,
    /// The reason in the words of IPS, or how the call failed.
    pub reason: String,
}

/// A company to choose from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompanyRef {
    /// Its handle.
    pub company_handle: String,
    /// Its name.
    pub name: String,
}

impl From<&Company> for CompanyRef {
    fn from(company: &Company) -> Self {
        Self { company_handle: company.company_handle.clone(), name: company.name.clone() }
    }
}

/// The members of a problem that only some kinds have.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Extensions {
    /// For requests that change something: what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<ChangeOutcome>,
    /// The values that can't be accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<InvalidValue>,
    /// What IPS said, or how the call to it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upstream: Option<UpstreamDetail>,
    /// The companies that the caller may choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub companies: Vec<CompanyRef>,
    /// The ids of the jobs that may be meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub candidates: Vec<String>,
    /// What the job can be asked for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actions: Option<Vec<Action>>,
    /// The id of the job that was to be submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job: Option<String>,
}

/// The body of every error: problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// Where the kind of problem is explained.
    #[schema(example = "/problems/job-not-found")]
    pub r#type: String,
    /// The same words for every occurrence of this kind.
    pub title: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: &'a str,
    /// The stable code of the kind.
    #[schema(example = "job-not-found")]
    pub code: &'a str,
    /// Names this request in the operator's logs; also in the `X-Request-Id` header.
    pub request_id: &'a str,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Members that only some kinds have.
    #[serde(flatten)]
    pub extensions: &'a Extensions,
}

/// Time after which a request that was refused for lack of memory is worth another try.
const RETRY_WHEN_OVERLOADED: Duration = Duration::from_secs(1);

/// An error on its way to the client. The middleware adds the request id when it writes it.
#[derive(Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    /// When it is worth another try: the `Retry-After` header.
    retry_after: Option<Duration>,
    extensions: Box<Extensions>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.status_code());
        if let Some(wait) = self.retry_after {
            // Whole seconds, at least one: nobody is to come too early.
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            let seconds = HeaderValue::from(u64::try_from(seconds).unwrap_or(u64::MAX));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

impl Problem {
    fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), retry_after: None, extensions: Box::default() }
    }

    fn with(mut self, change: impl FnOnce(&mut Extensions)) -> Self {
        change(&mut self.extensions);
        self
    }

    /// The body, for the request of this id, under the path that the gateway's routes begin with.
    #[must_use]
    pub fn document<'a>(&'a self, request_id: &'a str, prefix: &str) -> ProblemDocument<'a> {
        ProblemDocument {
            r#type: format!("{prefix}/problems/{}", self.kind.code),
            title: self.kind.title,
            status: self.kind.status,
            detail: &self.detail,
            code: self.kind.code,
            request_id,
            retryable: self.kind.retryable,
            extensions: &self.extensions,
        }
    }

    /// The same problem of a request that was to change something: unless it says otherwise, nothing was sent. Nobody knows how far
    /// something got that broke in the gateway.
    #[must_use]
    pub fn of_change(&self) -> Self {
        let broken = self.kind.code == INTERNAL_ERROR.code;
        let outcome = if broken { ChangeOutcome::Unknown } else { ChangeOutcome::NotSent };
        Self {
            kind: self.kind,
            detail: self.detail.clone(),
            retry_after: self.retry_after,
            extensions: self.extensions.clone(),
        }
        .with(|more| more.outcome = more.outcome.or(Some(outcome)))
    }

    /// What an error response without a body of ours means, told by its status.
    #[must_use]
    pub fn from_status(status: StatusCode) -> Self {
        let kind = match status.as_u16() {
            404 => NOT_FOUND,
            405 => METHOD_NOT_ALLOWED,
            408 => REQUEST_TIMEOUT,
            413 => CONTENT_TOO_LARGE,
            414 => TARGET_TOO_LONG,
            415 => UNSUPPORTED_MEDIA_TYPE,
            431 => HEADERS_TOO_LARGE,
            code if code < 500 => BAD_REQUEST,
            _ => INTERNAL_ERROR,
        };
        Self::new(kind, kind.title)
    }

    /// No route has this path.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(NOT_FOUND, "there is nothing at this path")
    }

    /// The body isn't JSON.
    #[must_use]
    pub fn invalid_json(detail: impl Into<String>) -> Self {
        Self::new(INVALID_JSON, detail)
    }

    /// The request is malformed.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(BAD_REQUEST, detail)
    }

    /// The body is larger than `limit` bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(CONTENT_TOO_LARGE, format!("the body is larger than {limit} bytes"))
    }

    /// The head or the body didn't come in time.
    #[must_use]
    pub fn request_timeout(detail: &str) -> Self {
        Self::new(REQUEST_TIMEOUT, detail)
    }

    /// Path and query are longer than `limit` bytes.
    #[must_use]
    pub fn target_too_long(limit: usize) -> Self {
        Self::new(TARGET_TOO_LONG, format!("path and query are longer than {limit} bytes"))
    }

    /// The head is larger than this API needs.
    #[must_use]
    pub fn headers_too_large() -> Self {
        Self::new(HEADERS_TOO_LARGE, "the head of the request is too large, or has too many fields")
    }

    /// The caller asks for more than its share.
    #[must_use]
    pub fn too_many_requests(detail: impl Into<String>) -> Self {
        Self::new(TOO_MANY_REQUESTS, detail)
    }

    /// The server is about to stop.
    #[must_use]
    pub fn not_ready() -> Self {
        Self::new(NOT_READY, "this instance is about to stop")
    }

    /// The budget of request bodies is exhausted.
    #[must_use]
    pub fn overloaded() -> Self {
        let problem = Self::new(OVERLOADED, "too many request bodies are in flight");
        Self { retry_after: Some(RETRY_WHEN_OVERLOADED), ..problem }
    }

    /// The body isn't declared as JSON.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(UNSUPPORTED_MEDIA_TYPE, "expected `Content-Type: application/json`")
    }

    /// No credentials were sent, or none that can be read.
    #[must_use]
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(UNAUTHENTICATED, detail)
    }

    /// A viewer's key can't change anything.
    #[must_use]
    pub fn viewers_only_look() -> Self {
        Self::new(FORBIDDEN, "the API key is a viewer's: it can't change anything").of_change()
    }

    /// The `Idempotency-Key` is missing or no key.
    #[must_use]
    pub fn invalid_idempotency_key(detail: &str) -> Self {
        Self::new(INVALID_IDEMPOTENCY_KEY, detail)
    }

    /// The path holds no job id.
    #[must_use]
    pub fn invalid_job_id() -> Self {
        Self::new(INVALID_JOB_ID, "the path holds neither a job id nor an IPS job handle")
    }

    /// The work on the request ended early.
    #[must_use]
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(INTERNAL_ERROR, detail)
    }
}

/// The one match from an error to its problem.
impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Upstream { error, credentials } => from_upstream(&error, credentials),
            Error::Invalid(fields) => {
                Self::new(INVALID_REQUEST, detail).with(|more| more.errors = fields.iter().map(Into::into).collect())
            }
            Error::CompanyRequired { choices } => {
                let detail = match choices.len() {
                    0 => "these credentials belong to no company".to_owned(),
                    count => format!("the request names no company, and these credentials see {count}"),
                };
                Self::new(COMPANY_REQUIRED, detail)
                    .with(|more| more.companies = choices.iter().map(Into::into).collect())
            }
            Error::CompanyNotFound(_) => Self::new(COMPANY_NOT_FOUND, detail),
            Error::CompanyNotPermitted(_) => Self::new(FORBIDDEN, detail),
            Error::JobNotFound => Self::new(JOB_NOT_FOUND, "the job is neither active nor scheduled nor in the log"),
            Error::NotCached => Self::new(NOT_CACHED, detail),
            Error::AmbiguousJob { candidates } => {
                Self::new(AMBIGUOUS_JOB, detail).with(|more| more.candidates = candidates)
            }
            Error::ActionNotPossible { possible, .. } => {
                Self::new(ACTION_NOT_POSSIBLE, "the job can't be asked for this as it is now")
                    .with(|more| more.actions = Some(possible))
            }
            Error::IdempotencyKeyReused => Self::new(IDEMPOTENCY_KEY_REUSED, detail),
            Error::SubmitInProgress => Self::new(SUBMIT_IN_PROGRESS, detail),
            Error::SubmitOutcomeUnknown { id, error } => Self::new(SUBMIT_OUTCOME_UNKNOWN, detail).with(|more| {
                more.job = Some(id);
                more.outcome = Some(ChangeOutcome::Unknown);
                more.upstream = error.as_ref().map(upstream_detail);
            }),
            Error::Internal(_) => Self::new(INTERNAL_ERROR, detail),
        }
    }
}

fn from_upstream(error: &UpstreamError, credentials: CredentialSource) -> Problem {
    let kind = match &error.failure {
        Failure::Fault(fault) => kind_of_fault(fault.class(), credentials),
        Failure::Unwritable { .. } => INVALID_REQUEST,
        Failure::Overloaded { .. } => UPSTREAM_BUSY,
        Failure::CircuitOpen { .. } => UPSTREAM_SUSPENDED,
        Failure::Connect(_) | Failure::Tls(_) => UPSTREAM_UNREACHABLE,
        Failure::Timeout(_) => UPSTREAM_TIMEOUT,
        Failure::Incomplete(_) | Failure::Malformed { .. } | Failure::TooLarge(_) => UPSTREAM_INVALID_ANSWER,
    };
    let outcome = match error.delivery {
        Delivery::NotSent => ChangeOutcome::NotSent,
        Delivery::Unknown => ChangeOutcome::Unknown,
        Delivery::Rejected => ChangeOutcome::Rejected,
    };
    let problem = Problem { retry_after: error.retry_after(), ..Problem::new(kind, error.failure.to_string()) };
    problem.with(|more| {
        more.upstream = Some(upstream_detail(error));
        more.outcome = (error.effect == Effect::Changes).then_some(outcome);
        if let Failure::Unwritable { pointer, reason } = &error.failure {
            more.upstream = None;
            more.errors =
                vec![InvalidValue { pointer: Some(pointer.clone()), parameter: None, detail: reason.to_string() }];
        }
    })
}

/// Returns the kind of problem of a fault.
fn kind_of_fault(class: FaultClass, credentials: CredentialSource) -> &'static Kind {
    match (class, credentials) {
        (FaultClass::Authentication, CredentialSource::Caller) => CREDENTIALS_REJECTED,
        (FaultClass::Authentication, CredentialSource::Gateway) => SERVICE_ACCOUNT_REJECTED,
        (FaultClass::Permission, _) => FORBIDDEN,
        (FaultClass::NoSuchCompany, _) => COMPANY_NOT_FOUND,
        (FaultClass::InvalidValue, _) => REJECTED_BY_IPS,
        (FaultClass::InvalidXml, _) => REFUSED_BY_IPS,
        (FaultClass::Exception | FaultClass::Unknown, _) => UPSTREAM_FAULT,
    }
}

fn upstream_detail(error: &UpstreamError) -> UpstreamDetail {
    let (fault, code, reason) = match &error.failure {
        Failure::Fault(fault) => (Some(fault.name.as_str().to_owned()), fault.code, fault.reason.clone()),
        failure => (None, None, failure.to_string()),
    };
    UpstreamDetail { operation: error.operation, fault, code, reason }
}
