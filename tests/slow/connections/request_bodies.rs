//! Bodies of requests: the memory budget that they share, and those that are not read.

use std::time::{Duration, Instant};

use ips_gateway::sandbox::Population;
use tokio::time::sleep;

use crate::support::{Socket, World};

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";

/// The head of a POST with a body of this length, and the first bytes of a body that is JSON and refused with 422 for what it says.
fn begin(path: &str, length: usize, sent: usize) -> String {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\n"
    );
    let body = format!("{{\"unheardOf\":\"{}\"}}", "x".repeat(length - 16));
    format!("{head}Content-Length: {length}\r\n\r\n{}", &body[..sent])
}

/// Sends a small request with a body, and returns the status of the response.
async fn post(world: &World) -> u16 {
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(begin("/jobs", 50_000, 50_000)).await;
    socket.hear().await.status
}

/// Sends small requests with a body until one gets this status.
async fn post_until(world: &World, status: u16) {
    for _ in 0..50 {
        if post(world).await == status {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("no response was {status}");
}

/// Starts a request with so large a body that no other one fits into the budget. The body arrives while the small requests are sent, so that it
/// may be itself the one that is refused: then it is sent again.
async fn occupy_budget(world: &World) -> Socket {
    for _ in 0..50 {
        let mut arriving = Socket::open(&world.gateway).await;
        arriving.send(begin("/jobs", 1_040_000, 1_030_000)).await;
        sleep(Duration::from_millis(100)).await;
        if post(world).await == 503 {
            return arriving;
        }
    }
    panic!("no response was 503");
}

#[tokio::test]
async fn bodies_beyond_the_memory_budget_are_refused_until_a_request_ends_or_its_client_disconnects() {
    let world = World::with(Population::Empty, &[("REQUEST_BODY_BUDGET", "1MiB")]);
    let mut arriving = occupy_budget(&world).await;

    let mut refused = Socket::open(&world.gateway).await;
    refused.send(begin("/jobs", 50_000, 50_000)).await;
    let heard = refused.hear().await;
    assert!(heard.head.contains("\r\nretry-after: 1\r\n"), "{heard:?}");
    let problem = heard.problem(503, "overloaded");
    assert_eq!((&problem["retryable"], &problem["outcome"]), (&true.into(), &"not_sent".into()), "{problem:#}");
    refused.send(LIVEZ).await;
    refused.hear().await.expect(200);

    arriving.send(" ".repeat(10_000)).await;
    arriving.hear().await.expect(422);
    post_until(&world, 422).await;

    let arriving = occupy_budget(&world).await;
    drop(arriving);
    post_until(&world, 422).await;
    assert_eq!(world.calls(), 0, "IPS was not asked");
}

#[tokio::test]
async fn a_request_that_is_refused_without_its_body_is_not_waited_for() {
    let world = World::empty();
    for (length, sent) in [(1_000_000, 0), (1_000_000, 999_999), (100, 0), (100, 99)] {
        let mut socket = Socket::open(&world.gateway).await;
        let began = Instant::now();
        socket.send(begin("/none", length, sent)).await;
        let heard = socket.hear().await;
        assert!(heard.head.contains("\r\nconnection: close\r\n"), "{length} bytes, {sent} sent: {heard:?}");
        heard.problem(404, "not-found");
        assert!(began.elapsed() < Duration::from_secs(3), "{length} bytes, {sent} sent: {:?}", began.elapsed());
        socket.expect_end().await;
    }
}
