//! A second signal during the graceful shutdown exits immediately.

use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use crate::support::process::Process;
use crate::support::{ScriptedUpstream, http_client};

/// A drain delay longer than every wait of the test.
const LONG: &str = "2min";
/// The longest wait for the exit.
const IMMEDIATELY: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_second_signal_exits_immediately_while_draining() {
    for (first, second) in [("TERM", "TERM"), ("TERM", "INT"), ("INT", "INT")] {
        signal_twice(first, second, &[("IPS_GATEWAY_DRAIN_DELAY", LONG)]).await;
    }
}

#[tokio::test]
async fn a_second_signal_exits_immediately_while_the_trace_exporter_hangs() {
    let collector = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", collector.local_addr().expect("an address"));
    signal_twice("TERM", "TERM", &[("IPS_GATEWAY_DRAIN_DELAY", LONG), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)])
        .await;
}

/// Opens an event stream, then sends the two signals.
async fn signal_twice(first: &str, second: &str, settings: &[(&str, &str)]) {
    let upstream = ScriptedUpstream::start().await;
    let gateway = Process::serve(upstream.url(), settings);
    let get = |path: &str| http_client().get(format!("{}{path}", gateway.url)).bearer_auth("token").send();
    let mut stream = get("/jobs/events?companyHandle=c%7C110").await.expect("a stream");
    let opening = stream.chunk().await.expect("it is open").expect("it begins");
    assert!(opening.starts_with(b"retry: "), "{opening:?}");

    gateway.signal(first);
    let drains = async {
        while get("/readyz").await.expect("it still serves").status() != 503 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(IMMEDIATELY, drains).await.unwrap_or_else(|_| panic!("{first} has no effect"));
    let signalled = Instant::now();
    let exited = gateway.exit_by(second).await;
    let took = signalled.elapsed();
    assert!(took < IMMEDIATELY, "{first}, {second}: {took:?}\n{}", exited.stderr);
    assert_eq!(exited.status.code(), Some(1), "{first}, {second}: {}", exited.stderr);
    // The access log line of the last probe may follow.
    assert!(exited.stderr.contains("second signal: exiting immediately\n"), "{first}, {second}: {}", exited.stderr);
    assert!(!exited.stderr.contains("spans"), "{first}, {second}: nothing is exported\n{}", exited.stderr);
    let rest = timeout(IMMEDIATELY, async { while let Ok(Some(_)) = stream.chunk().await {} }).await;
    assert!(rest.is_ok(), "{first}, {second}: the stream is still open");
}
