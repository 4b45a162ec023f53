//! Long polls: `Prefer: wait` with `If-None-Match`.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{FRESH, assert_no_more_calls, manual_time_world, real_time_world};
use crate::support::{Answer, Reply, Request, START, ScriptedUpstream, World, active_job, any_job, id};

fn waiting(request: Request, seconds: &str, known: &Answer) -> Request {
    request.header("Prefer", &format!("wait={seconds}")).header("If-None-Match", known.header("etag"))
}

/// Asserts that the poll is not answered for 300 ms.
async fn assert_waits(poll: &tokio::task::JoinHandle<Answer>) {
    sleep(Duration::from_millis(300)).await;
    assert!(!poll.is_finished(), "nothing has changed yet");
}

#[tokio::test]
async fn a_long_poll_answers_when_something_changes() {
    let world = manual_time_world(Population::Empty);
    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    for path in ["/jobs".to_owned(), "/jobs?status=waiting,running&sort=name".into(), format!("/jobs/{job}")] {
        let known = world.gateway.get(&path).header("Cache-Control", "no-cache").await.expect(200);
        let poll = tokio::spawn(waiting(world.gateway.get(&path), "30", &known).into_future());
        assert_waits(&poll).await;
        world.advance(3_000);
        let answer = poll.await.expect("it ends").expect(200);
        assert_eq!(answer.header("preference-applied"), "wait=30", "{answer}");
        assert_ne!(answer.header("etag"), known.header("etag"), "{answer}");
        assert!(answer.text().contains(&job), "{answer}");
    }
}

#[tokio::test]
async fn a_long_poll_says_how_long_it_waits_at_most() {
    let world = manual_time_world(Population::Empty);
    world.gateway.submit(&any_job("nightly")).await;
    for (preferred, applied) in
        [("600", "wait=50"), ("99999999999999999999999", "wait=50"), ("50", "wait=50"), ("\"7\"", "wait=7")]
    {
        let known = world.gateway.get("/jobs").header("Cache-Control", "no-cache").await.expect(200);
        let poll = tokio::spawn(waiting(world.gateway.get("/jobs"), preferred, &known).into_future());
        assert_waits(&poll).await;
        world.gateway.submit(&any_job("another")).await;
        let answer = poll.await.expect("it ends").expect(200);
        assert_eq!(answer.header("preference-applied"), applied, "{answer}");
    }
    for ignored in ["0", "-1", "x", ""] {
        let known = world.gateway.get("/jobs").header("Cache-Control", "no-cache").await.expect(200);
        let answer = waiting(world.gateway.get("/jobs"), ignored, &known).await.expect(304);
        assert_eq!(answer.find_header("preference-applied"), None, "{answer}");
    }
}

#[tokio::test]
async fn a_mutation_through_the_gateway_ends_a_long_poll_at_once() {
    let world = World::with(Population::Empty, &[("FRESH", "10m")]);
    let known = world.gateway.get("/jobs").await.expect(200);
    let poll = tokio::spawn(waiting(world.gateway.get("/jobs"), "30", &known).into_future());
    assert_waits(&poll).await;
    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    assert_eq!(id(&poll.await.expect("it ends").ok()["jobs"][0]), job, "though the list would be fresh for minutes");
}

#[tokio::test]
async fn long_polls_cover_scheduled_jobs() {
    let world = manual_time_world(Population::Empty);
    let schedule = json!({ "jobName": "nightly", "execSchedule": "0 30 2 * * ?", "optimizeImagesJob": { "emailSetting": "None" } });
    let job = id(&world.gateway.submit(&schedule).await);
    let mut polls = Vec::new();
    for path in ["/jobs?phase=scheduled".to_owned(), format!("/jobs/{job}")] {
        let known = world.gateway.get(&path).await.expect(200);
        polls.push(tokio::spawn(waiting(world.gateway.get(&path), "30", &known).into_future()));
    }
    assert_waits(&polls[0]).await;
    world.gateway.post(&format!("/jobs/{job}/pause")).await.expect(202);
    for poll in polls {
        let answer = poll.await.expect("it ends").expect(200);
        assert!(answer.text().contains("\"status\":\"paused\""), "{answer}");
    }
}

#[tokio::test]
async fn a_long_poll_without_a_change_is_a_304_with_all_headers() {
    let world = World::seeded();
    let known = world.gateway.get("/jobs").await.expect(200);
    let asked = Instant::now();
    let answer = waiting(world.gateway.get("/jobs"), "1", &known).await.expect(304);
    let waited = asked.elapsed();
    assert!((1.0..3.0).contains(&waited.as_secs_f64()), "{waited:?}{answer}");
    assert_eq!(answer.header("preference-applied"), "wait=1", "{answer}");
    for header in ["etag", "cache-control", "age", "cache-status", "vary"] {
        assert_eq!(
            answer.find_header(header),
            known.find_header(header).map(|known| match header {
                "cache-status" => "ips-gateway; hit; ttl=2",
                _ => known,
            }),
            "{header}{answer}"
        );
    }
}

#[tokio::test]
async fn a_long_poll_without_a_matching_entity_tag_does_not_wait() {
    let world = World::seeded();
    let asked = Instant::now();
    let first = world.gateway.get("/jobs").header("Prefer", "wait=600").await.expect(200);
    assert_eq!(first.find_header("preference-applied"), None, "there is nothing to wait for{first}");
    let other = world.gateway.get("/jobs").header("Prefer", "respond-async, wait=600").header("If-None-Match", "\"x\"");
    let other = other.await.expect(200);
    assert_eq!(other.header("preference-applied"), "wait=50", "the maximum is less than a minute{other}");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
}

#[tokio::test]
async fn long_polls_cost_one_call_per_interval_and_none_after_all_have_disconnected() {
    let world = real_time_world();
    // A selection that never changes.
    let path = "/jobs?companyHandle=c%7C110&originalName=none";
    let known = world.gateway.get(path).await.expect(200);
    let (began, before) = (Instant::now(), world.sandbox.calls("getActiveJobs"));
    let mut polls = JoinSet::new();
    for _ in 0..50 {
        polls.spawn(waiting(world.gateway.get(path), "30", &known).into_future());
    }
    sleep(5 * FRESH).await;
    assert!(polls.try_join_next().is_none(), "all wait");
    let intervals = began.elapsed().as_millis().div_ceil(FRESH.as_millis());
    let calls = world.sandbox.calls("getActiveJobs") - before;
    assert!((3..=intervals + 1).contains(&u128::from(calls)), "{calls} calls in {intervals} intervals");
    polls.shutdown().await;
    assert_no_more_calls(&world).await;
}

#[tokio::test]
async fn a_long_poll_of_an_unconfirmed_job_ends_when_ips_lists_it() {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("submitJob", Reply::Close);
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[]);
    let problem = gateway.post_json("/jobs", &any_job("nightly")).await.problem(504, "submit-outcome-unknown").await;
    let path = format!("/jobs/{}", problem["job"].as_str().expect("a job"));
    let known = gateway.get(&path).await.expect(200);
    assert_eq!(known.json()["status"], "unknown", "{known}");
    waiting(gateway.get(&path), "1", &known).await.expect(304);
    let poll = tokio::spawn(waiting(gateway.get(&path), "20", &known).into_future());
    assert_waits(&poll).await;
    let request = &upstream.requests("submitJob")[0];
    let name = request.split("jobName>").nth(1).and_then(|rest| rest.split('<').next()).expect("a name");
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job(name, "")));
    clock.advance(TimeDelta::seconds(3));
    let answer = poll.await.expect("it ends").expect(200);
    assert_eq!(answer.json()["status"], "running", "{answer}");
}
