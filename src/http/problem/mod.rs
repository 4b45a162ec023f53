//! Problems: every error response of the gateway (RFC 9457).

mod document;
mod from_error;
mod kinds;
mod render;

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;

use document::ProblemExtensions;
use kinds::*;

use super::request_context::RequestContext;
pub use document::{ChangeOutcome, ProblemDocument};
pub use kinds::{PROBLEM_KINDS, ProblemKind};

/// `Retry-After` of a submit whose first request with the same idempotency key is in flight.
const RETRY_AFTER_SUBMIT: Duration = Duration::from_secs(1);
/// `Retry-After` of requests that exceed the memory budget of request bodies.
const RETRY_AFTER_OVERLOAD: Duration = Duration::from_secs(1);

/// Error of a request, which renders itself as a problem document.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: &'static ProblemKind,
    detail: String,
    /// Whether the same request may succeed later.
    retryable: bool,
    /// Minimum time until the next attempt: the `Retry-After` header.
    retry_after: Option<Duration>,
    /// Content codings of request bodies that are supported: the `Accept-Encoding` header.
    accept_encoding: Option<&'static str>,
    extensions: Box<ProblemExtensions>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.code, self.detail)
    }
}

impl Problem {
    fn new(kind: &'static ProblemKind, detail: impl Into<String>) -> Self {
        let detail: String = detail.into();
        Self {
            kind,
            detail: document::shortened(&detail, document::MAX_DETAIL_LENGTH),
            retryable: kind.retryable,
            retry_after: None,
            accept_encoding: None,
            extensions: Box::default(),
        }
    }

    /// Sets extension members.
    fn with(mut self, set: impl FnOnce(&mut ProblemExtensions)) -> Self {
        set(&mut self.extensions);
        self
    }

    /// Returns the problem document of a request, with a `type` that is relative to its URL.
    #[must_use]
    pub fn document<'a>(&'a self, context: &'a RequestContext) -> ProblemDocument<'a> {
        ProblemDocument {
            r#type: context.relative_reference(&format!("problems/{}", self.kind.code)),
            title: self.kind.title,
            status: self.kind.status,
            detail: &self.detail,
            code: self.kind.code,
            request_id: context.request_id.as_str(),
            retryable: self.retryable,
            extensions: &self.extensions,
        }
    }

    /// Returns the outcome of a mutation. Where none is set, it is `unknown` for an internal error and `not_sent` for all others.
    #[must_use]
    pub fn outcome_of_mutation(&self) -> ChangeOutcome {
        let is_internal = self.kind.code == INTERNAL_ERROR.code;
        let default = if is_internal { ChangeOutcome::Unknown } else { ChangeOutcome::NotSent };
        self.extensions.outcome.unwrap_or(default)
    }

    /// Returns the id of the job that the problem names.
    #[must_use]
    pub fn job(&self) -> Option<&str> {
        self.extensions.job.as_deref()
    }

    /// Returns the same problem with the outcome of a mutation.
    fn of_mutation(&self) -> Self {
        self.clone().with(|extensions| extensions.outcome = Some(self.outcome_of_mutation()))
    }

    /// Returns the problem of an error response of the framework with this status. Other statuses than those of a problem kind become 400 or
    /// 500.
    #[must_use]
    pub fn from_status(status: StatusCode) -> Self {
        let kind = match status.as_u16() {
            404 => NOT_FOUND,
            405 => METHOD_NOT_ALLOWED,
            406 => NOT_ACCEPTABLE,
            408 => REQUEST_TIMEOUT,
            412 => PRECONDITION_FAILED,
            413 => CONTENT_TOO_LARGE,
            414 => TARGET_TOO_LONG,
            415 => UNSUPPORTED_MEDIA_TYPE,
            431 => HEADERS_TOO_LARGE,
            code if code < 500 => BAD_REQUEST,
            _ => INTERNAL_ERROR,
        };
        Self::new(kind, kind.title)
    }

    /// 404: no route has this path.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(NOT_FOUND, "there is no resource at this path")
    }

    /// 400: the body isn't JSON.
    #[must_use]
    pub fn invalid_json(detail: impl Into<String>) -> Self {
        Self::new(INVALID_JSON, detail)
    }

    /// 400: the request is malformed.
    #[must_use]
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(BAD_REQUEST, detail)
    }

    /// 412: `If-Match` does not match.
    #[must_use]
    pub fn precondition_failed(detail: &str) -> Self {
        Self::new(PRECONDITION_FAILED, detail)
    }

    /// 413: the body is larger than `limit` bytes.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        Self::new(CONTENT_TOO_LARGE, format!("the body is larger than {limit} bytes"))
    }

    /// 408: the head or the body was not received in time.
    #[must_use]
    pub fn request_timeout(detail: &str) -> Self {
        Self::new(REQUEST_TIMEOUT, detail)
    }

    /// 414: path and query are longer than `limit` bytes.
    #[must_use]
    pub fn target_too_long(limit: usize) -> Self {
        Self::new(TARGET_TOO_LONG, format!("path and query are longer than {limit} bytes"))
    }

    /// 431: the head is larger than the maximum, or has too many fields.
    #[must_use]
    pub fn headers_too_large() -> Self {
        Self::new(HEADERS_TOO_LARGE, "the headers of the request are too large or too many")
    }

    /// 429: the caller exceeds its rate limit or its stream quota. The next attempt may succeed after `retry_after`.
    #[must_use]
    pub fn too_many_requests(detail: impl Into<String>, retry_after: Duration) -> Self {
        Self { retry_after: Some(retry_after), ..Self::new(TOO_MANY_REQUESTS, detail) }
    }

    /// 503 of the readiness probe: the server is shutting down.
    #[must_use]
    pub fn not_ready() -> Self {
        Self::new(NOT_READY, "this instance is shutting down")
    }

    /// 503: the memory budget of request bodies is exhausted.
    #[must_use]
    pub fn overloaded() -> Self {
        let problem = Self::new(OVERLOADED, "the memory budget for request bodies is exhausted");
        Self { retry_after: Some(RETRY_AFTER_OVERLOAD), ..problem }
    }

    /// 415: the content type isn't JSON.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        Self::new(UNSUPPORTED_MEDIA_TYPE, "expected `Content-Type: application/json`")
    }

    /// 415: the body has a content coding other than gzip. The response has `Accept-Encoding` (RFC 9110 §12.5.3).
    #[must_use]
    pub fn unsupported_content_encoding() -> Self {
        let problem = Self::new(UNSUPPORTED_MEDIA_TYPE, "expected a body with `Content-Encoding: gzip` or without one");
        Self { accept_encoding: Some("gzip"), ..problem }
    }

    /// 401: credentials are missing, malformed or unknown.
    #[must_use]
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(UNAUTHENTICATED, detail)
    }

    /// 403: a page of another site makes a change.
    #[must_use]
    pub fn cross_site() -> Self {
        let detail = "a page of another site must not make changes: its origin is not among those that CORS allows";
        Self::new(FORBIDDEN, detail)
    }

    /// 403: a session, or a request that is not of a page of the gateway, asks for what needs something else.
    #[must_use]
    pub fn not_for_session(detail: &str) -> Self {
        Self::new(FORBIDDEN, detail)
    }

    /// 404: sessions are switched off.
    #[must_use]
    pub fn sessions_off() -> Self {
        Self::new(NOT_FOUND, "sessions are switched off on this gateway")
    }

    /// 431: the credentials are too long for the cookie of a session.
    #[must_use]
    pub fn session_too_long(detail: impl Into<String>) -> Self {
        Self::new(HEADERS_TOO_LARGE, detail)
    }

    /// Whether IPS rejected the credentials of the caller.
    #[must_use]
    pub fn rejects_credentials(&self) -> bool {
        self.kind.code == CREDENTIALS_REJECTED.code
    }

    /// 403: the role of the API key doesn't permit mutations.
    #[must_use]
    pub fn operator_required() -> Self {
        Self::new(FORBIDDEN, "the API key has the role viewer: it permits no mutations")
    }

    /// 400: the `Idempotency-Key` is missing or malformed.
    #[must_use]
    pub fn invalid_idempotency_key(detail: &str) -> Self {
        Self::new(INVALID_IDEMPOTENCY_KEY, detail)
    }

    /// 422: the path has no job id.
    #[must_use]
    pub fn invalid_job_id() -> Self {
        Self::new(INVALID_JOB_ID, "the path contains neither a job id nor an IPS job handle")
    }

    /// 500: bug of the gateway.
    #[must_use]
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(INTERNAL_ERROR, detail)
    }
}
