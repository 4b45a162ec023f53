//! Access log middleware: one log line for each request, and its metrics and server span.

use std::sync::Arc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use opentelemetry::KeyValue;
use opentelemetry::propagation::Extractor;
use tokio::time::Instant;

use crate::http::request_context::{PrincipalCell, RequestContext, RequestId};
use crate::telemetry::gauge::GaugeGuard;
use crate::telemetry::metrics::names;
use crate::telemetry::span::Span;

/// Route of requests that no route matches.
const NO_ROUTE: &str = "unknown";
/// Label of uncommon methods, and of requests without a parsed head.
const OTHER_METHOD: &str = "_OTHER";
/// Status of requests whose client disconnected before the head of the response.
const CLIENT_DISCONNECTED: u16 = 499;

/// Logs a request when the head of its response is complete; `duration_ms` excludes the body, so an event stream is logged when it opens. A
/// client that disconnects earlier gets status 499.
///
/// # Errors
/// Those of the service.
pub async fn log_access<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let RequestContext { request_id, principal, audit, .. } = RequestContext::current();
    let route = request.match_pattern().unwrap_or_else(|| NO_ROUTE.into());
    let mut entry = AccessLogEntry::start(request_id, method_label(request.method()), route, request.headers());
    entry.principal = principal;
    let result = entry.span.instrument(next.call(request)).await;
    let status = match &result {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    entry.status = Some(status);
    if let Some(audit) = audit {
        audit.set_status(status.as_u16());
    }
    if let Ok(response) = &result {
        let cache_status = response.headers().get(header::CACHE_STATUS).and_then(|value| value.to_str().ok());
        entry.cache_status = cache_status.map(Into::into);
    }
    result
}

/// Logs a request without a parsed head, whose first byte was received at `received` and whose response has `status`. Returns its generated
/// request id.
pub fn log_unparsed_request(status: StatusCode, received: Instant) -> RequestId {
    let request_id = RequestId::generate();
    let mut entry = AccessLogEntry::start(request_id.clone(), OTHER_METHOD, NO_ROUTE.into(), &HeaderMap::new());
    (entry.started, entry.status) = (received, Some(status));
    request_id
}

/// Access log entry of a request in flight. Dropping it writes it.
struct AccessLogEntry {
    request_id: RequestId,
    method: &'static str,
    /// Pattern of the route, not the path, which may contain names of jobs and companies.
    route: String,
    principal: PrincipalCell,
    started: Instant,
    status: Option<StatusCode>,
    cache_status: Option<String>,
    span: Span,
    _in_flight: GaugeGuard,
}

impl AccessLogEntry {
    fn start(request_id: RequestId, method: &'static str, route: String, headers: &HeaderMap) -> Self {
        let name = || if route == NO_ROUTE { method.into() } else { format!("{method} {route}") };
        let attributes = || {
            let route = (route != NO_ROUTE).then(|| KeyValue::new("http.route", route.clone()));
            let attributes = [
                KeyValue::new("http.request.method", method),
                KeyValue::new("url.scheme", "http"),
                KeyValue::new("ips_gateway.request_id", request_id.as_str().to_owned()),
            ];
            attributes.into_iter().chain(route).collect()
        };
        let span = Span::server(&TraceHeaders(headers), name, attributes);
        let in_flight = GaugeGuard::new(metrics::gauge!(names::HTTP_SERVER_ACTIVE_REQUESTS));
        let started = Instant::now();
        Self {
            request_id,
            method,
            route,
            principal: PrincipalCell::default(),
            started,
            status: None,
            cache_status: None,
            span,
            _in_flight: in_flight,
        }
    }
}

impl Drop for AccessLogEntry {
    fn drop(&mut self) {
        let duration = self.started.elapsed().as_secs_f64();
        let status = self.status.map_or(CLIENT_DISCONNECTED, |status| status.as_u16());
        self.span.set_attribute("http.response.status_code", i64::from(status));
        let principal = self.principal.get();
        if let Some(principal) = &principal {
            self.span.set_attribute("ips_gateway.principal", Arc::clone(principal));
        }
        if status >= 500 {
            self.span.set_error(status.to_string());
        }
        self.span.end();
        tracing::info!(
            request_id = self.request_id.as_str(),
            trace_id = %self.span.trace_id(),
            method = self.method,
            route = self.route,
            principal = principal.as_deref(),
            status,
            duration_ms = (duration * 1e6).round() / 1e3,
            cache = self.cache_status.as_deref(),
            calls = self.span.called_operations(),
            "request"
        );
        let labels = [
            ("http_request_method", self.method.into()),
            ("http_route", std::mem::take(&mut self.route)),
            ("http_response_status_code", status.to_string()),
        ];
        metrics::histogram!(names::HTTP_SERVER_REQUEST_DURATION, &labels).record(duration);
    }
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
