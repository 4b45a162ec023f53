//! The OpenAPI document: the operations of the routes, completed with shared components, stream events, reshaped schemas and examples.
//!
//! Handlers import [`components`]; nothing here imports a handler. The operations come from the table of routes as an argument.

pub mod components;
mod examples;
mod shapes;
mod stream;
mod subset;
mod versions;
mod walk;

use std::io::BufReader;

use flate2::read::GzDecoder;
use serde_json::Value;
use utoipa::OpenApi as _;

pub use subset::schemas_of;
pub use versions::{Version, in_version};

use super::problem::ProblemDocument;
use components::{COMPANIES, JOBS, LOGS, OPERATIONS, SESSIONS};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "ips-gateway",
        description = "REST API for the jobs of Adobe's Image Production System (Scene7 / Dynamic Media): submit jobs, watch them, read their results and logs.\n\n\
            A job keeps the same `id` from its submit to its log. `status`, `outcome` and `percent` summarize its state; the fields of IPS are included \
            under their original names, so Adobe's reference applies. Errors are problem details (RFC 9457) with a stable `code`.",
        contact(name = "The maintainers of ips-gateway"),
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    servers((url = "/", description = "This gateway")),
    components(schemas(ProblemDocument)),
    tags(
        (name = JOBS, description = "Submit, watch and control jobs"),
        (name = LOGS, description = "Logs of jobs and assets"),
        (name = COMPANIES, description = "Companies of the caller"),
        (name = SESSIONS, description = "Sessions of the board"),
        (name = OPERATIONS, description = "Health checks and metrics for operators of the gateway"),
    ),
    security(("basic" = []), ("bearer" = []), ("apiKey" = [])),
)]
struct Base;

/// Builds the OpenAPI 3.1 document of these operations, as it is committed.
///
/// # Panics
/// Never: utoipa's documents are serializable.
#[must_use]
pub fn document(operations: utoipa::openapi::OpenApi) -> Value {
    let merged = Base::openapi().merge_from(operations);
    let mut document = serde_json::to_value(merged).expect("an OpenAPI document has string keys");
    components::add_components(&mut document);
    components::add_header_references(&mut document);
    stream::add_event_schemas(&mut document);
    shapes::reshape(&mut document);
    examples::add_examples(&mut document);
    // utoipa writes the keyword `example`; JSON Schema, and so OpenAPI 3.1, has the list `examples`.
    walk::each_schema(&mut document, &mut |schema| {
        if let Some(example) = schema.shift_remove("example") {
            schema.insert("examples".into(), Value::Array(vec![example]));
        }
    });
    document
}

/// Returns the committed OpenAPI 3.1 document, which is embedded: the code that generates it is in no release binary.
///
/// # Panics
/// Never: a test compares the committed document with the generated one.
#[must_use]
pub fn committed() -> Value {
    let gzip: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"));
    serde_json::from_reader(BufReader::new(GzDecoder::new(gzip))).expect("the committed document is JSON")
}

/// Server URL of a document that a gateway serves: relative to the URL of the document, so that it is right behind proxies that add or strip a
/// path prefix.
const SERVER_OF_SERVED_DOCUMENT: &str = ".";

/// Adapts `document` to the gateway that serves it: the server URL becomes a relative one, `note` is appended to the description.
#[must_use]
pub fn for_deployment(mut document: Value, note: Option<&str>) -> Value {
    document["servers"][0]["url"] = SERVER_OF_SERVED_DOCUMENT.into();
    if let Some(note) = note {
        let description = document["info"]["description"].as_str().unwrap_or_default();
        document["info"]["description"] = format!("{description}\n\n{note}").into();
    }
    document
}
