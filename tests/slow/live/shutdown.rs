//! Shutdown with open streams and long polls.

use std::time::{Duration, Instant};

use crate::support::http_client_builder;
use futures_util::future::join_all;
use ips_gateway::app::{self, Dependencies};
use ips_gateway::config::{Config, Sources};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::users::ORDINARY;
use ips_gateway::sandbox::{Sandbox, SandboxConfig};
use reqwest::Response;
use tokio::sync::oneshot;
use tokio::time::timeout;

#[tokio::test]
async fn open_streams_and_long_polls_do_not_delay_the_shutdown() {
    let clock = Clock::manual(crate::support::START.parse().expect("a time"));
    let config = SandboxConfig { clock: clock.clone(), new_job_interval: None, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).expect("a free port");
    let sources =
        Sources { variables: vec![("IPS_GATEWAY_LISTEN".into(), "127.0.0.1:0".into())], ..Sources::default() };
    let upstream = sandbox.url().parse().expect("a URL");
    let config = Config::read_for(&sources, upstream, sandbox.version().clone()).expect("good settings");
    let server = app::build(&config, Dependencies { clock, ..Dependencies::default() }).expect("it can be built");
    let base = format!("http://{}", server.address());
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.run_until(async { stopped.await.unwrap_or_default() }));

    let client = http_client_builder().timeout(Duration::from_secs(20)).build().expect("a client");
    let get = |path: &str| client.get(format!("{base}{path}")).basic_auth(ORDINARY.email, Some(ORDINARY.password));
    let known = get("/jobs").send().await.expect("an answer").headers()["etag"].clone();
    let streams: Vec<Response> =
        join_all((0..50).map(|_| async { get("/jobs/events").send().await.expect("a stream") })).await;
    let polls = (0..50).map(|_| get("/jobs").header("If-None-Match", &known).header("Prefer", "wait=30").send());
    let polls: Vec<_> = polls.map(tokio::spawn).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(polls.iter().all(|poll| !poll.is_finished()), "all wait");

    let stopped_at = Instant::now();
    stop.send(()).expect("it serves");
    let ended = timeout(Duration::from_secs(15), serving).await.expect("it ends").expect("no panic");
    let took = stopped_at.elapsed();
    ended.expect("a clean end");
    assert!(took < Duration::from_secs(2), "it took {took:?}");
    for poll in polls {
        let answer = poll.await.expect("no panic").expect("an answer");
        assert_eq!(answer.status(), 304, "{answer:?}");
    }
    for stream in streams {
        let text = stream.text().await.expect("a whole stream");
        assert!(text.starts_with("retry: 2000\nid: ") && text.contains("event: snapshot\n"), "{text}");
    }
}
