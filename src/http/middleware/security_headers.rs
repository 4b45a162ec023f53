//! Security headers of every response.

use actix_web::http::header::{self, HeaderName};

/// For browsers, whatever they take the answer for. `Strict-Transport-Security` is for whoever ends TLS to say: this server never does.
pub const FOR_BROWSERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];
