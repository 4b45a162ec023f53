//! Access log middleware: one log line for each request, and its metrics and server span.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use metrics::{Gauge, Histogram};
use opentelemetry::KeyValue;
use opentelemetry::propagation::Extractor;
use tokio::time::Instant;

use super::framework_errors::render_framework_error;
use crate::http::request_context::{PrincipalCell, RequestContext, RequestId};
use crate::telemetry::access_log::AccessLogLine;
use crate::telemetry::gauge::GaugeGuard;
use crate::telemetry::metrics::names;
use crate::telemetry::span::Span;

/// Route of requests that no route matches.
pub const NO_ROUTE: &str = "unknown";
/// Label of uncommon methods, and of requests without a parsed head.
const OTHER_METHOD: &str = "_OTHER";
/// Header with the trace of the caller (W3C Trace Context).
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Status of requests whose client disconnected before the head of the response.
const CLIENT_DISCONNECTED: u16 = 499;

/// Logs a request when the head of its response is complete; `duration_ms` excludes the body, so an event stream is logged when it opens. A
/// client that disconnects earlier gets status 499.
///
/// # Errors
/// Those of the service.
pub async fn log_access(
    route: Arc<str>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let context = RequestContext::current();
    let method = method_label(request.method());
    let (request_id, received) = (context.request_id.clone(), context.received);
    let mut entry = AccessLogEntry::start(request_id, received, method, route, request.headers());
    entry.principal = context.principal.clone();
    // Replaces error responses of the routing, the negotiation and CORS.
    let result = entry.span.instrument(next.call(request)).await.map(render_framework_error);
    let status = match &result {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    entry.status = Some(status);
    if let Some(audit) = &context.audit {
        audit.set_status(status.as_u16());
    }
    if let Ok(response) = &result {
        entry.cache_status = response.headers().get(header::CACHE_STATUS).cloned();
    }
    result
}

/// Logs a request without a parsed head, whose first byte was received at `received` and whose response has `status`. Returns its generated
/// request id.
pub fn log_unparsed_request(status: StatusCode, received: Instant) -> RequestId {
    let request_id = RequestId::generate();
    let (route, headers) = (NO_ROUTE.into(), HeaderMap::new());
    let mut entry = AccessLogEntry::start(request_id.clone(), received, OTHER_METHOD, route, &headers);
    entry.status = Some(status);
    request_id
}

/// Access log entry of a request in flight. Dropping it writes it.
struct AccessLogEntry {
    request_id: RequestId,
    method: &'static str,
    /// Pattern of the route, not the path, which may contain names of jobs and companies.
    route: Arc<str>,
    principal: PrincipalCell,
    received: Instant,
    status: Option<StatusCode>,
    cache_status: Option<HeaderValue>,
    span: Span,
    _in_flight: GaugeGuard<&'static Gauge>,
}

impl AccessLogEntry {
    fn start(
        request_id: RequestId,
        received: Instant,
        method: &'static str,
        route: Arc<str>,
        headers: &HeaderMap,
    ) -> Self {
        static ACTIVE_REQUESTS: LazyLock<Gauge> = LazyLock::new(|| metrics::gauge!(names::HTTP_SERVER_ACTIVE_REQUESTS));
        let name = || if &*route == NO_ROUTE { method.into() } else { format!("{method} {route}") };
        let attributes = || {
            let route = (&*route != NO_ROUTE).then(|| KeyValue::new("http.route", Arc::clone(&route)));
            let attributes = [
                KeyValue::new("http.request.method", method),
                KeyValue::new("url.scheme", "http"),
                KeyValue::new("ips_gateway.request_id", request_id.as_str().to_owned()),
            ];
            attributes.into_iter().chain(route).collect()
        };
        let trace_headers = TraceHeaders(headers);
        let has_trace = headers.contains_key(TRACEPARENT);
        let span = Span::server(has_trace.then_some(&trace_headers as _), name, attributes);
        Self {
            request_id,
            method,
            route,
            principal: PrincipalCell::default(),
            received,
            status: None,
            cache_status: None,
            span,
            _in_flight: GaugeGuard::new(&*ACTIVE_REQUESTS),
        }
    }
}

impl AccessLogEntry {
    fn end_span(&self, status: u16, principal: Option<&Arc<str>>) {
        self.span.set_attribute("http.response.status_code", i64::from(status));
        if let Some(principal) = principal {
            self.span.set_attribute("ips_gateway.principal", Arc::clone(principal));
        }
        if status >= 500 {
            self.span.set_error(status.to_string());
        }
        self.span.end();
    }
}

impl Drop for AccessLogEntry {
    fn drop(&mut self) {
        let duration = self.received.elapsed().as_secs_f64();
        let status = self.status.map_or(CLIENT_DISCONNECTED, |status| status.as_u16());
        let principal = self.principal.name();
        if self.span.is_recording() {
            self.end_span(status, principal);
        }
        if AccessLogLine::is_enabled() {
            let calls = self.span.called_operations();
            let line = AccessLogLine {
                request_id: self.request_id.as_str(),
                trace_id: &self.span.trace_id(),
                method: self.method,
                route: &self.route,
                principal: principal.map(|name| &**name),
                status,
                duration_ms: (duration * 1e6).round() / 1e3,
                cache: self.cache_status.as_ref().and_then(|value| value.to_str().ok()),
                calls: calls.as_deref(),
            };
            line.log();
        }
        record_duration(self.method, &self.route, status, duration);
    }
}

/// Histogram of the durations of requests with a method, a route and a status.
struct DurationHistogram {
    method: &'static str,
    route: Arc<str>,
    status: u16,
    histogram: Histogram,
}

/// Records the duration of a request. A thread keeps the histogram of each method, route and status, since its look-up in the registry by
/// these labels takes longer than the record.
fn record_duration(method: &'static str, route: &Arc<str>, status: u16, duration: f64) {
    thread_local! {
        static HISTOGRAMS: RefCell<Vec<DurationHistogram>> = const { RefCell::new(Vec::new()) };
    }
    HISTOGRAMS.with_borrow_mut(|histograms| {
        let is_same = |known: &DurationHistogram| {
            known.status == status
                && known.method == method
                && (Arc::ptr_eq(&known.route, route) || known.route == *route)
        };
        if let Some(known) = histograms.iter().find(|known| is_same(known)) {
            return known.histogram.record(duration);
        }
        let labels = [
            ("http_request_method", method.to_owned()),
            ("http_route", route.to_string()),
            ("http_response_status_code", status.to_string()),
        ];
        let histogram = metrics::histogram!(names::HTTP_SERVER_REQUEST_DURATION, &labels);
        histogram.record(duration);
        histograms.push(DurationHistogram { method, route: Arc::clone(route), status, histogram });
    });
}

/// Request headers with the trace context (`traceparent`, `tracestate`).
struct TraceHeaders<'a>(&'a HeaderMap);

impl Extractor for TraceHeaders<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// Returns the method as a label. Uncommon methods share one label, since clients can send any number of them.
fn method_label(method: &Method) -> &'static str {
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
