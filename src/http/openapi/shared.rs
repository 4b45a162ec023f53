//! What operations share: parameters, headers, answers, security schemes.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::{Ref, RefOr, Response};
use utoipa::{IntoParams, IntoResponses};

use super::walk::each_operation;
use crate::http::problem::Problem;
use crate::jobs::Error;

/// The job that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the parameter; the extractor reads it")]
pub struct JobParam {
    /// The `id` of the job, or an IPS job handle, percent-encoded (then the company must be clear).
    #[param(example = "MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s")]
    job: String,
}

/// What makes an answer conditional.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; the answer reads it")]
pub struct IfNoneMatch {
    /// The `ETag` of an earlier answer: 304 when nothing has changed.
    #[param(rename = "If-None-Match", required = false, nullable = false, example = "W/\"QNIiVZP-QPXAu3To\"")]
    if_none_match: Option<String>,
}

/// How old an answer may be, and how long it may wait for something new.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers; the answer reads them")]
pub struct Freshness {
    /// `no-cache` asks IPS again (at most once a second), `max-age=N` takes what is at most so old, `only-if-cached` never asks IPS.
    #[param(rename = "Cache-Control", required = false, nullable = false, example = "max-age=10")]
    cache_control: Option<String>,
    /// `wait=N` with `If-None-Match`: the answer waits up to N seconds (at most 60) until there is something new.
    #[param(rename = "Prefer", required = false, nullable = false, example = "wait=30")]
    prefer: Option<String>,
}

/// What makes a submit happen once.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; the extractor reads it")]
pub struct IdempotencyKeyHeader {
    /// A name for this submit that is new for every job, such as a UUID: sent again within 24 hours, the request gets the first answer
    /// again and IPS gets nothing.
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

/// Where a stream of events goes on.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; the stream reads it")]
pub struct LastEventId {
    /// The `id` of the last event that was received: the stream goes on after it.
    #[param(rename = "Last-Event-ID", required = false, nullable = false, example = "660f9dc7d1768-21")]
    last_event_id: Option<String>,
}

/// Nothing has changed. An operation that has this answer sends the [headers of a cache](describe_headers) with its success too.
pub struct NotModified;

impl IntoResponses for NotModified {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers([("304", "NotModified")])
    }
}

/// Every error of an operation that asks for credentials.
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers([("401", "Unauthorized"), ("default", "Problem")])
    }
}

/// Every error of an operation that is for everybody.
pub struct ProblemsOfAnybody;

impl IntoResponses for ProblemsOfAnybody {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        answers([("400", "BadRequest"), ("default", "Problem")])
    }
}

fn answers<const N: usize>(answers: [(&str, &str); N]) -> BTreeMap<String, RefOr<Response>> {
    answers.map(|(status, name)| (status.to_owned(), RefOr::Ref(Ref::from_response_name(name)))).into()
}

/// Headers of an answer that can be cached.
const OF_CACHE: [&str; 4] = ["ETag", "Cache-Control", "Age", "Cache-Status"];
/// Headers of an answer to a caller who has a limit.
const OF_LIMITS: [&str; 2] = ["RateLimit", "RateLimit-Policy"];

/// Every header that answers have: its name, what it says, the schema of its value, an example.
fn headers() -> Vec<(&'static str, &'static str, Value, Value)> {
    let text = || json!({ "type": "string" });
    let seconds = || json!({ "type": "integer", "format": "int32", "minimum": 0 });
    vec![
        ("Age", "How many seconds ago IPS said so.", seconds(), json!(1)),
        ("Cache-Control", "How long the answer stays fresh.", text(), json!("private, max-age=1")),
        ("Cache-Status", "How the answer came about (RFC 9211).", text(), json!("ips-gateway; hit; ttl=1")),
        (
            "ETag",
            "Tells answers with another meaning apart; ages don't count.",
            text(),
            json!("W/\"QNIiVZP-QPXAu3To\""),
        ),
        (
            "Link",
            "The next page, as `rel=\"next\"` (RFC 8288).",
            text(),
            json!("<?limit=100&cursor=Zm9v>; rel=\"next\""),
        ),
        ("Location", "Where the job can be read.", text(), json!("/jobs/MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s")),
        ("Preference-Applied", "The `Prefer` that was followed (RFC 7240).", text(), json!("wait=30")),
        (
            "RateLimit",
            "How many requests the caller has left, and in how many seconds all of them; where the operator limits callers (draft-ietf-httpapi-ratelimit-headers).",
            text(),
            json!("\"caller\";r=99;t=1"),
        ),
        (
            "RateLimit-Policy",
            "How many requests at once, and in how many seconds as many again; where the operator limits callers.",
            text(),
            json!("\"caller\";q=100;w=2"),
        ),
        (
            "Retry-After",
            "In how many seconds the next look may pay; absent where nothing will change by itself.",
            seconds(),
            json!(2),
        ),
        (
            "WWW-Authenticate",
            "Which credentials are taken (RFC 9110).",
            text(),
            json!("Basic realm=\"IPS\", charset=\"UTF-8\", Bearer realm=\"IPS\""),
        ),
        ("X-Request-Id", "Names this request in the operator's logs.", text(), json!("e5209ba176ea076b")),
    ]
}

/// Adds what all operations refer to.
pub fn add_components(document: &mut Value) {
    let headers = headers().into_iter().map(|(name, description, schema, example)| {
        (name.to_owned(), json!({ "description": description, "schema": schema, "example": example }))
    });
    document["components"]["headers"] = Value::Object(headers.collect());
    document["components"]["responses"] = json!({
        "NotModified": { "description": "Nothing has changed since the answer with this `ETag`.", "headers": refer(&[OF_CACHE.as_slice(), &OF_LIMITS].concat()) },
        "BadRequest": problem("The request breaks a rule of HTTP.", &[], Problem::bad_request("the body could not be read")),
        "Unauthorized": problem("The credentials are missing or not accepted.", &["WWW-Authenticate", "RateLimit", "RateLimit-Policy"], Problem::unauthenticated("the request has no `Authorization` header")),
        "Problem": problem("Problem details (RFC 9457); `code` tells which.", &["Retry-After", "RateLimit", "RateLimit-Policy"], Error::JobNotFound.into()),
    });
    document["components"]["securitySchemes"] = json!({
        "basic": { "type": "http", "scheme": "basic", "description": "E-mail address and password of an IPS user." },
        "bearer": { "type": "http", "scheme": "bearer", "description": "An IMS access token; where the gateway has an account of its own, an API key." },
        "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key, where the gateway has an account of its own." },
    });
}

fn problem(description: &str, headers: &[&str], example: Problem) -> Value {
    let example = example.document("e5209ba176ea076b", "");
    let content = json!({ "schema": { "$ref": "#/components/schemas/Problem" }, "example": example });
    json!({ "description": description, "headers": refer(headers), "content": { "application/problem+json": content } })
}

fn refer(headers: &[&str]) -> Value {
    let own = headers.iter().chain(["X-Request-Id"].iter());
    own.map(|name| ((*name).to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))).collect()
}

/// Refers each answer to its headers. Those that a handler names stay, and all have the request's id.
pub fn describe_headers(document: &mut Value) {
    each_operation(document, &mut |operation| {
        let Some(responses) = operation["responses"].as_object_mut() else { return };
        let cached = responses.contains_key("304");
        let limited = responses.contains_key("401");
        for (_, response) in responses.iter_mut().filter(|(_, response)| response.get("$ref").is_none()) {
            let own = response.get("headers").and_then(Value::as_object).into_iter().flatten().map(|(name, _)| &**name);
            let of_cache = OF_CACHE.into_iter().filter(|_| cached);
            let of_limits = OF_LIMITS.into_iter().filter(|_| limited);
            response["headers"] = refer(&of_cache.chain(of_limits).chain(own).collect::<Vec<_>>());
        }
    });
}
