//! A submit across restarts, replicas and outages.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::users::ORDINARY;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use serde_json::Value;

use super::plan::{CloseMode, Cut, Position};
use super::proxy::Proxy;
use super::sandbox_jobs::SandboxJobs;
use super::{COMPANY, CutWorld};
use crate::support::{Answer, Gateway, any_job, http_client, id};

const KEY: &str = "0f7d5a0e-93b2-4a8e-8b1d-d0c1f2a3b4c5";

/// A gateway in a child process.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(upstream: &str, version: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ips-gateway"));
        let ours = std::env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|name| name.to_string_lossy().starts_with("IPS_GATEWAY_")) {
            command.env_remove(name);
        }
        command.args(["serve", "--listen", "127.0.0.1:0", "--upstream-url", upstream, "--api-version", version]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary can be run");
        let stdout = child.stdout.take().expect("its output is piped");
        let address = BufReader::new(stdout).lines().next().expect("a first line").expect("text");
        Self { child, address }
    }

    /// `kill -9`.
    fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    async fn submit(&self, body: &Value) -> reqwest::Result<(u16, Value)> {
        let client = http_client();
        let request = client.post(format!("{}/jobs?{COMPANY}", self.address)).header("Idempotency-Key", KEY);
        let request = request.basic_auth(ORDINARY.email, Some(ORDINARY.password));
        let answer = request.header("Content-Type", "application/json").body(body.to_string()).send().await?;
        let status = answer.status().as_u16();
        let body = serde_json::from_slice(&answer.bytes().await?).expect("JSON");
        Ok((status, body))
    }
}

async fn submit(gateway: &Gateway, body: &Value) -> Answer {
    gateway.post_json(&format!("/jobs?{COMPANY}"), body).header("Idempotency-Key", KEY).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_of_a_killed_gateway_is_recovered_by_the_next_one() {
    let config = SandboxConfig {
        clock: Clock::system(),
        new_job_interval: None,
        population: Population::Empty,
        ..SandboxConfig::default()
    };
    let sandbox = Sandbox::start(config).expect("a free port");
    let proxy = Proxy::start(sandbox.address()).await;
    proxy.plan("submitJob", "nightly", Cut { position: Position::LateRequest, mode: CloseMode::Fin });
    let upstream = format!("http://{}/scene7/services/IpsApiService", proxy.address());
    let version = sandbox.version().to_string();

    let first = Process::start(&upstream, &version);
    let lost = async {
        while proxy.calls("submitJob", "nightly") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let body = any_job("nightly");
    tokio::select! {
        answer = first.submit(&body) => panic!("an answer, though the request was to be lost: {answer:?}"),
        () = lost => {}
    }
    first.kill();
    proxy.release();
    while sandbox.calls("submitJob") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let second = Process::start(&upstream, &version);
    let (status, job) = second.submit(&body).await.expect("an answer");
    assert_eq!((status, &job["recovered"]), (202, &true.into()), "{job:#}");
    let (status, again) = second.submit(&body).await.expect("an answer");
    assert_eq!((status, id(&again)), (202, id(&job)), "{again:#}");
    assert_eq!(SandboxJobs::read(&sandbox).await.count("nightly"), 1);
    assert_eq!(sandbox.calls("submitJob"), 1);
    second.kill();
}

#[tokio::test]
async fn a_keyed_submit_is_not_sent_while_an_earlier_one_cannot_be_excluded() {
    for mode in [CloseMode::Fin, CloseMode::Rst] {
        let world = CutWorld::start().await;
        submit(&world.gateway, &any_job("nightly")).await.expect(202);
        let url = format!("http://{}/scene7/services/IpsApiService", world.proxy.address());
        let replica = Gateway::start(&url, world.sandbox.version(), &world.clock, &[]);
        replica.get("/companies").await.expect(200);
        // The proxy cuts the first call of a connection: the idle one has to be closed.
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        world.proxy.plan("getActiveJobs", "c|110", Cut { position: Position::Answer(20), mode });
        let answer = submit(&replica, &any_job("nightly")).await;
        let problem = answer.problem(502, "upstream-invalid-answer").await;
        assert_eq!((&problem["outcome"], &problem["retryable"]), (&"not_sent".into(), &true.into()), "{answer}");
        assert_eq!(world.sandbox.calls("submitJob"), 1, "{mode:?}");

        world.proxy.forget_plans();
        world.clock.advance(chrono::TimeDelta::seconds(2));
        let again = submit(&replica, &any_job("nightly")).await.expect(202);
        assert_eq!(again.json()["recovered"], true, "{mode:?}{again}");
        assert_eq!(world.sandbox.calls("submitJob"), 1, "{mode:?}");
    }
}

#[tokio::test]
async fn a_submit_that_was_not_sent_can_be_repeated() {
    let CutWorld { sandbox, proxy, gateway, clock } = CutWorld::start().await;
    let address = proxy.address();
    drop(proxy);
    for name in ["without-a-key", "with-a-key"] {
        let send = || async {
            let request = gateway.post_json(&format!("/jobs?{COMPANY}"), &any_job(name));
            if name == "with-a-key" { request.header("Idempotency-Key", KEY).await } else { request.await }
        };
        let answer = send().await;
        let problem = answer.problem(502, "upstream-unreachable").await;
        assert_eq!((&problem["outcome"], &problem["retryable"]), (&"not_sent".into(), &true.into()), "{answer}");
        assert_eq!(sandbox.calls("submitJob"), 0);
    }
    let _back = Proxy::start_at(address, sandbox.address()).await;
    clock.advance(chrono::TimeDelta::minutes(1));
    for (key, name) in [(None, "without-a-key"), (Some(KEY), "with-a-key")] {
        let request = gateway.post_json(&format!("/jobs?{COMPANY}"), &any_job(name));
        let request = key.into_iter().fold(request, |request, key| request.header("Idempotency-Key", key));
        request.await.expect(202);
        assert_eq!(SandboxJobs::read(&sandbox).await.count(name), 1);
    }
}
