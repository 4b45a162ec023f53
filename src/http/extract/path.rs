//! Path parameter extractors.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use percent_encoding::percent_decode_str;

use super::query::has_controls;
use crate::http::problem::Problem;
use crate::jobs::{Error, JobRef};

/// The job that the path names.
pub struct JobPath(pub JobRef);

impl FromRequest for JobPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let job = path_text(request, payload).and_then(|text| text.parse().ok());
        ready(job.map(Self).ok_or_else(Problem::invalid_job_id))
    }
}

/// The one parameter of the path, decoded strictly: a byte that is no UTF-8 would come out as another character. Nothing that a path
/// names has control characters.
fn path_text(request: &HttpRequest, payload: &mut Payload) -> Option<String> {
    percent_decode_str(request.uri().path()).decode_utf8().ok()?;
    web::Path::<String>::from_request(request, payload)
        .into_inner()
        .map(web::Path::into_inner)
        .ok()
        .filter(|text| !has_controls(text))
}

/// The one parameter of the path, as text.
pub struct TextPath(pub String);

impl FromRequest for TextPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let parameter = || request.match_info().iter().next().map_or("path", |(name, _)| name);
        let text = path_text(request, payload).map(Self);
        ready(text.ok_or_else(|| {
            Error::invalid_parameter(parameter(), "is not percent-encoded UTF-8 without control characters").into()
        }))
    }
}
