//! Path parameter extractors.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use percent_encoding::percent_decode_str;

use super::query_values::has_controls;
use crate::http::problem::Problem;
use crate::jobs::{Error, JobRef};

/// Path parameter of a job: its id or its IPS job handle.
pub struct JobPath(pub JobRef);

impl FromRequest for JobPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let job = decode(request, payload).and_then(|text| text.parse().ok());
        ready(job.map(Self).ok_or_else(Problem::invalid_job_id))
    }
}

/// Path parameter as text without control characters.
pub struct TextPath(pub String);

impl FromRequest for TextPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let name = || request.match_info().iter().next().map_or("path", |(name, _)| name);
        let text = decode(request, payload).map(Self);
        ready(text.ok_or_else(|| {
            Error::invalid_parameter(name(), "is not percent-encoded UTF-8 without control characters").into()
        }))
    }
}

/// Decodes the only parameter of the path; `None` for control characters and for invalid UTF-8, which actix would replace by U+FFFD.
fn decode(request: &HttpRequest, payload: &mut Payload) -> Option<String> {
    percent_decode_str(request.uri().path()).decode_utf8().ok()?;
    web::Path::<String>::from_request(request, payload)
        .into_inner()
        .map(web::Path::into_inner)
        .ok()
        .filter(|text| !has_controls(text))
}
