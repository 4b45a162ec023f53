//! Mutations are sent once, and their `outcome` is right.

use std::time::Duration;

use ips_gateway::ips::types::ApiVersion;
use ips_gateway::runtime::clock::Clock;
use serde_json::json;

use super::upstream::{Behaviour, HostileUpstream};
use super::{SETTINGS, document, head};
use crate::support::{Gateway, START, active_job, any_job, envelope, id};

/// Answers that leave the outcome unknown.
fn incomplete_answers() -> [(&'static str, Behaviour); 8] {
    let done = envelope("stopJob", "");
    let length = head(&format!("Content-Length: {}\r\n", done.len()));
    [
        ("nothing", document("")),
        ("an end without a length", Behaviour::Send(head("Connection: close\r\n").into_bytes())),
        (
            "half an envelope",
            Behaviour::Send(format!("{}{}", head("Connection: close\r\n"), &done[..done.len() - 10]).into_bytes()),
        ),
        ("a cut body", Behaviour::Send(format!("{length}{}", &done[..100]).into_bytes())),
        ("a reset within the request", Behaviour::ResetAfter(600)),
        ("a reset after it", Behaviour::SendAndReset(Vec::new())),
        ("HTML", document("<html/>")),
        ("silence", Behaviour::Drip(Vec::new(), Vec::new(), Duration::from_secs(1))),
    ]
}

#[tokio::test]
async fn a_stop_with_an_incomplete_answer_is_unknown_and_never_sent_again() {
    let running = active_job("nightly", "");
    let stopping = running.replace("<state>Running</state>", "<state>Stopping</state>");
    for (what, behaviour) in incomplete_answers() {
        let upstream = HostileUpstream::start().await;
        let clock = Clock::manual(START.parse().expect("a time"));
        let gateway = Gateway::start(&upstream.url, &ApiVersion::default(), &clock, SETTINGS);
        let jobs = |job: &str| document(&envelope("getActiveJobs", &format!("<jobArray>{job}</jobArray>")));
        upstream.set("getActiveJobs", jobs(&running));
        let job = id(&gateway.get("/jobs?companyHandle=c%7C110").await.ok()["jobs"][0]);
        upstream.set("stopJob", behaviour.clone());
        let answer = gateway.post(&format!("/jobs/{job}/stop")).await;
        assert!(answer.json()["outcome"] == "unknown", "{what}{answer}");
        assert!(matches!(answer.status, 502 | 504), "{what}{answer}");
        assert_eq!(upstream.calls("stopJob"), 1, "{what}");

        upstream.set("getActiveJobs", jobs(&stopping));
        clock.advance(chrono::TimeDelta::seconds(2));
        // A second request is sent, too; its answer is lost again, and the job shows that it is being stopped.
        let again = gateway.post(&format!("/jobs/{job}/stop")).await.expect(202);
        assert_eq!(again.json()["status"], "stopping", "{what}{again}");
        assert_eq!(upstream.calls("stopJob"), 2, "{what}: once for each request");
    }
}

#[tokio::test]
async fn a_submit_with_an_incomplete_answer_is_unknown_and_never_sent_again() {
    let submits = incomplete_answers().map(|(what, behaviour)| async move {
        let upstream = HostileUpstream::start().await;
        let clock = Clock::manual(START.parse().expect("a time"));
        let gateway = Gateway::start(&upstream.url, &ApiVersion::default(), &clock, SETTINGS);
        let membership = "<membershipArray><items><company><companyHandle>c|110</companyHandle><name>Example</name></company></items></membershipArray>";
        upstream.set("getCompanyMembership", document(&envelope("getCompanyMembership", membership)));
        upstream.set("submitJob", behaviour);
        let submit =
            || gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("nightly")).header("Idempotency-Key", "\"k\"");
        for _ in 0..2 {
            let answer = submit().await;
            assert_eq!(answer.status, 504, "{what}{answer}");
            let problem = answer.problem(504, "submit-outcome-unknown").await;
            assert_eq!((&problem["outcome"], problem["job"].is_string()), (&json!("unknown"), true), "{what}{answer}");
        }
        assert_eq!(upstream.calls("submitJob"), 1, "{what}");
    });
    futures_util::future::join_all(submits).await;
}

#[tokio::test]
async fn an_open_circuit_sends_no_submit_and_has_retry_after() {
    let upstream = HostileUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = Gateway::start(&upstream.url, &ApiVersion::default(), &clock, &[]);
    upstream.set("getActiveJobs", document("<html/>"));
    for wait in [0, 1_100, 2_100, 4_100, 5_100] {
        clock.advance(chrono::TimeDelta::milliseconds(wait));
        gateway.get("/jobs?companyHandle=c%7C110").await.problem(502, "upstream-invalid-answer").await;
    }
    let answer = gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("nightly")).await;
    let problem = answer.problem(503, "upstream-suspended").await;
    assert_eq!((&problem["outcome"], &problem["retryable"]), (&json!("not_sent"), &json!(true)), "{answer}");
    let wait: i64 = answer.header("retry-after").parse().unwrap_or_else(|_| panic!("no seconds{answer}"));
    assert!((1..=6).contains(&wait), "{answer}");
    assert_eq!(upstream.calls("submitJob"), 0);
    clock.advance(chrono::TimeDelta::seconds(wait));
    upstream.set("submitJob", document(&envelope("submitJob", "<jobHandle>j|110|nightly||</jobHandle>")));
    gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("nightly")).await.expect(202);
}
