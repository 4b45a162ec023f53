//! What goes along with a request wherever its work goes: its place in a trace (W3C Trace Context), and the calls of IPS that it led to.
//!
//! Spans are made here by themselves and not of log lines, so that nothing is exported which was meant for a log, or which a library tells.

use std::sync::{Mutex, OnceLock, PoisonError};

use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{
    FutureExt, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue, Value};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator, SdkTracer};

/// Where spans go, if they go anywhere.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();

/// From now on spans are recorded.
pub fn record_with(tracer: SdkTracer) {
    // The first one stays: there is one process, and one place to which it exports.
    let _ = TRACER.set(tracer);
}

/// The operations of IPS that were called for a request, in their order.
#[derive(Default)]
struct Calls(Mutex<Vec<&'static str>>);

impl Calls {
    fn note(&self, operation: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(operation);
    }
}

/// Something under way, as a trace shows it: a request, or a call of IPS. It ends when it is told to, or with the last that knows of it.
pub struct Span(Context);

impl Span {
    /// A request that came with these headers: it goes on with the caller's trace, or begins one.
    pub fn of_request(
        headers: &dyn Extractor,
        name: impl FnOnce() -> String,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Self {
        let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), headers);
        let context = begin(&parent, SpanKind::Server, name, attributes);
        Self(context.with_value(Calls::default()))
    }

    /// A call of IPS, made for the request that is under way here if there is one.
    pub fn of_call(
        operation: &'static str,
        name: impl FnOnce() -> String,
        attributes: impl FnOnce() -> Vec<KeyValue>,
    ) -> Self {
        let parent = Context::current();
        if let Some(calls) = parent.get::<Calls>() {
            calls.note(operation);
        }
        Self(begin(&parent, SpanKind::Client, name, attributes))
    }

    /// What `work` does belongs to this.
    pub fn within<F: Future>(&self, work: F) -> impl Future<Output = F::Output> + use<F> {
        work.with_context(self.0.clone())
    }

    /// Says more about it.
    pub fn set(&self, key: &'static str, value: impl Into<Value>) {
        self.0.span().set_attribute(KeyValue::new(key, value));
    }

    /// It failed, for this reason of a few that there are.
    pub fn fail(&self, reason: impl Into<Value>) {
        self.set("error.type", reason);
        self.0.span().set_status(Status::error(""));
    }

    /// It is over.
    pub fn end(&self) {
        self.0.span().end();
    }

    /// Names the trace.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.0.span().span_context().trace_id()
    }

    /// The operations of IPS that were called for it so far, separated by spaces; `None` if there were none.
    #[must_use]
    pub fn calls(&self) -> Option<String> {
        let calls = self.0.get::<Calls>()?.0.lock().unwrap_or_else(PoisonError::into_inner);
        (!calls.is_empty()).then(|| calls.join(" "))
    }
}

/// `work` goes on for the request that is under way here, on whatever task it is.
pub fn carry<F: Future>(work: F) -> impl Future<Output = F::Output> + use<F> {
    work.with_current_context()
}

/// Writes the headers by which the next one goes on with the trace of what is under way here.
pub fn write_headers(headers: &mut dyn Injector) {
    TraceContextPropagator::new().inject_context(&Context::current(), headers);
}

/// Where nothing is recorded a trace goes through as it came, so that those before and after this process find each other.
fn begin(
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
