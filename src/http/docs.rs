//! Documentation from the binary itself: the OpenAPI document, Swagger UI, and what each problem means.

use std::fmt::Write;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;
use utoipa_swagger_ui::Config;

use super::Api;
use super::answer::Cacheable;
use super::openapi::{Version, in_version};
use super::problem::{KINDS, Kind, Problem};

/// Our pages have a style and nothing that could run.
const FOR_PAGES: (header::HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
);
/// Swagger UI runs its own scripts, asks this gateway, and styles its elements one by one.
const FOR_SWAGGER_UI: (header::HeaderName, &str) = (
    header::CONTENT_SECURITY_POLICY,
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// What is served as documentation, made once.
pub struct Documents {
    openapi_3_0: Bytes,
    openapi_3_1: Bytes,
    openapi_3_2: Bytes,
    swagger_ui: Arc<Config<'static>>,
}

impl Documents {
    /// Serves `openapi`, in all versions.
    #[must_use]
    pub fn new(openapi: &Value) -> Self {
        let written = |version| in_version(openapi.clone(), version).to_string().into();
        let config = Config::from("../openapi.json")
            .try_it_out_enabled(true)
            .persist_authorization(true)
            .deep_linking(true)
            .display_request_duration(true)
            .default_models_expand_depth(0)
            .doc_expansion("list")
            .use_base_layout()
            .validator_url("none");
        Self {
            openapi_3_0: written(Version::V3_0),
            openapi_3_1: written(Version::V3_1),
            openapi_3_2: written(Version::V3_2),
            swagger_ui: Arc::new(config),
        }
    }
}

/// The OpenAPI document, in the version in which it is written.
pub async fn openapi_3_1(api: Data<Api>, request: HttpRequest) -> HttpResponse {
    document(&request, &api.documents.openapi_3_1)
}

/// The same for generators that know only 3.0.
pub async fn openapi_3_0(api: Data<Api>, request: HttpRequest) -> HttpResponse {
    document(&request, &api.documents.openapi_3_0)
}

/// The same with the items of its streams.
pub async fn openapi_3_2(api: Data<Api>, request: HttpRequest) -> HttpResponse {
    document(&request, &api.documents.openapi_3_2)
}

fn document(request: &HttpRequest, document: &Bytes) -> HttpResponse {
    Cacheable::of_body(document).respond(request, || document.clone())
}

/// The page's files are relative to its folder.
pub async fn to_swagger_ui(api: Data<Api>) -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, api.path("/swagger-ui/"))).finish()
}

/// Swagger UI.
pub async fn swagger_ui(api: Data<Api>, file: Path<String>) -> Result<HttpResponse, Problem> {
    let served = utoipa_swagger_ui::serve(&file, Arc::clone(&api.documents.swagger_ui))
        .map_err(|_| Problem::internal("Swagger UI can't be served"))?;
    let file = served.ok_or_else(Problem::not_found)?;
    let body = if file.content_type.starts_with("text/html") {
        String::from_utf8_lossy(&file.bytes)
            .replace("<title>Swagger UI</title>", "<title>ips-gateway API</title>")
            .into_bytes()
    } else {
        file.bytes.into_owned()
    };
    Ok(HttpResponse::Ok().content_type(file.content_type).insert_header(FOR_SWAGGER_UI).body(body))
}

/// What every kind of problem means, for people.
pub async fn problems() -> HttpResponse {
    let mut list = String::from("<ul>");
    for kind in KINDS {
        let _ = write!(
            list,
            "<li><a href=\"problems/{code}\">{code}</a> ({status}) {title}</li>",
            code = kind.code,
            status = kind.status,
            title = kind.title
        );
    }
    page("Problems", &format!("<h1>Problems</h1>{list}</ul>"))
}

/// What a kind of problem means, for people.
pub async fn problem(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = KINDS.iter().find(|kind| kind.code == *code).ok_or_else(Problem::not_found)?;
    let Kind { code, status, title, retryable, explanation } = kind;
    let again = if *retryable {
        "The same request may succeed later."
    } else {
        "Sending the same request again does not help."
    };
    let body = format!(
        "<h1>{title}</h1><p><code>{code}</code>, HTTP status {status}</p><p>{}</p><p>{again}</p><p><a href=\"../problems\">All problems</a></p>",
        html(explanation)
    );
    Ok(page(title, &body))
}

/// Our explanations are plain text with code between backticks.
fn html(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let mut parts = escaped.split('`');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        out.push_str(if index % 2 == 0 { "<code>" } else { "</code>" });
        out.push_str(part);
    }
    out
}

fn page(title: &str, body: &str) -> HttpResponse {
    let style = "body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}code{font-size:.95em}";
    HttpResponse::Ok().content_type("text/html; charset=utf-8").insert_header(FOR_PAGES).body(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title} – ips-gateway</title><style>{style}</style><body>{body}</body></html>"
    ))
}
