//! Event streams of a company.

use std::time::{Duration, Instant};

use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use serde_json::json;
use tokio::time::sleep;

use super::{FRESH, assert_no_more_calls, manual_time_world, real_time_world};
use crate::support::event_stream::{Folded, Stream};
use crate::support::{Reply, START, ScriptedUpstream, active_job, any_job, envelope, fault, id};

#[tokio::test]
async fn the_events_of_a_job_are_complete_and_in_order() {
    let world = manual_time_world(Population::Empty);
    let mut stream = Stream::open(world.gateway.get("/jobs/events")).await;
    let snapshot = stream.expect("snapshot").await;
    assert_eq!(snapshot.data["jobs"], json!([]), "{snapshot:?}");
    assert!(snapshot.data["observedAt"].is_string(), "as GET /jobs gives it: {snapshot:?}");

    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    let mut events = vec![snapshot, stream.expect("job.created").await];
    while events.last().is_none_or(|event| event.name != "job.finished") {
        world.advance(1_500);
        // A step may have no event.
        let look = tokio::time::timeout(Duration::from_millis(200), stream.next()).await;
        events.extend(look.ok().flatten());
        assert!(events.len() < 200, "{events:#?}");
    }
    let named = |name: &str| events.iter().filter(|event| event.name == name).collect::<Vec<_>>();
    assert!(events[1..].iter().all(|event| event.job() == job), "{events:#?}");
    assert!(named("job.progress").len() > 2, "{events:#?}");
    let statuses: Vec<_> = named("job.status").iter().map(|event| event.data["status"].clone()).collect();
    assert!(statuses.contains(&json!("running")) && statuses.contains(&json!("finalizing")), "{statuses:?}");
    let percents: Vec<_> = events.iter().filter_map(|event| event.data["percent"].as_u64()).collect();
    assert!(percents.is_sorted(), "{percents:?}");
    let finished = &named("job.finished")[0].data;
    assert_eq!((&finished["phase"], &finished["outcome"]), (&json!("completed"), &json!("succeeded")), "{finished:#}");
    let numbers: Vec<_> = events.iter().map(|event| event.position().1).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
    assert!(events.iter().all(|event| event.position().0 == events[0].position().0), "{events:#?}");
}

#[tokio::test]
async fn a_deleted_job_is_removed() {
    let world = manual_time_world(Population::Empty);
    let mut stream = Stream::open(world.gateway.get("/jobs/events")).await;
    let job = id(&world.gateway.submit(&any_job("mistake")).await);
    stream.until(|event| event.name == "job.created").await;
    world.gateway.delete(&format!("/jobs/{job}")).await.expect(204);
    let removed = stream.until(|event| event.name != "job.status").await.pop().expect("an event");
    assert_eq!((removed.name.as_str(), &removed.data), ("job.removed", &json!({ "id": job })));
}

#[tokio::test]
async fn the_folded_events_equal_the_polled_list() {
    let world = manual_time_world(Population::Seeded);
    let mut stream = Stream::open(world.gateway.get("/jobs/events")).await;
    let mut folded = Folded::default();
    folded.fold(&stream.expect("snapshot").await);
    let mut happened = 0;
    for round in 0..12 {
        if round % 4 == 1 {
            world.gateway.submit(&any_job("more")).await;
        }
        for _ in 0..4 {
            world.advance(1_100);
            sleep(Duration::from_millis(60)).await;
        }
        // The clock stands still: the stream catches up with the polled list.
        let polled = Folded::of(&world.gateway.get("/jobs").header("Cache-Control", "no-cache").await.ok());
        while folded != polled {
            let event =
                stream.next().await.unwrap_or_else(|| panic!("the stream ended at {folded:#?} instead of {polled:#?}"));
            folded.fold(&event);
            happened += 1;
        }
    }
    assert!(happened > 30, "{happened} events are too few");
}

#[tokio::test]
async fn a_stream_resumes_after_the_last_event_id_without_loss_or_repeat() {
    let world = manual_time_world(Population::Seeded);
    let mut whole = Stream::open(world.gateway.get("/jobs/events")).await;
    let mut last = whole.expect("snapshot").await;
    for _ in 0..4 {
        // Resumes with the last id.
        let mut resumed = Stream::open(world.gateway.get("/jobs/events").header("Last-Event-ID", &last.id)).await;
        let job = id(&world.gateway.submit(&any_job("more")).await);
        world.advance(2_500);
        let one = whole.until(|event| event.name == "job.created" && event.job() == job).await;
        let other = resumed.until(|event| event.name == "job.created" && event.job() == job).await;
        assert_eq!(other, one);
        drop(resumed);
        last = one.last().expect("an event").clone();
    }
}

#[tokio::test]
async fn a_resumed_stream_delivers_missed_events() {
    let world = manual_time_world(Population::Empty);
    let mut first = Stream::open(world.gateway.get("/jobs/events")).await;
    let seen = first.expect("snapshot").await;
    drop(first);
    let job = id(&world.gateway.submit(&any_job("unwatched")).await);
    world.gateway.get("/jobs").await.expect(200);
    let mut second = Stream::open(world.gateway.get("/jobs/events").header("Last-Event-ID", &seen.id)).await;
    assert_eq!(second.expect("job.created").await.job(), job);
}

#[tokio::test]
async fn an_unknown_last_event_id_starts_with_a_snapshot() {
    let world = manual_time_world(Population::Seeded);
    let snapshot = Stream::open(world.gateway.get("/jobs/events")).await.expect("snapshot").await;
    let (history, number) = snapshot.position();
    for unknown in ["", "nonsense", "1-0", &format!("{history}-{}", number + 1), &format!("{history}-x")] {
        let mut stream = Stream::open(world.gateway.get("/jobs/events").header("Last-Event-ID", unknown)).await;
        assert_eq!(stream.expect("snapshot").await, snapshot, "after {unknown:?}");
    }
}

#[tokio::test]
async fn all_readers_share_one_refresh_loop_that_ends_with_the_last() {
    let world = real_time_world();
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(Stream::open(world.gateway.get("/jobs/events?companyHandle=c%7C110")).await);
    }
    for stream in &mut streams {
        stream.expect("snapshot").await;
    }
    // On a busy machine there are fewer calls than intervals, never more.
    let refreshes = async |least: u64| {
        let (began, before) = (Instant::now(), world.sandbox.calls("getActiveJobs"));
        loop {
            sleep(FRESH).await;
            let calls = world.sandbox.calls("getActiveJobs") - before;
            let intervals = began.elapsed().as_millis().div_ceil(FRESH.as_millis());
            assert!(u128::from(calls) <= intervals + 1, "{calls} calls in {intervals} intervals");
            if calls >= least {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "{calls} calls in {intervals} intervals");
        }
    };
    refreshes(4).await;
    streams.truncate(1);
    refreshes(1).await;
    drop(streams);
    assert_no_more_calls(&world).await;
}

#[tokio::test]
async fn a_stream_ends_with_an_error_event_when_permission_is_lost() {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    let gateway = upstream.gateway(&clock, &[("FRESH", "50ms")]);
    let mut stream = Stream::open(gateway.get("/jobs/events").header("X-Request-Id", "the-stream")).await;
    stream.expect("snapshot").await;
    upstream.reply("getActiveJobs", fault("authorizationFault", 20003, "no more", 500));
    clock.advance(chrono::TimeDelta::seconds(1));
    let error = stream.expect("error").await;
    assert_eq!((&error.data["code"], &error.data["status"]), (&json!("forbidden"), &json!(403)), "{error:?}");
    assert_eq!(error.data["requestId"], "the-stream", "{error:?}");
    stream.expect_end().await;
    gateway.get("/jobs/events").await.problem(403, "forbidden").await;
}

#[tokio::test]
async fn an_outage_is_one_event_and_changes_no_job() {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    let gateway = upstream.gateway(&clock, &[("FRESH", "50ms")]);
    let mut stream = Stream::open(gateway.get("/jobs/events")).await;
    stream.expect("snapshot").await;
    upstream.reply("getActiveJobs", Reply::Close);
    for _ in 0..10 {
        clock.advance(chrono::TimeDelta::seconds(1));
        sleep(Duration::from_millis(60)).await;
    }
    assert!(upstream.calls("getActiveJobs") > 2, "the refresh loop goes on");
    let jobs = [active_job("nightly", ""), active_job("next", "")].concat();
    upstream.answer("getActiveJobs", &format!("<jobArray>{jobs}</jobArray>"));
    clock.advance(chrono::TimeDelta::seconds(60));
    stream.expect("upstream.stale").await;
    assert_eq!(stream.expect("job.created").await.data["originalName"], "next");
    stream.expect("upstream.recovered").await;
}

#[tokio::test]
async fn a_slow_reader_gets_a_new_snapshot() {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    // Every load has other descriptions, so that every job has an event.
    let (clock_of_upstream, text) = (clock.clone(), "x".repeat(20_000));
    upstream.script("getActiveJobs", move |_| {
        let now = clock_of_upstream.now().timestamp_millis();
        let description = format!("<description>{now} {text}</description>");
        let jobs: String = (0..30).map(|number| active_job(&format!("job{number}"), &description)).collect();
        Reply::Xml(200, envelope("getActiveJobs", &format!("<jobArray>{jobs}</jobArray>")))
    });
    let gateway = upstream.gateway(&clock, &[("FRESH", "20ms")]);
    let mut stream = Stream::open(gateway.get("/jobs/events")).await;
    let first = stream.expect("snapshot").await;
    while upstream.calls("getActiveJobs") < 40 {
        clock.advance(chrono::TimeDelta::milliseconds(100));
        sleep(Duration::from_millis(20)).await;
    }
    let polled = Folded::of(&gateway.get("/jobs").header("Cache-Control", "no-cache").await.ok());
    let mut folded = Folded::of(&first.data);
    let (mut snapshots, mut events) = (0, 0);
    while folded != polled {
        let event = stream.next().await.expect("no end");
        snapshots += usize::from(event.name == "snapshot");
        events += usize::from(event.name == "job.progress");
        folded.fold(&event);
    }
    assert!(snapshots > 0 && events < 1000, "{snapshots} snapshots and {events} of 1200 events");
}
