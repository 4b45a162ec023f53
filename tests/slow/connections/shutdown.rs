//! Graceful shutdown: readiness, drain delay, requests in flight, grace period.

use std::time::{Duration, Instant};

use ips_gateway::app::{self, Dependencies};
use ips_gateway::config::{Config, Sources};
use ips_gateway::ips::types::ApiVersion;
use ips_gateway::runtime::timing::Timing;
use ips_gateway::server::ShutdownIncomplete;
use reqwest::{Client, RequestBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::support::{Reply, ScriptedUpstream, any_job, envelope, http_client};

/// A gateway that can be shut down.
struct StoppableGateway {
    base: String,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), ShutdownIncomplete>>,
}

impl StoppableGateway {
    fn start(upstream: &ScriptedUpstream, settings: &[(&str, &str)]) -> Self {
        Self::start_in(Dependencies::default(), upstream, settings)
    }

    fn start_in(dependencies: Dependencies, upstream: &ScriptedUpstream, settings: &[(&str, &str)]) -> Self {
        let given = [("LISTEN", "127.0.0.1:0")].iter().chain(settings);
        let variables = given.map(|(name, value)| (format!("IPS_GATEWAY_{name}").into(), (*value).into())).collect();
        let sources = Sources { variables, ..Sources::default() };
        let upstream = upstream.url().parse().expect("a URL");
        let config = Config::read_for(&sources, upstream, ApiVersion::default()).expect("good settings");
        let server = app::build(&config, dependencies).expect("it can be built");
        let base = format!("http://{}", server.address());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run_until(async { stopped.await.unwrap_or_default() }));
        Self { base, client: http_client(), stop: Some(stop), serving }
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base)).bearer_auth("token")
    }

    fn submit(&self) -> JoinHandle<u16> {
        let body = any_job("last").to_string();
        let request = self.client.post(format!("{}/jobs?companyHandle=c%7C110", self.base)).bearer_auth("token");
        let request = request.header("Content-Type", "application/json").body(body);
        tokio::spawn(async move { request.send().await.map_or(0, |answer| answer.status().as_u16()) })
    }

    /// Opens a connection.
    async fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect(self.base.strip_prefix("http://").expect("a URL")).await
    }

    fn stop(&mut self) {
        self.stop.take().expect("stopped once").send(()).expect("it serves");
    }
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..200 {
        if what() {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("it never came to that")
}

/// Holds the answer of submitJob until the returned channel holds `true`.
fn held(upstream: &ScriptedUpstream) -> watch::Sender<bool> {
    let (release, released) = watch::channel(false);
    let document = envelope("submitJob", "<jobHandle>j|110|last||</jobHandle>");
    upstream.reply("submitJob", Reply::Held(released, document));
    release
}

#[tokio::test]
async fn it_is_not_ready_and_serves_during_the_drain_delay() {
    let upstream = ScriptedUpstream::start().await;
    let mut gateway = StoppableGateway::start(&upstream, &[("DRAIN_DELAY", "2s")]);
    let ready = gateway.get("/readyz").send().await.expect("an answer");
    assert_eq!(ready.status(), 200);
    gateway.stop();
    let stopped = Instant::now();
    sleep(Duration::from_millis(300)).await;
    let ready = gateway.get("/readyz").send().await.expect("an answer");
    assert_eq!((ready.status().as_u16(), ready.headers()["connection"].to_str().ok()), (503, Some("close")));
    assert!(ready.text().await.expect("a body").contains("\"code\":\"not-ready\""));
    for path in ["/livez", "/jobs?companyHandle=c%7C110"] {
        assert_eq!(gateway.get(path).send().await.expect("it still serves").status(), 200, "{path}");
    }
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
    assert!(stopped.elapsed() >= Duration::from_secs(2), "after {:?}", stopped.elapsed());
}

#[tokio::test]
async fn a_submit_in_flight_is_completed_and_answered() {
    let upstream = ScriptedUpstream::start().await;
    let release = held(&upstream);
    let mut gateway = StoppableGateway::start(&upstream, &[]);
    let submit = gateway.submit();
    until(|| upstream.calls("submitJob") == 1).await;
    gateway.stop();
    sleep(Duration::from_millis(500)).await;
    assert!(!gateway.serving.is_finished(), "it waits");
    assert!(gateway.get("/livez").send().await.is_err(), "it takes no more connections");
    release.send_replace(true);
    assert_eq!(submit.await.expect("no panic"), 202);
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
}

#[tokio::test]
async fn a_submit_in_flight_of_a_disconnected_client_is_completed() {
    let upstream = ScriptedUpstream::start().await;
    let release = held(&upstream);
    let mut gateway = StoppableGateway::start(&upstream, &[]);
    let submit = gateway.submit();
    until(|| upstream.calls("submitJob") == 1).await;
    submit.abort();
    gateway.stop();
    sleep(Duration::from_millis(500)).await;
    assert!(!gateway.serving.is_finished(), "it waits for IPS");
    release.send_replace(true);
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
}

#[tokio::test]
async fn a_read_of_a_disconnected_client_does_not_delay_the_shutdown() {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("getActiveJobs", Reply::Silence);
    let mut gateway = StoppableGateway::start(&upstream, &[("GRACE", "1s")]);
    let mut connection = gateway.connect().await.expect("it listens");
    send(&mut connection, "/jobs?companyHandle=c%7C110").await;
    until(|| upstream.calls("getActiveJobs") == 1).await;
    connection.set_zero_linger().expect("it can be set");
    drop(connection);
    gateway.stop();
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
}

#[tokio::test]
async fn a_stream_that_looks_up_its_job_does_not_delay_the_shutdown() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110|last||</jobHandle>");
    let timing = Timing { heartbeat: Duration::from_millis(200), ..Timing::default() };
    let dependencies = Dependencies { timing, ..Dependencies::default() };
    let mut gateway = StoppableGateway::start_in(dependencies, &upstream, &[]);
    let submitted = gateway.client.post(format!("{}/jobs?companyHandle=c%7C110", gateway.base)).bearer_auth("token");
    let submitted = submitted.header("Content-Type", "application/json").body(any_job("last").to_string());
    let job = submitted.send().await.expect("an answer").headers()["location"].to_str().expect("a path").to_owned();
    let job = format!("/{job}");
    let stream = gateway.get(&format!("{job}/events")).send().await.expect("a stream");
    assert_eq!(stream.status(), 200);
    let reading = tokio::spawn(stream.text());

    let calls = upstream.calls("getJobLogDetails");
    upstream.reply("getJobLogDetails", Reply::Silence);
    until(|| upstream.calls("getJobLogDetails") > calls).await;
    gateway.stop();
    let stopped = Instant::now();
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
    assert!(stopped.elapsed() < Duration::from_secs(3), "it took {:?}", stopped.elapsed());
    let text = reading.await.expect("no panic").expect("a whole stream");
    assert!(text.starts_with("retry: 2000\n") && !text.trim_end().ends_with("retry: 2000"), "{text}");
}

#[tokio::test]
async fn requests_beyond_the_grace_period_are_cut_off_and_counted() {
    let upstream = ScriptedUpstream::start().await;
    let _gate = held(&upstream);
    let mut gateway = StoppableGateway::start(&upstream, &[("GRACE", "500ms")]);
    let submit = gateway.submit();
    until(|| upstream.calls("submitJob") == 1).await;
    gateway.stop();
    let cut = gateway.serving.await.expect("no panic").expect_err("something was cut off");
    assert_eq!((cut.requests, cut.background_tasks), (1, 1), "{cut}");
    assert_eq!(submit.await.expect("no panic"), 0, "its client got no answer");
}

#[tokio::test]
async fn idle_connections_do_not_delay_the_shutdown() {
    let upstream = ScriptedUpstream::start().await;
    let mut gateway = StoppableGateway::start(&upstream, &[]);
    assert_eq!(gateway.get("/livez").send().await.expect("an answer").status(), 200);
    let _silent = gateway.connect().await.expect("it listens");
    gateway.stop();
    let stopped = Instant::now();
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
    assert!(stopped.elapsed() < Duration::from_secs(3), "it took {:?}", stopped.elapsed());
}

/// Sends a request without a body.
async fn send(connection: &mut TcpStream, path: &str) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("it is open");
}

/// Reads up to `end`, or up to the end of the connection.
async fn read_to(connection: &mut TcpStream, end: &str) -> String {
    let mut text = String::new();
    let mut chunk = [0; 4096];
    while !text.contains(end) {
        match connection.read(&mut chunk).await {
            Ok(count) if count > 0 => text.push_str(&String::from_utf8_lossy(&chunk[..count])),
            _ => break,
        }
    }
    text
}

#[tokio::test]
async fn a_request_on_a_kept_connection_during_the_shutdown_is_answered() {
    let upstream = ScriptedUpstream::start().await;
    let mut gateway = StoppableGateway::start(&upstream, &[]);
    let mut idle = gateway.connect().await.expect("it listens");
    send(&mut idle, "/livez").await;
    let before = read_to(&mut idle, "\r\n\r\n").await;
    assert!(before.starts_with("HTTP/1.1 200") && !before.contains("connection: close"), "{before}");
    let mut watching = gateway.connect().await.expect("it listens");
    send(&mut watching, "/jobs/events?companyHandle=c%7C110").await;
    let stream = read_to(&mut watching, "event: snapshot").await;
    assert!(stream.starts_with("HTTP/1.1 200"), "{stream}");

    gateway.stop();
    while gateway.connect().await.is_ok() {
        sleep(Duration::from_millis(1)).await;
    }
    send(&mut idle, "/livez").await;
    read_to(&mut watching, "0\r\n\r\n").await;
    send(&mut watching, "/livez").await;
    for connection in [&mut idle, &mut watching] {
        let last = read_to(connection, "never").await;
        assert!(last.starts_with("HTTP/1.1 200") && last.contains("connection: close\r\n"), "{last:?}");
    }
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
}
