//! Told once, the gateway ends when all is done. Told twice, it ends.

use std::time::{Duration, Instant};

use reqwest::Client;
use tokio::time::{sleep, timeout};

use crate::support::ScriptedUpstream;
use crate::support::process::Process;

/// More than the test waits for anything.
const LONG: &str = "2min";
/// Far less than that, on a slow machine too.
const AT_ONCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_second_signal_ends_it_at_once_while_it_drains() {
    for (first, second) in [("TERM", "TERM"), ("TERM", "INT"), ("INT", "INT")] {
        told_twice(first, second, &[("IPS_GATEWAY_DRAIN_DELAY", LONG)]).await;
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once_while_a_collector_of_traces_says_nothing() {
    let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", collector.local_addr().expect("an address"));
    told_twice("TERM", "TERM", &[("IPS_GATEWAY_DRAIN_DELAY", LONG), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
}

/// Opens a stream of events, and sends one signal after the other.
async fn told_twice(first: &str, second: &str, settings: &[(&str, &str)]) {
    let upstream = ScriptedUpstream::start().await;
    let gateway = Process::serve(upstream.url(), settings);
    let get = |path: &str| Client::new().get(format!("{}{path}", gateway.url)).bearer_auth("token").send();
    let mut stream = get("/jobs/events?companyHandle=c%7C110").await.expect("a stream");
    let opening = stream.chunk().await.expect("it is open").expect("it begins");
    assert!(opening.starts_with(b"retry: "), "{opening:?}");

    gateway.signal(first);
    let drains = async {
        while get("/readyz").await.expect("it still serves").status() != 503 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(AT_ONCE, drains).await.unwrap_or_else(|_| panic!("{first} is heard"));
    let told = Instant::now();
    let remains = gateway.end_by(second).await;
    let took = told.elapsed();
    assert!(took < AT_ONCE, "{first}, {second}: {took:?}\n{}", remains.stderr);
    assert_eq!(remains.status.code(), Some(1), "{first}, {second}: {}", remains.stderr);
    assert!(
        remains.stderr.ends_with("told twice to end, so it did at once\n"),
        "{first}, {second}: {}",
        remains.stderr
    );
    assert!(!remains.stderr.contains("spans"), "{first}, {second}: it waits for nobody\n{}", remains.stderr);
    let rest = timeout(AT_ONCE, async { while let Ok(Some(_)) = stream.chunk().await {} }).await;
    assert!(rest.is_ok(), "{first}, {second}: the stream is over with its process");
}
