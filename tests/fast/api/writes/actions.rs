//! stop, pause, resume, execute, delete: their effects, when they are possible, and that impossible ones are not sent.

use ips_gateway::sandbox::users::READ_ONLY;
use serde_json::{Value, json};

use crate::support::{World, any_job, id};

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
    assert_eq!(log["total"], 1, "{log:#}");
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

#[tokio::test]
async fn an_impossible_action_is_refused_with_the_possible_ones_and_not_sent() {
    let world = World::empty();
    let scheduled = id(&world.gateway.submit(&later("launch")).await);
    let completed = id(&world.gateway.submit(&any_job("done")).await);
    world.finish(&completed).await;
    let active = id(&world.gateway.submit(&any_job("again")).await);
    let before = world.changes();
    for (job, action, possible) in [
        (&scheduled, "stop", json!(["pause", "execute", "delete"])),
        (&scheduled, "resume", json!(["pause", "execute", "delete"])),
        (&active, "pause", json!(["stop", "delete"])),
        (&active, "resume", json!(["stop", "delete"])),
        (&active, "execute", json!(["stop", "delete"])),
        (&completed, "stop", json!([])),
        (&completed, "pause", json!([])),
        (&completed, "execute", json!([])),
        (&completed, "delete", json!([])),
    ] {
        let answer = match action {
            "delete" => world.gateway.delete(&format!("/jobs/{job}")).await,
            action => world.gateway.post(&format!("/jobs/{job}/{action}")).await,
        };
        let problem = answer.problem(409, "action-not-possible").await;
        assert_eq!(problem["actions"], possible, "{answer}");
        assert_eq!(problem["outcome"], "not_sent", "{answer}");
    }
    assert_eq!(world.changes(), before, "nothing was sent");
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
async fn a_user_without_write_permission_may_read_but_not_stop() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    let reader = world.gateway.as_user(&READ_ONLY);
    reader.get(&format!("/jobs/{id}")).await.expect(200);
    let answer = reader.post(&format!("/jobs/{id}/stop")).await;
    let problem = answer.problem(403, "forbidden").await;
    assert_eq!(
        (&problem["outcome"], &problem["upstream"]["operation"]),
        (&json!("rejected"), &json!("stopJob")),
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
