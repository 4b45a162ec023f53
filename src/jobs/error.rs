//! Errors of requests about jobs, independent of HTTP.

use std::time::Duration;

use crate::ips::types::{Company, Fault, FaultClass};
use crate::jobs::model::job::Action;
use crate::upstream::{Caller, CredentialSource, UpstreamError};

/// Error of a request about jobs.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A call to IPS failed, or IPS answered with a fault.
    #[error("{error}")]
    Upstream {
        /// Error of the call.
        error: UpstreamError,
        /// Origin of the credentials of the call, which determines who has to fix rejected ones.
        credentials: CredentialSource,
    },
    /// Values of the request are invalid.
    #[error("invalid request: {}", .0.iter().map(|field| field.reason.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<InvalidField>),
    /// The request names no company, and there is no default.
    #[error("the request does not name a company")]
    CompanyRequired {
        /// Companies that the caller has access to.
        choices: Vec<Company>,
    },
    /// No company has this name or handle, or the API key of the caller does not permit it: the error is the same.
    #[error("no company has the name or handle {0:?}")]
    CompanyNotFound(String),
    /// The job is in none of the lists of IPS.
    #[error("the job does not exist")]
    JobNotFound,
    /// IPS refuses the handle or the name of a job that the request names.
    #[error("{error}")]
    JobUnknownToIps {
        /// Error of the call.
        error: UpstreamError,
    },
    /// The request has the directive `only-if-cached`, and the cache has no usable entry.
    #[error("no response is cached for this request")]
    NotCached,
    /// Several jobs have the name in the id.
    #[error("several jobs match this id")]
    AmbiguousJob {
        /// Ids of the jobs, at most 20.
        candidates: Vec<String>,
    },
    /// The job is completed, or IPS refuses the action in the current state of the job.
    #[error("{action:?} is not possible in the current state of the job")]
    ActionNotPossible {
        /// Requested action.
        action: Action,
        /// Actions that are possible.
        possible: Vec<Action>,
        /// Refusal of IPS; `None` if the action was not sent.
        refusal: Option<UpstreamError>,
    },
    /// A job is to be retried that is not completed.
    #[error("the job is not completed")]
    JobNotCompleted,
    /// A job can't be retried, for this reason.
    #[error("{0}")]
    RetryNotPossible(String),
    /// Bug of the gateway.
    #[error("{0}")]
    Internal(&'static str),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// The first submit with this idempotency key is in flight.
    #[error("a submit with this idempotency key is in flight")]
    SubmitInProgress,
    /// The record of the idempotency key can't be shared with other replicas, and the operator requires that.
    #[error("the store of the replicas is unavailable, so that the idempotency key can't be recorded for all of them")]
    IdempotencyUnavailable,
    /// The response to a submit was lost, and no list of IPS contains the job yet.
    #[error("the submit was sent, its response was lost, and the job is in none of the lists yet")]
    SubmitOutcomeUnknown {
        /// Id of the job, if IPS accepted it.
        id: String,
        /// Error of the call; `None` if an earlier request with the same idempotency key sent the submit.
        error: Option<UpstreamError>,
    },
}

/// Invalid value of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// Location of the value.
    pub location: FieldLocation,
    /// Reason, to be read after the name of the field.
    pub reason: String,
}

/// Location of a value in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldLocation {
    /// JSON pointer (RFC 6901) into the body.
    Body(String),
    /// Name of a query or path parameter.
    Parameter(String),
}

impl InvalidField {
    /// Returns an invalid value of the body, at a JSON pointer.
    #[must_use]
    pub fn in_body(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { location: FieldLocation::Body(pointer.into()), reason: reason.into() }
    }

    /// Returns an invalid query or path parameter.
    #[must_use]
    pub fn in_parameter(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { location: FieldLocation::Parameter(name.into()), reason: reason.into() }
    }
}

/// Errors of a body in which other values take the places of the invalid ones, so that all others can be checked, too.
#[derive(Debug, Clone, Default)]
pub struct BodyErrors {
    /// Errors, in order of their discovery.
    pub fields: Vec<InvalidField>,
    /// JSON pointers to the values that are invalid, unknown or missing.
    pub places: Vec<String>,
}

impl BodyErrors {
    /// Returns whether the value at a JSON pointer is one that is invalid, unknown or missing, or is within one.
    #[must_use]
    pub fn is_replaced(&self, pointer: &str) -> bool {
        self.places.iter().any(|place| is_within(pointer, place))
    }

    /// Adds the errors of the checks of the body, without those about the values that were replaced.
    #[must_use]
    pub fn with(mut self, checked: Vec<InvalidField>) -> Vec<InvalidField> {
        let is_affected = |field: &InvalidField| match &field.location {
            // An error of the body as a whole is none of the values in it.
            FieldLocation::Body(pointer) if pointer.is_empty() => false,
            FieldLocation::Body(pointer) => {
                self.is_replaced(pointer) || self.places.iter().any(|place| is_within(place, pointer))
            }
            FieldLocation::Parameter(_) => false,
        };
        let added: Vec<_> = checked.into_iter().filter(|field| !is_affected(field)).collect();
        self.fields.extend(added);
        self.fields
    }
}

/// Returns whether a JSON pointer is that of another value or of a value within it.
fn is_within(pointer: &str, other: &str) -> bool {
    pointer.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl Error {
    /// Returns whether IPS denied the caller access, so that nothing cached may be served instead.
    #[must_use]
    pub fn denies_access(&self) -> bool {
        matches!(self, Self::Upstream { error, .. } if error.fault().is_some_and(Fault::denies_access))
    }

    /// Returns whether IPS denied the caller this operation; others may be permitted.
    #[must_use]
    pub fn denies_operation(&self) -> bool {
        matches!(self, Self::Upstream { error, .. } if error.fault_class() == Some(FaultClass::Permission))
    }

    /// Returns whether IPS rejected the credentials.
    #[must_use]
    pub fn rejects_credentials(&self) -> bool {
        matches!(self, Self::Upstream { error, .. } if error.fault_class() == Some(FaultClass::Authentication))
    }

    /// Returns the pause after which to retry, if it is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Upstream { error, .. } => error.retry_after(),
            _ => None,
        }
    }

    /// Returns the conversion of the errors of calls with the credentials of `caller`, for `map_err`.
    pub fn of_call(caller: &Caller) -> impl FnOnce(UpstreamError) -> Self + use<> {
        let credentials = caller.source;
        move |error| Self::Upstream { error, credentials }
    }

    /// Returns the conversion of the errors of calls whose only parameter that can be invalid is the job of the request, for `map_err`.
    pub fn of_job_call(caller: &Caller) -> impl FnOnce(UpstreamError) -> Self + use<> {
        let of_call = Self::of_call(caller);
        move |error| match error.fault_class() {
            Some(FaultClass::InvalidValue) => Self::JobUnknownToIps { error },
            _ => of_call(error),
        }
    }

    /// Returns the error of one invalid value of the body, at a JSON pointer.
    #[must_use]
    pub fn invalid_body(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![InvalidField::in_body(pointer, reason)])
    }

    /// Returns the error of one invalid query or path parameter.
    #[must_use]
    pub fn invalid_parameter(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![InvalidField::in_parameter(name, reason)])
    }
}

/// Checks that the parameter `to` of a request is not before `from`.
///
/// # Errors
/// The error of `to`.
pub fn check_span<T: PartialOrd>(from: Option<T>, to: Option<T>) -> Result<()> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => Err(Error::invalid_parameter("to", "is before `from`")),
        _ => Ok(()),
    }
}

/// Result of a request about jobs.
pub type Result<T, E = Error> = std::result::Result<T, E>;
