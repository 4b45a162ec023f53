//! The client while the gateway is gone, busy or interrupted.

use std::net::TcpListener;

use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use serde_json::json;

use super::Client;
use super::scripted_gateway::ScriptedGateway;
use crate::support::process::Process;
use crate::support::{World, any_job};

fn sandbox() -> Sandbox {
    let config = SandboxConfig {
        clock: Clock::system(),
        new_job_interval: None,
        population: Population::Empty,
        ..SandboxConfig::default()
    };
    Sandbox::start(config).expect("a free port")
}

/// Submits a job that runs for some time, and returns its id.
async fn submit(client: &Client) -> String {
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}.json", client.url.len()));
    std::fs::write(&file, any_job("outage").to_string()).expect("a file");
    let ended = client.run(&["jobs", "submit", file.to_str().expect("UTF-8")]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_for_a_gateway_that_does_not_come_back_ends_with_4() {
    let sandbox = sandbox();
    let gateway = Process::serve(&sandbox.url(), &[]);
    let client = Client::new(&gateway.url);
    let id = submit(&client).await;
    let waiting = client.start(&["jobs", "wait", &id, "--retry-for", "2s"]).until("outage").await;
    drop(gateway);
    let ended = waiting.end().await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.stderr.matches("next attempt in").count() >= 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("gave up; the job may go on"), "{}", ended.stderr);
    assert_eq!(sandbox.calls("stopJob"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_goes_on_when_the_gateway_comes_back() {
    let sandbox = sandbox();
    let gateway = Process::serve(&sandbox.url(), &[]);
    let (client, address) = (Client::new(&gateway.url), gateway.url.replace("http://", ""));
    let id = submit(&client).await;
    let waiting = client.start(&["jobs", "wait", &id]).until("outage  running").await;
    drop(gateway);
    let waiting = waiting.until("next attempt in").await;
    let _gateway = Process::serve(&sandbox.url(), &[("IPS_GATEWAY_LISTEN", &address)]);
    let stop = client.run(&["jobs", "stop", &id, "--json"]).await;
    assert_eq!(stop.code, Some(0), "{stop:?}");
    let ended = waiting.end().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), "stopped\n"), "{ended:?}");
}

#[tokio::test]
async fn a_gateway_that_never_answered_is_reported_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address");
    for arguments in [&["jobs", "wait", "job-1"][..], &["jobs", "list"], &["history"]] {
        let ended = Client::new(format!("http://{free}")).run(arguments).await;
        assert_eq!(ended.code, Some(69), "{arguments:?}: {ended:?}");
        assert!(ended.stderr.contains(&format!("no answer from http://{free}/: ")), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_submit_is_repeated_with_its_own_idempotency_key() {
    let busy =
        json!({"code": "upstream-busy", "title": "Busy", "status": 503, "retryable": true, "outcome": "not_sent"});
    let gateway = ScriptedGateway::start(vec![(503, busy.clone()), (503, busy), (202, json!({"id": "job-1"}))]);
    let ended = Client::new(&gateway.url).run(&["jobs", "submit"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "job-1\n"), "{ended:?}");
    let key = |head: &String| head.lines().find(|line| line.starts_with("idempotency-key: ")).map(str::to_owned);
    let keys: Vec<_> = gateway.heads().iter().map(key).collect();
    assert!(keys.len() == 3 && keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");

    let other = ScriptedGateway::start(vec![(202, json!({"id": "job-2"}))]);
    Client::new(&other.url).run(&["jobs", "submit"]).await;
    assert_ne!(key(&other.heads()[0]), keys[0], "each submit has another key");
}

#[tokio::test]
async fn a_submit_of_unknown_outcome_prints_its_id_and_is_followed_if_asked() {
    let unknown = json!({"code": "submit-outcome-unknown", "title": "Unknown", "status": 504, "retryable": false, "outcome": "unknown", "job": "job-1"});
    let completed = json!({"id": "job-1", "status": "completed", "outcome": "succeeded"});
    let gateway = ScriptedGateway::start(vec![(504, unknown.clone()), (200, completed)]);
    let ended = Client::new(&gateway.url).run(&["jobs", "submit", "--wait"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "job-1\nsucceeded\n"), "{ended:?}");
    assert_eq!(gateway.heads().iter().filter(|head| head.starts_with("POST")).count(), 1, "not submitted again");

    let gateway = ScriptedGateway::start(vec![(504, unknown)]);
    let ended = Client::new(&gateway.url).run(&["jobs", "submit"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(4), "job-1\n"), "{ended:?}");
    assert!(ended.stderr.contains("to find out: ips-gateway jobs wait 'job-1'"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_submitted_job_is_waited_for_while_a_restarted_gateway_does_not_know_it() {
    let missing = json!({"code": "job-not-found", "title": "Not found", "status": 404, "retryable": false});
    let completed = json!({"id": "job-1", "status": "completed", "outcome": "stopped"});
    let gateway = ScriptedGateway::start(vec![(202, json!({"id": "job-1"})), (404, missing), (200, completed)]);
    let ended = Client::new(&gateway.url).run(&["jobs", "submit", "--wait"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), "job-1\nstopped\n"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_the_wait_and_not_the_job() {
    let world = World::empty();
    let client = Client::new(format!("http://{}", world.gateway.address()));
    let id = crate::support::id(&world.gateway.submit(&any_job("goes-on")).await);
    for arguments in [&["jobs", "wait", id.as_str()][..], &["jobs", "watch", id.as_str(), "--exit-status"]] {
        let following = client.start(arguments);
        let following = if arguments[1] == "wait" {
            following.until("goes-on").await
        } else {
            // Its progress is on stdout.
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            following
        };
        following.signal("-INT");
        let ended = following.end().await;
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert!(
            ended.stderr.contains(&format!("the job goes on; to follow it again: ips-gateway jobs wait '{id}'")),
            "{ended:?}"
        );
    }
    assert_eq!(world.sandbox.calls("stopJob") + world.sandbox.calls("deleteJob"), 0);
    assert_eq!(world.gateway.job(&id).await["phase"], "active");
}

#[tokio::test]
async fn rows_that_end_without_being_complete_are_an_error_after_they_were_printed() {
    let cut = "{\"id\":\"a\"}\n{\"complete\":false,\"rows\":1,\"reason\":\"IPS does not answer\"}\n";
    for (format, body) in
        [("ndjson", cut), ("ndjson", "{\"id\":\"a\"}\n"), ("csv", "id\r\na\r\n#incomplete,IPS does not answer\r\n")]
    {
        let gateway = ScriptedGateway::with_texts(vec![(200, body.to_owned())]);
        let ended = Client::new(&gateway.url).run(&["history", "--format", format]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(69), body), "{ended:?}");
        assert!(ended.stderr.contains("incomplete: "), "{}", ended.stderr);
    }
}
