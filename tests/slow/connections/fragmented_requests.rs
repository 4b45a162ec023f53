//! Requests split over several segments, pipelined, after a pause, and with bodies of every kind.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::Socket;
use crate::support::World;

/// Long enough for the connection to count as idle.
const PAUSE: Duration = Duration::from_millis(1_300);
const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";

/// A submit with an unknown field, which is refused after its body has been read.
fn submit(fields: &str, body: &str) -> String {
    format!(
        "POST /jobs HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\n{fields}\r\n\r\n{body}"
    )
}

fn submit_of(length: usize) -> String {
    let body = format!("{{\"unheardOf\":\"{}\"}}", "x".repeat(length));
    submit(&format!("Content-Length: {}", body.len()), &body)
}

/// Three requests and the statuses of their responses.
fn several() -> (String, [u16; 3]) {
    (format!("{LIVEZ}{}GET /problems/none HTTP/1.1\r\nHost: gateway\r\n\r\n", submit_of(40)), [200, 422, 404])
}

#[tokio::test]
async fn requests_split_at_any_byte_are_answered_in_order() {
    let world = World::empty();
    let (requests, statuses) = several();
    for at in 1..requests.len() {
        let mut socket = Socket::open(&world.gateway).await;
        socket.send(&requests[..at]).await;
        sleep(Duration::from_millis(2)).await;
        socket.send(&requests[at..]).await;
        for status in statuses {
            let heard = socket.hear().await;
            assert_eq!(heard.status, status, "cut after {at} bytes: {heard:?}");
        }
    }
}

#[tokio::test]
async fn requests_sent_byte_by_byte_are_answered_in_order() {
    let world = World::empty();
    let (requests, statuses) = several();
    let mut socket = Socket::open(&world.gateway).await;
    socket.drip(&requests, Duration::from_millis(2)).await;
    for status in statuses {
        socket.hear().await.expect(status);
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let world = World::empty();
    let (requests, statuses) = several();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(requests.repeat(200)).await;
    for _ in 0..200 {
        for status in statuses {
            socket.hear().await.expect(status);
        }
    }
}

#[tokio::test]
async fn a_connection_is_kept_after_an_idle_pause() {
    let world = World::empty();
    let mut socket = Socket::open(&world.gateway).await;
    let (requests, statuses) = several();
    for _ in 0..2 {
        socket.send(&requests).await;
        for status in statuses {
            socket.hear().await.expect(status);
        }
        socket.expect_silence(PAUSE).await;
    }
    socket.send(LIVEZ).await;
    let heard = socket.hear().await.expect(200);
    assert!(!heard.head.contains("connection: close"), "{heard:?}");
}

#[tokio::test]
async fn bodies_up_to_the_size_limit_are_accepted() {
    let world = World::empty();
    for (length, status) in [(8 * 1024, 422), (1024 * 1024 - 16, 422), (1024 * 1024, 413)] {
        let mut socket = Socket::open(&world.gateway).await;
        let (request, mut written) = (submit_of(length), 0);
        // A refusal may be sent before the whole body has arrived.
        for piece in request.as_bytes().chunks(100_000) {
            written += piece.len();
            if !socket.try_send(piece).await {
                break;
            }
        }
        let heard = socket.hear().await;
        assert_eq!(heard.status, status, "{length} bytes, of which {written} were sent: {heard:?}");
    }
}

#[tokio::test]
async fn a_chunked_body_is_accepted_and_closes_its_connection() {
    let world = World::empty();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(LIVEZ).await;
    socket.hear().await.expect(200);
    for piece in
        [&submit("Transfer-Encoding: chunked", "5\r\n{\"unh")[..], "\r\ne\r\neardOf\":\"x\"} \n\r\n", "0\r\n\r\n"]
    {
        socket.send(piece).await;
        sleep(Duration::from_millis(5)).await;
    }
    let heard = socket.hear().await.expect(422);
    assert!(heard.head.contains("\r\nconnection: close\r\n"), "{heard:?}");
    assert!(heard.body.contains("unheardOf"), "{heard:?}");
    socket.expect_end().await;
}

#[tokio::test]
async fn garbage_after_a_request_is_refused_after_its_response() {
    let world = World::empty();
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(format!("{LIVEZ}{}GARBAGE\0\r\n\r\n", LIVEZ.replace("livez", "openapi.json"))).await;
    for _ in 0..2 {
        socket.hear().await.expect(200);
    }
    let heard = socket.hear().await;
    assert!(heard.head.contains("\r\nconnection: close\r\n"), "{heard:?}");
    heard.problem(400, "bad-request");
    socket.expect_end().await;
}

#[tokio::test]
async fn expect_100_continue_is_answered() {
    let world = World::empty();
    let mut socket = Socket::open(&world.gateway).await;
    let body = "{\"unheardOf\":1}";
    socket.send(submit(&format!("Expect: 100-continue\r\nContent-Length: {}", body.len()), "")).await;
    socket.hear().await.expect(100);
    for half in [&body[..5], &body[5..]] {
        socket.send(half).await;
        sleep(Duration::from_millis(5)).await;
    }
    let heard = socket.hear().await.expect(422);
    assert!(heard.head.contains("\r\nconnection: close\r\n"), "{heard:?}");
    socket.expect_end().await;
}

#[tokio::test]
async fn a_connection_is_kept_after_an_unread_body() {
    let world = World::empty();
    let mut socket = Socket::open(&world.gateway).await;
    for length in [10, 100_000] {
        for (from, to, status) in
            [("Bearer t", "Nobody", 401), ("POST /jobs", "POST /none", 404), ("POST /jobs", "PUT /jobs", 405)]
        {
            socket.send(submit_of(length).replacen(from, to, 1)).await;
            let heard = socket.hear().await;
            assert_eq!(heard.status, status, "{length} bytes: {heard:?}");
        }
    }
}
