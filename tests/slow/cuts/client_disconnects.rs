//! Clients that disconnect in the middle of a request.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ips_gateway::sandbox::users::ORDINARY;
use serde_json::{Value, json};

use super::COMPANY;
use super::plan::CloseMode;
use crate::support::{Gateway, Reply, ScriptedUpstream, active_job, any_job, envelope};

const KEY: &str = "4b1d6d0e-0c3c-4f0b-8f0e-2f6a2d6f7a11";
/// The handle of the job that the upstream lists.
const HANDLE: &str = "j%7C110%7C%7Cnightly_2026-03-02-06:00:00.000%7C5129821";

/// A request of a client that can disconnect.
struct Caller(TcpStream);

impl Caller {
    /// Sends a request with the first `share` bytes of its body.
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

    fn disconnect(self, mode: CloseMode) {
        if mode == CloseMode::Rst {
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

/// An upstream that holds the answer of this operation until the channel holds `true`.
async fn held(operation: &str, content: &str) -> (ScriptedUpstream, watch::Sender<bool>) {
    let upstream = ScriptedUpstream::start().await;
    let (release, released) = watch::channel(false);
    upstream.reply(operation, Reply::Held(released, envelope(operation, content)));
    (upstream, release)
}

#[tokio::test]
async fn a_submit_of_a_disconnected_client_completes_and_keeps_its_key() {
    for mode in [CloseMode::Fin, CloseMode::Rst] {
        let (upstream, release) = held("submitJob", "<jobHandle>j|110|nightly||</jobHandle>").await;
        let gateway = upstream.plain_gateway();
        let again =
            || gateway.post_json(&format!("/jobs?{COMPANY}"), &any_job("nightly")).header("Idempotency-Key", KEY);

        let caller = Caller::submit(&gateway, &any_job("nightly")).await;
        until("the submit is sent", async || upstream.calls("submitJob") == 1).await;
        caller.disconnect(mode);
        // Long enough for the gateway to notice the disconnect.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let meanwhile = again().await;
        assert_eq!(meanwhile.problem(409, "submit-in-progress").await["outcome"], "not_sent", "{mode:?}{meanwhile}");

        release.send_replace(true);
        until("the submit ends", async || again().await.status != 409).await;
        let answer = again().await.expect(202);
        assert_eq!(
            answer.json()["jobHandle"],
            "j|110|nightly||",
            "{mode:?}: the outcome of the disconnected request{answer}"
        );
        assert_eq!(upstream.calls("submitJob"), 1, "{mode:?}: sent once");
    }
}

#[tokio::test]
async fn a_stop_of_a_disconnected_client_completes_and_invalidates_the_cache() {
    for mode in [CloseMode::Fin, CloseMode::Rst] {
        let (upstream, release) = held("stopJob", "").await;
        upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
        let gateway = upstream.plain_gateway();
        let list = async || gateway.get(&format!("/jobs?{COMPANY}")).await.ok()["jobs"][0]["status"].clone();

        let caller = Caller::send(&gateway, &format!("/jobs/{HANDLE}/stop"), "", "", 0).await;
        until("the stop is sent", async || upstream.calls("stopJob") == 1).await;
        caller.disconnect(mode);
        assert_eq!(list().await, "running", "{mode:?}: as it is while the stop is under mode");
        let stopping = active_job("nightly", "").replace("<state>Running", "<state>Stopping");
        upstream.answer("getActiveJobs", &format!("<jobArray>{stopping}</jobArray>"));
        assert_eq!(list().await, "running", "{mode:?}: the cached list is fresh");

        release.send_replace(true);
        until("the list shows it", async || list().await == "stopping").await;
        assert_eq!(upstream.calls("stopJob"), 1, "{mode:?}: sent once");
    }
}

#[tokio::test]
async fn an_incomplete_submit_is_not_sent() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110|nightly||</jobHandle>");
    let gateway = upstream.plain_gateway();
    let body = json!({ "jobName": "nightly", "optimizeImagesJob": { "emailSetting": "None" } }).to_string();
    for share in 0..body.len() {
        for mode in [CloseMode::Fin, CloseMode::Rst] {
            let headers = "Content-Type: application/json\r\n";
            Caller::send(&gateway, &format!("/jobs?{COMPANY}"), headers, &body, share).await.disconnect(mode);
        }
    }
    gateway.post_json(&format!("/jobs?{COMPANY}"), &any_job("nightly")).await.expect(202);
    assert_eq!(upstream.calls("submitJob"), 1, "only the whole one was sent");
}
