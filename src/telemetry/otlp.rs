//! Spans, sent to a collector (OTLP over HTTP) where the standard `OTEL_` variables name one.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::telemetry::span;

/// The spans that are left when the process ends may take this long to be sent.
const LAST_EXPORT: Duration = Duration::from_secs(3);

/// Sends spans as long as it lives, and the last ones when it is dropped.
pub struct Traces(Option<SdkTracerProvider>);

impl Traces {
    /// Exports what the variables ask for. What can't be done is said in the log: a gateway without traces is better than none.
    pub fn begin() -> Self {
        let provider = wanted(variable).and_then(|is_wanted| is_wanted.then(provider).transpose());
        let provider = provider.unwrap_or_else(|problem| {
            tracing::warn!(problem, "traces are not exported");
            None
        });
        if let Some(provider) = &provider {
            span::record_with(provider.tracer(env!("CARGO_PKG_NAME")));
        }
        Self(provider)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown_with_timeout(LAST_EXPORT)
        {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

/// A variable that says something: an empty one counts as not set, as the specification has it.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether spans are to be exported, or why they can't be.
fn wanted(variable: impl Fn(&str) -> Option<String>) -> Result<bool, &'static str> {
    let of_traces = |rest: &str| {
        variable(&format!("OTEL_EXPORTER_OTLP_TRACES_{rest}"))
            .or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{rest}")))
    };
    let exporter = variable("OTEL_TRACES_EXPORTER");
    if variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(false);
    }
    match exporter.as_deref() {
        Some("none") => return Ok(false),
        None if of_traces("ENDPOINT").is_none() => return Ok(false),
        None | Some("otlp") => {}
        Some(_) => return Err("OTEL_TRACES_EXPORTER: expected otlp or none"),
    }
    match of_traces("PROTOCOL").as_deref() {
        None | Some("http/protobuf") => Ok(true),
        Some(_) => Err("OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf"),
    }
}

fn provider() -> Result<SdkTracerProvider, &'static str> {
    // Its own words may quote an address with credentials.
    let exporter = SpanExporter::builder().with_http().build();
    let exporter = exporter.map_err(|_| "OTEL_EXPORTER_OTLP_…: expected an address and headers that can be used")?;
    let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let names_service = |attributes: String| attributes.split(',').any(|pair| pair.trim().starts_with("service.name="));
    if variable("OTEL_SERVICE_NAME").is_none() && !variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(names_service) {
        resource = resource.with_service_name(env!("CARGO_PKG_NAME"));
    }
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())
}

#[cfg(test)]
mod tests {
    use crate::telemetry::otlp::wanted;

    fn with(variables: &'static [(&str, &str)]) -> Result<bool, &'static str> {
        wanted(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn traces_are_exported_exactly_when_the_standard_variables_ask_for_it() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        assert_eq!(with(&[]), Ok(false));
        assert_eq!(with(&[("OTEL_SERVICE_NAME", "gateway")]), Ok(false));
        assert_eq!(with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")]), Ok(true));
        assert_eq!(with(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces")]), Ok(true));
        assert_eq!(with(&[("OTEL_TRACES_EXPORTER", "otlp")]), Ok(true));
        for (off, value) in
            [("OTEL_SDK_DISABLED", "true"), ("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")]
        {
            let variables = [endpoint, (off, value)];
            let found =
                wanted(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into()));
            assert_eq!(found, Ok(false), "{off}={value}");
        }
        assert_eq!(with(&[("OTEL_TRACES_EXPORTER", "console")]), Err("OTEL_TRACES_EXPORTER: expected otlp or none"));
        assert_eq!(
            with(&[("OTEL_TRACES_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]),
            Err("OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf")
        );
        assert_eq!(
            with(&[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ]),
            Ok(true)
        );
    }
}
