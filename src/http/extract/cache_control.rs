//! `Cache-Control` request header extractor (RFC 9111 §5.2.1).

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{self, Header};
use actix_web::{FromRequest, HttpRequest};

use crate::jobs::CacheDirective;

/// Cache directive of the request's `Cache-Control`.
///
/// `only-if-cached` has precedence over `no-cache` and `no-store`, these over the first `max-age`. Other directives are ignored, as is a
/// malformed header.
pub struct CacheControl(pub CacheDirective);

impl FromRequest for CacheControl {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        if !request.headers().contains_key(header::CACHE_CONTROL) {
            return ready(Ok(Self(CacheDirective::Unspecified)));
        }
        let parsed = header::CacheControl::parse(request).map(|directives| directives.0).unwrap_or_default();
        let directives: Vec<_> = parsed.into_iter().map(with_lowercase_name).collect();
        let max_age = directives.iter().find_map(|directive| match directive {
            header::CacheDirective::MaxAge(seconds) => Some(Duration::from_secs(u64::from(*seconds))),
            _ => None,
        });
        let directive = if directives.contains(&header::CacheDirective::OnlyIfCached) {
            CacheDirective::OnlyIfCached
        } else if directives.contains(&header::CacheDirective::NoCache)
            || directives.contains(&header::CacheDirective::NoStore)
        {
            CacheDirective::MaxAge(Duration::ZERO)
        } else {
            max_age.map_or(CacheDirective::Unspecified, CacheDirective::MaxAge)
        };
        ready(Ok(Self(directive)))
    }
}

/// Parses a directive again with its name in lower case: names are case-insensitive (RFC 9111 §5.2), but actix knows only those in lower
/// case and returns others as extensions.
fn with_lowercase_name(directive: header::CacheDirective) -> header::CacheDirective {
    match directive {
        header::CacheDirective::Extension(..) => {
            directive.to_string().to_ascii_lowercase().parse().unwrap_or(directive)
        }
        known => known,
    }
}
