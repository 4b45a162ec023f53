//! Polls: one call per interval, and no list from before a mutation after it.

use std::time::{Duration, Instant};

use ips_gateway::sandbox::Population;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{FRESH, real_time_world};
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
async fn concurrent_polls_cost_one_call_per_interval() {
    let world = real_time_world();
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
    assert!(u128::from(calls) <= intervals + 1, "{calls} calls for {polls} polls in {intervals} intervals");
    assert!(polls > 10 * calls, "{calls} calls for {polls} polls");
    assert!(calls > 3, "{calls} calls do not keep clients up to date");
}

#[tokio::test]
async fn a_call_outlives_the_client_that_caused_it() {
    let upstream = ScriptedUpstream::start().await;
    let (release, released) = watch::channel(false);
    upstream.reply("getActiveJobs", Reply::Held(released, envelope("getActiveJobs", &list_of(&["nightly"]))));
    let gateway = upstream.plain_gateway();
    let aborted = tokio::spawn(gateway.get("/jobs?companyHandle=c%7C110").into_future());
    calls_arrive(&upstream, "getActiveJobs", 1).await;
    aborted.abort();
    assert!(aborted.await.is_err(), "it was aborted");
    let second = tokio::spawn(gateway.get("/jobs?companyHandle=c%7C110").into_future());
    sleep(Duration::from_millis(50)).await;
    release.send_replace(true);
    assert_eq!(names(&second.await.expect("it ends").ok()), ["nightly"]);
    assert_eq!(upstream.calls("getActiveJobs"), 1);
}

async fn submit(gateway: &Gateway) {
    gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("new")).await.expect(202);
}

#[tokio::test]
async fn a_list_loaded_before_a_mutation_is_never_served_after_it() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||new|1</jobHandle>");
    let (release, released) = watch::channel(false);
    upstream.reply("getActiveJobs", Reply::Held(released, envelope("getActiveJobs", &list_of(&["old"]))));
    let gateway = upstream.plain_gateway();
    let slow = tokio::spawn(gateway.get("/jobs?companyHandle=c%7C110").into_future());
    calls_arrive(&upstream, "getActiveJobs", 1).await;

    submit(&gateway).await;
    upstream.answer("getActiveJobs", &list_of(&["old", "new"]));
    let polled = || async { names(&gateway.get("/jobs?companyHandle=c%7C110").await.ok()) };
    assert_eq!(polled().await, ["old", "new"], "a call of before the change is not joined");
    release.send_replace(true);
    assert_eq!(
        names(&slow.await.expect("it ends").ok()),
        ["old"],
        "a poll from before the submit may get the earlier list"
    );
    assert_eq!(polled().await, ["old", "new"], "a later poll must not");
    assert_eq!(upstream.calls("getActiveJobs"), 2);
}

#[tokio::test]
async fn no_list_or_job_from_before_a_stop_is_served_after_it() {
    let world = World::with(Population::Empty, &[("FRESH", "10m")]);
    let job = id(&world.gateway.submit(&any_job("doomed")).await);
    for _ in 0..60 {
        world.advance(1_000);
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
async fn a_job_stopped_before_it_was_listed_is_not_waiting() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||doomed|</jobHandle>");
    let gateway = upstream.plain_gateway();
    let submitted = gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("doomed")).await.expect(202).json();
    let name = submitted["originalName"].as_str().expect("a name").to_owned();

    // The list that it reads before the stop is invalidated by another mutation.
    let (release, released) = watch::channel(false);
    upstream.reply("getActiveJobs", Reply::Held(released, envelope("getActiveJobs", &list_of(&[&name]))));
    let stop = tokio::spawn(gateway.post(&format!("/jobs/{}/stop", id(&submitted))).into_future());
    calls_arrive(&upstream, "getActiveJobs", 1).await;
    submit(&gateway).await;
    let (release_stop, released) = watch::channel(false);
    upstream.reply("stopJob", Reply::Held(released, envelope("stopJob", "")));
    release.send_replace(true);
    calls_arrive(&upstream, "stopJob", 1).await;
    upstream.answer("getActiveJobs", "");
    release_stop.send_replace(true);

    let answer = stop.await.expect("it ends").expect(202);
    let job = answer.json();
    assert_eq!((&job["status"], &job["actions"]), (&json!("finalizing"), &json!([])), "{answer}");
    let read = gateway.job(&id(&submitted)).await;
    assert_eq!((&read["status"], &read["actions"]), (&json!("finalizing"), &json!([])), "{read:#}");
}

#[tokio::test]
async fn replicas_have_equal_entity_tags_for_equal_content() {
    let world = World::seeded();
    let replica = Gateway::start(&world.sandbox.url(), world.sandbox.version(), &world.clock, &[]);
    let job = id(&world.gateway.get("/jobs").await.ok()["jobs"][0]);
    let paths =
        ["/jobs".into(), "/jobs?limit=2&sort=name".into(), "/jobs?phase=completed".into(), format!("/jobs/{job}")];
    let mut answers = Vec::new();
    for path in &paths {
        answers.push(world.gateway.get(path).await.expect(200));
    }
    world.advance(10);
    for (path, one) in paths.iter().zip(answers) {
        let other = replica.get(path).await.expect(200);
        assert_ne!(one.text(), other.text(), "{path} has different observedAt");
        assert_eq!(one.header("etag"), other.header("etag"), "{one}{other}");
        replica.get(path).header("If-None-Match", one.header("etag")).await.expect(304);
    }
}
