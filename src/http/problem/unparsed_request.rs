//! Responses to requests that never became requests: their head came too slowly, was too large, or could not be parsed.

use std::time::Instant;

use actix_web::http::StatusCode;

use crate::http::middleware::access_log::unread;
use crate::http::middleware::security_headers::FOR_BROWSERS;
use crate::http::problem::Problem;

/// Renders the problem of this status as a whole HTTP message that says `Connection: close`. The access log and the metrics record it as
/// a request that was received at `received`.
#[must_use]
pub fn respond_to_unparsed(status: StatusCode, prefix: &str, received: Instant) -> Vec<u8> {
    let problem = match status {
        StatusCode::REQUEST_TIMEOUT => Problem::request_timeout("the head of the request took too long"),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Problem::headers_too_large(),
        _ => Problem::bad_request("the head of the request is not one of HTTP/1.1"),
    };
    let request_id = unread(status, received);
    let body = serde_json::to_string(&problem.document(request_id.as_str(), prefix)).unwrap_or_default();
    let for_browsers =
        FOR_BROWSERS.iter().fold(String::new(), |lines, (name, value)| format!("{lines}{name}: {value}\r\n"));
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         {for_browsers}x-request-id: {}\r\nconnection: close\r\n\r\n{body}",
        body.len(),
        request_id.as_str(),
    )
    .into_bytes()
}
