//! Export of traces to a collector (OTLP over HTTP), configured by the standard `OTEL_` variables.

use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::telemetry::span;

/// Maximum time for the export of the remaining spans at exit.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Exporter of spans in batches. When it is dropped it exports the remaining ones, for at most 3 s.
pub struct TraceExporter(Option<SdkTracerProvider>);

impl TraceExporter {
    /// Starts the export if the `OTEL_` variables ask for it. Invalid variables are logged and don't prevent the start of the gateway.
    pub fn start() -> Self {
        let provider = is_enabled(variable).and_then(|enabled| enabled.then(provider).transpose());
        let provider = provider.unwrap_or_else(|problem| {
            tracing::warn!(problem, "traces are not exported");
            None
        });
        if let Some(provider) = &provider {
            span::install_tracer(provider.tracer(env!("CARGO_PKG_NAME")));
        }
        Self(provider)
    }
}

impl Drop for TraceExporter {
    fn drop(&mut self) {
        if let Some(provider) = &self.0
            && let Err(error) = provider.shutdown_with_timeout(FLUSH_TIMEOUT)
        {
            tracing::warn!(%error, "export of the remaining spans failed");
        }
    }
}

/// Returns the value of an environment variable; an empty one counts as not set, as the OpenTelemetry specification requires.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns whether the variables enable the export; an error names the variable and the expected values.
fn is_enabled(variable: impl Fn(&str) -> Option<String>) -> Result<bool, &'static str> {
    let traces_variable = |rest: &str| {
        variable(&format!("OTEL_EXPORTER_OTLP_TRACES_{rest}"))
            .or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{rest}")))
    };
    let exporter = variable("OTEL_TRACES_EXPORTER");
    if variable("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Ok(false);
    }
    match exporter.as_deref() {
        Some("none") => return Ok(false),
        None if traces_variable("ENDPOINT").is_none() => return Ok(false),
        None | Some("otlp") => {}
        Some(_) => return Err("OTEL_TRACES_EXPORTER: expected otlp or none"),
    }
    match traces_variable("PROTOCOL").as_deref() {
        None | Some("http/protobuf") => Ok(true),
        Some(_) => Err("OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf"),
    }
}

/// Builds the provider of tracers: batch export, with the service's name and version as resource.
fn provider() -> Result<SdkTracerProvider, &'static str> {
    // The error of the library may quote a URL with credentials.
    let exporter = SpanExporter::builder().with_http().build();
    let exporter = exporter.map_err(|_| "OTEL_EXPORTER_OTLP_…: expected a valid endpoint and headers")?;
    let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    let has_service_name =
        |attributes: String| attributes.split(',').any(|pair| pair.trim().starts_with("service.name="));
    if variable("OTEL_SERVICE_NAME").is_none() && !variable("OTEL_RESOURCE_ATTRIBUTES").is_some_and(has_service_name) {
        resource = resource.with_service_name(env!("CARGO_PKG_NAME"));
    }
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())
}

#[cfg(test)]
mod tests {
    use crate::telemetry::otlp::is_enabled;

    fn enabled_with(variables: &'static [(&str, &str)]) -> Result<bool, &'static str> {
        is_enabled(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_standard_variables_enable_and_disable_the_export() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        assert_eq!(enabled_with(&[]), Ok(false));
        assert_eq!(enabled_with(&[("OTEL_SERVICE_NAME", "gateway")]), Ok(false));
        assert_eq!(enabled_with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")]), Ok(true));
        assert_eq!(
            enabled_with(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318/v1/traces")]),
            Ok(true)
        );
        assert_eq!(enabled_with(&[("OTEL_TRACES_EXPORTER", "otlp")]), Ok(true));
        for (off, value) in
            [("OTEL_SDK_DISABLED", "true"), ("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "none")]
        {
            let variables = [endpoint, (off, value)];
            let found =
                is_enabled(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into()));
            assert_eq!(found, Ok(false), "{off}={value}");
        }
        assert_eq!(
            enabled_with(&[("OTEL_TRACES_EXPORTER", "console")]),
            Err("OTEL_TRACES_EXPORTER: expected otlp or none")
        );
        assert_eq!(
            enabled_with(&[("OTEL_TRACES_EXPORTER", "otlp"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]),
            Err("OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf")
        );
        assert_eq!(
            enabled_with(&[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
                ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ]),
            Ok(true)
        );
    }
}
