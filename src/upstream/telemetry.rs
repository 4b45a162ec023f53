//! Client span, metrics and debug log line of every call of IPS.

use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry::propagation::Injector;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::classify::CallFailure;
use crate::ips::soap::Reply;
use crate::ips::types::Fault;
use crate::telemetry::metrics::names;
use crate::telemetry::span::{self, Span};

const SERVICE: &str = "IpsApiService";

/// Telemetry of a call in flight.
pub(super) struct CallTelemetry {
    operation: &'static str,
    span: Span,
    began: Instant,
}

impl CallTelemetry {
    /// Starts the client span and the measurement.
    pub(super) fn start(operation: &'static str, url: &Url) -> Self {
        let name = || format!("{SERVICE}/{operation}");
        let attributes = || {
            let port = url.port_or_known_default().unwrap_or_default();
            vec![
                KeyValue::new("rpc.system", "soap"),
                KeyValue::new("rpc.service", SERVICE),
                KeyValue::new("rpc.method", operation),
                KeyValue::new("server.address", url.host_str().unwrap_or_default().to_owned()),
                KeyValue::new("server.port", i64::from(port)),
            ]
        };
        Self { operation, span: Span::client(operation, name, attributes), began: Instant::now() }
    }

    /// Runs a future within the client span.
    pub(super) fn within<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        self.span.instrument(work)
    }

    /// Records the result of the call.
    pub(super) fn end<A>(self, reply: &Result<Reply<A>, CallFailure>) {
        let result = match reply {
            Ok(Reply::Answer(_)) => "ok",
            Ok(Reply::Fault(_)) => "fault",
            Err((failure, _)) => failure.code(),
        };
        if let Ok(Reply::Fault(Fault { code: Some(code), .. })) = reply {
            self.span.set_attribute("rpc.soap.fault_code", i64::from(*code));
        }
        if result != "ok" {
            self.span.set_error(result);
        }
        let (operation, took, trace_id) = (self.operation, self.began.elapsed().as_secs_f64(), self.span.trace_id());
        let labels = [("rpc_method", operation), ("result", result)];
        metrics::histogram!(names::HTTP_CLIENT_REQUEST_DURATION, &labels).record(took);
        tracing::debug!(%trace_id, operation, result, duration_ms = took * 1e3, "IPS was called");
    }
}

/// Returns the trace context headers (W3C Trace Context) of the current span.
pub(super) fn trace_headers() -> HeaderMap {
    let mut headers = Headers(HeaderMap::new());
    span::inject_headers(&mut headers);
    headers.0
}

struct Headers(HeaderMap);

impl Injector for Headers {
    fn set(&mut self, name: &str, value: String) {
        // An empty `tracestate` has no meaning.
        if let (false, Ok(name), Ok(value)) =
            (value.is_empty(), HeaderName::try_from(name), HeaderValue::try_from(value))
        {
            self.0.insert(name, value);
        }
    }
}
