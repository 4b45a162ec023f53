//! The OpenAPI document: collected from the handlers, with what they share.

mod examples;
mod shapes;
mod shared;
mod stream;
mod versions;
mod walk;

use serde_json::Value;
use utoipa::OpenApi as _;

pub use shared::*;
pub use versions::{Version, in_version};

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
        contact(name = "The maintainers of ips-gateway"),
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
    security(("basic" = []), ("bearer" = []), ("apiKey" = [])),
)]
struct Collected;

/// The document as it is committed: OpenAPI 3.1.
///
/// # Panics
/// Never: what is collected is JSON.
#[must_use]
pub fn document() -> Value {
    let mut document = serde_json::to_value(Collected::openapi()).expect("an OpenAPI document has string keys");
    shared::add_components(&mut document);
    shared::describe_headers(&mut document);
    stream::describe_events(&mut document);
    shapes::shape(&mut document);
    examples::add_examples(&mut document);
    // `example` is how utoipa writes it; JSON Schema, and so OpenAPI 3.1, has a list.
    walk::each_schema(&mut document, &mut |schema| {
        if let Some(example) = schema.shift_remove("example") {
            schema.insert("examples".into(), Value::Array(vec![example]));
        }
    });
    document
}

/// The document as it is served: its paths begin with `prefix`, and `note` tells people what is special here.
#[must_use]
pub fn document_for(prefix: &str, note: Option<&str>) -> Value {
    let mut document = document();
    if !prefix.is_empty() {
        document["servers"][0]["url"] = prefix.into();
    }
    if let Some(note) = note {
        let description = document["info"]["description"].as_str().unwrap_or_default();
        document["info"]["description"] = format!("{description}\n\n{note}").into();
    }
    document
}
