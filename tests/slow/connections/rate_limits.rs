//! Rate limits and stream quotas of a caller.

use std::time::Duration;

use ips_gateway::http::{Role, new_key};
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, ORDINARY};
use tokio::time::sleep;

use crate::support::World;

const PAGE: &str = "https://app.example.com";

#[tokio::test]
async fn the_rate_limit_refuses_one_caller_and_no_other() {
    let settings = [("RATE_LIMIT", "1"), ("RATE_BURST", "3"), ("CORS_ORIGINS", PAGE)];
    let world = World::with(Population::Seeded, &settings);
    for left in ["2", "1", "0"] {
        let answer = world.gateway.get("/jobs").await.expect(200);
        assert_eq!(answer.header("ratelimit-policy"), "\"caller\";q=3;w=3", "{answer}");
        assert!(answer.header("ratelimit").starts_with(&format!("\"caller\";r={left};t=")), "{answer}");
    }
    let refused = world.gateway.get("/jobs").header("Origin", PAGE).await;
    refused.problem(429, "too-many-requests").await;
    assert!(["1", "2"].contains(&refused.header("retry-after")), "{refused}");
    assert!(refused.header("ratelimit").starts_with("\"caller\";r=0;t="), "{refused}");
    assert_eq!(refused.header("access-control-allow-origin"), PAGE, "{refused}");
    let exposed = refused.header("access-control-expose-headers").to_lowercase();
    assert!(exposed.contains("ratelimit") && exposed.contains("ratelimit-policy"), "{refused}");
    let calls = world.calls();
    let submit = world.gateway.post_json("/jobs", &crate::support::any_job("n")).await;
    assert_eq!(submit.problem(429, "too-many-requests").await["outcome"], "not_sent", "{submit}");
    assert_eq!(world.calls(), calls, "IPS was not asked");

    world.gateway.as_user(&BOTH_COMPANIES).get("/companies").await.expect(200);
    sleep(Duration::from_secs(2)).await;
    world.gateway.get("/jobs").await.expect(200);
}

#[tokio::test]
async fn probes_are_exempt_and_unauthenticated_callers_are_limited_by_address() {
    let world = World::with(Population::Empty, &[("RATE_LIMIT", "1"), ("RATE_BURST", "1"), ("PATH_PREFIX", "/ips")]);
    let anonymous = world.gateway.unauthenticated();
    anonymous.get("/openapi.json").await.expect(200);
    anonymous.get("/openapi.json").await.expect(429);
    anonymous.get("/jobs").header("Authorization", "Basic !").await.expect(429);
    for path in ["/livez", "/readyz", "/metrics"] {
        for _ in 0..3 {
            let answer = anonymous.get(path).await.expect(200);
            assert_eq!(answer.find_header("ratelimit"), None, "{answer}");
        }
    }
}

#[tokio::test]
async fn each_api_key_has_its_own_rate_limit() {
    let keys = [1, 2].map(|number| new_key(&number.to_string(), Role::Viewer, &[]).expect("random bytes"));
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys-limits.toml");
    std::fs::write(&file, format!("{}\n{}", keys[0].1, keys[1].1)).expect("a file");
    let settings = [
        ("SERVICE_USER", BOTH_COMPANIES.email),
        ("SERVICE_PASSWORD", BOTH_COMPANIES.password),
        ("API_KEYS_FILE", file.to_str().expect("a path in UTF-8")),
        ("RATE_LIMIT", "1"),
        ("RATE_BURST", "1"),
    ];
    let world = World::with(Population::Empty, &settings);
    for (key, _) in &keys {
        let caller = world.gateway.with_token(key);
        caller.get("/companies").await.expect(200);
        caller.get("/companies").await.expect(429);
    }
    for guess in ["ipsgw_a", "ipsgw_b"] {
        let answer = world.gateway.with_token(guess).get("/companies").await;
        assert_eq!(answer.status, if guess == "ipsgw_a" { 401 } else { 429 }, "guesses share one: {answer}");
    }
}

#[tokio::test]
async fn unknown_credentials_share_one_rate_limit() {
    let world = World::with(Population::Empty, &[("RATE_LIMIT", "1"), ("RATE_BURST", "3")]);
    world.gateway.get("/jobs").await.expect(200);
    let mut refused = 0;
    for guess in 0..20 {
        let calls = world.calls();
        let caller = world.gateway.with_password(ORDINARY.email, &format!("guess-{guess}"));
        let answer = caller.get("/jobs").await;
        if answer.status == 401 {
            assert_eq!(answer.json()["code"], "credentials-rejected", "{answer}");
            continue;
        }
        refused += 1;
        let answer = answer.expect(429);
        assert_eq!(answer.json()["code"], "too-many-requests", "{answer}");
        assert!(answer.header("ratelimit").starts_with("\"caller\";r=0;t="), "{answer}");
        answer.header("retry-after");
        assert_eq!(world.calls(), calls, "IPS was not asked");
    }
    assert!(refused >= 10, "{refused} of 20 guesses were refused");
    world.gateway.get("/jobs").await.expect(200);

    sleep(Duration::from_secs(2)).await;
    world.gateway.as_user(&BOTH_COMPANIES).get("/companies").await.expect(200);
}

#[tokio::test]
async fn the_rate_limit_can_be_disabled() {
    let world = World::with(Population::Empty, &[("RATE_LIMIT", "none"), ("RATE_BURST", "1")]);
    for _ in 0..20 {
        let answer = world.gateway.get("/jobs").await.expect(200);
        assert_eq!(answer.find_header("ratelimit"), None, "{answer}");
    }
}

#[tokio::test]
async fn streams_above_the_quota_are_refused() {
    let world = World::with(Population::Empty, &[("MAX_STREAMS", "2")]);
    let open = || async { world.gateway.get("/jobs/events").open().await };
    let (first, second) = (open().await, open().await);
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    let refused = world.gateway.get("/jobs/events").await;
    refused.problem(429, "too-many-requests").await;
    assert_eq!(refused.header("retry-after"), "5", "{refused}");
    assert_eq!(
        world.gateway.as_user(&BOTH_COMPANIES).get("/jobs/events?companyHandle=c%7C110").open().await.status(),
        200
    );
    drop(first);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(open().await.status(), 200);
}

#[tokio::test]
async fn each_api_key_has_its_own_stream_quota_with_and_without_ticket() {
    let keys = [1, 2].map(|number| new_key(&number.to_string(), Role::Viewer, &[]).expect("random bytes"));
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys-streams.toml");
    std::fs::write(&file, format!("{}\n{}", keys[0].1, keys[1].1)).expect("a file");
    let settings = [
        ("SERVICE_USER", BOTH_COMPANIES.email),
        ("SERVICE_PASSWORD", BOTH_COMPANIES.password),
        ("API_KEYS_FILE", file.to_str().expect("a path in UTF-8")),
        ("MAX_STREAMS", "1"),
    ];
    let world = World::with(Population::Empty, &settings);
    let mut streams = Vec::new();
    for (key, _) in &keys {
        let caller = world.gateway.with_token(key);
        let stream = caller.get("/jobs/events?companyHandle=c%7C110").open().await;
        assert_eq!(stream.status(), 200);
        streams.push(stream);
        caller.get("/jobs/events?companyHandle=c%7C110").await.problem(429, "too-many-requests").await;
        let issued = caller.post("/jobs/events/tickets").await.expect(201).json();
        let ticket = issued["ticket"].as_str().expect("a ticket");
        let anonymous = world.gateway.unauthenticated();
        let with_ticket = anonymous.get(&format!("/jobs/events?companyHandle=c%7C110&ticket={ticket}")).await;
        with_ticket.problem(429, "too-many-requests").await;
    }
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_have_limits_of_their_own() {
    let settings = [("RATE_LIMIT", "1"), ("RATE_BURST", "3"), ("TRUSTED_PROXIES", "127.0.0.0/8")];
    let world = World::with(Population::Empty, &settings);
    let from = |address: &'static str, guess: usize| {
        let caller = world.gateway.with_password(&format!("guess{guess}@example.org"), "made-up");
        async move { caller.get("/jobs").header("X-Forwarded-For", address).await.status }
    };
    let mut seen = Vec::new();
    for guess in 0..20 {
        seen.push(from("198.51.100.1, 192.0.2.66", guess).await);
    }
    assert!(seen.contains(&429), "{seen:?}");
    assert_eq!(from("198.51.100.1", 20).await, 401, "another client of the proxy");

    let world = World::with(Population::Empty, &settings[..2]);
    let mut seen = Vec::new();
    for guess in 0..20 {
        let caller = world.gateway.with_password(&format!("guess{guess}@example.org"), "made-up");
        let address = format!("192.0.2.{guess}");
        seen.push(caller.get("/jobs").header("X-Forwarded-For", &address).await.status);
    }
    assert!(seen.contains(&429), "the header of a peer that is not trusted changes nothing: {seen:?}");
}

#[tokio::test]
async fn the_limit_of_an_address_does_not_apply_to_that_of_many_users() {
    let upstream = crate::support::ScriptedUpstream::start().await;
    let gateway =
        upstream.gateway(&ips_gateway::runtime::clock::Clock::system(), &[("RATE_LIMIT", "1"), ("RATE_BURST", "12")]);
    for user in 0..10 {
        gateway.with_token(&format!("token-{user}")).get("/companies").await.expect(200);
    }
    for user in 10..40 {
        gateway.with_token(&format!("token-{user}")).get("/companies").await.expect(200);
    }
}
