//! The event log, shared by all replicas.

use std::time::Duration;

use ips_gateway::sandbox::Population;

use super::fleet::Fleet;
use crate::support::any_job;
use crate::support::event_stream::{Event, Folded, Stream};

/// Advances the clock by a second in each step.
async fn run(fleet: &Fleet, steps: usize) {
    for _ in 0..steps {
        fleet.advance(1_000);
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
}

async fn read_for(stream: &mut Stream, time: Duration) -> Vec<Event> {
    let mut events = Vec::new();
    let _ = tokio::time::timeout(time, async {
        while let Some(event) = stream.next_within(Duration::from_secs(30)).await {
            events.push(event);
        }
    })
    .await;
    events
}

#[tokio::test]
async fn a_stream_resumes_on_another_replica_without_loss_or_repeat() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[("FRESH", "50ms")]) else { return };
    let mut whole = Stream::open(fleet.replicas[2].get("/jobs/events")).await;
    let first = whole.expect("snapshot").await;
    let (mut folded, mut last) = (Folded::default(), first.id.clone());
    folded.fold(&first);
    let mut pieces = Vec::new();
    for hop in 0..6 {
        fleet.replicas[hop % 3].submit(&any_job("nightly")).await;
        // Events without a stream are delivered by the next one.
        run(&fleet, 3).await;
        let mut stream = Stream::open(fleet.replicas[hop % 3].get("/jobs/events").header("Last-Event-ID", &last)).await;
        let (events, ()) = tokio::join!(read_for(&mut stream, Duration::from_millis(600)), run(&fleet, 5));
        assert!(!events.is_empty(), "hop {hop}: no event");
        for event in &events {
            assert_ne!(event.name, "snapshot", "hop {hop}: the position is known to every replica");
            folded.fold(event);
            last.clone_from(&event.id);
        }
        pieces.extend(events);
    }
    let all = whole.until(|event| event.id == last).await;
    assert_eq!(pieces, all, "the uninterrupted stream has the same events");
    let numbers: Vec<_> = all.iter().map(|event| event.position().1).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[tokio::test]
async fn a_mutation_on_one_replica_ends_a_long_poll_on_another() {
    let Some(fleet) = Fleet::start(Population::Empty, &[("FRESH", "10s")]) else { return };
    let [one, other, _] = &fleet.replicas;
    let tag = one.get("/jobs").await.expect(200).header("etag").to_owned();
    let waiting = one.get("/jobs").header("If-None-Match", &tag).header("Prefer", "wait=20").into_future();
    let (answer, _) = tokio::join!(waiting, async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        other.submit(&any_job("nightly")).await
    });
    assert_eq!(answer.expect(200).json()["jobs"].as_array().map(Vec::len), Some(1));
}
