//! What every request leaves behind: its id, one log line, one measurement and a span.

use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use opentelemetry::KeyValue;
use opentelemetry::propagation::Extractor;

use crate::telemetry::gauge::GaugeGuard;
use crate::telemetry::metrics::names;
use crate::telemetry::span::Span;

/// Names the request in logs, in problem documents and in the answer.
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LONGEST_REQUEST_ID: usize = 128;

/// The route of a path that none has.
const NO_ROUTE: &str = "unknown";
/// What stands for a method that this API has no use for, and for one that could not be read.
const OTHER_METHOD: &str = "_OTHER";
/// What stands for the status when the client hung up before there was one.
const CLIENT_GONE: u16 = 499;

/// Names a request.
#[derive(Clone)]
pub struct RequestId(Rc<str>);

impl RequestId {
    /// The caller's `X-Request-Id` if it is a plain word, else one of our own.
    fn of(headers: &HeaderMap) -> Self {
        let plain = |text: &&str| {
            (1..=LONGEST_REQUEST_ID).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        let given = headers.get(X_REQUEST_ID).and_then(|value| value.to_str().ok()).filter(plain);
        given.map_or_else(Self::new, |given| Self(given.into()))
    }

    /// One that nobody else has: a number of this process, hashed with what only this process knows.
    pub fn new() -> Self {
        static NUMBERED: LazyLock<(RandomState, AtomicU64)> = LazyLock::new(Default::default);
        let (hash, last) = &*NUMBERED;
        Self(format!("{:016x}", hash.hash_one(last.fetch_add(1, Ordering::Relaxed))).into())
    }

    /// The id of a request that has passed [`trail`].
    pub fn known(request: &ServiceRequest) -> Self {
        request.extensions().get().cloned().unwrap_or_else(|| Self::of(request.headers()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Follows a request from its head to the head of its answer, or to the moment when the client hangs up.
///
/// # Errors
/// Those of the service.
pub async fn trail(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let route = request.match_pattern().unwrap_or_else(|| NO_ROUTE.into());
    let mut trail = Trail::begin(id, known(request.method()), route, request.headers());
    let result = trail.span.instrument(next.call(request)).await;
    trail.status = Some(match &result {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    });
    let mut response = result?;
    trail.cache = response.headers().get(header::CACHE_STATUS).and_then(|value| value.to_str().ok()).map(Into::into);
    if let Ok(value) = HeaderValue::from_str(trail.id.as_str()) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    Ok(response)
}

/// Follows a request that nobody could read, and which came at `began`, to its answer; names it.
pub fn unread(status: StatusCode, began: Instant) -> RequestId {
    let id = RequestId::new();
    let mut trail = Trail::begin(id.clone(), OTHER_METHOD, NO_ROUTE.into(), &HeaderMap::new());
    (trail.began, trail.status) = (began, Some(status));
    id
}

/// A request under way; what is known of it is told when this is dropped, however it ended.
struct Trail {
    id: RequestId,
    method: &'static str,
    /// Never the path, which may name jobs and companies.
    route: String,
    began: Instant,
    status: Option<StatusCode>,
    cache: Option<String>,
    span: Span,
    _present: GaugeGuard,
}

impl Trail {
    fn begin(id: RequestId, method: &'static str, route: String, headers: &HeaderMap) -> Self {
        let name = || if route == NO_ROUTE { method.into() } else { format!("{method} {route}") };
        let attributes = || {
            let route = (route != NO_ROUTE).then(|| KeyValue::new("http.route", route.clone()));
            let known = [
                KeyValue::new("http.request.method", method),
                KeyValue::new("url.scheme", "http"),
                KeyValue::new("ips_gateway.request_id", id.as_str().to_owned()),
            ];
            known.into_iter().chain(route).collect()
        };
        let span = Span::server(&Headers(headers), name, attributes);
        let present = GaugeGuard::new(metrics::gauge!(names::HTTP_SERVER_ACTIVE_REQUESTS));
        Self { id, method, route, began: Instant::now(), status: None, cache: None, span, _present: present }
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        let Self { id, method, route, .. } = self;
        let (method, took) = (*method, self.began.elapsed().as_secs_f64());
        let status = self.status.map_or(CLIENT_GONE, |status| status.as_u16());
        self.span.set_attribute("http.response.status_code", i64::from(status));
        if status >= 500 {
            self.span.set_error(status.to_string());
        }
        self.span.end();
        let (cache, calls, trace_id) = (self.cache.as_deref(), self.span.called_operations(), self.span.trace_id());
        let (request_id, duration_ms) = (id.as_str(), (took * 1e6).round() / 1e3);
        tracing::info!(request_id, %trace_id, method, route, status, duration_ms, cache, calls, "request");
        let route = std::mem::take(route);
        let labels = [
            ("http_request_method", method.into()),
            ("http_route", route),
            ("http_response_status_code", status.to_string()),
        ];
        metrics::histogram!(names::HTTP_SERVER_REQUEST_DURATION, &labels).record(took);
    }
}

/// Where the trace of the caller is found.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// The method, if it is one that is used; anybody can make up others.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        _ => OTHER_METHOD,
    }
}
