//! Clients that read slowly or not at all, and idle streams.

use std::time::Duration;

use ips_gateway::sandbox::Population;
use tokio::time::sleep;

use crate::support::Socket;
use crate::support::World;

/// Responses of half a megabyte that together exceed all socket buffers.
const ANSWERS: usize = 100;

#[tokio::test]
async fn a_client_that_reads_nothing_is_disconnected() {
    let world = World::with(Population::Empty, &[("WRITE_TIMEOUT", "500ms")]);
    let mut socket = Socket::open_narrow(&world.gateway).await;
    socket.send(&"GET /openapi.json HTTP/1.1\r\nHost: gateway\r\n\r\n".repeat(ANSWERS)).await;
    let refused = "ips_gateway_connections_refused_total{reason=\"slow_reader\"} 1";
    let mut metrics = String::new();
    for _ in 0..50 {
        sleep(Duration::from_millis(200)).await;
        metrics = world.gateway.get("/metrics").await.expect(200).text();
        if metrics.contains(refused) {
            let whole = world.gateway.get("/openapi.json").await.expect(200).body.len();
            let got = socket.rest().await.len();
            assert!(got < ANSWERS / 2 * whole, "it got {got} bytes of {ANSWERS} times {whole}");
            return;
        }
    }
    panic!("the client was not disconnected:\n{metrics}");
}

#[tokio::test]
async fn a_client_that_reads_slowly_gets_everything() {
    let world = World::with(Population::Empty, &[("WRITE_TIMEOUT", "1s"), ("REQUEST_TIMEOUT", "500ms")]);
    let whole = world.gateway.get("/openapi.json").await.expect(200).text();
    let mut socket = Socket::open_narrow(&world.gateway).await;
    socket.send(&"GET /openapi.json HTTP/1.1\r\nHost: gateway\r\n\r\n".repeat(10)).await;
    for _ in 0..10 {
        sleep(Duration::from_millis(300)).await;
        assert!(socket.hear().await.expect(200).body == whole, "it came as it is");
    }
}

#[tokio::test]
async fn streams_and_long_polls_are_exempt_from_the_timeouts_of_slow_clients() {
    let short = ["REQUEST_TIMEOUT", "WRITE_TIMEOUT", "KEEP_ALIVE"].map(|setting| (setting, "200ms"));
    let world = World::with(Population::Seeded, &short);
    let mut stream = world.gateway.get("/jobs/events").open().await;
    let etag = world.gateway.get("/jobs").await.expect(200).header("etag").to_owned();
    let poll = world.gateway.get("/jobs").header("If-None-Match", &etag).header("Prefer", "wait=2");
    poll.await.expect(304);
    let id = crate::support::id(&world.gateway.submit(&crate::support::any_job("late")).await);
    let mut text = String::new();
    while !text.contains(&id) {
        let chunk = stream.chunk().await.expect("the stream is open").expect("the stream goes on");
        text += &String::from_utf8_lossy(&chunk);
    }
}
