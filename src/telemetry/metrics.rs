//! Metrics: the table of names, kinds and help texts, and the recorder behind `/metrics` (Prometheus text format).

use std::sync::OnceLock;
use std::time::Duration;

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::telemetry::log_writer;

/// A metric of the gateway.
#[derive(Debug)]
pub struct Metric {
    /// Its name; where OpenTelemetry has a name for it, that one.
    pub name: &'static str,
    /// Its type.
    pub kind: MetricKind,
    /// Its meaning and labels.
    pub help: &'static str,
}

/// Type of a metric, as in Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Total that only grows.
    Counter,
    /// Current value.
    Gauge,
    /// Distribution of values over buckets.
    Histogram,
}

/// Declares the metrics: a constant with the name of each in `names`, and the table `METRICS`.
macro_rules! metrics_table {
    ($($constant:ident: $kind:ident = $name:literal, $help:literal;)+) => {
        /// Names of the metrics, for the places that record them.
        pub mod names {
            $(#[doc = $help] pub const $constant: &str = $name;)+
        }

        /// Every metric besides those of the process and the build. No label holds a path, a name, a handle or any other value that callers
        /// choose.
        pub const METRICS: &[Metric] =
            &[$(Metric { name: names::$constant, kind: MetricKind::$kind, help: $help }),+];
    };
}

metrics_table! {
    HTTP_SERVER_REQUEST_DURATION: Histogram = "http_server_request_duration_seconds",
        "Time to the head of the response, by method, route and status; 499 if the client disconnected before.";
    HTTP_SERVER_ACTIVE_REQUESTS: Gauge = "http_server_active_requests",
        "Requests in flight, until the head of their response.";
    HTTP_CLIENT_REQUEST_DURATION: Histogram = "http_client_request_duration_seconds",
        "Calls to IPS, by operation and result: `ok`, `fault`, or the kind of failure, of which `busy` is a large answer that was shed and `cut` a connection that ended before the answer was complete.";
    UPSTREAM_CIRCUIT: Gauge = "ips_gateway_upstream_circuit",
        "State of the circuit breaker for IPS: 1 for the current state (`closed`, `open`, `half_open`), 0 for the others.";
    UPSTREAM_SUSPENDED_COMPANIES: Gauge = "ips_gateway_upstream_suspended_companies",
        "Companies, counted for each caller, to which calls are suspended because answers of IPS about them could not be read.";
    UPSTREAM_CALLS: Gauge = "ips_gateway_upstream_calls",
        "Calls to IPS by state: `in_flight`, or `waiting` (queued for a free slot).";
    UPSTREAM_RETRIES: Counter = "ips_gateway_upstream_retries_total",
        "Retries of calls to IPS, by operation.";
    UPSTREAM_REFUSED: Counter = "ips_gateway_upstream_refused_total",
        "Calls to IPS rejected before they were sent, by reason: `busy` (concurrency limit, or the part of it for one caller or for all callers that IPS has not accepted), `suspended` (open circuit), `company_suspended` (open circuit of a company) or `login_back_off` (repeated failed logins of a user).";
    UPSTREAM_OMITTED_FIELDS: Gauge = "ips_gateway_upstream_omitted_fields",
        "1 for each field that the gateway leaves out of its own calls to IPS, by operation, field and reason: the API version lacks it (`lacked`), may lack it (`unknown`), or IPS refused it (`refused`).";
    BAD_ITEMS: Counter = "ips_gateway_bad_items_total",
        "Items in IPS responses that could not be parsed, by operation.";
    UNREADABLE_VALUES: Counter = "ips_gateway_unreadable_values_total",
        "Values in IPS responses that could not be read and cost their field, by operation.";
    ID_COLLISIONS: Counter = "ips_gateway_id_collisions_total",
        "Jobs in answers of IPS that got an id of their own by instance name or handle because another job of the answer has the same names, by array: `jobArray` (active and scheduled) or `jobLogArray`.";
    SNAPSHOT_READS: Counter = "ips_gateway_snapshot_reads_total",
        "Reads of the snapshot cache, by list and result: `hit`, `stale` (while revalidating), `stale_if_error`, `loaded`, `absent` (nothing usable for `only-if-cached`) or `error`.";
    SNAPSHOT_AGE: Histogram = "ips_gateway_snapshot_age_seconds",
        "Age of the served snapshots, by list.";
    REFRESHES: Counter = "ips_gateway_refreshes_total",
        "Loads of snapshots, by list and result: `ok`, `error`, or `superseded` if a mutation invalidated the load while it was in flight.";
    SNAPSHOTS: Gauge = "ips_gateway_snapshots",
        "Snapshots in the cache, by list.";
    SNAPSHOT_BYTES: Gauge = "ips_gateway_snapshot_bytes",
        "Approximate memory of the snapshots in the cache, by list.";
    TABLE_BYTES: Gauge = "ips_gateway_table_bytes",
        "Approximate memory of the other bounded tables, by table, see the table of memory in the operations guide.";
    TABLE_LIMIT_BYTES: Gauge = "ips_gateway_table_limit_bytes",
        "Maximum approximate memory of each of these tables, beyond which it evicts the least recently used entries.";
    IDEMPOTENCY_NOT_SHARED: Counter = "ips_gateway_idempotency_keys_not_shared_total",
        "Submits with an idempotency key that could not be recorded for other replicas, by result: `sent`, or `refused` in the strict mode.";
    WATCHERS: Gauge = "ips_gateway_watchers",
        "Event streams and long polls that watch a list, by list.";
    EVENT_STREAMS: Gauge = "ips_gateway_event_streams",
        "Open event streams.";
    WAITING_POLLS: Gauge = "ips_gateway_waiting_polls",
        "Long polls that wait for a change.";
    CONNECTIONS: Gauge = "ips_gateway_connections",
        "Open connections.";
    CONNECTIONS_REFUSED: Counter = "ips_gateway_connections_refused_total",
        "Connections closed by the gateway, by reason: slow_head, large_head, malformed_head, slow_body, slow_reader, too_many.";
    SHARED_UP: Gauge = "ips_gateway_shared_up",
        "Whether the connection to the shared store is up: 1 or 0.";
    SHARED_OPERATION_DURATION: Histogram = "ips_gateway_shared_operation_duration_seconds",
        "Operations on the shared store, by operation: `look` (status of a list), `fetch` (snapshot), `events`, `begin` (request of a lease), `renew` (lease), `publish` and `fail` (result of a load), `change` and `remind` (bump and restore an invalidation epoch), `claim`, `take_over`, `hold` (renewed lease) and `settle` of idempotency records, `put`, `get` and `remaining` (time to live) of values, `is_first` (marker), `time` (clock of the store).";
    SHARED_ERRORS: Counter = "ips_gateway_shared_errors_total",
        "Failed operations on the shared store, by kind: `closed`, `timeout`, `refused`, `full`, `read_only`, `not_ready`, `denied`, `tls`, `io`, `wrong_data` (value of another type), `garbage` (not the Redis protocol), `refuses` (any other error reply) or `other`.";
    SHARED_TURNS: Counter = "ips_gateway_shared_turns_total",
        "Requests for the lease of a load that replicas share, by list and outcome (`turn`): `granted`, `news` (another replica published a newer snapshot), `failed` (back-off of a recent failure), `taken` (another replica holds the lease), `outdated` (stale invalidation epoch) or `unavailable`.";
    SHARED_SNAPSHOT_AGE: Histogram = "ips_gateway_shared_snapshot_age_seconds",
        "Age of snapshots received from other replicas, by list.";
    SERVICE_ACCOUNT_ACCEPTED: Gauge = "ips_gateway_service_account_accepted",
        "Whether IPS accepted the credentials of the service account in the latest call with them: 1 or 0. Absent without a service account, and before the first answer.";
    API_KEYS_VALID: Gauge = "ips_gateway_api_keys_valid",
        "Whether the file of API keys was valid when it was last read: 1, or 0 while those of the last valid file stay in use. Absent without API keys.";
    AUDIT_LOST: Counter = "ips_gateway_audit_lost_total",
        "Lines of the audit log that could not be written.";
    LOG_LINES_DROPPED: Counter = "ips_gateway_log_lines_dropped_total",
        "Log lines that were dropped because stderr was not read.";
    PANICS: Counter = "ips_gateway_panics_total",
        "Panics; each is a bug.";
}

const BUILD_INFO: &str = "ips_gateway_build_info";

/// Upper bounds of the buckets for durations, in seconds, as OpenTelemetry recommends them for HTTP.
const DURATION_BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Upper bounds of the buckets for calls to IPS, in seconds: up to twice the default timeout.
const CALL_DURATION_BUCKETS: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 15.0, 30.0];

/// Upper bounds of the buckets for ages, in seconds: around the defaults of freshness and staleness.
const AGE_BUCKETS: [f64; 8] = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0];

/// Interval at which recorded values are moved into the histograms.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Sets the gauges of the approximate memory of a bounded table and of its maximum.
pub fn report_table(table: &'static str, bytes: u64, limit: u64) {
    gauge!(names::TABLE_BYTES, "table" => table).set(bytes as f64);
    gauge!(names::TABLE_LIMIT_BYTES, "table" => table).set(limit as f64);
}

/// Metrics of the process.
#[derive(Clone)]
pub struct Metrics {
    recorder: PrometheusHandle,
    process: metrics_process::Collector,
}

impl Metrics {
    /// Installs the recorder of the process at the first call; later calls return the same one.
    ///
    /// # Panics
    /// Another recorder is installed in this process.
    pub fn install() -> Self {
        static INSTALLED: OnceLock<Metrics> = OnceLock::new();
        INSTALLED.get_or_init(Self::create).clone()
    }

    fn create() -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_duration_seconds".into()), &DURATION_BUCKETS)
            .and_then(|builder| {
                let calls = Matcher::Full(names::HTTP_CLIENT_REQUEST_DURATION.into());
                builder.set_buckets_for_metric(calls, &CALL_DURATION_BUCKETS)
            })
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Suffix("_age_seconds".into()), &AGE_BUCKETS))
            .expect("the lists of buckets are not empty")
            .install_recorder()
            .expect("no other recorder is installed");
        for &Metric { name, kind, help } in METRICS {
            match kind {
                MetricKind::Counter => describe_counter!(name, help),
                MetricKind::Gauge => describe_gauge!(name, help),
                MetricKind::Histogram => describe_histogram!(name, help),
            }
        }
        // Metrics without labels are exported from the start, so that 0 differs from absent.
        counter!(names::PANICS).absolute(0);
        counter!(names::AUDIT_LOST).absolute(0);
        for name in [names::HTTP_SERVER_ACTIVE_REQUESTS, names::EVENT_STREAMS, names::WAITING_POLLS] {
            gauge!(name).set(0.0);
        }
        describe_gauge!(BUILD_INFO, "Always 1; the labels hold the version and the revision of the source.");
        let revision = option_env!("GIT_REVISION").unwrap_or("unknown");
        gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION"), "revision" => revision).set(1.0);
        let process = metrics_process::Collector::default();
        process.describe();
        Self { recorder, process }
    }

    /// Renders all metrics in the Prometheus text format.
    pub fn render(&self) -> String {
        self.process.collect();
        metrics::counter!(names::LOG_LINES_DROPPED).absolute(log_writer::dropped_lines());
        self.recorder.render()
    }

    /// Moves recorded values into the histograms every 5 s until `shutdown` completes. Without it they pile up in memory between scrapes.
    pub async fn run_upkeep(self, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        while tokio::time::timeout(UPKEEP_INTERVAL, shutdown.as_mut()).await.is_err() {
            self.recorder.run_upkeep();
        }
    }
}
