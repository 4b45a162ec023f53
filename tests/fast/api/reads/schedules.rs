//! Scheduled jobs: once (`execTime`) or recurring (`execSchedule`).

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::support::{Reply, START, ScriptedUpstream, World, active_job, any_job, envelope, id};

/// A scheduled job with this original name, which runs every day.
fn daily(name: &str) -> String {
    format!(
        "<jobArray><items><companyHandle>c|110</companyHandle><jobHandle>0|{name}|</jobHandle><name>{name}</name>\
         <originalName>{name}</originalName><execSchedule>0 0 3 * * ?</execSchedule></items></jobArray>"
    )
}

fn recurring(name: &str) -> Value {
    let mut job = any_job(name);
    // Ten minutes past every hour.
    job["execSchedule"] = json!("0 10 * * * ?");
    job
}

/// The jobs of a list with this original name.
async fn named(world: &World, phases: &str, name: &str) -> Vec<Value> {
    let list = world.gateway.get("/jobs").query(&[("phase", phases), ("originalName", name)]);
    list.header("Cache-Control", "no-cache").await.ok()["jobs"].as_array().expect("jobs").clone()
}

#[tokio::test]
async fn a_job_with_an_exec_time_is_scheduled_then_runs_under_the_same_id() {
    let world = World::empty();
    let mut job = any_job("launch");
    job["execTime"] = json!("2026-03-02T13:30:00+01:00");
    let submitted = world.gateway.submit(&job).await;
    assert_eq!(
        (&submitted["phase"], &submitted["status"]),
        (&json!("scheduled"), &json!("scheduled")),
        "{submitted:#}"
    );
    let id = id(&submitted);
    let listed = named(&world, "scheduled", submitted["originalName"].as_str().expect("a name")).await;
    assert_eq!(listed.iter().map(|job| &job["id"]).collect::<Vec<_>>(), [&json!(id)], "{listed:#?}");
    assert_eq!(listed[0]["nextFireTime"], "2026-03-02T06:30:00-06:00", "{listed:#?}");

    world.advance(30 * 60_000 + 10_000);
    let running = world.gateway.job(&id).await;
    assert_eq!((&running["phase"], &running["status"]), (&json!("active"), &json!("running")), "{running:#}");
    let done = world.finish(&id).await;
    assert_eq!((&done["id"], &done["outcome"]), (&json!(id), &json!("succeeded")), "{done:#}");
}

#[tokio::test]
async fn a_schedule_keeps_its_name_and_id_and_each_run_refers_to_it() {
    let world = World::empty();
    let submitted = world.gateway.submit(&recurring("hourly")).await;
    let schedule = id(&submitted);
    assert_eq!(submitted["originalName"], "hourly", "no suffix: {submitted:#}");
    assert_eq!(submitted["phase"], "scheduled");

    let mut runs = Vec::new();
    for _ in 0..2 {
        world.advance(60 * 60_000);
        let done = named(&world, "active,completed", "hourly").await;
        runs = done;
        let kept = world.gateway.job(&schedule).await;
        assert_eq!((&kept["id"], &kept["phase"]), (&json!(schedule), &json!("scheduled")), "{kept:#}");
    }
    assert_eq!(runs.len(), 2, "{runs:#?}");
    for run in &runs {
        assert_ne!(run["id"], schedule, "a run is a job of its own");
        assert_eq!(run["schedule"], schedule, "{run:#}");
        let read = world.gateway.job(&id(run)).await;
        assert_eq!((&read["id"], &read["schedule"]), (&run["id"], &json!(schedule)), "{read:#}");
    }
    assert_ne!(runs[0]["id"], runs[1]["id"]);
}

#[tokio::test]
async fn the_first_list_takes_one_call_and_the_next_one_links_the_runs_under_the_same_ids() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    // An answer that waits for the scheduled list would never come.
    let (release, released) = watch::channel(false);
    upstream.reply("getScheduledJobs", Reply::Held(released, envelope("getScheduledJobs", &daily("nightly"))));
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[]);
    let calls = || ["getActiveJobs", "getScheduledJobs"].map(|operation| upstream.calls(operation));
    let first = gateway.get("/jobs?companyHandle=c%7C110").await.ok();
    assert_eq!((calls(), &first["jobs"][0]["schedule"]), ([1, 0], &Value::Null), "{first:#}");

    release.send_replace(true);
    let reload = || async {
        clock.advance(TimeDelta::seconds(5));
        gateway.get("/jobs?companyHandle=c%7C110").header("Cache-Control", "no-cache").await.ok()
    };
    let next = reload().await;
    assert_eq!(calls(), [2, 1]);
    let schedules = gateway.get("/jobs?companyHandle=c%7C110&phase=scheduled").await.ok();
    let run = &next["jobs"][0];
    assert_eq!((&run["id"], &run["schedule"]), (&first["jobs"][0]["id"], &schedules["jobs"][0]["id"]), "{next:#}");
    assert_eq!((&reload().await["jobs"][0]["schedule"], calls()), (&run["schedule"], [3, 1]));
}

#[tokio::test]
async fn the_first_list_links_the_runs_to_the_scheduled_list_if_that_is_cached() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    upstream.answer("getScheduledJobs", &daily("nightly"));
    let gateway = upstream.plain_gateway();
    let schedules = gateway.get("/jobs?companyHandle=c%7C110&phase=scheduled").await.ok();
    let list = gateway.get("/jobs?companyHandle=c%7C110").await.ok();
    assert_eq!(list["jobs"][0]["schedule"], schedules["jobs"][0]["id"], "{list:#}");
    assert_eq!((upstream.calls("getActiveJobs"), upstream.calls("getScheduledJobs")), (1, 1));
}

#[tokio::test]
async fn a_run_keeps_its_id_from_active_to_completed() {
    let world = World::empty();
    world.gateway.submit(&recurring("hourly")).await;
    world.advance(10 * 60_000 + 8_000);
    let active = named(&world, "active", "hourly").await;
    assert_eq!(active.len(), 1, "{active:#?}");
    let run = id(&active[0]);
    let done = world.finish(&run).await;
    assert_eq!((&done["id"], &done["phase"]), (&json!(run), &json!("completed")), "{done:#}");
}

#[tokio::test]
async fn executing_a_schedule_starts_a_run_and_keeps_the_schedule() {
    let world = World::empty();
    let schedule = id(&world.gateway.submit(&recurring("hourly")).await);
    let answer = world.gateway.post(&format!("/jobs/{schedule}/execute")).await.expect(202).json();
    assert_eq!((&answer["id"], &answer["phase"]), (&json!(schedule), &json!("scheduled")), "{answer:#}");
    let runs = named(&world, "active", "hourly").await;
    assert_eq!(runs.len(), 1, "{runs:#?}");
    assert_eq!(runs[0]["schedule"], schedule);
}

#[tokio::test]
async fn a_paused_schedule_does_not_run() {
    let world = World::empty();
    let schedule = id(&world.gateway.submit(&recurring("hourly")).await);
    let paused = world.gateway.post(&format!("/jobs/{schedule}/pause")).await.expect(202).json();
    assert_eq!((&paused["id"], &paused["status"]), (&json!(schedule), &json!("paused")), "{paused:#}");
    world.advance(3 * 60 * 60_000);
    assert_eq!(named(&world, "active,completed", "hourly").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_deleted_schedule_is_gone_and_its_runs_are_kept() {
    let world = World::empty();
    let schedule = id(&world.gateway.submit(&recurring("hourly")).await);
    world.advance(15 * 60_000);
    world.gateway.delete(&format!("/jobs/{schedule}")).await.expect(204);
    world.gateway.get(&format!("/jobs/{schedule}")).await.problem(404, "job-not-found").await;
    let runs = named(&world, "active,completed", "hourly").await;
    assert_eq!(runs.len(), 1, "{runs:#?}");
    world.gateway.get(&format!("/jobs/{}", id(&runs[0]))).await.expect(200);
}

#[tokio::test]
async fn an_invalid_cron_expression_is_rejected_with_the_reason_of_ips() {
    let world = World::empty();
    let mut job = any_job("never");
    job["execSchedule"] = json!("0 99 0 * * ?");
    let answer = world.gateway.post_json("/jobs", &job).await;
    let problem = answer.problem(422, "rejected-by-ips").await;
    assert_eq!((&problem["outcome"], &problem["upstream"]["code"]), (&json!("rejected"), &json!(30001)), "{answer}");
    assert!(problem["upstream"]["reason"].as_str().is_some_and(|reason| reason.contains("0 99 0 * * ?")), "{answer}");
}
