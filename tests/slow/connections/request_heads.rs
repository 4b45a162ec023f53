//! Request heads and bodies that are too slow, too large or malformed.

use std::time::{Duration, Instant};

use ips_gateway::sandbox::Population;

use crate::support::World;
use crate::support::{Heard, Socket};

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";
const HALF: &str = "GET /livez HTTP/1.1\r\nHost: gat";

/// A world with a request timeout of half a second.
fn short_timeout() -> World {
    World::with(Population::Empty, &[("REQUEST_TIMEOUT", "500ms")])
}

#[track_caller]
fn assert_about_half_a_second(began: Instant) {
    let took = began.elapsed();
    assert!((Duration::from_millis(450)..Duration::from_secs(5)).contains(&took), "it took {took:?}");
}

#[tokio::test]
async fn an_incomplete_head_is_a_408() {
    let world = short_timeout();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(HALF).await;
    let began = Instant::now();
    socket.hear().await.problem(408, "request-timeout");
    assert_about_half_a_second(began);
    socket.expect_end().await;
}

#[tokio::test]
async fn a_slowly_sent_head_gets_no_more_time() {
    let world = short_timeout();
    let mut socket = Socket::open(&world.gateway).await;
    let began = Instant::now();
    socket.drip(&LIVEZ.repeat(3), Duration::from_millis(100)).await;
    assert!(began.elapsed() < Duration::from_secs(6), "it was listened to for {:?}", began.elapsed());
}

#[tokio::test]
async fn an_incomplete_second_head_is_a_408() {
    let world = short_timeout();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(LIVEZ).await;
    socket.hear().await.expect(200);
    socket.send(HALF).await;
    let began = Instant::now();
    socket.hear().await.problem(408, "request-timeout");
    assert_about_half_a_second(began);
    socket.expect_end().await;
}

#[tokio::test]
async fn an_incomplete_pipelined_head_is_a_408() {
    let world = short_timeout();
    let mut socket = Socket::open(&world.gateway).await;
    let began = Instant::now();
    socket.send(&format!("{LIVEZ}{HALF}")).await;
    socket.hear().await.expect(200);
    socket.hear().await.problem(408, "request-timeout");
    assert_about_half_a_second(began);
    socket.expect_end().await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let world = short_timeout();
    let mut socket = Socket::open(&world.gateway).await;
    let began = Instant::now();
    socket.expect_end().await;
    assert_about_half_a_second(began);
}

#[tokio::test]
async fn an_idle_connection_is_kept_until_the_keep_alive_timeout() {
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
async fn a_request_in_several_segments_is_one_request() {
    let world = short_timeout();
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
async fn an_incomplete_body_is_a_408_and_closes_the_connection() {
    let world = short_timeout();
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
async fn a_head_above_the_size_limit_is_a_431_complete_or_not() {
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
async fn a_target_above_the_length_limit_is_a_414_and_keeps_the_connection() {
    let world = World::empty();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(&format!("GET /livez?{} HTTP/1.1\r\nHost: gateway\r\n\r\n", "x".repeat(9_000))).await;
    socket.hear().await.problem(414, "target-too-long");
    socket.send(LIVEZ).await;
    socket.hear().await.expect(200);
}

/// Asserts a problem with the security headers, which closes the connection.
#[track_caller]
fn assert_refused(heard: Heard, status: u16, code: &str) {
    for header in
        ["cache-control: no-store", "connection: close", "x-content-type-options: nosniff", "x-frame-options: DENY"]
    {
        assert!(heard.head.contains(&format!("\r\n{header}\r\n")), "{header}: {heard:?}");
    }
    let date = heard.head.lines().find_map(|line| line.strip_prefix("date: ")).unwrap_or_else(|| panic!("{heard:?}"));
    assert_eq!(date, "Mon, 02 Mar 2026 12:00:00 GMT");
    heard.problem(status, code);
}

#[tokio::test]
async fn a_malformed_head_is_a_problem_and_counted() {
    let world = World::empty();
    let malformed = [
        "GET /livez HTTP/1.1\r\nHost: gateway\r\nX-Escape: \x1b[31m\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: gateway\r\nNo colon\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: gateway\r\nSpace : 1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: one\r\nHost: two\r\n\r\n",
        "GET /livez HTTP/1.1\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: gateway\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: gateway\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "GET /jobs/a b HTTP/1.1\r\nHost: gateway\r\n\r\n",
        "GET /livez HTTP/3.0\r\nHost: gateway\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\u{7c}\x03\x03",
    ];
    for head in malformed {
        let mut socket = Socket::open(&world.gateway).await;
        socket.send(head).await;
        assert_refused(socket.hear().await, 400, "bad-request");
        socket.expect_end().await;
    }
    let many = "X-Many: 1\r\n".repeat(100);
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(format!("GET /livez HTTP/1.1\r\nHost: gateway\r\n{many}\r\n")).await;
    assert_refused(socket.hear().await, 431, "headers-too-large");
    socket.expect_end().await;

    let metrics = world.gateway.get("/metrics").await.expect(200).text();
    for line in [
        format!("ips_gateway_connections_refused_total{{reason=\"malformed_head\"}} {}", malformed.len()),
        "ips_gateway_connections_refused_total{reason=\"large_head\"} 1".to_owned(),
        format!(
            "http_request_method=\"_OTHER\",http_route=\"unknown\",http_response_status_code=\"400\"}} {}",
            malformed.len()
        ),
    ] {
        assert!(metrics.contains(&line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn a_malformed_second_head_is_a_problem() {
    let world = World::empty();
    // A response with a length, and a chunked one.
    for first in [LIVEZ.to_owned(), LIVEZ.replace("livez", "openapi.json")] {
        let mut socket = Socket::open(&world.gateway).await;
        for _ in 0..2 {
            socket.send(&first).await;
            socket.hear().await.expect(200);
        }
        socket.send("GARBAGE\0\r\n\r\n").await;
        assert_refused(socket.hear().await, 400, "bad-request");
        socket.expect_end().await;
    }
}
