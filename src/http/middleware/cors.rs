//! CORS middleware (WHATWG Fetch).

use actix_cors::Cors;
use actix_web::dev::ServiceRequest;
use actix_web::http::header;

use super::skip::SkipIf;

/// Response headers that scripts of other origins can read.
const EXPOSED_HEADERS: [&str; 13] = [
    "Age",
    "Allow",
    "Cache-Status",
    "ETag",
    "Idempotency-Status",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
];

/// Creates the middleware that permits scripts of these origins to call the API; `*` permits all origins. Preflight responses are cached
/// for an hour. Without origins, requests without `Origin` skip it.
pub fn cors(origins: &[String]) -> SkipIf<Cors> {
    let methods = ["GET", "HEAD", "POST", "DELETE"];
    let cors = Cors::default()
        .allowed_methods(methods)
        .allow_any_header()
        .expose_headers(EXPOSED_HEADERS)
        .max_age(3600)
        .block_on_origin_mismatch(false);
    let has_no_origins = origins.is_empty();
    let cors = origins.iter().fold(cors, |cors, origin| match origin.as_str() {
        "*" => cors.allow_any_origin().send_wildcard(),
        origin => cors.allowed_origin(origin),
    });
    SkipIf::new(cors, if has_no_origins { has_no_origin } else { |_| false })
}

/// Whether a request is of no page: neither its response nor its `Vary` depends on an origin.
fn has_no_origin(request: &ServiceRequest) -> bool {
    !request.headers().contains_key(header::ORIGIN)
}
