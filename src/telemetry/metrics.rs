//! Metrics, for Prometheus.

use std::sync::OnceLock;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// A metric of the gateway.
#[derive(Debug)]
pub struct Metric {
    /// Its name; where OpenTelemetry has a name for it, that one.
    pub name: &'static str,
    /// How it is to be read.
    pub kind: Kind,
    /// What it tells, by which labels.
    pub help: &'static str,
}

/// How a metric is to be read, as Prometheus calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts values by their size.
    Histogram,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, help }
}

/// Every metric beside those of the process. No label holds a path, a name, a handle or anything else that callers make up.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    histogram("http_server_request_duration_seconds", "Time to the head of the answer, by method, route and status; 499 when the client hung up before."),
    gauge("http_server_active_requests", "Requests whose answer has not begun."),
    histogram("http_client_request_duration_seconds", "Calls of IPS, by operation and result."),
    gauge("ips_gateway_upstream_circuit", "The circuit breaker to IPS: 1 for the state that it is in (`closed`, `open`, `half_open`), 0 for the others."),
    gauge("ips_gateway_upstream_calls", "Calls of IPS that are in flight, and that wait for their turn, by state."),
    counter("ips_gateway_upstream_retries_total", "Calls of IPS that were made again, by operation."),
    counter("ips_gateway_upstream_refused_total", "Calls of IPS that were not made, to spare it, by reason."),
    counter("ips_gateway_bad_items_total", "Items in answers of IPS that could not be read, by operation."),
    counter("ips_gateway_snapshot_reads_total", "Reads of snapshots, by list and by how they were answered."),
    histogram("ips_gateway_snapshot_age_seconds", "Age of the snapshots that were served, by list."),
    counter("ips_gateway_refreshes_total", "Loads of snapshots that ended, by list and result; superseded when a change made them worthless."),
    gauge("ips_gateway_snapshots", "Snapshots that are kept, by list."),
    gauge("ips_gateway_snapshot_bytes", "Memory that kept snapshots take, about, by list."),
    gauge("ips_gateway_watchers", "Event streams and long polls that watch a list."),
    gauge("ips_gateway_event_streams", "Event streams that are open."),
    gauge("ips_gateway_waiting_polls", "Long polls that wait for something new."),
    gauge("ips_gateway_connections", "Connections that are open."),
    counter("ips_gateway_connections_refused_total", "Connections that were closed on clients, by reason: slow_head, large_head, malformed_head, slow_body, slow_reader, too_many."),
    gauge("ips_gateway_shared_up", "Whether the shared cache is in use: 1, or 0."),
    histogram("ips_gateway_shared_operation_duration_seconds", "Operations of the shared cache, by operation."),
    counter("ips_gateway_shared_errors_total", "Operations of the shared cache that failed, by kind."),
    counter("ips_gateway_shared_turns_total", "Loads that the replicas agreed on, by list and turn: granted to this one, taken by another, news or failed there, …"),
    histogram("ips_gateway_shared_snapshot_age_seconds", "Age of snapshots when they came from another replica, by list."),
    counter("ips_gateway_panics_total", "Panics: each is a bug."),
];

const BUILD_INFO: &str = "ips_gateway_build_info";

/// Upper bounds of the buckets for durations, in seconds: those that OpenTelemetry recommends for HTTP.
const DURATION_BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Those for ages, in seconds: around what settings say of freshness and staleness unless they are changed.
const AGE_BUCKETS: [f64; 8] = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];

/// What can be scraped.
#[derive(Clone)]
pub struct Metrics {
    recorded: PrometheusHandle,
    process: metrics_process::Collector,
}

impl Metrics {
    /// The metrics of the process, which are collected from the first call on.
    ///
    /// # Panics
    /// Another collector was set up in this process, or a metric has no bucket bounds: neither can happen.
    pub fn collected() -> Self {
        static COLLECTED: OnceLock<Metrics> = OnceLock::new();
        COLLECTED.get_or_init(Self::collect).clone()
    }

    fn collect() -> Self {
        let recorded = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".into()), &DURATION_BUCKETS)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_age_seconds".into()), &AGE_BUCKETS))
            .expect("there are buckets")
            .install_recorder()
            .expect("the only collector of the process");
        for &Metric { name, kind, help } in METRICS {
            match kind {
                Kind::Counter => describe_counter!(name, help),
                Kind::Gauge => describe_gauge!(name, help),
                Kind::Histogram => describe_histogram!(name, help),
            }
        }
        // None can be told from unknown only if what has no labels is there from the start.
        counter!("ips_gateway_panics_total").absolute(0);
        for name in ["http_server_active_requests", "ips_gateway_event_streams", "ips_gateway_waiting_polls"] {
            gauge!(name).set(0.0);
        }
        describe_gauge!(BUILD_INFO, "Always 1; the labels tell the version and the revision of the source.");
        let revision = option_env!("GIT_REVISION").unwrap_or("unknown");
        gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION"), "revision" => revision).set(1.0);
        let process = metrics_process::Collector::default();
        process.describe();
        Self { recorded, process }
    }

    /// All of them, in the text format of Prometheus.
    pub fn render(&self) -> String {
        self.process.collect();
        self.recorded.render()
    }

    /// Sums up what histograms gathered. To be called now and then, or they grow where nobody scrapes.
    pub fn run_upkeep(&self) {
        self.recorded.run_upkeep();
    }
}
