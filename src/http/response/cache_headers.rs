//! Caching headers, conditional requests and content negotiation (RFC 9110, 9111, 9211).

use std::borrow::Cow;
use std::cell::RefCell;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag, Header, HeaderMap, HeaderValue, IfNoneMatch};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest, Sha256};

use super::viewer;
use crate::http::AppState;
use crate::http::auth::current_role;
use crate::http::middleware::Negotiated;
use crate::jobs::{CacheStatus, FoundJob, JobPage, Lookup, StaleReason, weak_etag};

/// Name of this cache in `Cache-Status`.
const CACHE_NAME: &str = "ips-gateway";

/// Caching headers of a response.
pub struct CacheHeaders<'a> {
    /// Weak entity tag of the body.
    pub etag: Cow<'a, str>,
    /// Cache status of the data.
    pub cache_status: CacheStatus,
    /// Age of the data.
    pub age: Duration,
    /// Freshness lifetime of the data.
    pub freshness_lifetime: Duration,
    /// Recommended interval until the next request; `None` for data that no longer change.
    pub retry_after: Option<Duration>,
}

impl<'a> CacheHeaders<'a> {
    /// Returns the headers of a whole snapshot.
    pub fn of_snapshot(lookup: &'a Lookup, freshness_lifetime: Duration) -> Self {
        let etag = Cow::Borrowed(&*lookup.snapshot.rendered(lookup.cache_status.stated_stale_reason()).etag);
        Self { etag, cache_status: lookup.cache_status, age: lookup.age, freshness_lifetime, retry_after: None }
    }

    /// Returns the headers of a page of jobs.
    pub fn of_page(page: &'a JobPage, freshness_lifetime: Duration) -> Self {
        let etag = Cow::Borrowed(&*page.etag);
        Self { etag, cache_status: page.cache_status, age: page.age, freshness_lifetime, retry_after: None }
    }

    /// Returns the headers of one job.
    pub fn of_job(found: &FoundJob, freshness_lifetime: Duration) -> Self {
        let etag = found.etag().into();
        let retry_after = (!found.job.job.is_settled()).then_some(freshness_lifetime);
        Self { etag, cache_status: found.cache_status, age: found.age, freshness_lifetime, retry_after }
    }

    /// Returns the headers of a body that was made for this request and is not cached.
    pub fn of_body(body: &[u8]) -> Self {
        Self {
            etag: weak_etag(&Sha256::digest(body)).into(),
            cache_status: CacheStatus::Loaded,
            age: Duration::ZERO,
            freshness_lifetime: Duration::ZERO,
            retry_after: None,
        }
    }

    /// Responds with 200 and the JSON body, or with 304 for a matching `If-None-Match`.
    pub fn respond(&self, request: &HttpRequest, body: impl FnOnce() -> Bytes) -> HttpResponse {
        self.respond_with_etag(request, &self.etag, body)
    }

    /// Responds like [`CacheHeaders::respond`] with the JSON of jobs, as the role of the caller may see it.
    pub fn respond_with_jobs(&self, request: &HttpRequest, body: impl FnOnce() -> Bytes) -> HttpResponse {
        let role = current_role();
        let etag = viewer::etag_for(role, &self.etag);
        self.respond_with_etag(request, &etag, || viewer::visible_to(role, body()))
    }

    fn respond_with_etag(&self, request: &HttpRequest, etag: &str, body: impl FnOnce() -> Bytes) -> HttpResponse {
        let mut response = if is_not_modified(request, etag) {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            HttpResponse::Ok()
                .insert_header((header::CONTENT_TYPE, const { HeaderValue::from_static("application/json") }))
                .body(body())
        };
        response.headers_mut().insert(header::VARY, HeaderValue::from_static(vary(request)));
        self.add_to(response.headers_mut(), etag);
        response
    }

    /// Adds the headers.
    fn add_to(&self, headers: &mut HeaderMap, etag: &str) {
        thread_local! {
            /// Values that change once a second: `Age`, and `Cache-Status` with the status and the ttl.
            static AGE: RefCell<(u64, HeaderValue)> = const { RefCell::new((0, HeaderValue::from_static("0"))) };
            static STATUS: RefCell<Option<(CacheStatus, i64, HeaderValue)>> = const { RefCell::new(None) };
        }
        if let Ok(etag) = HeaderValue::from_str(etag) {
            headers.insert(header::ETAG, etag);
        }
        // Browsers revalidate every time: a 304 is cheap, and a stored response would hide a change.
        headers.insert(header::CACHE_CONTROL, const { HeaderValue::from_static("private, no-cache") });
        let age = AGE.with_borrow_mut(|(seconds, value)| {
            if *seconds != self.age.as_secs() {
                (*seconds, *value) = (self.age.as_secs(), self.age.as_secs().into());
            }
            value.clone()
        });
        headers.insert(header::AGE, age);
        let key = (self.cache_status, self.ttl());
        let status = STATUS.with_borrow_mut(|kept| match kept {
            Some((status, ttl, value)) if (*status, *ttl) == key => Some(value.clone()),
            _ => {
                let value = HeaderValue::try_from(self.cache_status()).ok()?;
                *kept = Some((key.0, key.1, value.clone()));
                Some(value)
            }
        });
        if let Some(status) = status {
            headers.insert(header::CACHE_STATUS, status);
        }
        if let Some(retry_after) = self.retry_after {
            headers.insert(header::RETRY_AFTER, retry_after.as_secs().max(1).into());
        }
    }

    /// Returns the rest of the freshness lifetime in seconds; negative once the data are stale.
    fn ttl(&self) -> i64 {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        seconds(self.freshness_lifetime) - seconds(self.age)
    }

    /// Returns the value of `Cache-Status` (RFC 9211).
    fn cache_status(&self) -> String {
        let ttl = self.ttl();
        match self.cache_status {
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

/// Returns the value of `Vary`: the request headers on which the response of every list and job depends.
pub fn vary(request: &HttpRequest) -> &'static str {
    AppState::of(request).map_or("Authorization", |state| state.auth.vary())
}

/// Returns whether `If-None-Match` contains this entity tag, by weak comparison (RFC 9110 §13.1.2).
pub fn is_not_modified(request: &HttpRequest, etag: &str) -> bool {
    let Some(known) = request.headers().get(header::IF_NONE_MATCH) else { return false };
    if known == etag {
        return true;
    }
    let Ok(current) = etag.parse::<EntityTag>() else { return false };
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|tag| tag.weak_eq(&current)),
        Err(_) => false,
    }
}

/// Returns whether `Accept-Encoding` prefers gzip to no content coding (RFC 9110 §12.5.3).
///
/// Requests that accept neither don't reach a handler: they get 406. That includes `identity;q=0, *`, which accepts gzip by RFC 9110, because
/// actix applies `*` to `identity` only.
pub fn prefers_gzip(request: &HttpRequest) -> bool {
    Negotiated::of(request).prefers_gzip
}
