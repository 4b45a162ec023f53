//! What can go wrong with a request about jobs, before it becomes an HTTP answer.

use std::time::Duration;

use crate::ips::types::{Company, Fault, FaultClass};
use crate::jobs::model::job::Action;
use crate::upstream::{Caller, CredentialSource, UpstreamError};

/// A failed request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// IPS could not be asked, or said no.
    #[error("{error}")]
    Upstream {
        /// What happened.
        error: UpstreamError,
        /// Whose credentials were used: it decides what their rejection means.
        credentials: CredentialSource,
    },
    /// The request holds values that can't be accepted.
    #[error("invalid request: {}", .0.iter().map(|field| field.reason.as_str()).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<InvalidField>),
    /// No company was named and there is no obvious one.
    #[error("no company was named")]
    CompanyRequired {
        /// The companies that the caller may choose from.
        choices: Vec<Company>,
    },
    /// The caller has no company of that name.
    #[error("no company is named {0:?}")]
    CompanyNotFound(String),
    /// The caller's API key is not meant for this company.
    #[error("the API key is not meant for the company {0:?}")]
    CompanyNotPermitted(String),
    /// No such job, now or in the log.
    #[error("no such job")]
    JobNotFound,
    /// The request is to be answered without asking IPS, and what is remembered doesn't answer it.
    #[error("nothing is cached for this request")]
    NotCached,
    /// Several jobs answer to the name that the id carries.
    #[error("{} jobs answer to this id", candidates.len())]
    AmbiguousJob {
        /// The ids of the jobs that it may mean.
        candidates: Vec<String>,
    },
    /// The job can't be asked for that now.
    #[error("{action:?} is not possible now")]
    ActionNotPossible {
        /// What was asked.
        action: Action,
        /// What can be asked of the job as it is.
        possible: Vec<Action>,
    },
    /// A bug of ours ended the work on this request.
    #[error("{0}")]
    Internal(&'static str),
    /// The idempotency key came with another request before.
    #[error("the idempotency key came with another request before")]
    IdempotencyKeyReused,
    /// The first submit with the idempotency key is still under way.
    #[error("the submit with this idempotency key is still under way")]
    SubmitInProgress,
    /// A submit was sent but its answer was lost, and the job has not shown up yet.
    #[error("the submit was sent, its answer was lost, and the job has not shown up yet")]
    SubmitOutcomeUnknown {
        /// The id under which the job will be found if it was accepted.
        id: String,
        /// How the answer was lost; `None` when that was an earlier request with the same idempotency key.
        error: Option<UpstreamError>,
    },
}

/// A value of the request that can't be accepted, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// Where it is.
    pub location: Location,
    /// What is wrong with it.
    pub reason: String,
}

/// Where in a request a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In the body, by JSON pointer (RFC 6901).
    Body(String),
    /// In the query string or the path, by parameter name.
    Parameter(String),
}

impl Error {
    /// Whether it tells that the caller may not see what it asked for: then nothing that is remembered may be served instead.
    #[must_use]
    pub fn denies_access(&self) -> bool {
        matches!(self, Self::Upstream { error, .. } if error.fault().is_some_and(Fault::denies_access))
    }

    /// Whether IPS doesn't take the credentials, whatever is asked with them.
    #[must_use]
    pub fn rejects_credentials(&self) -> bool {
        matches!(self, Self::Upstream { error, .. } if error.fault_class() == Some(FaultClass::Authentication))
    }

    /// When it is worth another try, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Upstream { error, .. } => error.retry_after(),
            _ => None,
        }
    }

    /// A call to IPS on behalf of `caller` that failed.
    #[must_use]
    pub fn of_call(caller: &Caller, error: UpstreamError) -> Self {
        Self::Upstream { error, credentials: caller.source }
    }

    /// One invalid value of the body.
    #[must_use]
    pub fn invalid_body(pointer: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![InvalidField { location: Location::Body(pointer.into()), reason: reason.into() }])
    }

    /// One invalid parameter.
    #[must_use]
    pub fn invalid_parameter(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![InvalidField { location: Location::Parameter(name.into()), reason: reason.into() }])
    }
}

/// The result of a request about jobs.
pub type Result<T, E = Error> = std::result::Result<T, E>;
