//! Event streams of one job, until it is completed.

use std::time::Duration;

use chrono::TimeDelta;
use ips_gateway::app::Dependencies;
use ips_gateway::ips::types::ApiVersion;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::runtime::timing::Timing;
use ips_gateway::sandbox::Population;
use serde_json::json;

use super::manual_time_world;
use crate::support::event_stream::Stream;
use crate::support::{Gateway, Reply, START, ScriptedUpstream, World, active_job, any_job, id};

async fn stream_of(world: &World, job: &str) -> Stream {
    Stream::open(world.gateway.get(&format!("/jobs/{job}/events"))).await
}

#[tokio::test]
async fn the_stream_of_a_job_has_its_events_only_and_ends_with_it() {
    let world = manual_time_world(Population::Seeded);
    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    let mut stream = stream_of(&world, &job).await;
    let snapshot = stream.expect("snapshot").await;
    assert_eq!(snapshot.data["jobs"].as_array().map(Vec::len), Some(1), "{snapshot:?}");
    assert_eq!(id(&snapshot.data["jobs"][0]), job);
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &crate::support::event_stream::Event| event.name != "job.finished") {
        world.advance(1_500);
        let look = tokio::time::timeout(Duration::from_millis(200), stream.next()).await;
        events.extend(look.ok().flatten());
        assert!(events.len() < 100, "{events:#?}");
    }
    assert!(events.len() > 3 && events.iter().all(|event| event.job() == job), "{events:#?}");
    assert_eq!(events.last().expect("the last").data["outcome"], "succeeded", "{events:#?}");
    stream.expect_end().await;

    // A browser reconnects with the id of the last event: 204 stops it.
    let last = &events.last().expect("the last").id;
    let again = world.gateway.get(&format!("/jobs/{job}/events")).header("Last-Event-ID", last).await.expect(204);
    assert!(again.body.is_empty(), "{again}");
    // With the id before, the missing event is sent.
    let before = &events[events.len() - 2].id;
    let again = world.gateway.get(&format!("/jobs/{job}/events")).header("Last-Event-ID", before);
    let mut again = Stream::open(again).await;
    assert_eq!(again.expect("job.finished").await, events[events.len() - 1]);
    again.expect_end().await;
}

#[tokio::test]
async fn the_stream_of_a_finished_job_says_so_and_ends() {
    let world = manual_time_world(Population::Empty);
    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    let completed = world.finish(&job).await;
    let mut stream = stream_of(&world, &job).await;
    assert_eq!(stream.expect("snapshot").await.data["jobs"][0]["status"], "completed");
    let finished = stream.expect("job.finished").await;
    assert_eq!((finished.job(), &finished.data["outcome"]), (job, &completed["outcome"]));
    stream.expect_end().await;
}

#[tokio::test]
async fn a_deleted_job_ends_its_stream() {
    let world = manual_time_world(Population::Empty);
    let job = id(&world.gateway.submit(&any_job("mistake")).await);
    let mut stream = stream_of(&world, &job).await;
    stream.expect("snapshot").await;
    world.gateway.delete(&format!("/jobs/{job}")).await.expect(204);
    let removed = stream.until(|event| event.name == "job.removed").await.pop().expect("an event");
    assert_eq!(removed.data, json!({ "id": job }));
    stream.expect_end().await;
}

#[tokio::test]
async fn the_stream_of_a_schedule_reports_pause_and_delete() {
    let world = manual_time_world(Population::Empty);
    let schedule = json!({ "jobName": "nightly", "execSchedule": "0 30 2 * * ?", "optimizeImagesJob": { "emailSetting": "None" } });
    let job = id(&world.gateway.submit(&schedule).await);
    let mut stream = stream_of(&world, &job).await;
    assert_eq!(stream.expect("snapshot").await.data["jobs"][0]["status"], "scheduled");
    world.gateway.post(&format!("/jobs/{job}/pause")).await.expect(202);
    assert_eq!(stream.expect("job.status").await.data["status"], "paused");
    world.gateway.delete(&format!("/jobs/{job}")).await.expect(204);
    assert_eq!(stream.expect("job.removed").await.job(), job);
    stream.expect_end().await;
}

#[tokio::test]
async fn a_job_that_runs_later_is_followed_from_schedule_to_log() {
    let world = manual_time_world(Population::Empty);
    let later = json!({ "jobName": "later", "execTime": "2026-03-02T12:05:00Z", "optimizeImagesJob": { "emailSetting": "None" } });
    let job = id(&world.gateway.submit(&later).await);
    let mut stream = stream_of(&world, &job).await;
    assert_eq!(stream.expect("snapshot").await.data["jobs"][0]["phase"], "scheduled");
    world.advance(5 * 60_000 + 2_000);
    assert_eq!(stream.until(|event| event.name == "job.created").await.pop().expect("it").data["phase"], "active");
    world.advance(2_000);
    stream.until(|event| event.name == "job.progress" || event.name == "job.status").await;
    world.finish(&job).await;
    let events = stream.until(|event| event.name == "job.finished").await;
    assert!(events.iter().all(|event| event.job() == job), "{events:#?}");
    stream.expect_end().await;
}

#[tokio::test]
async fn events_of_an_unknown_job_are_a_problem() {
    let world = World::seeded();
    world.gateway.get("/jobs/nonsense/events").await.problem(422, "invalid-job-id").await;
    let gone = id(&world.gateway.submit(&any_job("gone")).await);
    world.gateway.delete(&format!("/jobs/{gone}")).await.expect(204);
    world.gateway.get(&format!("/jobs/{gone}/events")).await.problem(404, "job-not-found").await;
    world.gateway.unauthenticated().get(&format!("/jobs/{gone}/events")).await.problem(401, "unauthenticated").await;
}

#[tokio::test]
async fn an_idle_stream_sends_heartbeats() {
    let world = World::seeded();
    let timing = Timing { heartbeat: Duration::from_millis(400), ..Timing::default() };
    let dependencies = Dependencies { clock: world.clock.clone(), timing, ..Dependencies::default() };
    let gateway = Gateway::start_in(dependencies, &world.sandbox.url(), world.sandbox.version(), &[]);
    let mut stream = Stream::open(gateway.get("/jobs/events")).await;
    stream.expect("snapshot").await;
    let silence = tokio::time::timeout(Duration::from_millis(700), stream.next_within(Duration::from_secs(20))).await;
    assert!(silence.is_err(), "{silence:?}");
    assert_eq!(stream.heartbeats, 1);
}

#[tokio::test]
async fn the_stream_of_an_unconfirmed_job_starts_with_it_and_follows_it_until_it_is_found_or_given_up() {
    for is_found in [true, false] {
        let upstream = ScriptedUpstream::start().await;
        upstream.reply("submitJob", Reply::Close);
        let clock = Clock::manual(START.parse().expect("a time"));
        // With a heartbeat, the stream looks for a job that is in no list.
        let heartbeat = if is_found { Duration::from_mins(1) } else { Duration::from_millis(100) };
        let timing = Timing { heartbeat, ..Timing::default() };
        let dependencies = Dependencies { clock: clock.clone(), timing, ..Dependencies::default() };
        let gateway = Gateway::start_in(dependencies, upstream.url(), &ApiVersion::default(), &[]);
        let problem =
            gateway.post_json("/jobs", &any_job("nightly")).await.problem(504, "submit-outcome-unknown").await;
        let job = problem["job"].as_str().expect("a job").to_owned();
        let mut stream = Stream::open(gateway.get(&format!("/jobs/{job}/events"))).await;
        let first = stream.expect("snapshot").await.data["jobs"][0].clone();
        assert_eq!((&first["status"], &first["unconfirmed"]), (&json!("unknown"), &json!(true)), "{first:#}");
        if is_found {
            let request = &upstream.requests("submitJob")[0];
            let name = request.split("jobName>").nth(1).and_then(|rest| rest.split('<').next()).expect("a name");
            upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job(name, "")));
            clock.advance(TimeDelta::seconds(3));
            let created = stream.expect("job.created").await;
            assert_eq!((created.job(), &created.data["status"]), (job, &json!("running")), "{created:?}");
        } else {
            clock.advance(TimeDelta::seconds(121));
            assert_eq!(stream.expect("job.removed").await.job(), job);
            stream.expect_end().await;
        }
    }
}
