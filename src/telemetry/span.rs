//! Spans of requests and of calls to IPS (W3C Trace Context), and the operations that a request called.
//!
//! Spans are not derived from log events, so that neither log fields nor events of libraries are exported.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use futures_util::future::Either;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer};

/// Tracer of the process, if traces are exported.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

tokio::task_local! {
    /// Span in which the current task runs.
    static CURRENT: Span;
}

/// Installs the tracer that records spans from now on. Later calls have no effect.
pub fn install_tracer(tracer: SdkTracer) {
    let _ = TRACER.set(tracer);
}

/// Span of a request or of a call to IPS. It ends with [`Span::end`], or when the last clone is dropped. Clones share it.
#[derive(Clone)]
pub struct Span(Arc<SpanState>);

#[derive(Default)]
struct SpanState {
    /// Trace context with the span. Without a tracer and without one in the request it is made when it is first read: few requests call IPS or
    /// are logged with it.
    context: OnceLock<Context>,
    /// Operations of IPS that were called in the span, in order.
    operations: Mutex<Vec<&'static str>>,
}

impl Span {
    /// Starts a server span. It continues the trace of the request's headers (`traceparent`, `tracestate`) if there is one, else it starts a new
    /// one.
    pub fn server(
        trace_headers: Option<&dyn Extractor>,
        name: impl FnOnce() -> String,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Self {
        let span = Self(Arc::default());
        if trace_headers.is_some() || TRACER.get().is_some() {
            let extract = |headers| TraceContextPropagator::new().extract_with_context(&Context::new(), headers);
            let parent = trace_headers.map_or_else(Context::new, extract);
            span.0.context.get_or_init(|| start(&parent, SpanKind::Server, name, attributes));
        }
        span
    }

    /// Starts a client span for a call of `operation`, as a child of the current span, and notes the operation in that one.
    pub fn client(
        operation: &'static str,
        name: impl FnOnce() -> String,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Self {
        let parent = Self::current();
        if let Some(parent) = &parent {
            parent.0.operations.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
        }
        let parent = parent.map_or_else(Context::new, |parent| parent.context().clone());
        let state =
            SpanState { context: start(&parent, SpanKind::Client, name, attributes).into(), ..SpanState::default() };
        Self(state.into())
    }

    /// Returns the span in which the current task runs.
    fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    fn context(&self) -> &Context {
        self.0.context.get_or_init(|| start(&Context::new(), SpanKind::Server, String::new, Vec::new))
    }

    /// Makes this the current span of `future`.
    pub fn instrument<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        CURRENT.scope(self.clone(), future)
    }

    /// Returns whether the span is exported: attributes of others have no effect.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.0.context.get().is_some_and(|context| context.span().is_recording())
    }

    /// Sets an attribute.
    pub fn set_attribute(&self, key: &'static str, value: impl Into<Value>) {
        self.context().span().set_attribute(KeyValue::new(key, value));
    }

    /// Sets the status to error, with `error_type` as the attribute `error.type`: one of a fixed set of values.
    pub fn set_error(&self, error_type: impl Into<Value>) {
        self.set_attribute("error.type", error_type);
        self.context().span().set_status(Status::error(""));
    }

    /// Ends the span.
    pub fn end(&self) {
        self.context().span().end();
    }

    /// Returns the id of the trace.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.context().span().span_context().trace_id()
    }

    /// Returns the operations of IPS that were called for this request so far, separated by spaces; `None` if there were none.
    #[must_use]
    pub fn called_operations(&self) -> Option<String> {
        let operations = self.0.operations.lock().unwrap_or_else(PoisonError::into_inner);
        (!operations.is_empty()).then(|| operations.join(" "))
    }
}

/// Keeps the current span as that of `future`, on whatever task it runs.
pub fn in_current_span<F: Future>(future: F) -> impl Future<Output = F::Output> + use<F> {
    match Span::current() {
        Some(span) => Either::Left(CURRENT.scope(span, future)),
        None => Either::Right(future),
    }
}

/// Writes the headers (`traceparent`, `tracestate`) by which the next service continues the trace of the current span.
pub fn inject_headers(headers: &mut dyn Injector) {
    if let Some(span) = Span::current() {
        TraceContextPropagator::new().inject_context(span.context(), headers);
    }
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
