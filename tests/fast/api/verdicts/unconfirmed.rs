//! Jobs whose submit lost its response, while no list of IPS has them.

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};

use crate::support::{Gateway, Reply, START, ScriptedUpstream, active_job, any_job, job_log};

/// A gateway whose submits lose their responses.
async fn lossy() -> (ScriptedUpstream, Gateway, Clock) {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("submitJob", Reply::Close);
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[]);
    (upstream, gateway, clock)
}

/// Submits a job; returns its id from the problem.
async fn submit(gateway: &Gateway, path: &str, job: &Value, key: Option<&str>) -> String {
    let request = gateway.post_json(path, job);
    let request = match key {
        Some(key) => request.header("Idempotency-Key", key),
        None => request,
    };
    let problem = request.await.problem(504, "submit-outcome-unknown").await;
    problem["job"].as_str().unwrap_or_else(|| panic!("no job: {problem:#}")).to_owned()
}

/// Reads a job from the lists as they are now.
async fn read(gateway: &Gateway, id: &str) -> Value {
    gateway.get(&format!("/jobs/{id}")).header("Cache-Control", "no-cache").await.ok()
}

fn submitted_name(upstream: &ScriptedUpstream) -> String {
    let requests = upstream.requests("submitJob");
    requests[0].split("jobName>").nth(1).and_then(|rest| rest.split('<').next()).expect("a name").to_owned()
}

fn assert_unconfirmed(job: &Value, id: &str, phase: &str) {
    assert_eq!((&job["id"], &job["phase"], &job["status"]), (&json!(id), &json!(phase), &json!("unknown")), "{job:#}");
    assert_eq!((&job["unconfirmed"], &job["actions"]), (&json!(true), &json!([])), "{job:#}");
    assert_eq!((&job["title"], &job["kind"]), (&json!("nightly"), &json!("optimizeImages")), "{job:#}");
    assert_eq!(job["sentAt"], START, "{job:#}");
    for absent in ["outcome", "percent", "jobHandle", "startedAt"] {
        assert_eq!(job.get(absent), None, "{absent}: {job:#}");
    }
}

#[tokio::test]
async fn a_job_with_an_unknown_outcome_is_unknown_for_two_minutes_and_then_404() {
    let schedule =
        json!({ "jobName": "nightly", "execSchedule": "0 0 2 * * ?", "optimizeImagesJob": { "emailSetting": "None" } });
    let cases = [
        ("/jobs", any_job("nightly"), None, "active"),
        ("/jobs", any_job("nightly"), Some("a-key"), "active"),
        ("/jobs?uniqueName=false", any_job("nightly"), None, "active"),
        ("/jobs", schedule, None, "scheduled"),
    ];
    let cases = cases.map(async |(path, job, key, phase)| {
        let (upstream, gateway, clock) = lossy().await;
        let id = submit(&gateway, path, &job, key).await;
        assert_unconfirmed(&read(&gateway, &id).await, &id, phase);
        clock.advance(TimeDelta::seconds(119));
        let answer = gateway.get(&format!("/jobs/{id}")).await.expect(200);
        assert_unconfirmed(&answer.json(), &id, phase);
        assert_eq!(answer.header("retry-after"), "2", "{answer}");
        let stop = gateway.post(&format!("/jobs/{id}/stop")).await;
        stop.problem(409, "action-not-possible").await;
        assert_eq!(gateway.get(&format!("/jobs/{id}/log")).await.ok()["complete"], false);
        clock.advance(TimeDelta::seconds(2));
        gateway.get(&format!("/jobs/{id}")).await.problem(404, "job-not-found").await;
        assert_eq!(upstream.calls("submitJob"), 1, "never sent twice");
        assert_eq!(upstream.calls("stopJob"), 0, "nothing is known that could be stopped");
    });
    futures_util::future::join_all(cases).await;
}

#[tokio::test]
async fn an_unconfirmed_job_that_ips_lists_is_that_job() {
    let (upstream, gateway, clock) = lossy().await;
    let id = submit(&gateway, "/jobs", &any_job("nightly"), None).await;
    let name = submitted_name(&upstream);
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job(&name, "")));
    clock.advance(TimeDelta::seconds(3));
    let job = read(&gateway, &id).await;
    assert_eq!(
        (&job["id"], &job["status"], &job["title"]),
        (&json!(id), &json!("running"), &json!("nightly")),
        "{job:#}"
    );
    assert_eq!((job.get("unconfirmed"), job.get("sentAt")), (None, None), "{job:#}");
}

#[tokio::test]
async fn an_unconfirmed_job_that_is_in_the_log_only_is_completed() {
    let (upstream, gateway, clock) = lossy().await;
    let id = submit(&gateway, "/jobs", &any_job("nightly"), None).await;
    let ended = "<endDate>2026-03-02T06:00:00-06:00</endDate><fatalError>false</fatalError>";
    upstream.answer(
        "getJobLogDetails",
        &format!("<jobLogArray>{}</jobLogArray>", job_log(&submitted_name(&upstream), ended)),
    );
    clock.advance(TimeDelta::seconds(3));
    let job = read(&gateway, &id).await;
    assert_eq!((&job["status"], &job["outcome"]), (&json!("completed"), &json!("succeeded")), "{job:#}");
}

#[tokio::test]
async fn another_gateway_and_another_user_know_only_what_the_id_says() {
    let (upstream, gateway, clock) = lossy().await;
    let id = submit(&gateway, "/jobs", &any_job("nightly"), None).await;
    let others = [upstream.gateway(&clock, &[]), gateway.with_password("heron@example.com", "another")];
    for other in &others {
        let job = read(other, &id).await;
        assert_eq!((&job["status"], &job["unconfirmed"]), (&json!("unknown"), &json!(true)), "{job:#}");
        assert_eq!((&job["title"], &job["kind"]), (&json!("nightly"), &json!("optimizeImages")), "{job:#}");
    }
    clock.advance(TimeDelta::seconds(121));
    for other in &others {
        other.get(&format!("/jobs/{id}")).await.problem(404, "job-not-found").await;
    }
}
