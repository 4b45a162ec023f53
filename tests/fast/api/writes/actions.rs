//! stop, pause, resume, execute, delete: their effects, when they are sent, and how refusals of IPS are reported.

use std::sync::atomic::{AtomicUsize, Ordering};

use ips_gateway::sandbox::users::COMPANY_ADMIN;
use serde_json::{Value, json};

use crate::support::{Answer, Gateway, Reply, ScriptedUpstream, World, active_job, any_job, envelope, fault, id};

fn later(name: &str) -> Value {
    let mut job = any_job(name);
    job["execTime"] = json!("2026-03-03T12:00:00Z");
    job
}

#[tokio::test]
async fn a_stopped_job_is_stopping_then_finalizing_then_completed() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    world.advance(8_000);
    assert_eq!(world.gateway.job(&id).await["status"], "running");
    let answer = world.gateway.post(&format!("/jobs/{id}/stop")).await.expect(202);
    let job = answer.json();
    assert_eq!((&job["id"], &job["status"]), (&json!(id), &json!("stopping")), "{answer}");
    assert_eq!(job["actions"], json!(["delete"]), "{answer}");
    world.advance(3_100);
    assert_eq!(world.gateway.job(&id).await["status"], "finalizing");
    world.advance(1_600);
    let log = world.gateway.get(&format!("/jobs/{id}/log?logType=FileCancel")).await.ok();
    let job = world.gateway.job(&id).await;
    let left = job["totalFileCount"].as_i64().zip(job["fileSuccessCount"].as_i64()).map(|(total, done)| total - done);
    assert_eq!(log["total"].as_i64(), left.map(|left| left + 1), "the stop, and each unprocessed file: {log:#}");
    assert!(left > Some(0), "{job:#}");
}

#[tokio::test]
async fn a_stopped_waiting_job_leaves_the_list_at_once_and_keeps_its_id() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    assert_eq!(world.gateway.job(&id).await["status"], "waiting");
    let job = world.gateway.post(&format!("/jobs/{id}/stop")).await.expect(202).json();
    assert_eq!((&job["id"], &job["status"]), (&json!(id), &json!("finalizing")), "{job:#}");
    world.advance(1_600);
    assert_eq!(world.gateway.job(&id).await["status"], "completed");
}

#[tokio::test]
async fn a_stop_is_visible_in_the_next_list_however_fresh_the_last_one_is() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    world.advance(8_000);
    let status = |list: &Value| list["jobs"][0]["status"].clone();
    assert_eq!(status(&world.gateway.get("/jobs").await.ok()), "running");
    world.gateway.post(&format!("/jobs/{id}/stop")).await.expect(202);
    assert_eq!(status(&world.gateway.get("/jobs").await.ok()), "stopping");
}

#[tokio::test]
async fn a_scheduled_job_can_be_paused_resumed_and_executed() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&later("launch")).await);
    let ask = async |action: &str| world.gateway.post(&format!("/jobs/{id}/{action}")).await.expect(202).json();
    let before = world.gateway.job(&id).await;
    assert_eq!((&before["phase"], &before["status"]), (&json!("scheduled"), &json!("scheduled")), "{before:#}");
    assert_eq!(before["actions"], json!(["pause", "execute", "delete"]), "{before:#}");

    let paused = ask("pause").await;
    assert_eq!((&paused["id"], &paused["status"]), (&json!(id), &json!("paused")), "{paused:#}");
    assert_eq!(paused["actions"], json!(["resume", "execute", "delete"]), "{paused:#}");
    assert_eq!(ask("resume").await["status"], "scheduled");

    let executed = ask("execute").await;
    assert_eq!((&executed["id"], &executed["phase"]), (&json!(id), &json!("active")), "{executed:#}");
    assert_eq!(world.finish(&id).await["outcome"], "succeeded");
}

/// Sends an action.
async fn act(gateway: &Gateway, job: &str, action: &str) -> Answer {
    match action {
        "delete" => gateway.delete(&format!("/jobs/{job}")).await,
        action => gateway.post(&format!("/jobs/{job}/{action}")).await,
    }
}

const ACTIONS: [&str; 5] = ["stop", "pause", "resume", "execute", "delete"];

#[tokio::test]
async fn an_action_on_a_completed_job_is_refused_and_not_sent() {
    let world = World::empty();
    let completed = id(&world.gateway.submit(&any_job("done")).await);
    world.finish(&completed).await;
    let before = world.changes();
    for action in ACTIONS {
        let answer = act(&world.gateway, &completed, action).await;
        let problem = answer.problem(409, "action-not-possible").await;
        assert_eq!((&problem["actions"], &problem["outcome"]), (&json!([]), &json!("not_sent")), "{answer}");
        assert!(problem["upstream"].is_null(), "{answer}");
    }
    assert_eq!(world.changes(), before, "nothing was sent");
}

#[tokio::test]
async fn an_action_that_ips_refuses_is_not_possible_with_its_reason_and_the_suggested_actions() {
    let world = World::empty();
    let scheduled = id(&world.gateway.submit(&later("launch")).await);
    let stopping = id(&world.gateway.submit(&any_job("again")).await);
    world.advance(8_000);
    world.gateway.post(&format!("/jobs/{stopping}/stop")).await.expect(202);
    for (job, action, suggested, reason, calls) in [
        (&scheduled, "stop", json!(["pause", "execute", "delete"]), "stopJob is for active jobs", 2),
        (&stopping, "pause", json!(["delete"]), "is being stopped", 1),
        (&stopping, "resume", json!(["delete"]), "is being stopped", 1),
        (&stopping, "execute", json!(["delete"]), "is being stopped", 1),
    ] {
        let answer = act(&world.gateway, job, action).await;
        let problem = answer.problem(409, "action-not-possible").await;
        assert_eq!((&problem["actions"], &problem["outcome"]), (&suggested, &json!("rejected")), "{answer}");
        assert_eq!((&problem["retryable"], &problem["upstream"]["code"]), (&json!(false), &json!(30001)), "{answer}");
        assert!(problem["upstream"]["reason"].as_str().is_some_and(|said| said.contains(reason)), "{answer}");
        assert_eq!(world.sandbox.calls(&format!("{action}Job")), calls, "sent once");
    }
}

/// The handles of an active and of a scheduled job.
const LISTED: [&str; 2] = ["j%7C110%7C%7Cnightly_2026-03-02-06:00:00.000%7C5129821", "0%7Ca%7C"];

async fn upstream_with_both() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    upstream.answer(
        "getScheduledJobs",
        "<jobArray><items><companyHandle>c|110</companyHandle><jobHandle>0|a|</jobHandle><name>a</name>\
         <originalName>a</originalName><execSchedule>0 0 3 * * ?</execSchedule><triggerState>Normal</triggerState></items></jobArray>",
    );
    upstream
}

#[tokio::test]
async fn every_action_on_an_active_or_scheduled_job_is_sent() {
    for (job, action) in LISTED.into_iter().flat_map(|job| ACTIONS.map(|action| (job, action))) {
        let upstream = upstream_with_both().await;
        let operation = format!("{action}Job");
        upstream.answer(&operation, "");
        act(&upstream.plain_gateway(), job, action).await.expect(if action == "delete" { 204 } else { 202 });
        let sent = upstream.requests(&operation);
        assert_eq!(sent.len(), 1, "{action} of {job}");
        assert!(sent[0].contains(&job.replace("%7C", "|")), "{}", sent[0]);
    }
}

#[tokio::test]
async fn only_faults_about_the_action_itself_make_it_not_possible() {
    for (name, fault_code, status, code) in [
        ("authenticationFault", 10001, 401, "credentials-rejected"),
        ("authorizationFault", 20003, 403, "forbidden"),
        ("authorizationFault", 20006, 404, "company-not-found"),
        ("authorizationFault", 20005, 409, "action-not-possible"),
        ("ipsApiFault", 30000, 409, "action-not-possible"),
        ("ipsApiFault", 30001, 409, "action-not-possible"),
        ("ipsApiFault", 30003, 500, "request-refused-by-ips"),
        ("ipsApiFault", 39999, 409, "action-not-possible"),
    ] {
        let upstream = upstream_with_both().await;
        upstream.reply("pauseJob", fault(name, fault_code, "it is not in a state for that", 500));
        let gateway = upstream.plain_gateway();
        let answer = act(&gateway, LISTED[0], "pause").await;
        let problem = answer.problem(status, code).await;
        assert_eq!(problem["outcome"], "rejected", "{answer}");
        let said = &problem["upstream"];
        assert_eq!((&said["operation"], &said["code"]), (&json!("pauseJob"), &json!(fault_code)), "{answer}");
        assert_eq!(said["reason"], "it is not in a state for that", "{answer}");
    }
}

#[tokio::test]
async fn a_refused_action_on_a_job_that_is_gone_is_a_404() {
    let upstream = upstream_with_both().await;
    let gateway = upstream.plain_gateway();
    let list = |jobs: &str| Reply::Xml(200, envelope("getScheduledJobs", &format!("<jobArray>{jobs}</jobArray>")));
    let (calls, before) = (
        AtomicUsize::new(0),
        "<items><companyHandle>c|110</companyHandle><jobHandle>0|a|</jobHandle><name>a</name>\
         <originalName>a</originalName><execSchedule>0 0 3 * * ?</execSchedule></items>",
    );
    upstream.script("getScheduledJobs", move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => list(before),
        _ => list(""),
    });
    upstream.reply("deleteJob", fault("ipsApiFault", 30001, "Invalid job handle", 500));
    let answer = act(&gateway, LISTED[1], "delete").await;
    let problem = answer.problem(404, "job-not-found").await;
    assert_eq!(problem["upstream"]["reason"], "Invalid job handle", "{answer}");
}

#[tokio::test]
async fn a_job_can_be_deleted_in_every_phase() {
    let world = World::empty();
    let active = id(&world.gateway.submit(&any_job("nightly")).await);
    let scheduled = id(&world.gateway.submit(&later("launch")).await);
    let plain = world.gateway.post_json("/jobs?uniqueName=false", &any_job("plain")).await.expect(202).json();
    for job in [active, scheduled, id(&plain)] {
        let path = format!("/jobs/{job}");
        world.gateway.get(&path).await.expect(200);
        let answer = world.gateway.delete(&path).await.expect(204);
        assert!(answer.body.is_empty(), "{answer}");
        world.gateway.get(&path).await.problem(404, "job-not-found").await;
        let again = world.gateway.delete(&path).await;
        assert_eq!(again.problem(404, "job-not-found").await["outcome"], "not_sent", "{again}");
    }
    assert_eq!(world.gateway.get("/jobs?phase=active,scheduled").await.ok()["jobs"], json!([]));
}

#[tokio::test]
async fn the_name_of_a_deleted_job_can_be_submitted_again() {
    let world = World::empty();
    let submit =
        || async { world.gateway.post_json("/jobs?uniqueName=false", &any_job("plain")).await.expect(202).json() };
    let path = format!("/jobs/{}", id(&submit().await));
    world.gateway.delete(&path).await.expect(204);
    submit().await;
    world.gateway.get(&path).await.expect(200);
}

#[tokio::test]
async fn a_user_without_permission_to_submit_may_watch_but_not_execute() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    let supervisor = world.gateway.as_user(&COMPANY_ADMIN);
    supervisor.get(&format!("/jobs/{id}")).await.expect(200);
    let answer = supervisor.post(&format!("/jobs/{id}/execute")).await;
    let problem = answer.problem(403, "forbidden").await;
    assert_eq!(
        (&problem["outcome"], &problem["upstream"]["operation"]),
        (&json!("rejected"), &json!("executeJob")),
        "{answer}"
    );
}

#[tokio::test]
async fn an_action_accepts_the_current_handle_of_a_job() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    let active = world.gateway.job(&id).await;
    let handle: String = active["jobHandle"].as_str().expect("a handle").replace('|', "%7C");
    let stopped = world.gateway.post(&format!("/jobs/{handle}/stop?companyHandle=c%7C110")).await.expect(202).json();
    assert_eq!(stopped["id"], id, "the response has the id: {stopped:#}");
}
