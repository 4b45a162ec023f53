//! CORS middleware (WHATWG Fetch).

use actix_cors::Cors;

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
/// for an hour.
pub fn cors(origins: &[String]) -> Cors {
    let methods = ["GET", "HEAD", "POST", "DELETE"];
    let cors = Cors::default()
        .allowed_methods(methods)
        .allow_any_header()
        .expose_headers(EXPOSED_HEADERS)
        .max_age(3600)
        .block_on_origin_mismatch(false);
    origins.iter().fold(cors, |cors, origin| match origin.as_str() {
        "*" => cors.allow_any_origin().send_wildcard(),
        origin => cors.allowed_origin(origin),
    })
}
