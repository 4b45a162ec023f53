//! Log lines, to stderr, and metrics, for Prometheus.
//!
//! What is logged never holds bodies or credentials; stdout stays free for the address in use and for documents.

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;

use metrics::{describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::LogFormat;

/// What is logged unless `RUST_LOG` says otherwise. The server library tells at level info that its threads come and go.
const LEVELS: &str = "info,actix_server=warn";

/// Begins to log. To be called once in a process.
///
/// # Errors
/// `RUST_LOG` can't be understood.
///
/// # Panics
/// It was called before.
pub fn init(format: LogFormat) -> Result<(), ParseError> {
    let levels = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|levels| !levels.is_empty());
    let filter = EnvFilter::try_new(levels.as_deref().unwrap_or(LEVELS))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let text = match format {
        LogFormat::Auto => stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    if text {
        lines.with_ansi(stderr().is_terminal()).init();
    } else {
        lines.json().flatten_event(true).init();
    }
    Ok(())
}

/// Upper bounds of the buckets for durations, in seconds: those that OpenTelemetry recommends for HTTP.
const DURATION_BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Where metrics are collected, once in a process.
///
/// # Panics
/// Another collector was set up in this process, or a metric has no bucket bounds: neither can happen.
pub fn metrics() -> PrometheusHandle {
    static COLLECTED: OnceLock<PrometheusHandle> = OnceLock::new();
    let handle = COLLECTED.get_or_init(|| {
        let builder =
            PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &DURATION_BUCKETS);
        let handle = builder.expect("there are buckets").install_recorder().expect("the only collector of the process");
        describe();
        handle
    });
    handle.clone()
}

fn describe() {
    describe_histogram!(
        "http_server_request_duration_seconds",
        "Requests to the gateway, by route, method and status."
    );
    describe_gauge!("http_server_active_requests", "Requests whose answer has not begun.");
    describe_histogram!("http_client_request_duration_seconds", "Calls to IPS, by operation and result.");
    describe_counter!("ips_gateway_snapshot_reads_total", "Reads of snapshots, by list and by how they were answered.");
    describe_counter!("ips_gateway_bad_items_total", "Items of answers of IPS that could not be read, by operation.");
    describe_gauge!("ips_gateway_snapshots", "Snapshots that are kept, by list.");
    describe_gauge!("ips_gateway_snapshot_bytes", "Memory that kept snapshots take, about, by list.");
    describe_gauge!("ips_gateway_watchers", "Event streams and long polls that watch a list.");
    describe_gauge!("ips_gateway_build_info", "Always 1; the label tells the version.");
    metrics::gauge!("ips_gateway_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
}
