//! Poll as often as you like: IPS sees one call per interval, and nobody sees what was true before a change.

use std::time::{Duration, Instant};

use ips_gateway::sandbox::Population;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{FRESH, running_world};
use crate::support::{Gateway, Reply, ScriptedUpstream, World, active_job, any_job, envelope, id, names};

fn list_of(jobs: &[&str]) -> String {
    let jobs: String = jobs.iter().map(|job| active_job(job, "")).collect();
    format!("<jobArray>{jobs}</jobArray>")
}

/// Waits until the upstream has got this many calls.
async fn calls_arrive(upstream: &ScriptedUpstream, operation: &str, calls: usize) {
    while upstream.calls(operation) < calls {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn however_many_poll_at_once_ips_is_asked_once_per_interval() {
    let world = running_world();
    let began = Instant::now();
    let mut pollers = JoinSet::new();
    for _ in 0..100 {
        let gateway = world.gateway.clone();
        pollers.spawn(async move {
            let mut polls = 0;
            while began.elapsed() < 10 * FRESH {
                gateway.get("/jobs?companyHandle=c%7C110").await.expect(200);
                gateway.get("/jobs?companyHandle=c%7C110&status=running").await.expect(200);
                polls += 2;
                sleep(Duration::from_millis(40)).await;
            }
            polls
        });
    }
    let polls: u64 = pollers.join_all().await.into_iter().sum();
    let intervals = began.elapsed().as_millis().div_ceil(FRESH.as_millis());
    let calls = world.sandbox.calls("getActiveJobs");
    assert!(polls > 1000, "{polls} polls are no crowd");
    assert!(u128::from(calls) <= intervals + 1, "{calls} calls for {polls} polls in {intervals} intervals");
    assert!(calls > 3, "{calls} calls keep nobody up to date");
}

#[tokio::test]
async fn a_call_outlives_the_client_who_caused_it() {
    let upstream = ScriptedUpstream::start().await;
    let (open, gate) = watch::channel(false);
    upstream.reply("getActiveJobs", Reply::Held(gate, envelope("getActiveJobs", &list_of(&["nightly"]))));
    let gateway = upstream.plain_gateway();
    let impatient = tokio::spawn(gateway.get("/jobs?companyHandle=c%7C110").into_future());
    calls_arrive(&upstream, "getActiveJobs", 1).await;
    impatient.abort();
    assert!(impatient.await.is_err(), "it hung up");
    let patient = tokio::spawn(gateway.get("/jobs?companyHandle=c%7C110").into_future());
    sleep(Duration::from_millis(50)).await;
    open.send_replace(true);
    assert_eq!(names(&patient.await.expect("it ends").ok()), ["nightly"]);
    assert_eq!(upstream.calls("getActiveJobs"), 1);
}

async fn submit(gateway: &Gateway) {
    gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("new")).await.expect(202);
}

#[tokio::test]
async fn what_was_asked_before_a_change_is_never_shown_after_it() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||new|1</jobHandle>");
    let (open, gate) = watch::channel(false);
    upstream.reply("getActiveJobs", Reply::Held(gate, envelope("getActiveJobs", &list_of(&["old"]))));
    let gateway = upstream.plain_gateway();
    let slow = tokio::spawn(gateway.get("/jobs?companyHandle=c%7C110").into_future());
    calls_arrive(&upstream, "getActiveJobs", 1).await;

    submit(&gateway).await;
    upstream.answer("getActiveJobs", &list_of(&["old", "new"]));
    let polled = || async { names(&gateway.get("/jobs?companyHandle=c%7C110").await.ok()) };
    assert_eq!(polled().await, ["old", "new"], "a call of before the change is not joined");
    open.send_replace(true);
    assert_eq!(names(&slow.await.expect("it ends").ok()), ["old"], "whoever asked before may see what was before");
    assert_eq!(polled().await, ["old", "new"], "and nobody else");
    assert_eq!(upstream.calls("getActiveJobs"), 2);
}

#[tokio::test]
async fn after_a_stop_no_list_and_no_job_tells_of_the_time_before() {
    let world = World::with(Population::Empty, &[("FRESH", "10m")]);
    let job = id(&world.gateway.submit(&any_job("doomed")).await);
    for _ in 0..60 {
        world.pass(1_000);
        if world.gateway.job(&job).await["status"] == "running" {
            break;
        }
    }
    let before = world.gateway.get("/jobs").await.ok();
    assert_eq!(before["jobs"][0]["status"], "running", "{before:#}");
    let stopped = world.gateway.post(&format!("/jobs/{job}/stop")).await.expect(202).json();
    let (list, read) = (world.gateway.get("/jobs").await.ok(), world.gateway.get(&format!("/jobs/{job}")).await.ok());
    let status = |job: &Value| job["status"].clone();
    assert_eq!([status(&stopped), status(&list["jobs"][0]), status(&read)], ["stopping", "stopping", "stopping"]);
}

#[tokio::test]
async fn a_job_that_was_stopped_before_any_kept_list_had_it_waits_no_more() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||doomed|</jobHandle>");
    let gateway = upstream.plain_gateway();
    let submitted = gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("doomed")).await.expect(202).json();
    let name = submitted["originalName"].as_str().expect("a name").to_owned();

    // What it looks at before it stops the job is worth nothing after another change.
    let (open, gate) = watch::channel(false);
    upstream.reply("getActiveJobs", Reply::Held(gate, envelope("getActiveJobs", &list_of(&[&name]))));
    let stop = tokio::spawn(gateway.post(&format!("/jobs/{}/stop", id(&submitted))).into_future());
    calls_arrive(&upstream, "getActiveJobs", 1).await;
    submit(&gateway).await;
    let (stopped, gate) = watch::channel(false);
    upstream.reply("stopJob", Reply::Held(gate, envelope("stopJob", "")));
    open.send_replace(true);
    calls_arrive(&upstream, "stopJob", 1).await;
    upstream.answer("getActiveJobs", "");
    stopped.send_replace(true);

    let answer = stop.await.expect("it ends").expect(202);
    let job = answer.json();
    assert_eq!((&job["status"], &job["actions"]), (&json!("finalizing"), &json!([])), "{answer}");
    let read = gateway.job(&id(&submitted)).await;
    assert_eq!((&read["status"], &read["actions"]), (&json!("finalizing"), &json!([])), "{read:#}");
}

#[tokio::test]
async fn two_gateways_give_equal_entity_tags_for_what_means_the_same() {
    let world = World::seeded();
    let replica = Gateway::start(&world.sandbox.url(), world.sandbox.version(), &world.clock, &[]);
    let job = id(&world.gateway.get("/jobs").await.ok()["jobs"][0]);
    let paths =
        ["/jobs".into(), "/jobs?limit=2&sort=name".into(), "/jobs?phase=completed".into(), format!("/jobs/{job}")];
    let mut answers = Vec::new();
    for path in &paths {
        answers.push(world.gateway.get(path).await.expect(200));
    }
    world.pass(10);
    for (path, one) in paths.iter().zip(answers) {
        let other = replica.get(path).await.expect(200);
        assert_ne!(one.text(), other.text(), "{path} was looked at twice, at different times");
        assert_eq!(one.header("etag"), other.header("etag"), "{one}{other}");
        replica.get(path).header("If-None-Match", one.header("etag")).await.expect(304);
    }
}
