//! Components that several operations share: tags, parameters, headers, responses and security schemes. Handlers refer to them in their
//! `utoipa::path` attributes, so this module imports no handler.

use std::collections::BTreeMap;

use actix_web::http::Uri;
use serde_json::{Value, json};
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoParams, IntoResponses};

use super::walk::each_operation;
use crate::http::problem::Problem;
use crate::http::request_context::{RequestContext, RequestId};
use crate::jobs::Error;

/// Tag of the operations on jobs.
pub const JOBS: &str = "jobs";
/// Tag of the operations on logs.
pub const LOGS: &str = "logs";
/// Tag of the operations on companies.
pub const COMPANIES: &str = "companies";
/// Tag of the operations on sessions of the board.
pub const SESSIONS: &str = "sessions";
/// Tag of the operations for operators of the gateway.
pub const OPERATIONS: &str = "operations";

/// Path parameter of a job.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "documents the parameter; `JobPath` extracts it")]
pub struct JobParam {
    /// The `id` of the job, or an IPS job handle, percent-encoded. A handle requires that the company is named, configured, or the caller's only one.
    #[param(example = "MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s")]
    job: String,
}

/// Header of conditional requests.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the header; the cache headers of the response evaluate it")]
pub struct IfNoneMatchHeader {
    /// The `ETag` of an earlier response: 304 if nothing has changed since.
    #[param(rename = "If-None-Match", required = false, nullable = false, example = "W/\"QNIiVZP-QPXAu3To\"")]
    if_none_match: Option<String>,
}

/// Header of requests that are carried out only on a job in a known state.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the header; `IfMatch` extracts it")]
pub struct IfMatchHeader {
    /// The `ETag` of the job as it was read: 412, and nothing is done, if the job has changed since.
    #[param(rename = "If-Match", required = false, nullable = false, example = "W/\"QNIiVZP-QPXAu3To\"")]
    if_match: Option<String>,
}

/// Headers of cached, long-polled resources.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the headers; `CacheControl` and the long poll evaluate them")]
pub struct CacheRequestHeaders {
    /// `no-cache` requests a new response from IPS (at most once a second), `max-age=N` accepts a cached response of at most N seconds, `only-if-cached` never calls IPS.
    #[param(rename = "Cache-Control", required = false, nullable = false, example = "max-age=10")]
    cache_control: Option<String>,
    /// Long polling: with `wait=N` and `If-None-Match` the response waits up to N seconds (at most 50) for a change (RFC 7240).
    #[param(rename = "Prefer", required = false, nullable = false, example = "wait=30")]
    prefer: Option<String>,
}

/// Header of idempotent submits.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the header; `IdempotencyHeader` extracts it")]
pub struct IdempotencyKeyHeader {
    /// A key that is unique for each job, such as a UUID. A repeated request with the same key within 24 hours gets the first response again,
    /// and nothing is sent to IPS.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        nullable = false,
        max_length = 257,
        // In quotes, as the draft has it, or without.
        pattern = r#"^("[ -~]{1,255}"|[!#-~]|[!#-~][ -~]{0,253}[!-~])$"#,
        example = "\"5c1fbd1c-3c9b-4d4e-9df6-0e4a8a1f7f0e\""
    )]
    idempotency_key: Option<String>,
}

/// Header of resumed event streams.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "documents the header; `LastEventId` extracts it")]
pub struct LastEventIdHeader {
    /// The `id` of the last received event: the stream resumes after it. Clients that can't set the header send it as the query parameter `lastEventId`.
    #[param(rename = "Last-Event-ID", required = false, nullable = false, example = "660f9dc7d1768-21")]
    last_event_id: Option<String>,
}

/// Response 304. A success response of the same operation gets the `CACHE_HEADERS`.
pub struct NotModifiedResponse;

impl IntoResponses for NotModifiedResponse {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        response_references([("304", "NotModified")])
    }
}

/// Error responses of an operation that requires credentials. A success response of the same operation gets the `RATE_LIMIT_HEADERS`.
pub struct ProblemResponses;

impl IntoResponses for ProblemResponses {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        response_references([("401", "Unauthorized"), ("default", "Problem")])
    }
}

/// Error responses of an operation without authentication.
pub struct PublicProblemResponses;

impl IntoResponses for PublicProblemResponses {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        response_references([("400", "BadRequest"), ("default", "Problem")])
    }
}

fn response_references<const N: usize>(responses: [(&str, &str); N]) -> BTreeMap<String, RefOr<Response>> {
    responses.map(|(status, name)| (status.to_owned(), RefOr::Ref(Ref::from_response_name(name)))).into()
}

/// Headers of cacheable responses.
const CACHE_HEADERS: [&str; 4] = ["ETag", "Cache-Control", "Age", "Cache-Status"];
/// Headers of rate-limited responses.
const RATE_LIMIT_HEADERS: [&str; 2] = ["RateLimit", "RateLimit-Policy"];

/// Every response header: name, description, schema, example.
fn headers() -> Vec<(&'static str, &'static str, Value, Value)> {
    let text = || json!({ "type": "string" });
    let seconds = || json!({ "type": "integer", "format": "int32", "minimum": 0 });
    vec![
        ("Age", "Age of the data: seconds since IPS returned it.", seconds(), json!(1)),
        (
            "Cache-Control",
            "The response has to be revalidated with its `ETag` before each use.",
            text(),
            json!("private, no-cache"),
        ),
        ("Cache-Status", "How the cache handled the request (RFC 9211).", text(), json!("ips-gateway; hit; ttl=1")),
        (
            "ETag",
            "Weak entity tag: changes with the content, not with its age.",
            text(),
            json!("W/\"QNIiVZP-QPXAu3To\""),
        ),
        (
            "Link",
            "The next page, as `rel=\"next\"` (RFC 8288).",
            text(),
            json!("<?limit=100&cursor=Zm9v>; rel=\"next\""),
        ),
        ("Location", "URL of the job.", text(), json!("/jobs/MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s")),
        (
            "Idempotency-Status",
            "Of a submit with an `Idempotency-Key`: `kept`, or `not-shared` if the store of the replicas was unavailable, so that only the replica that answered knows the key.",
            text(),
            json!("kept"),
        ),
        ("Preference-Applied", "The applied preference of `Prefer` (RFC 7240).", text(), json!("wait=30")),
        (
            "RateLimit",
            "Remaining requests `r`, and seconds `t` until the quota is restored; present if the operator limits callers (draft-ietf-httpapi-ratelimit-headers).",
            text(),
            json!("\"caller\";r=99;t=1"),
        ),
        (
            "RateLimit-Policy",
            "Quota `q` of requests for each window of `w` seconds; present if the operator limits callers.",
            text(),
            json!("\"caller\";q=100;w=2"),
        ),
        (
            "Retry-After",
            "Seconds to wait before the next request; absent if repeating the request does not help.",
            seconds(),
            json!(2),
        ),
        (
            "Set-Cookie",
            "The cookie of the session, which scripts can't read, or its removal (RFC 6265).",
            text(),
            json!("ips-gateway-session=AbT0; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict"),
        ),
        (
            "WWW-Authenticate",
            "Accepted authentication schemes (RFC 9110).",
            text(),
            json!("Basic realm=\"IPS\", charset=\"UTF-8\", Bearer realm=\"IPS\""),
        ),
        ("X-Request-Id", "Id of this request in the operator's logs.", text(), json!("e5209ba176ea076b")),
    ]
}

/// Adds the headers, responses and security schemes that operations refer to.
pub fn add_components(document: &mut Value) {
    let headers = headers().into_iter().map(|(name, description, schema, example)| {
        (name.to_owned(), json!({ "description": description, "schema": schema, "example": example }))
    });
    document["components"]["headers"] = Value::Object(headers.collect());
    document["components"]["responses"] = json!({
        "NotModified": { "description": "Not modified since the response with this `ETag`.", "headers": header_references(&[CACHE_HEADERS.as_slice(), &RATE_LIMIT_HEADERS].concat()) },
        "BadRequest": problem_response("The request is malformed.", &[], Problem::bad_request("the body could not be read")),
        "Unauthorized": problem_response("The credentials are missing or were rejected.", &["WWW-Authenticate", "RateLimit", "RateLimit-Policy"], Problem::unauthenticated("the request has no `Authorization` header")),
        "Problem": problem_response("Problem details (RFC 9457); `code` identifies the kind.", &["Retry-After", "RateLimit", "RateLimit-Policy"], Error::JobNotFound.into()),
    });
    document["components"]["securitySchemes"] = json!({
        "basic": { "type": "http", "scheme": "basic", "description": "E-mail address and password of an IPS user." },
        "bearer": { "type": "http", "scheme": "bearer", "description": "An IMS access token, or an API key if the gateway uses a service account." },
        "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key, if the gateway uses a service account." },
    });
}

fn problem_response(description: &str, headers: &[&str], example: Problem) -> Value {
    let request = RequestContext {
        request_id: RequestId::example(),
        target: Uri::from_static("/jobs/x"),
        ..RequestContext::outside_request()
    };
    let example = example.document(&request);
    let content = json!({ "schema": { "$ref": "#/components/schemas/Problem" }, "example": example });
    json!({ "description": description, "headers": header_references(headers), "content": { "application/problem+json": content } })
}

/// References to these headers and to `X-Request-Id`, which every response has.
fn header_references(headers: &[&str]) -> Value {
    let names = headers.iter().chain(["X-Request-Id"].iter());
    names.map(|name| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))).collect()
}

/// Replaces the headers of each inline response by references: to the cache and rate limit headers where they apply, and to those that its
/// handler declares.
pub fn add_header_references(document: &mut Value) {
    each_operation(document, &mut |operation| {
        let Some(responses) = operation["responses"].as_object_mut() else { return };
        let is_cacheable = responses.contains_key("304");
        let is_rate_limited = responses.contains_key("401");
        for (_, response) in responses.iter_mut().filter(|(_, response)| response.get("$ref").is_none()) {
            let declared =
                response.get("headers").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| &**name);
            let cache = CACHE_HEADERS.into_iter().filter(|_| is_cacheable);
            let rate_limit = RATE_LIMIT_HEADERS.into_iter().filter(|_| is_rate_limited);
            response["headers"] = header_references(&cache.chain(rate_limit).chain(declared).collect::<Vec<_>>());
        }
    });
}
