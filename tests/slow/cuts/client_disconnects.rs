//! Callers who hang up in the middle: what they began goes on without them.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ips_gateway::sandbox::users::ORDINARY;
use serde_json::{Value, json};

use super::COMPANY;
use super::plan::Way;
use crate::support::{Gateway, Reply, ScriptedUpstream, active_job, any_job, envelope};

const KEY: &str = "4b1d6d0e-0c3c-4f0b-8f0e-2f6a2d6f7a11";
/// The id of the job that the upstream runs is found in a list; its handle is known.
const HANDLE: &str = "j%7C110%7C%7Cnightly_2026-03-02-06:00:00.000%7C5129821";

/// A request in the hands of its caller, who can let it fall.
struct Caller(TcpStream);

impl Caller {
    /// Sends the first part of a request, as much as `share` of its body.
    async fn send(gateway: &Gateway, path: &str, headers: &str, body: &str, share: usize) -> Self {
        let mut stream = TcpStream::connect(gateway.address()).await.expect("the gateway accepts");
        let login = BASE64_STANDARD.encode(format!("{}:{}", ORDINARY.email, ORDINARY.password));
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Basic {login}\r\n{headers}Content-Length: {length}\r\n\r\n"
        );
        stream.write_all(format!("{head}{}", &body[..share]).as_bytes()).await.expect("the gateway reads");
        Self(stream)
    }

    async fn submit(gateway: &Gateway, body: &Value) -> Self {
        let body = body.to_string();
        let headers = format!("Content-Type: application/json\r\nIdempotency-Key: \"{KEY}\"\r\n");
        Self::send(gateway, &format!("/jobs?{COMPANY}"), &headers, &body, body.len()).await
    }

    fn hang_up(self, way: Way) {
        if way == Way::Rst {
            self.0.set_zero_linger().expect("a socket");
        }
    }
}

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: never");
}

/// An upstream that answers this operation only once the gate is open.
async fn held(operation: &str, content: &str) -> (ScriptedUpstream, watch::Sender<bool>) {
    let upstream = ScriptedUpstream::start().await;
    let (gate, closed) = watch::channel(false);
    upstream.reply(operation, Reply::Held(closed, envelope(operation, content)));
    (upstream, gate)
}

#[tokio::test]
async fn a_submit_goes_on_and_keeps_its_key_when_its_caller_hangs_up() {
    for way in [Way::Fin, Way::Rst] {
        let (upstream, gate) = held("submitJob", "<jobHandle>j|110|nightly||</jobHandle>").await;
        let gateway = upstream.plain_gateway();
        let again =
            || gateway.post_json(&format!("/jobs?{COMPANY}"), &any_job("nightly")).header("Idempotency-Key", KEY);

        let caller = Caller::submit(&gateway, &any_job("nightly")).await;
        until("the submit is sent", async || upstream.calls("submitJob") == 1).await;
        caller.hang_up(way);
        // Long enough for the gateway to notice.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let meanwhile = again().await;
        assert_eq!(meanwhile.problem(409, "submit-in-progress").await["outcome"], "not_sent", "{way:?}{meanwhile}");

        gate.send_replace(true);
        until("the submit ends", async || again().await.status != 409).await;
        let answer = again().await.expect(202);
        assert_eq!(answer.json()["jobHandle"], "j|110|nightly||", "{way:?}: the answer that nobody waited for{answer}");
        assert_eq!(upstream.calls("submitJob"), 1, "{way:?}: sent once");
    }
}

#[tokio::test]
async fn a_stop_goes_on_and_ends_what_was_seen_before_it_when_its_caller_hangs_up() {
    for way in [Way::Fin, Way::Rst] {
        let (upstream, gate) = held("stopJob", "").await;
        upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
        let gateway = upstream.plain_gateway();
        let list = async || gateway.get(&format!("/jobs?{COMPANY}")).await.ok()["jobs"][0]["status"].clone();

        let caller = Caller::send(&gateway, &format!("/jobs/{HANDLE}/stop"), "", "", 0).await;
        until("the stop is sent", async || upstream.calls("stopJob") == 1).await;
        caller.hang_up(way);
        assert_eq!(list().await, "running", "{way:?}: as it is while the stop is under way");
        let stopping = active_job("nightly", "").replace("<state>Running", "<state>Stopping");
        upstream.answer("getActiveJobs", &format!("<jobArray>{stopping}</jobArray>"));
        assert_eq!(list().await, "running", "{way:?}: the clock stands still, so that is fresh");

        gate.send_replace(true);
        until("the list shows it", async || list().await == "stopping").await;
        assert_eq!(upstream.calls("stopJob"), 1, "{way:?}: sent once");
    }
}

#[tokio::test]
async fn half_a_submit_is_none() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110|nightly||</jobHandle>");
    let gateway = upstream.plain_gateway();
    let body = json!({ "jobName": "nightly", "optimizeImagesJob": { "emailSetting": "None" } }).to_string();
    for share in 0..body.len() {
        for way in [Way::Fin, Way::Rst] {
            let headers = "Content-Type: application/json\r\n";
            Caller::send(&gateway, &format!("/jobs?{COMPANY}"), headers, &body, share).await.hang_up(way);
        }
    }
    gateway.post_json(&format!("/jobs?{COMPANY}"), &any_job("nightly")).await.expect(202);
    assert_eq!(upstream.calls("submitJob"), 1, "only the whole one was sent");
}
