//! Requests that take too long to arrive, or are too large.

use std::time::{Duration, Instant};

use ips_gateway::sandbox::Population;

use crate::socket::Socket;
use crate::support::World;

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";
const HALF: &str = "GET /livez HTTP/1.1\r\nHost: gat";

/// A gateway that waits half a second for a request.
fn impatient() -> World {
    World::with(Population::Empty, &[("REQUEST_TIMEOUT", "500ms")])
}

#[track_caller]
fn assert_about_half_a_second(began: Instant) {
    let took = began.elapsed();
    assert!((Duration::from_millis(450)..Duration::from_secs(5)).contains(&took), "it took {took:?}");
}

#[tokio::test]
async fn a_head_that_never_ends_is_answered_408() {
    let world = impatient();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(HALF).await;
    let began = Instant::now();
    socket.hear().await.problem(408, "request-timeout");
    assert_about_half_a_second(began);
    socket.expect_end().await;
}

#[tokio::test]
async fn a_head_that_drips_gets_no_more_time() {
    let world = impatient();
    let mut socket = Socket::open(&world.gateway).await;
    let began = Instant::now();
    socket.drip(&LIVEZ.repeat(3), Duration::from_millis(100)).await;
    assert!(began.elapsed() < Duration::from_secs(6), "it was listened to for {:?}", began.elapsed());
}

#[tokio::test]
async fn a_half_sent_second_request_holds_no_connection() {
    let world = impatient();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(LIVEZ).await;
    socket.hear().await.expect(200);
    socket.send(HALF).await;
    let began = Instant::now();
    socket.expect_end().await;
    assert_about_half_a_second(began);
}

#[tokio::test]
async fn a_half_sent_request_that_came_with_the_one_before_is_kept_no_longer_than_silence() {
    let world = World::with(Population::Empty, &[("REQUEST_TIMEOUT", "500ms"), ("KEEP_ALIVE", "1s")]);
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(&format!("{LIVEZ}{HALF}")).await;
    socket.hear().await.expect(200);
    socket.expect_end().await;
}

#[tokio::test]
async fn a_connection_on_which_nothing_ever_comes_is_closed() {
    let world = impatient();
    let mut socket = Socket::open(&world.gateway).await;
    let began = Instant::now();
    socket.expect_end().await;
    assert_about_half_a_second(began);
}

#[tokio::test]
async fn a_connection_between_requests_is_kept_and_then_closed() {
    let world = World::with(Population::Empty, &[("REQUEST_TIMEOUT", "200ms"), ("KEEP_ALIVE", "1500ms")]);
    let mut socket = Socket::open(&world.gateway).await;
    for _ in 0..2 {
        socket.send(LIVEZ).await;
        socket.hear().await.expect(200);
        socket.expect_silence(Duration::from_millis(800)).await;
    }
    socket.expect_end().await;
}

#[tokio::test]
async fn a_request_in_several_pieces_is_one_request() {
    let world = impatient();
    let mut socket = Socket::open(&world.gateway).await;
    for _ in 0..2 {
        let (first, second) = LIVEZ.split_at(10);
        socket.send(first).await;
        socket.expect_silence(Duration::from_millis(100)).await;
        socket.send(second).await;
        socket.hear().await.expect(200);
    }
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_408_and_the_connection_ends() {
    let world = impatient();
    let mut socket = Socket::open(&world.gateway).await;
    let head = "POST /jobs HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nAuthorization: Bearer t\r\n";
    for (length, begun) in [("Content-Length: 100", "{\"jobName\":"), ("Transfer-Encoding: chunked", "5\r\n{\"job")] {
        socket.send(&format!("{head}{length}\r\n\r\n{begun}")).await;
        let began = Instant::now();
        let problem = socket.hear().await.problem(408, "request-timeout");
        assert_eq!(problem["outcome"], "not_sent", "{problem:#}");
        assert_about_half_a_second(began);
        socket.expect_end().await;
        socket = Socket::open(&world.gateway).await;
    }
    assert_eq!(world.calls(), 0, "IPS was not asked");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_431_whether_it_ends_or_not() {
    let world = World::empty();
    let large = format!("GET /livez HTTP/1.1\r\nHost: gateway\r\nX-Large: {}", "x".repeat(40_000));
    for end in ["", "\r\n\r\n"] {
        let mut socket = Socket::open(&world.gateway).await;
        socket.send(&format!("{large}{end}")).await;
        socket.hear().await.problem(431, "headers-too-large");
    }
    let many = "X-Many: 1\r\n".repeat(90);
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(&format!("GET /livez HTTP/1.1\r\nHost: gateway\r\n{many}\r\n")).await;
    socket.hear().await.expect(200);
}

#[tokio::test]
async fn a_target_that_is_too_long_is_answered_414_and_the_connection_goes_on() {
    let world = World::empty();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(&format!("GET /livez?{} HTTP/1.1\r\nHost: gateway\r\n\r\n", "x".repeat(9_000))).await;
    socket.hear().await.problem(414, "target-too-long");
    socket.send(LIVEZ).await;
    socket.hear().await.expect(200);
}
