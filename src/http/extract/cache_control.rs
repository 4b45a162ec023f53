//! `Cache-Control` request header extractor (RFC 9111 §5.2.1).

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};

use crate::http::problem::Problem;
use crate::jobs::CacheDirective;

/// What the request's `Cache-Control` asks (RFC 9111 §5.2.1).
pub struct CacheDemand(pub CacheDirective);

impl FromRequest for CacheDemand {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let directives = request
            .headers()
            .get_all(header::CACHE_CONTROL)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','));
        let want = directives.fold(CacheDirective::Any, |want, directive| {
            let directive = directive.trim().to_ascii_lowercase();
            let max_age = directive.strip_prefix("max-age=").and_then(|seconds| seconds.trim_matches('"').parse().ok());
            match (directive.as_str(), max_age) {
                ("only-if-cached", _) => CacheDirective::OnlyIfCached,
                ("no-cache" | "no-store", _) if want != CacheDirective::OnlyIfCached => {
                    CacheDirective::MaxAge(Duration::ZERO)
                }
                (_, Some(seconds)) if want == CacheDirective::Any => {
                    CacheDirective::MaxAge(Duration::from_secs(seconds))
                }
                _ => want,
            }
        });
        ready(Ok(Self(want)))
    }
}
