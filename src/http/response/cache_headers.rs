//! Answers that can be cached: entity tags, ages, conditional requests (RFC 9110, 9111, 9211).

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use crate::jobs::{CacheStatus, FoundJob, JobPage, Lookup, StaleReason, weak_etag};

/// The name of this cache in `Cache-Status`.
const CACHE_NAME: &str = "ips-gateway";

/// An answer and all that its headers tell.
pub struct Cacheable {
    /// The weak entity tag of the body.
    pub etag: String,
    /// How the answer came about.
    pub source: CacheStatus,
    /// How old it is.
    pub age: Duration,
    /// How long answers stay fresh.
    pub fresh: Duration,
    /// When the next look may pay; `None` when nothing will change any more.
    pub retry_after: Option<Duration>,
}

impl Cacheable {
    /// For a whole snapshot.
    pub fn of_read(read: &Lookup, fresh: Duration) -> Self {
        Self { etag: read.snapshot.etag.clone(), source: read.cache_status, age: read.age, fresh, retry_after: None }
    }

    /// For a selection of jobs.
    pub fn of_page(page: &JobPage, fresh: Duration) -> Self {
        Self { etag: page.etag.clone(), source: page.cache_status, age: page.age, fresh, retry_after: None }
    }

    /// For one job.
    pub fn of_job(found: &FoundJob, fresh: Duration) -> Self {
        let retry_after = (!found.job.job.is_final()).then_some(fresh);
        Self {
            etag: weak_etag(&found.job.content_hash),
            source: found.cache_status,
            age: found.age,
            fresh,
            retry_after,
        }
    }

    /// For an answer that IPS just gave.
    pub fn of_body(body: &[u8]) -> Self {
        Self {
            etag: weak_etag(&Sha256::digest(body)),
            source: CacheStatus::Loaded,
            age: Duration::ZERO,
            fresh: Duration::ZERO,
            retry_after: None,
        }
    }

    /// The answer: 304 without a body when the client has it already.
    pub fn respond(&self, request: &HttpRequest, body: impl FnOnce() -> Bytes) -> HttpResponse {
        let mut response = if is_known(request, &self.etag) {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            HttpResponse::Ok().content_type("application/json").body(body())
        };
        self.describe(&mut response);
        response
    }

    fn describe(&self, response: &mut HttpResponse) {
        let remaining = self.fresh.saturating_sub(self.age).as_secs();
        let mut set = |name: header::HeaderName, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        };
        set(header::ETAG, self.etag.clone());
        set(header::CACHE_CONTROL, format!("private, max-age={remaining}"));
        set(header::AGE, self.age.as_secs().to_string());
        set(header::CACHE_STATUS, self.cache_status());
        set(header::VARY, "Authorization, Accept-Encoding, Accept-Language".into());
        if let Some(wait) = self.retry_after {
            set(header::RETRY_AFTER, wait.as_secs().max(1).to_string());
        }
    }

    /// `Cache-Status` (RFC 9211).
    fn cache_status(&self) -> String {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let ttl = seconds(self.fresh) - seconds(self.age);
        match self.source {
            CacheStatus::Hit => format!("{CACHE_NAME}; hit; ttl={ttl}"),
            CacheStatus::Stale(StaleReason::Revalidating) => {
                format!("{CACHE_NAME}; hit; ttl={ttl}; detail=revalidating")
            }
            CacheStatus::Stale(StaleReason::UpstreamFailed) => {
                format!("{CACHE_NAME}; hit; ttl={ttl}; detail=upstream-failed")
            }
            CacheStatus::Loaded => format!("{CACHE_NAME}; fwd=miss"),
        }
    }
}

/// Whether the client has the answer with this entity tag.
pub fn is_known(request: &HttpRequest, etag: &str) -> bool {
    // Comparison is weak (RFC 9110 §13.1.2): `W/` doesn't count.
    let own = etag.trim_start_matches("W/");
    let known = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    known.flat_map(|list| list.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == own)
}

/// Whether the client takes gzip.
pub fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    accepted.flat_map(|list| list.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip") || name == "*");
        gzip && parts.all(|part| part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_none_or(|q| q > 0.0))
    })
}

/// A `Link` header (RFC 8288) to the next page: the same request with `parameter` set to `value`.
pub fn link_to_next(request: &HttpRequest, parameter: &str, value: &str) -> HeaderValue {
    let kept = form_urlencoded::parse(request.query_string().as_bytes()).filter(|(name, _)| name != parameter);
    let query =
        form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).append_pair(parameter, value).finish();
    // A reference without a path is relative to the request itself, whatever prefix a proxy put before it.
    HeaderValue::from_str(&format!("<?{query}>; rel=\"next\"")).unwrap_or_else(|_| HeaderValue::from_static(""))
}
