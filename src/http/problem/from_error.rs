//! Problems of errors of the jobs and of IPS.

use crate::http::problem::document::{ChangeOutcome, InvalidValue, MAX_DETAIL_LENGTH, shortened};
use crate::http::problem::kinds::*;
use crate::http::problem::{Problem, RETRY_AFTER_SUBMIT};
use crate::ips::types::{Effect, FaultClass, Operation, SubmitJobParam};
use crate::jobs::{Error, InvalidField};
use crate::upstream::{CredentialSource, Failure, UpstreamError};

/// Maximum number of invalid values that a problem names.
const MAX_ERRORS: usize = 20;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Upstream { error, credentials } => of_upstream_error(&error, credentials),
            Error::Invalid(fields) => of_invalid_fields(&fields),
            Error::CompanyRequired { choices } => {
                let detail = match choices.len() {
                    0 => "the credentials have access to no company".to_owned(),
                    count => format!("the request names no company, and the credentials have access to {count}"),
                };
                Self::new(COMPANY_REQUIRED, detail)
                    .with(|extensions| extensions.companies = choices.iter().map(Into::into).collect())
            }
            Error::CompanyNotFound(_) => Self::new(COMPANY_NOT_FOUND, detail),
            Error::JobNotFound => Self::new(JOB_NOT_FOUND, "the job is neither active nor scheduled nor in the log"),
            Error::JobUnknownToIps { error, .. } => {
                let problem = of_upstream_error(&error, CredentialSource::Caller);
                Self { kind: JOB_NOT_FOUND, retryable: JOB_NOT_FOUND.retryable, ..problem }
            }
            Error::NotCached => Self::new(NOT_CACHED, detail),
            Error::AmbiguousJob { candidates } => {
                Self::new(AMBIGUOUS_JOB, detail).with(|extensions| extensions.candidates = candidates)
            }
            Error::ActionNotPossible { possible, refusal, .. } => {
                let detail = match &refusal {
                    Some(_) => "IPS refuses this action in the current state of the job",
                    None => "the job does not allow this action in its current state",
                };
                Self::new(ACTION_NOT_POSSIBLE, detail).with(|extensions| {
                    extensions.actions = Some(possible);
                    extensions.outcome = refusal.as_ref().map(|error| error.delivery.into());
                    extensions.upstream = refusal.as_ref().map(Into::into);
                })
            }
            Error::JobNotCompleted => Self::new(JOB_NOT_COMPLETED, detail),
            Error::RetryNotPossible(_) => Self::new(RETRY_NOT_POSSIBLE, detail),
            Error::IdempotencyKeyReused => Self::new(IDEMPOTENCY_KEY_REUSED, detail),
            Error::SubmitInProgress => {
                Self { retry_after: Some(RETRY_AFTER_SUBMIT), ..Self::new(SUBMIT_IN_PROGRESS, detail) }
            }
            Error::IdempotencyUnavailable => {
                Self { retry_after: Some(RETRY_AFTER_SUBMIT), ..Self::new(IDEMPOTENCY_UNAVAILABLE, detail) }
            }
            Error::SubmitOutcomeUnknown { id, error } => Self::new(SUBMIT_OUTCOME_UNKNOWN, detail).with(|extensions| {
                extensions.job = Some(id);
                extensions.outcome = Some(ChangeOutcome::Unknown);
                extensions.upstream = error.as_ref().map(Into::into);
            }),
            Error::Internal(_) => Self::new(INTERNAL_ERROR, detail),
        }
    }
}

/// Returns the problem of invalid values: the first [`MAX_ERRORS`] of them, and the number of the others.
fn of_invalid_fields(fields: &[InvalidField]) -> Problem {
    let (named, others) = fields.split_at(fields.len().min(MAX_ERRORS));
    let reasons: Vec<_> = named.iter().map(|field| field.reason.as_str()).collect();
    let reasons = shortened(&reasons.join("; "), MAX_DETAIL_LENGTH / 2);
    let more = if others.is_empty() { String::new() } else { format!("; and {} more", others.len()) };
    Problem::new(INVALID_REQUEST, format!("invalid request: {reasons}{more}")).with(|extensions| {
        extensions.errors = named.iter().map(Into::into).collect();
        extensions.more_errors = Some(others.len()).filter(|others| *others > 0);
    })
}

/// Returns the problem of a failed call to IPS.
fn of_upstream_error(error: &UpstreamError, credentials: CredentialSource) -> Problem {
    let kind = match &error.failure {
        Failure::Fault(fault) => kind_of_fault(fault.class(), credentials),
        Failure::Unwritable { .. } => INVALID_REQUEST,
        Failure::Overloaded { .. } => UPSTREAM_BUSY,
        Failure::CircuitOpen { .. } => UPSTREAM_SUSPENDED,
        Failure::LoginBackOff { .. } => TOO_MANY_REQUESTS,
        Failure::Connect(_) | Failure::Tls(_) => UPSTREAM_UNREACHABLE,
        Failure::Timeout(_) => UPSTREAM_TIMEOUT,
        Failure::Incomplete(_) | Failure::Malformed { .. } | Failure::TooLarge(_) => UPSTREAM_INVALID_ANSWER,
    };
    // A mutation that IPS refused with an exception, such as a name that is taken, is refused again.
    let is_final = error.effect == Effect::Changes && kind.code == UPSTREAM_FAULT.code;
    let problem = Problem {
        retryable: kind.retryable && !is_final,
        retry_after: error.retry_after(),
        ..Problem::new(kind, error.failure.to_string())
    };
    problem.with(|extensions| {
        extensions.outcome = (error.effect == Effect::Changes).then(|| error.delivery.into());
        if let Failure::Unwritable { pointer, reason } = &error.failure {
            let (pointer, parameter) = match parameter_of(error.operation, pointer) {
                None if error.operation == SubmitJobParam::NAME => (Some(pointer.clone()), None),
                parameter => (None, parameter),
            };
            extensions.errors = vec![InvalidValue { pointer, parameter, detail: reason.to_string() }];
        } else {
            extensions.upstream = Some(error.into());
        }
    })
}

/// Returns the parameter or header of the HTTP request from which a field of the SOAP request was made, by the field's JSON pointer; `None` for
/// the body of a submit, and for a request as a whole.
fn parameter_of(operation: &str, pointer: &str) -> Option<String> {
    let mut path = pointer.split('/').skip(1);
    let parameter = match path.next()? {
        "authHeader" if path.next() == Some("locale") => "Accept-Language",
        "authHeader" => "Authorization",
        _ if operation == SubmitJobParam::NAME => return None,
        "jobHandle" | "originalName" => "job",
        "companyName" => "company",
        "startDate" => "from",
        "endDate" => "to",
        "numRows" => "limit",
        "logTypeArray" => "logType",
        "sortBy" | "sortDirection" => "sort",
        "recordsPerPage" => "perPage",
        "resultsPage" => "page",
        same => same,
    };
    Some(parameter.to_owned())
}

/// Returns the kind of problem of a fault.
fn kind_of_fault(class: FaultClass, credentials: CredentialSource) -> &'static ProblemKind {
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
