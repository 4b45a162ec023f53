//! The end: it is announced, and what is under way is finished.

use std::time::{Duration, Instant};

use ips_gateway::config::{Config, Sources, Upstream};
use ips_gateway::ips::types::ApiVersion;
use ips_gateway::server::{self, CutOff, Surroundings};
use reqwest::{Client, RequestBuilder};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::support::{Reply, ScriptedUpstream, any_job, envelope};

/// A gateway that can be told to end.
struct Mortal {
    base: String,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<(), CutOff>>,
}

impl Mortal {
    fn start(upstream: &ScriptedUpstream, settings: &[(&str, &str)]) -> Self {
        let given = [("LISTEN", "127.0.0.1:0")].iter().chain(settings);
        let variables = given.map(|(name, value)| (format!("IPS_GATEWAY_{name}").into(), (*value).into())).collect();
        let sources = Sources { variables, ..Sources::default() };
        let upstream = Upstream { url: upstream.url().parse().expect("a URL") };
        let config = Config::read_for(&sources, upstream, ApiVersion::default()).expect("good settings");
        let server = server::build(&config, Surroundings::default()).expect("it can be built");
        let base = format!("http://{}", server.address());
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run_until(async { stopped.await.unwrap_or_default() }));
        Self { base, client: Client::builder().no_proxy().build().expect("a client"), stop: Some(stop), serving }
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

    fn tell(&mut self) {
        self.stop.take().expect("told once").send(()).expect("it serves");
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

/// A submit that IPS answers when the gate opens.
fn held(upstream: &ScriptedUpstream) -> watch::Sender<bool> {
    let (gate, opened) = watch::channel(false);
    let document = envelope("submitJob", "<jobHandle>j|110|last||</jobHandle>");
    upstream.reply("submitJob", Reply::Held(opened, document));
    gate
}

#[tokio::test]
async fn it_says_that_it_is_not_ready_and_serves_until_the_delay_is_over() {
    let upstream = ScriptedUpstream::start().await;
    let mut gateway = Mortal::start(&upstream, &[("DRAIN_DELAY", "2s")]);
    let ready = gateway.get("/readyz").send().await.expect("an answer");
    assert_eq!(ready.status(), 200);
    gateway.tell();
    let told = Instant::now();
    sleep(Duration::from_millis(300)).await;
    let ready = gateway.get("/readyz").send().await.expect("an answer");
    assert_eq!((ready.status().as_u16(), ready.headers()["connection"].to_str().ok()), (503, Some("close")));
    assert!(ready.text().await.expect("a body").contains("\"code\":\"not-ready\""));
    for path in ["/livez", "/jobs?companyHandle=c%7C110"] {
        assert_eq!(gateway.get(path).send().await.expect("it still serves").status(), 200, "{path}");
    }
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
    assert!(told.elapsed() >= Duration::from_secs(2), "after {:?}", told.elapsed());
}

#[tokio::test]
async fn a_submit_under_way_is_finished_and_answered() {
    let upstream = ScriptedUpstream::start().await;
    let gate = held(&upstream);
    let mut gateway = Mortal::start(&upstream, &[]);
    let submit = gateway.submit();
    until(|| upstream.calls("submitJob") == 1).await;
    gateway.tell();
    sleep(Duration::from_millis(500)).await;
    assert!(!gateway.serving.is_finished(), "it waits");
    assert!(gateway.get("/livez").send().await.is_err(), "it takes no more connections");
    gate.send_replace(true);
    assert_eq!(submit.await.expect("no panic"), 202);
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
}

#[tokio::test]
async fn a_submit_whose_client_hung_up_is_finished_too() {
    let upstream = ScriptedUpstream::start().await;
    let gate = held(&upstream);
    let mut gateway = Mortal::start(&upstream, &[]);
    let submit = gateway.submit();
    until(|| upstream.calls("submitJob") == 1).await;
    submit.abort();
    gateway.tell();
    sleep(Duration::from_millis(500)).await;
    assert!(!gateway.serving.is_finished(), "it waits for IPS");
    gate.send_replace(true);
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
}

#[tokio::test]
async fn what_does_not_finish_in_time_is_cut_off_and_told() {
    let upstream = ScriptedUpstream::start().await;
    let _gate = held(&upstream);
    let mut gateway = Mortal::start(&upstream, &[("GRACE", "500ms")]);
    let submit = gateway.submit();
    until(|| upstream.calls("submitJob") == 1).await;
    gateway.tell();
    let cut = gateway.serving.await.expect("no panic").expect_err("something was cut off");
    assert_eq!((cut.requests, cut.effects), (1, 1), "{cut}");
    assert_eq!(submit.await.expect("no panic"), 0, "its client got no answer");
}

#[tokio::test]
async fn connections_without_a_request_do_not_hold_it_up() {
    let upstream = ScriptedUpstream::start().await;
    let mut gateway = Mortal::start(&upstream, &[]);
    assert_eq!(gateway.get("/livez").send().await.expect("an answer").status(), 200);
    let address = gateway.base.strip_prefix("http://").expect("a URL").to_owned();
    let _silent = tokio::net::TcpStream::connect(address).await.expect("it listens");
    gateway.tell();
    let told = Instant::now();
    gateway.serving.await.expect("no panic").expect("nothing was cut off");
    assert!(told.elapsed() < Duration::from_secs(3), "it took {:?}", told.elapsed());
}
