//! Problem document: the JSON body of error responses (RFC 9457), and its extension members.

use serde::Serialize;
use utoipa::ToSchema;

use crate::ips::types::Company;
use crate::jobs::{Action, FieldLocation, InvalidField};
use crate::upstream::{Delivery, Failure, UpstreamError};

/// Maximum length of a location and of a reason of an invalid value, in bytes.
const MAX_TEXT_LENGTH: usize = 1000;
/// Maximum length of `detail` and of a reason that IPS gives, in bytes.
pub(super) const MAX_DETAIL_LENGTH: usize = 6000;

/// Body of an error response: problem details (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// URI reference of the problem kind's documentation, relative to the URL of the request.
    #[schema(example = "../problems/job-not-found")]
    pub r#type: String,
    /// Summary of the problem kind, the same for every occurrence.
    pub title: &'a str,
    /// HTTP status.
    pub status: u16,
    /// Explanation of this occurrence.
    pub detail: &'a str,
    /// Stable code of the problem kind.
    #[schema(example = "job-not-found")]
    pub code: &'a str,
    /// Id of this request in the operator's logs; equals the header `X-Request-Id`.
    pub request_id: &'a str,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// Members of certain problem kinds.
    #[serde(flatten)]
    pub extensions: &'a ProblemExtensions,
}

/// Extension members of a problem document: present for certain problem kinds.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct ProblemExtensions {
    /// Outcome of a mutation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<ChangeOutcome>,
    /// Invalid values of the request, at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub errors: Vec<InvalidValue>,
    /// Number of invalid values that `errors` does not name; absent if it names all.
    #[serde(rename = "moreErrors", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub more_errors: Option<usize>,
    /// Fault of IPS, or failure of the call to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upstream: Option<UpstreamDetail>,
    /// Companies that the caller can choose from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub companies: Vec<CompanyRef>,
    /// Ids of the jobs that an ambiguous id matches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub candidates: Vec<String>,
    /// Actions that the current state of the job suggests.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub actions: Option<Vec<Action>>,
    /// Id of the submitted job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job: Option<String>,
}

/// Outcome of a failed mutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOutcome {
    /// Nothing was sent to IPS: the request can be repeated safely.
    NotSent,
    /// IPS may or may not have executed it.
    Unknown,
    /// IPS rejected it.
    Rejected,
}

impl From<Delivery> for ChangeOutcome {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::NotSent => Self::NotSent,
            Delivery::Unknown => Self::Unknown,
            Delivery::Rejected => Self::Rejected,
        }
    }
}

/// Invalid value of a request.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct InvalidValue {
    /// Location in the body: a JSON pointer (RFC 6901); the empty string is the whole body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/uploadUrlsJob/urlArray/0/sourceUrl")]
    pub pointer: Option<String>,
    /// Name of the query or path parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "limit")]
    pub parameter: Option<String>,
    /// Reason why the value is invalid.
    pub detail: String,
}

impl From<&InvalidField> for InvalidValue {
    fn from(field: &InvalidField) -> Self {
        let (pointer, parameter) = match &field.location {
            FieldLocation::Body(pointer) => (Some(shortened(pointer, MAX_TEXT_LENGTH)), None),
            FieldLocation::Parameter(name) => (None, Some(shortened(name, MAX_TEXT_LENGTH))),
        };
        Self { pointer, parameter, detail: shortened(&field.reason, MAX_TEXT_LENGTH) }
    }
}

/// Returns a text of at most this length in bytes: a longer one ends in `…`. A caller can choose the names of members and parameters.
pub(super) fn shortened(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let ends = (0..=max).rev();
    let end = ends.into_iter().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…", &text[..end])
}

/// Fault of IPS, or failure of the call to it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UpstreamDetail {
    /// Operation of IPS.
    #[schema(example = "submitJob")]
    pub operation: &'static str,
    /// Name of the fault: `authenticationFault`, `authorizationFault`, `ipsApiFault` or another.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fault: Option<String>,
    /// Code of the fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 20003)]
    pub code: Option<i32>,
    /// Reason that IPS gives, or description of the failure.
    pub reason: String,
}

impl From<&UpstreamError> for UpstreamDetail {
    fn from(error: &UpstreamError) -> Self {
        let (fault, code, reason) = match &error.failure {
            Failure::Fault(fault) => {
                (Some(shortened(fault.name.as_str(), MAX_TEXT_LENGTH)), fault.code, fault.reason.clone())
            }
            failure => (None, None, failure.to_string()),
        };
        Self { operation: error.operation, fault, code, reason: shortened(&reason, MAX_DETAIL_LENGTH) }
    }
}

/// Company that the caller can choose.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CompanyRef {
    /// Handle of the company.
    pub company_handle: String,
    /// Name of the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, required = true)]
    pub name: Option<String>,
}

impl From<&Company> for CompanyRef {
    fn from(company: &Company) -> Self {
        Self { company_handle: company.company_handle.clone(), name: company.name.clone() }
    }
}
