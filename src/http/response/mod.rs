//! Responses: caching headers, conditional requests, long polling, event streams, pagination links and streamed rows.

pub mod cache_headers;
mod event_format;
pub mod long_poll;
pub mod pagination;
pub mod rows;
pub mod sse;
pub mod viewer;

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use self::cache_headers::CacheHeaders;
use super::problem::Problem;

/// Result of a handler.
pub type HandlerResult = Result<HttpResponse, Problem>;

/// Responds with JSON that was loaded for this request: 200 with an entity tag, or 304 for a matching `If-None-Match`.
pub fn json_response(request: &HttpRequest, value: &impl Serialize) -> HandlerResult {
    let body = serde_json::to_vec(value)
        .map(Bytes::from)
        .map_err(|_| Problem::internal("the response could not be serialized"))?;
    Ok(CacheHeaders::of_body(&body).respond(request, || body))
}
