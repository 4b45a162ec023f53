//! Event streams of jobs with a chain: they go on until the publish after an upload is completed, too.

use std::time::Duration;

use ips_gateway::sandbox::Population;
use serde_json::json;

use super::manual_time_world;
use crate::support::event_stream::{Event, Stream};
use crate::support::{World, id, upload};

async fn submit_chain(world: &World) -> String {
    let mut job = upload("spring", &["https://example.com/a.tif"]);
    job["uploadUrlsJob"]["postImageServingPublishJob"] = json!({"publishType": "Incremental", "emailSetting": "None"});
    id(&world.gateway.submit(&job).await)
}

/// The events of a stream until its end, while time passes.
async fn events_until_end(world: &World, stream: &mut Stream) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        world.advance(1_500);
        match tokio::time::timeout(Duration::from_millis(200), stream.next()).await {
            Ok(Some(event)) => events.push(event),
            Ok(None) => return events,
            Err(_) => {}
        }
        assert!(events.len() < 300, "{events:#?}");
    }
}

fn named(events: &[Event], name: &str) -> Vec<Event> {
    events.iter().filter(|event| event.name == name).cloned().collect()
}

#[tokio::test]
async fn the_stream_of_an_upload_goes_on_until_its_publish_is_completed() {
    let world = manual_time_world(Population::Empty);
    let job = submit_chain(&world).await;
    let path = format!("/jobs/{job}/events");
    let mut until_chain = Stream::open(world.gateway.get(&path)).await;
    let mut until_job = Stream::open(world.gateway.get(&format!("{path}?until=job"))).await;
    let mut of_company = Stream::open(world.gateway.get("/jobs/events")).await;
    let events = events_until_end(&world, &mut until_chain).await;
    assert!(events.iter().skip(1).all(|event| event.job() == job), "{events:#?}");
    let finished = named(&events, "job.finished");
    assert_eq!((finished.len(), &finished[0].data["outcome"]), (1, &json!("succeeded")), "{events:#?}");
    assert_ne!(finished[0].data["chain"]["status"], "completed", "{events:#?}");
    let chains = named(&events, "job.chain");
    let percents: Vec<_> = chains.iter().filter_map(|event| event.data["chain"]["percent"].as_u64()).collect();
    assert!(percents.is_sorted() && percents.len() > 2, "{events:#?}");
    let last = events.last().expect("events");
    assert_eq!(
        (last.name.as_str(), &last.data["chain"]),
        ("job.chain", &json!({"status": "completed", "outcome": "succeeded", "percent": 100})),
        "{events:#?}"
    );
    assert_eq!(last.data["followOns"][0]["status"], "completed", "{last:?}");

    // The other stream ended with the upload.
    let with_job = until_job.until(|event| event.name == "job.finished").await;
    assert_eq!(with_job.last().map(|event| &event.data), Some(&finished[0].data));
    until_job.expect_end().await;
    // That of the company has the events of both jobs and of the chain.
    let all = of_company
        .until(|event| {
            event.name == "job.chain" && event.id.trim_end_matches("-end") == last.id.trim_end_matches("-end")
        })
        .await;
    assert_eq!(named(&all, "job.chain").len(), chains.len(), "{all:#?}");

    // A stream that is resumed in between has the missing events, and one that is resumed at the end none.
    let again = world.gateway.get(&path).header("Last-Event-ID", &finished[0].id);
    let again = events_until_end(&world, &mut Stream::open(again).await).await;
    assert_eq!(again, chains);
    world.gateway.get(&path).header("Last-Event-ID", &last.id).await.expect(204);
    // One that begins after the end has the job.
    let late = events_until_end(&world, &mut Stream::open(world.gateway.get(&path)).await).await;
    assert_eq!(
        late.iter().map(|event| event.name.as_str()).collect::<Vec<_>>(),
        ["snapshot", "job.finished"],
        "{late:#?}"
    );
    assert_eq!(late[1].data["chain"], last.data["chain"]);
}

#[tokio::test]
async fn a_stream_that_begins_during_the_publish_ends_with_the_chain() {
    let world = manual_time_world(Population::Empty);
    let job = submit_chain(&world).await;
    world.finish(&job).await;
    let mut stream = Stream::open(world.gateway.get(&format!("/jobs/{job}/events"))).await;
    let events = events_until_end(&world, &mut stream).await;
    let names: Vec<_> = events.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(names[..2], ["snapshot", "job.finished"], "{events:#?}");
    let last = events.last().expect("events");
    assert_eq!((last.name.as_str(), &last.data["chain"]["status"]), ("job.chain", &json!("completed")), "{events:#?}");
}

#[tokio::test]
async fn a_long_poll_is_answered_when_the_chain_changes() {
    let world = manual_time_world(Population::Empty);
    let job = submit_chain(&world).await;
    world.finish(&job).await;
    let path = format!("/jobs/{job}");
    let before = world.gateway.get(&path).await.expect(200);
    let request = world.gateway.get(&path).header("If-None-Match", before.header("etag")).header("Prefer", "wait=50");
    let poll = tokio::spawn(async move { request.await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    for _ in 0..100 {
        if poll.is_finished() {
            break;
        }
        world.advance(3_000);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let after = poll.await.expect("no panic").expect(200);
    assert_ne!(after.json()["chain"], before.json()["chain"], "{after}");
}

#[tokio::test]
async fn until_is_a_parameter_of_the_stream_of_a_job() {
    let world = manual_time_world(Population::Empty);
    world.gateway.get("/jobs/events?until=job").await.invalid_parameter("until").await;
    let job = submit_chain(&world).await;
    world.gateway.get(&format!("/jobs/{job}/events?until=end")).await.invalid_parameter("until").await;
}
