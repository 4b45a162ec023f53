//! What happens to every request: an id, and a problem document for every error.

use std::time::{Duration, Instant};

use actix_cors::Cors;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};

use super::Api;
use super::problem::Problem;

/// Names the request in logs and in problem documents.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// By this browsers tell requests of scripts from pages that are opened (W3C Fetch Metadata).
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const LONGEST_REQUEST_ID: usize = 128;

/// Headers of answers that scripts of other origins may read.
const EXPOSED: [&str; 10] = [
    "Age",
    "Allow",
    "Cache-Status",
    "ETag",
    "Link",
    "Location",
    "Preference-Applied",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
];

/// Browsers of these origins may call the API; `*` stands for all.
pub fn cors(origins: &[String]) -> Cors {
    let methods = ["GET", "HEAD", "POST", "DELETE"];
    let cors = Cors::default()
        .allowed_methods(methods)
        .allow_any_header()
        .expose_headers(EXPOSED)
        .max_age(3600)
        .block_on_origin_mismatch(false);
    origins.iter().fold(cors, |cors, origin| match origin.as_str() {
        "*" => cors.allow_any_origin().send_wildcard(),
        origin => cors.allowed_origin(origin),
    })
}

/// Gives the request an id, and every error a problem document that holds it.
///
/// # Errors
/// Never: an error of the service becomes an answer.
pub async fn finish(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let request_id = request_id_of(&request);
    let api = request.app_data::<Data<Api>>();
    let prefix = api.map(|api| api.prefix.clone()).unwrap_or_default();
    let from_script = request.headers().get(SEC_FETCH_MODE).is_some_and(|mode| mode != "navigate");
    let challenge = api.map(|api| if from_script { api.access.challenge_to_scripts() } else { api.access.challenge() });
    let safe = request.method().is_safe();
    let began = Instant::now();
    let mut response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let own = response.response().error().and_then(|error| error.as_error::<Problem>());
        let own_or_generic;
        let problem = match own {
            Some(problem) if safe => problem,
            Some(problem) => {
                own_or_generic = problem.of_change();
                &own_or_generic
            }
            None => {
                own_or_generic = Problem::from_status(status);
                &own_or_generic
            }
        };
        let body = serde_json::to_string(&problem.document(&request_id, &prefix))?;
        let mut answer = HttpResponse::build(status).content_type("application/problem+json").body(body);
        for (name, value) in response.headers() {
            if *name != header::CONTENT_TYPE && *name != header::CONTENT_LENGTH {
                answer.headers_mut().append(name.clone(), value.clone());
            }
        }
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED
            && let Some(challenge) = challenge
        {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response = response.into_response(answer);
    }
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    record(&response, &request_id, began.elapsed());
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

/// One line and one measurement for a request: its route, never its path, which may name jobs and companies.
fn record(response: &ServiceResponse<BoxBody>, request_id: &str, took: Duration) {
    let route = response.request().match_pattern().unwrap_or_else(|| "unknown".into());
    let method = match response.request().method().as_str() {
        known @ ("GET" | "HEAD" | "POST" | "DELETE" | "OPTIONS" | "PUT" | "PATCH") => known.to_owned(),
        _ => "_OTHER".to_owned(),
    };
    let status = response.status().as_u16();
    let cache = response.headers().get(header::CACHE_STATUS).and_then(|value| value.to_str().ok());
    tracing::info!(request_id, method, route, status, duration_ms = took.as_secs_f64() * 1e3, cache, "request");
    let labels =
        [("http_request_method", method), ("http_route", route), ("http_response_status_code", status.to_string())];
    metrics::histogram!("http_server_request_duration_seconds", &labels).record(took.as_secs_f64());
}

/// The caller's `X-Request-Id` if it is a plain word, else one of our own.
fn request_id_of(request: &ServiceRequest) -> String {
    let plain = |text: &&str| {
        !text.is_empty()
            && text.len() <= LONGEST_REQUEST_ID
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
    given.map_or_else(|| format!("{:016x}", getrandom::u64().unwrap_or_default()), str::to_owned)
}
