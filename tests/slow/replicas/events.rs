//! Events: one history on all replicas.

use std::time::Duration;

use ips_gateway::sandbox::Population;

use super::fleet::Fleet;
use crate::support::any_job;
use crate::support::event_stream::{Event, Folded, Stream};

/// Lets time pass until the jobs of the fleet have come to their end, while `read` reads.
async fn run(fleet: &Fleet, steps: usize) {
    for _ in 0..steps {
        fleet.pass(1_000);
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
async fn a_stream_goes_on_at_another_replica_without_loss_or_repeat() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[("FRESH", "50ms")]) else { return };
    let mut whole = Stream::open(fleet.replicas[2].get("/jobs/events")).await;
    let first = whole.expect("snapshot").await;
    let (mut folded, mut last) = (Folded::default(), first.id.clone());
    folded.fold(&first);
    let mut pieces = Vec::new();
    for hop in 0..6 {
        fleet.replicas[hop % 3].submit(&any_job("nightly")).await;
        // What happens while nobody listens there is told by the next one.
        run(&fleet, 3).await;
        let mut stream = Stream::open(fleet.replicas[hop % 3].get("/jobs/events").header("Last-Event-ID", &last)).await;
        let (events, ()) = tokio::join!(read_for(&mut stream, Duration::from_millis(600)), run(&fleet, 5));
        assert!(!events.is_empty(), "hop {hop}: nothing was told");
        for event in &events {
            assert_ne!(event.name, "snapshot", "hop {hop}: the place is known everywhere");
            folded.fold(event);
            last.clone_from(&event.id);
        }
        pieces.extend(events);
    }
    let all = whole.until(|event| event.id == last).await;
    assert_eq!(pieces, all, "the stream that stayed tells the same");
    let numbers: Vec<_> = all.iter().map(|event| event.place().1).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[tokio::test]
async fn a_long_poll_on_one_replica_ends_with_what_another_did() {
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
