//! HTTP/1.0, HEAD, and offers to upgrade, on connections that are used again.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ips_gateway::sandbox::users::ORDINARY;

use crate::support::{Socket, World, any_job, id};

const LIVEZ: &str = "GET /livez HTTP/1.1\r\nHost: gateway\r\n\r\n";

fn authorization() -> String {
    format!("Authorization: Basic {}\r\n", STANDARD.encode(format!("{}:{}", ORDINARY.email, ORDINARY.password)))
}

#[tokio::test]
async fn http_1_0_gets_no_chunks() {
    let world = World::seeded();
    for (path, lines) in [
        ("/jobs?limit=5", "Accept-Encoding: gzip\r\n"),
        ("/jobs?phase=completed", "Accept-Encoding: gzip\r\nConnection: keep-alive\r\n"),
        ("/openapi.json", "Accept-Encoding: gzip\r\n"),
        ("/problems", "Accept-Encoding: gzip\r\n"),
    ] {
        let mut socket = Socket::open(&world.gateway).await;
        socket.send(format!("GET {path} HTTP/1.0\r\n{lines}{}\r\n{LIVEZ}", authorization())).await;
        let answer = socket.rest().await;
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        assert!(head.starts_with("http/1.0 200 ") && head.contains("content-encoding: gzip"), "{path}: {head}");
        assert!(!head.contains("transfer-encoding") && !head.contains("keep-alive"), "{path}: {head}");
        let mut body = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&answer[end + 4..]), &mut body).expect("gzip");
        assert!(!body.is_empty(), "{path}");
    }
    let mut socket = Socket::open(&world.gateway).await;
    socket.send(format!("GET /jobs/events HTTP/1.0\r\n{}\r\n", authorization())).await;
    let head = socket.hear().await.expect(200).head.to_lowercase();
    assert!(!head.contains("transfer-encoding"), "{head}");
}

#[tokio::test]
async fn head_is_the_head_of_get_on_every_route_and_the_connection_serves_on() {
    let world = World::seeded();
    let job = id(&world.gateway.get("/jobs").await.ok()["jobs"][0]);
    let mut socket = Socket::open(&world.gateway).await;
    let paths = [
        "/jobs",
        "/jobs?limit=1",
        "/jobs/events",
        "/job-logs",
        "/companies",
        "/livez",
        "/readyz",
        "/metrics",
        "/",
        "/board/js/main.js",
        "/swagger-ui/",
        "/openapi.json",
        "/openapi-3.0.json",
        "/problems",
        "/problems/not-found",
        "/nowhere",
        "/jobs/x",
    ];
    let of_job = ["", "/log", "/events"].map(|tail| format!("/jobs/{job}{tail}"));
    for path in paths.into_iter().map(str::to_owned).chain(of_job) {
        for coding in ["identity", "gzip"] {
            let request = |method: &str| {
                format!(
                    "{method} {path} HTTP/1.1\r\nHost: gateway\r\nAccept-Encoding: {coding}\r\n{}\r\n",
                    authorization()
                )
            };
            socket.send(format!("{}{LIVEZ}", request("HEAD"))).await;
            let head = socket.hear_head().await;
            let next = socket.hear().await;
            assert_eq!((next.status, next.body.as_str()), (200, "{\"status\":\"ok\"}"), "{path}: {head}{next:?}");
            let mut other = Socket::open(&world.gateway).await;
            other.send(request("GET")).await;
            assert_eq!(fields(&other.hear_head().await), fields(&head), "{path}, {coding}");
        }
    }
}

/// Status line and names of the fields of a head, and the values of those that describe the body.
fn fields(head: &str) -> Vec<String> {
    let described = ["content-type", "content-encoding", "transfer-encoding", "cache-control", "vary", "etag", "allow"];
    let field = |line: &str| match line.split_once(": ") {
        Some((name, _)) if !described.contains(&name) => name.to_owned(),
        _ => line.to_owned(),
    };
    let mut fields: Vec<_> = head.trim_end().lines().map(field).collect();
    fields.sort();
    fields
}

#[tokio::test]
async fn a_head_waits_for_no_change() {
    let world = World::seeded();
    for path in ["/jobs", "/jobs?limit=2"] {
        let known = world.gateway.get(path).await.expect(200);
        let began = Instant::now();
        let head = world.gateway.head(path).header("Prefer", "wait=30").header("If-None-Match", known.header("etag"));
        let head = head.await.expect(304);
        assert_eq!(head.find_header("preference-applied"), None, "{head}");
        assert!(began.elapsed() < Duration::from_secs(20), "{path} waited for {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn an_offer_to_upgrade_costs_no_request() {
    let world = World::empty();
    for offer in [
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n",
        "connection: upgrade\r\nupgrade: WebSocket\r\n",
    ] {
        let mut socket = Socket::open(&world.gateway).await;
        for round in 0..3 {
            let body = any_job(&format!("nightly-{round}")).to_string();
            let submit = format!(
                "POST /jobs HTTP/1.1\r\nHost: gateway\r\n{}Content-Type: application/json\r\n{offer}Content-Length: {}\r\n\r\n{body}",
                authorization(),
                body.len()
            );
            // In two packets, cut within the offer.
            let cut = submit.len() - body.len() - 30;
            socket.send(&submit[..cut]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            socket.send(format!("{}{LIVEZ}", &submit[cut..])).await;
            let submitted = socket.hear().await.expect(202);
            assert!(!submitted.head.to_lowercase().contains("\r\nconnection:"), "{submitted:?}");
            socket.hear().await.expect(200);
        }
    }
    assert_eq!(world.sandbox.calls("submitJob"), 6);
}
