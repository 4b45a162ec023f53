//! Spans of requests and of calls to IPS (W3C Trace Context), and the operations that a request called.
//!
//! Spans are not derived from log events, so that neither log fields nor events of libraries are exported.

use std::sync::{Mutex, OnceLock, PoisonError};

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{
    FutureExt, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer};

/// Tracer of the process, if traces are exported.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// Installs the tracer that records spans from now on. Later calls have no effect.
pub fn install_tracer(tracer: SdkTracer) {
    let _ = TRACER.set(tracer);
}

/// Operations of IPS that were called for a request, in order.
#[derive(Default)]
struct CalledOperations(Mutex<Vec<&'static str>>);

impl CalledOperations {
    fn push(&self, operation: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
    }
}

/// Span of a request or of a call to IPS. It ends with [`Span::end`], or when the last context that holds it is dropped.
pub struct Span(Context);

impl Span {
    /// Starts a server span. It continues the trace of the request's headers (`traceparent`, `tracestate`), or starts a new one.
    pub fn server(
        headers: &dyn Extractor,
        name: impl FnOnce() -> String,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Self {
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), headers);
        let context = start(&parent, SpanKind::Server, name, attributes);
        Self(context.with_value(CalledOperations::default()))
    }

    /// Starts a client span for a call of `operation`, as a child of the current span, and notes the operation in that one.
    pub fn client(
        operation: &'static str,
        name: impl FnOnce() -> String,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Self {
        let parent = Context::current();
        if let Some(operations) = parent.get::<CalledOperations>() {
            operations.push(operation);
        }
        Self(start(&parent, SpanKind::Client, name, attributes))
    }

    /// Makes this the current span of `future`.
    pub fn instrument<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future.with_context(self.0.clone())
    }

    /// Returns whether the span is exported: attributes of others have no effect.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.0.span().is_recording()
    }

    /// Sets an attribute.
    pub fn set_attribute(&self, key: &'static str, value: impl Into<Value>) {
        self.0.span().set_attribute(KeyValue::new(key, value));
    }

    /// Sets the status to error, with `error_type` as the attribute `error.type`: one of a fixed set of values.
    pub fn set_error(&self, error_type: impl Into<Value>) {
        self.set_attribute("error.type", error_type);
        self.0.span().set_status(Status::error(""));
    }

    /// Ends the span.
    pub fn end(&self) {
        self.0.span().end();
    }

    /// Returns the id of the trace.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.0.span().span_context().trace_id()
    }

    /// Returns the operations of IPS that were called for this request so far, separated by spaces; `None` if there were none.
    #[must_use]
    pub fn called_operations(&self) -> Option<String> {
        let operations = self.0.get::<CalledOperations>()?.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!operations.is_empty()).then(|| operations.join(" "))
    }
}

/// Keeps the current span as that of `future`, on whatever task it runs.
pub fn in_current_span<F: Future>(future: F) -> impl Future<Output = F::Output> + use<F> {
    future.with_current_context()
}

/// Writes the headers (`traceparent`, `tracestate`) by which the next service continues the trace of the current span.
pub fn inject_headers(headers: &mut dyn Injector) {
    TraceContextPropagator::new().inject_context(&Context::current(), headers);
}

/// Starts a span. Without a tracer the incoming trace context is passed on unchanged, so that the trace stays connected across the gateway.
fn start(
    parent: &Context,
    kind: SpanKind,
    name: impl FnOnce() -> String,
    attributes: impl FnOnce() -> Vec<KeyValue>,
) -> Context {
    match TRACER.get() {
        Some(tracer) => {
            let builder = tracer.span_builder(name()).with_kind(kind).with_attributes(attributes());
            parent.with_span(tracer.build_with_context(builder, parent))
        }
        None if parent.has_active_span() => parent.clone(),
        None => {
            let ids = RandomIdGenerator::default();
            let (trace, span) = (ids.new_trace_id(), ids.new_span_id());
            parent.with_remote_span_context(SpanContext::new(
                trace,
                span,
                TraceFlags::default(),
                true,
                TraceState::NONE,
            ))
        }
    }
}
