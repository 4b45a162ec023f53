//! Stopped jobs: never a success and never 100 percent, however it is known that they were stopped.

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};

use super::titles;
use crate::support::{Gateway, START, ScriptedUpstream, World, active_job, id, job_log, upload};

fn clock() -> Clock {
    Clock::manual(START.parse().expect("a time"))
}

/// A log with these counts and no fatal error, which ended when the tests start.
fn log(name: &str, [total, success]: [u32; 2], more: &str) -> String {
    job_log(
        name,
        &format!(
            "<startDate>2026-03-02T05:00:00-06:00</startDate><endDate>2026-03-02T06:00:00-06:00</endDate>\
             <fileSuccessCount>{success}</fileSuccessCount><fileErrorCount>0</fileErrorCount><fileWarningCount>0</fileWarningCount>\
             <totalFileCount>{total}</totalFileCount><fatalError>false</fatalError>{more}"
        ),
    )
}

fn canceled(log: &str) -> String {
    let entry = "<detailArray><items><logMessage>stopped</logMessage><logType>FileCancel</logType></items></detailArray></items>";
    log.replace("</items>", entry)
}

fn verdict(job: &Value) -> (&Value, &Value) {
    (&job["outcome"], &job["percent"])
}

/// Answers both operations on logs.
fn answer_logs(upstream: &ScriptedUpstream, logs: &str) {
    for operation in ["getJobLogs", "getJobLogDetails"] {
        upstream.answer(operation, &format!("<jobLogArray>{logs}</jobLogArray>"));
    }
}

#[tokio::test]
async fn an_upload_that_is_stopped_half_way_is_stopped_everywhere() {
    let world = World::empty();
    let urls: Vec<String> = (0..30).map(|number| format!("https://images.example.com/{number}.tif")).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let id = id(&world.gateway.submit(&upload("to be stopped", &urls)).await);
    while world.gateway.job(&id).await["percent"].as_u64() < Some(20) {
        world.advance(1_000);
    }
    world.gateway.post(&format!("/jobs/{id}/stop")).await.expect(202);
    let job = world.finish(&id).await;
    assert_eq!(job["outcome"], "stopped", "{job:#}");
    assert!(job["percent"].as_u64().is_none_or(|percent| percent < 100), "{job:#}");
    // A gateway that knows nothing of the stop.
    let other = Gateway::start(&world.sandbox.url(), world.sandbox.version(), &world.clock, &[]);
    for gateway in [&world.gateway, &other] {
        assert_eq!(gateway.job(&id).await["outcome"], "stopped");
        for path in ["/jobs?phase=completed", "/job-logs", "/jobs?outcome=stopped"] {
            let list = gateway.get(path).await.ok();
            assert_eq!(titles(&list), ["to be stopped"], "{path}");
            let job = list["jobs"].get(0).unwrap_or(&list["logs"][0]);
            assert_eq!(job["outcome"], "stopped", "{path}: {job:#}");
        }
        assert_eq!(titles(&gateway.get("/jobs?outcome=succeeded,succeededWithWarnings").await.ok()), [""; 0]);
    }
}

#[tokio::test]
async fn fewer_files_than_counted_are_those_of_a_stopped_job() {
    let upstream = ScriptedUpstream::start().await;
    answer_logs(&upstream, &log("half", [8, 2], ""));
    let gateway = upstream.plain_gateway();
    let list = gateway.get("/jobs?phase=completed").await.ok();
    assert_eq!(verdict(&list["jobs"][0]), (&json!("stopped"), &json!(25)), "{list:#}");
    let job = gateway.job(&id(&list["jobs"][0])).await;
    assert_eq!(verdict(&job), (&json!("stopped"), &json!(25)), "{job:#}");
}

#[tokio::test]
async fn a_canceled_file_in_the_log_is_that_of_a_stopped_job() {
    let upstream = ScriptedUpstream::start().await;
    let uncounted = log("all done", [4, 4], "");
    upstream.answer("getJobLogs", &format!("<jobLogArray>{uncounted}</jobLogArray>"));
    upstream.answer("getJobLogDetails", &format!("<jobLogArray>{}</jobLogArray>", canceled(&uncounted)));
    let gateway = upstream.plain_gateway();
    let listed = id(&gateway.get("/jobs?phase=completed").await.ok()["jobs"][0]);
    let job = gateway.job(&listed).await;
    assert_eq!(verdict(&job), (&json!("stopped"), &Value::Null), "{job:#}");
    assert_eq!(job.get("detailArray"), None, "{job:#}");
    let request = &upstream.requests("getJobLogDetails")[0];
    assert!(request.contains("sortDirection>Descending<") && request.contains("recordsPerPage>20<"), "{request}");
}

#[tokio::test]
async fn a_stop_that_went_through_the_gateway_is_known_although_the_log_does_not_tell() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("sale", "")));
    upstream.answer("stopJob", "");
    let clock = clock();
    let gateway = upstream.gateway(&clock, &[]);
    let id = id(&gateway.get("/jobs").await.ok()["jobs"][0]);
    gateway.post(&format!("/jobs/{id}/stop")).await.expect(202);
    upstream.answer("getActiveJobs", "<jobArray/>");
    answer_logs(&upstream, &log("sale", [4, 4], ""));
    clock.advance(TimeDelta::seconds(3));
    for path in ["/jobs?phase=completed", "/job-logs"] {
        let list = gateway.get(path).header("Cache-Control", "no-cache").await.ok();
        let job = list["jobs"].get(0).unwrap_or(&list["logs"][0]);
        assert_eq!(verdict(job), (&json!("stopped"), &Value::Null), "{path}: {job:#}");
    }
    assert_eq!(verdict(&gateway.job(&id).await), (&json!("stopped"), &Value::Null));
    let elsewhere = upstream.gateway(&clock, &[]).job(&id).await;
    assert_eq!(verdict(&elsewhere), (&json!("succeeded"), &json!(100)), "nothing tells of the stop: {elsewhere:#}");
}

#[tokio::test]
async fn a_refused_stop_is_none() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("sale", "")));
    upstream.reply("stopJob", crate::support::fault("ipsApiFault", 30000, "too late", 500));
    let clock = clock();
    let gateway = upstream.gateway(&clock, &[]);
    let id = id(&gateway.get("/jobs").await.ok()["jobs"][0]);
    gateway.post(&format!("/jobs/{id}/stop")).await.problem(409, "action-not-possible").await;
    upstream.answer("getActiveJobs", "<jobArray/>");
    answer_logs(&upstream, &log("sale", [4, 4], ""));
    clock.advance(TimeDelta::seconds(3));
    assert_eq!(verdict(&gateway.job(&id).await), (&json!("succeeded"), &json!(100)));
}

#[tokio::test]
async fn a_job_that_was_last_seen_stopping_is_stopped_whoever_stopped_it() {
    let upstream = ScriptedUpstream::start().await;
    let stopping = active_job("sale", "").replace(">Running<", ">Stopping<");
    upstream.answer("getActiveJobs", &format!("<jobArray>{stopping}</jobArray>"));
    let clock = clock();
    let gateway = upstream.gateway(&clock, &[]);
    let job = gateway.get("/jobs").await.ok()["jobs"][0].clone();
    assert_eq!(job["status"], "stopping", "{job:#}");
    upstream.answer("getActiveJobs", "<jobArray/>");
    answer_logs(&upstream, &log("sale", [4, 4], ""));
    clock.advance(TimeDelta::seconds(3));
    assert_eq!(gateway.get("/jobs").header("Cache-Control", "no-cache").await.ok()["jobs"], json!([]));
    let found = gateway.job(&id(&job)).await;
    assert_eq!(found["outcome"], "stopped", "{found:#}");
    let list = gateway.get("/jobs?phase=completed").await.ok();
    assert_eq!(list["jobs"][0]["outcome"], "stopped", "{list:#}");
}

#[tokio::test]
async fn a_fatal_error_and_failed_files_are_no_stop() {
    let upstream = ScriptedUpstream::start().await;
    let fatal = log("fatal", [8, 2], "").replace("fatalError>false", "fatalError>true");
    let failed = log("failed", [3, 0], "").replace("<fileErrorCount>0", "<fileErrorCount>3");
    answer_logs(&upstream, &[fatal, failed].concat());
    let gateway = upstream.plain_gateway();
    let list = gateway.get("/jobs?phase=completed").await.ok();
    assert_eq!(verdict(&list["jobs"][0]), (&json!("failed"), &json!(25)), "{list:#}");
    assert_eq!(verdict(&list["jobs"][1]), (&json!("failed"), &json!(100)), "{list:#}");
}
