//! GET /metrics.

use std::collections::{BTreeMap, BTreeSet};

use ips_gateway::telemetry::metrics::{METRICS, MetricKind};
use reqwest::Method;

use crate::support::{Gateway, World, any_job, id};

/// One line of metrics: a series and its value.
struct Series {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

/// The metrics of a gateway, parsed and as text.
struct Scrape {
    series: Vec<Series>,
    text: String,
}

impl Scrape {
    async fn of(gateway: &Gateway) -> Self {
        let answer = gateway.unauthenticated().get("/metrics").await.expect(200);
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{answer}");
        let text = answer.text();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { series: lines.map(series).collect(), text }
    }

    /// The value of the one series with this name and at least these labels.
    #[track_caller]
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |series: &&Series| {
            series.name == name
                && labels.iter().all(|(name, value)| series.labels.get(*name).is_some_and(|found| found == value))
        };
        let found: Vec<_> = self.series.iter().filter(has).collect();
        assert_eq!(found.len(), 1, "series {name} {labels:?} in\n{}", self.text);
        found[0].value
    }

    /// Names and labels of all series.
    fn identities(&self) -> BTreeSet<String> {
        self.series.iter().map(|series| format!("{} {:?}", series.name, series.labels)).collect()
    }
}

fn series(line: &str) -> Series {
    let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
    let labels = labels.strip_suffix('}').unwrap_or_else(|| panic!("open labels: {line}"));
    let label = |label: &str| {
        let (name, value) = label.split_once("=\"").unwrap_or_else(|| panic!("no label: {label} in {line}"));
        (name.to_owned(), value.trim_end_matches('"').to_owned())
    };
    let labels = labels.split("\",").filter(|text| !text.is_empty()).map(label).collect();
    Series { name: name.to_owned(), labels, value: value.parse().unwrap_or_else(|_| panic!("no number: {line}")) }
}

#[tokio::test]
async fn metrics_count_routes_operations_and_cache_reads() {
    let world = World::seeded();
    let job = world.gateway.get("/jobs").await.ok()["jobs"][0]["id"].as_str().expect("a job").to_owned();
    world.gateway.get(&format!("/jobs/{job}")).await.expect(200);
    let scrape = Scrape::of(&world.gateway).await;
    let read_job =
        [("http_request_method", "GET"), ("http_route", "/jobs/{job}"), ("http_response_status_code", "200")];
    assert_eq!(scrape.value("http_server_request_duration_seconds_count", &read_job), 1.0);
    let called = [("rpc_method", "getActiveJobs"), ("result", "ok")];
    assert_eq!(scrape.value("http_client_request_duration_seconds_count", &called), 1.0);
    assert_eq!(scrape.value("ips_gateway_snapshot_reads_total", &[("list", "active"), ("result", "loaded")]), 1.0);
    assert!(scrape.value("ips_gateway_snapshot_reads_total", &[("list", "active"), ("result", "hit")]) >= 1.0);
    assert!(scrape.value("ips_gateway_snapshot_age_seconds_count", &[("list", "active")]) >= 2.0);
    assert_eq!(scrape.value("ips_gateway_refreshes_total", &[("list", "active"), ("result", "ok")]), 1.0);
    scrape.value("ips_gateway_snapshots", &[("list", "active")]);
    assert_eq!(scrape.value("ips_gateway_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    assert_eq!(scrape.value("ips_gateway_panics_total", &[]), 0.0);
    // The scrape itself is in flight.
    assert!(scrape.value("http_server_active_requests", &[]) >= 1.0);
    assert!(scrape.value("process_resident_memory_bytes", &[]) > 1e6);
    assert!(scrape.value("process_open_fds", &[]) > 3.0);
    assert!(scrape.value("process_start_time_seconds", &[]) > 1.7e9);
}

/// Unusual requests with private data in every part, different in each round; returns the private data.
async fn odd_traffic(world: &World, round: u32) -> Vec<String> {
    let gateway = &world.gateway;
    let (name, person) = (format!("private-{round}"), format!("someone-{round}"));
    let job = id(&gateway.submit(&any_job(&name)).await);
    for path in ["", "/log", "/events", "/stop", "/nowhere"] {
        // The stream is not read to its end.
        gateway.get(&format!("/jobs/{job}{path}")).open().await;
    }
    for method in ["BREW", "PURGE", &person.to_uppercase()] {
        gateway.request(Method::from_bytes(method.as_bytes()).expect("a method"), "/jobs").await;
    }
    for path in [
        format!("/{person}@example.com"),
        format!("/jobs/{person}"),
        format!("/jobs/events/{person}"),
        format!("/companies/c%7C{person}"),
        format!("/companies/{person}%20Outfitters"),
        format!("/assets/a%7C{person}/job-logs"),
        format!("/problems/{person}"),
        format!("/swagger-ui/{person}"),
        format!("/jobs?companyHandle=c%7C{person}"),
        format!("/jobs?submittedBy={person}@example.com"),
        format!("/jobs?{person}=1"),
        "/jobs?companyHandle=c%7C110".to_owned(),
        "/companies/Example%20Outfitters".to_owned(),
    ] {
        gateway.get(&path).await;
    }
    gateway.with_token(&person).get("/jobs").await.expect(401);
    gateway.get("/jobs").header("X-Request-Id", &person).header("User-Agent", &person).header("Origin", &person).await;
    vec![job, name, person]
}

/// Labels of the results of loads that run concurrently with mutations.
const RESULTS_OF_LOADS: [&str; 4] =
    [r#""result": "hit""#, r#""result": "loaded""#, r#""result": "stale""#, r#""result": "superseded""#];

#[tokio::test]
async fn metric_labels_hold_no_private_data_and_no_unbounded_values() {
    let world = World::seeded();
    let mut private = odd_traffic(&world, 1).await;
    // The lists of the later rounds are linked with it.
    world.gateway.get("/jobs?phase=scheduled").await.expect(200);
    Scrape::of(&world.gateway).await;
    let first = Scrape::of(&world.gateway).await;
    for round in 2..6 {
        private.extend(odd_traffic(&world, round).await);
    }
    let last = Scrape::of(&world.gateway).await;

    let others = ["example.com", "katlyn", "c|110", "c%7C110", "Outfitters", "BREW", "PURGE", "nowhere", "127.0.0.1"];
    let private: Vec<_> = private.iter().map(String::as_str).chain(others).collect();
    for series in &last.series {
        for (label, value) in &series.labels {
            let value = value.to_lowercase();
            let found = private.iter().find(|private| value.contains(&private.to_lowercase()));
            assert_eq!(found, None, "label {label} of {} in\n{}", series.name, last.text);
        }
    }
    // Which results loads have depends on their order, not on the requests: all results are expected in later rounds.
    let is_result = |identity: &&String| RESULTS_OF_LOADS.iter().any(|result| identity.contains(result));
    let new: Vec<_> =
        last.identities().difference(&first.identities()).filter(|identity| !is_result(identity)).cloned().collect();
    assert!(new.is_empty(), "other values of the same requests made new series: {new:#?}");
    assert!(last.series.len() < 1_500, "{} series:\n{}", last.series.len(), last.text);
}

#[tokio::test]
async fn every_metric_has_a_help_text_and_a_type() {
    let world = World::seeded();
    odd_traffic(&world, 1).await;
    let scrape = Scrape::of(&world.gateway).await;
    let families: BTreeSet<_> = scrape
        .series
        .iter()
        .map(|Series { name, .. }| {
            let of_histogram = METRICS.iter().find(|metric| {
                let part = name.strip_prefix(metric.name);
                metric.kind == MetricKind::Histogram && matches!(part, Some("_bucket" | "_sum" | "_count"))
            });
            of_histogram.map_or(name.as_str(), |metric| metric.name)
        })
        .collect();
    assert!(families.len() > 15, "{families:?}");
    for family in families {
        for word in ["HELP", "TYPE"] {
            let begin = format!("# {word} {family} ");
            let line = scrape.text.lines().find(|line| line.starts_with(&begin));
            assert!(line.is_some_and(|line| line.len() > begin.len()), "{begin} is missing in\n{}", scrape.text);
        }
    }
}

#[tokio::test]
async fn gauges_count_open_streams_and_long_polls() {
    let world = World::seeded();
    let count = async |name| Scrape::of(&world.gateway).await.value(name, &[]);
    let first = world.gateway.get("/jobs/events").open().await;
    let second = world.gateway.get("/jobs/events").open().await;
    assert_eq!(count("ips_gateway_event_streams").await, 2.0);
    drop((first, second));
    let list = world.gateway.get("/jobs").await.expect(200);
    let poll = world.gateway.get("/jobs").header("If-None-Match", list.header("etag")).header("Prefer", "wait=2");
    let poll = tokio::spawn(async move { poll.await });
    let mut waiting = false;
    while !poll.is_finished() {
        waiting |= Scrape::of(&world.gateway).await.text.contains("ips_gateway_waiting_polls 1\n");
    }
    poll.await.expect("no panic").expect(304);
    assert!(waiting, "the poll was never counted");
    assert_eq!(count("ips_gateway_waiting_polls").await, 0.0);
    // A disconnect is noticed on the next write, at the latest on the next heartbeat.
    for _ in 0..400 {
        if count("ips_gateway_event_streams").await == 0.0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the streams are counted although their clients are gone");
}

#[tokio::test]
async fn the_buckets_of_calls_to_ips_reach_beyond_the_default_timeout() {
    let world = World::seeded();
    world.gateway.get("/jobs").await.expect(200);
    let scrape = Scrape::of(&world.gateway).await;
    for bound in ["10", "15", "30"] {
        let has_bucket = |series: &Series| {
            series.name == "http_client_request_duration_seconds_bucket" && series.labels["le"] == bound
        };
        assert!(scrape.series.iter().any(has_bucket), "{bound} s: {}", scrape.text);
    }
}
