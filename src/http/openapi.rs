//! The OpenAPI document: collected from the handlers, with what they share.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoParams, IntoResponses, Modify, OpenApi as _};

use super::{companies, events, jobs, logs, ops, problem};

/// Tag of the operations on jobs.
pub const JOBS: &str = "jobs";
/// Tag of the operations on logs.
pub const LOGS: &str = "logs";
/// Tag of the operations on companies.
pub const COMPANIES: &str = "companies";
/// Tag of the operations for those who run the gateway.
pub const OPERATIONS: &str = "operations";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ips-gateway",
        description = "Jobs of Adobe's Image Production System (Scene7 / Dynamic Media) as resources: submit them, watch them, read what came of them.\n\n\
            A job has one `id` from its submit to its log. `status`, `outcome` and `percent` say how it is; the fields of IPS stand beside them \
            under their own names, so Adobe's reference applies. Errors are problem details (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This gateway")),
    paths(
        jobs::list, jobs::submit, events::of_company, events::ticket, events::of_job, jobs::read, jobs::delete, jobs::stop, jobs::pause, jobs::resume, jobs::execute,
        logs::of_job, logs::history, logs::of_asset, companies::list, companies::read, ops::livez, ops::readyz, ops::metrics,
    ),
    components(schemas(problem::ProblemDocument)),
    tags(
        (name = JOBS, description = "Submit jobs, watch them, and ask things of them"),
        (name = LOGS, description = "What came of jobs"),
        (name = COMPANIES, description = "Where the caller may look"),
        (name = OPERATIONS, description = "For those who run the gateway"),
    ),
    security(("basic" = []), ("bearer" = [])),
    modifiers(&SecuritySchemes),
)]
struct Document;

struct SecuritySchemes;

impl Modify for SecuritySchemes {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let basic = HttpBuilder::new()
            .scheme(HttpAuthScheme::Basic)
            .description(Some("E-mail address and password of an IPS user."))
            .build();
        let bearer =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An IMS access token.")).build();
        components.add_security_scheme("basic", SecurityScheme::Http(basic));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    }
}

/// The document as it is committed.
#[must_use]
pub fn document() -> OpenApi {
    Document::openapi()
}

/// The document as it is served: its paths begin with `prefix`, and `note` tells people what is special here.
#[must_use]
pub fn document_for(prefix: &str, note: Option<&str>) -> OpenApi {
    let mut document = document();
    if !prefix.is_empty() {
        document.servers = Some(vec![utoipa::openapi::Server::new(prefix)]);
    }
    if let Some(note) = note {
        let description = document.info.description.unwrap_or_default();
        document.info.description = Some(format!("{description}\n\n{note}"));
    }
    document
}

/// The job that a path names.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
#[expect(dead_code, reason = "describes the parameter; the extractor reads it")]
pub struct JobParam {
    /// The `id` of the job, or an IPS job handle, percent-encoded (then the company must be clear).
    job: String,
}

/// What makes an answer conditional.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the headers; the answer reads them")]
pub struct Conditional {
    /// The `ETag` of an earlier answer: 304 when nothing has changed.
    #[param(rename = "If-None-Match", required = false, nullable = false)]
    if_none_match: Option<String>,
    /// `no-cache` asks IPS again (at most once a second), `max-age=N` takes what is at most so old, `only-if-cached` never asks IPS.
    #[param(rename = "Cache-Control", required = false, nullable = false)]
    cache_control: Option<String>,
    /// `wait=N` with `If-None-Match`: the answer waits up to N seconds (at most 60) until there is something new.
    #[param(rename = "Prefer", required = false, nullable = false)]
    prefer: Option<String>,
}

/// What makes a submit happen once.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; the extractor reads it")]
pub struct IdempotencyKeyHeader {
    /// A name for this submit that is new for every job, such as a UUID: sent again within 24 hours, the request gets the first answer
    /// again and IPS gets nothing.
    #[param(rename = "Idempotency-Key", required = false, nullable = false)]
    idempotency_key: Option<String>,
}

/// Where a stream of events goes on.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes the header; the stream reads it")]
pub struct LastEventId {
    /// The `id` of the last event that was received: the stream goes on after it.
    #[param(rename = "Last-Event-ID", required = false, nullable = false)]
    last_event_id: Option<String>,
}

/// Nothing has changed.
pub struct NotModified;

impl IntoResponses for NotModified {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
        let response =
            ResponseBuilder::new().description("Nothing has changed since the answer with this `ETag`.").build();
        [("304".to_owned(), RefOr::T(response))].into()
    }
}

/// Every error.
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> std::collections::BTreeMap<String, RefOr<Response>> {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response = ResponseBuilder::new()
            .description("Problem details (RFC 9457); `code` tells which.")
            .content("application/problem+json", content)
            .build();
        [("default".to_owned(), RefOr::T(response))].into()
    }
}
