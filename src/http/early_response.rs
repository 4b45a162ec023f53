//! Early responses: error responses to requests whose head was too slow, too large or malformed, and that never reach the routes.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use crate::http::middleware::{SECURITY_HEADERS, log_unparsed_request};
use crate::http::problem::Problem;
use crate::http::request_context::RequestContext;

/// Format of the `Date` header (RFC 9110 §5.6.7), of a time in UTC.
const HTTP_DATE: &str = "%a, %d %b %Y %H:%M:%S GMT";

/// Renders the problem of `status` as a whole HTTP message with `Connection: close`. The access log and the metrics get an entry for
/// a request whose first byte was received at `received`; `now` is the `Date` of the response.
#[must_use]
pub fn respond_to_unparsed(status: StatusCode, path_prefix: &str, received: Instant, now: DateTime<Utc>) -> Vec<u8> {
    let problem = match status {
        StatusCode::REQUEST_TIMEOUT => Problem::request_timeout("the request headers were not received in time"),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => Problem::headers_too_large(),
        _ => Problem::bad_request("the request line or a header is not valid HTTP/1.1"),
    };
    let request_id = log_unparsed_request(status, received);
    let context = RequestContext { request_id, path_prefix: path_prefix.into(), ..RequestContext::outside_request() };
    let body = serde_json::to_string(&problem.document(&context)).unwrap_or_default();
    let line =
        |(name, value): &(HeaderName, HeaderValue)| format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    let security_headers = SECURITY_HEADERS.each_ref().map(line).concat();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\ndate: {}\r\ncache-control: no-store\r\n\
         {security_headers}x-request-id: {}\r\nconnection: close\r\n\r\n{body}",
        body.len(),
        now.format(HTTP_DATE),
        context.request_id.as_str(),
    )
    .into_bytes()
}
