//! CORS: allowed and other origins.

use ips_gateway::sandbox::Population;

use crate::support::{Answer, World, any_job};

const PAGE: &str = "https://app.example.com";
/// Response headers that scripts must be able to read.
const EXPOSED: [&str; 8] =
    ["ETag", "Location", "Link", "Retry-After", "Age", "Cache-Status", "X-Request-Id", "WWW-Authenticate"];

#[track_caller]
fn assert_exposed(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), PAGE, "{answer}");
    let exposed = answer.header("access-control-expose-headers").to_lowercase();
    for header in EXPOSED {
        assert!(exposed.split(", ").any(|name| name == header.to_lowercase()), "{header}{answer}");
    }
    assert!(
        answer.headers.get_all("vary").iter().any(|vary| vary.to_str().is_ok_and(|v| v.contains("Origin"))),
        "{answer}"
    );
}

#[tokio::test]
async fn an_allowed_origin_may_read_responses_errors_and_304s() {
    let world = World::with(Population::Seeded, &[("CORS_ORIGINS", PAGE)]);
    let from_page = |request: crate::support::Request| request.header("Origin", PAGE);
    let full = from_page(world.gateway.get("/jobs")).await.expect(200);
    assert_exposed(&full);
    assert_exposed(
        &from_page(world.gateway.get("/jobs").header("If-None-Match", full.header("etag"))).await.expect(304),
    );
    assert_exposed(&from_page(world.gateway.post_json("/jobs", &any_job("n"))).await.expect(202));
    assert_exposed(&from_page(world.gateway.get("/nowhere")).await.expect(404));
    assert_exposed(&from_page(world.gateway.get("/jobs/x")).await.expect(422));
    assert_exposed(&from_page(world.gateway.unauthenticated().get("/jobs")).await.expect(401));
    assert_exposed(&from_page(world.gateway.delete("/jobs")).await.expect(405));
}

#[tokio::test]
async fn responses_depend_on_the_origin_only_if_there_are_origins_or_the_request_has_one() {
    let varies = |answer: &Answer| {
        let mut values = answer.headers.get_all("vary").iter();
        values.any(|vary| vary.to_str().is_ok_and(|vary| vary.contains("Origin")))
    };
    let (none, some) = (World::seeded(), World::with(Population::Seeded, &[("CORS_ORIGINS", PAGE)]));
    for (world, origin, expected) in [(&none, None, false), (&none, Some(PAGE), true), (&some, None, true)] {
        let request = world.gateway.get("/jobs");
        let answer = match origin {
            Some(origin) => request.header("Origin", origin).await,
            None => request.await,
        };
        let answer = answer.expect(200);
        assert_eq!(varies(&answer), expected, "{origin:?}{answer}");
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{origin:?}{answer}");
    }
}

#[tokio::test]
async fn a_preflight_request_of_an_allowed_origin_needs_no_credentials() {
    let world = World::with(Population::Empty, &[("CORS_ORIGINS", PAGE)]);
    for (method, headers) in [
        ("POST", "authorization, content-type, idempotency-key, x-request-id"),
        ("DELETE", "authorization"),
        ("GET", "authorization, if-none-match, cache-control, prefer"),
    ] {
        let ask = world.gateway.unauthenticated().request(reqwest::Method::OPTIONS, "/jobs").header("Origin", PAGE);
        let ask = ask.header("Access-Control-Request-Method", method).header("Access-Control-Request-Headers", headers);
        let answer = ask.await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), PAGE, "{answer}");
        assert!(answer.header("access-control-allow-methods").contains(method), "{answer}");
        let allowed = answer.header("access-control-allow-headers").to_lowercase();
        assert!(headers.split(", ").all(|header| allowed.contains(header)), "{answer}");
        assert_security_headers(&answer);
    }
    assert_eq!(world.calls(), 0);
}

#[track_caller]
fn assert_security_headers(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer}");
    assert_eq!(answer.header("x-frame-options"), "DENY", "{answer}");
}

#[tokio::test]
async fn a_refused_preflight_request_is_a_problem() {
    let world = World::with(Population::Empty, &[("CORS_ORIGINS", PAGE)]);
    for (origin, method, reason) in
        [("https://evil.example.com", "GET", "Origin"), (PAGE, "PATCH", "method"), (PAGE, "TRACE", "method")]
    {
        let ask = world.gateway.unauthenticated().request(reqwest::Method::OPTIONS, "/jobs").header("Origin", origin);
        let answer = ask.header("Access-Control-Request-Method", method).await;
        let problem = answer.problem(400, "bad-request").await;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains(reason)), "{answer}");
        assert_security_headers(&answer);
        assert_eq!(answer.find_header("access-control-allow-origin"), None, "{answer}");
    }
}

#[tokio::test]
async fn other_origins_are_not_allowed() {
    let world = World::with(Population::Seeded, &[("CORS_ORIGINS", PAGE)]);
    for origin in ["https://evil.example.com", "http://app.example.com", "https://app.example.com.evil.example", "null"]
    {
        for path in ["/jobs", "/nowhere"] {
            let answer = world.gateway.get(path).header("Origin", origin).await;
            assert_eq!(answer.find_header("access-control-allow-origin"), None, "{answer}");
        }
    }
    let unset = World::empty();
    let answer = unset.gateway.get("/jobs").header("Origin", PAGE).await.expect(200);
    assert_eq!(answer.find_header("access-control-allow-origin"), None, "no origin is allowed by default{answer}");
}

#[tokio::test]
async fn a_wildcard_allows_every_origin_without_credentials() {
    let world = World::with(Population::Seeded, &[("CORS_ORIGINS", "*")]);
    let answer = world.gateway.get("/jobs").header("Origin", "https://any.example.com").await.expect(200);
    assert_eq!(answer.header("access-control-allow-origin"), "*", "{answer}");
    assert_eq!(answer.find_header("access-control-allow-credentials"), None, "{answer}");
}
