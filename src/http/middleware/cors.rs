//! Cross-origin resource sharing (W3C Fetch).

use actix_cors::Cors;

/// Headers of answers that scripts of other origins may read.
const EXPOSED: [&str; 12] = [
    "Age",
    "Allow",
    "Cache-Status",
    "ETag",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
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
