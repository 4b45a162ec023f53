//! Unusual and invalid `Authorization` headers.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ips_gateway::http::{Role, new_key};
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::ORDINARY;

use crate::support::{Gateway, ScriptedUpstream, World};
use crate::support::{Heard, Socket};

fn basic(credentials: impl AsRef<[u8]>) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

/// Sends GET /jobs with these header lines.
async fn ask(gateway: &Gateway, lines: &[u8]) -> Heard {
    let mut socket = Socket::open(gateway).await;
    socket.send([b"GET /jobs HTTP/1.1\r\nHost: gateway\r\n", lines, b"\r\n"].concat()).await;
    socket.hear().await
}

async fn ask_with(gateway: &Gateway, authorization: &str) -> Heard {
    ask(gateway, format!("Authorization: {authorization}\r\n").as_bytes()).await
}

#[tokio::test]
async fn unreadable_credentials_are_a_401_that_does_not_repeat_them() {
    let world = World::empty();
    let good = STANDARD.encode(format!("{}:{}", ORDINARY.email, ORDINARY.password));
    for authorization in [
        // Missing or unknown scheme, missing credentials.
        "Basic".to_owned(),
        "Basic:".to_owned(),
        format!("Basic\t{good}"),
        good.clone(),
        format!("Negotiate {good}"),
        format!("Basic, Basic {good}"),
        // Invalid base64: plain text, missing padding, other alphabet, split.
        "Basic s3cret:s3cret".to_owned(),
        "Basic czNjcmV0OnMzY3JldA".to_owned(),
        "Basic czNjcmV0OnMzY3JldA===".to_owned(),
        "Basic _3NjcmV0OnMzY3JldA==".to_owned(),
        format!("Basic {} {}", &good[..8], &good[8..]),
        format!("Basic {good} {good}"),
        // Invalid user and password: no colon, control characters.
        basic("s3cret"),
        basic(b"s3cret:\xff\x85"),
        basic("s3cret:\0"),
        basic("s3cret:a\r\nInjected: yes"),
        basic("s3\tcret:a"),
        basic("s3cret:\u{85}"),
        // Not exactly one token.
        "Bearer s3cret s3cret".to_owned(),
        "Bearer s3cret\ts3cret".to_owned(),
        "Bearer    ".to_owned(),
    ] {
        let heard = ask_with(&world.gateway, &authorization).await;
        assert!(heard.head.contains("\r\nwww-authenticate: Basic realm="), "{authorization}: {heard:?}");
        assert!(!heard.head.contains("s3cret") && !heard.body.contains("s3cret"), "{authorization}: {heard:?}");
        assert!(!heard.head.contains("njected"), "{authorization}: {heard:?}");
        let problem = heard.problem(401, "unauthenticated");
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("can't be read")), "{problem:#}");
    }
    for bytes in [b"Authorization: Basic \xff\xfe\xfd\r\n".as_slice(), b"Authorization: Bearer caf\xc3\xa9\r\n"] {
        ask(&world.gateway, bytes).await.problem(401, "unauthenticated");
    }
    assert_eq!(world.calls(), 0, "IPS was not asked");
}

#[tokio::test]
async fn basic_credentials_are_utf_8_or_else_iso_8859_1() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    for (name, credentials) in
        [("UTF-8", "ips@example.com:café".as_bytes()), ("ISO-8859-1", b"ips@example.com:caf\xe9")]
    {
        let calls = upstream.requests("getActiveJobs").len();
        ask_with(&gateway, &basic(credentials)).await.expect(200);
        let bodies = upstream.requests("getActiveJobs");
        assert!(bodies[calls..].iter().all(|body| body.contains(">café<")), "{name}: {bodies:?}");
        assert!(calls == 1 || bodies.len() == 1, "{name}: one account: {}", bodies.len());
    }
}

#[tokio::test]
async fn scheme_and_whitespace_are_parsed_as_http_permits() {
    let world = World::empty();
    let good = STANDARD.encode(format!("{}:{}", ORDINARY.email, ORDINARY.password));
    for authorization in [format!("basic {good}"), format!("  BASIC   {good}  ")] {
        ask_with(&world.gateway, &authorization).await.expect(200);
    }
}

#[tokio::test]
async fn several_authorization_headers_are_refused() {
    let world = World::empty();
    let good = basic(format!("{}:{}", ORDINARY.email, ORDINARY.password));
    for other in [&*good, "Bearer s3cret", "Basic", ""] {
        for (first, second) in [(&*good, other), (other, &*good)] {
            let lines = format!("Authorization: {first}\r\nauthorization: {second}\r\n");
            let problem = ask(&world.gateway, lines.as_bytes()).await.problem(400, "bad-request");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("several `authorization`")));
        }
    }
    assert_eq!(world.calls(), 0, "IPS was not asked");
}

#[tokio::test]
async fn several_api_keys_are_refused() {
    let (key, entry) = new_key("viewer", Role::Viewer, &[]).expect("random bytes");
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys-credentials.toml");
    std::fs::write(&file, entry).expect("a file");
    let settings = [
        ("SERVICE_USER", ORDINARY.email),
        ("SERVICE_PASSWORD", ORDINARY.password),
        ("API_KEYS_FILE", file.to_str().expect("a path in UTF-8")),
    ];
    let world = World::with(Population::Empty, &settings);
    ask(&world.gateway, format!("X-API-Key: {key}\r\n").as_bytes()).await.expect(200);
    let calls = world.calls();
    for other in [&*key, "ipsgw_other", ""] {
        let lines = format!("X-API-Key: {other}\r\nX-API-Key: {key}\r\n");
        ask(&world.gateway, lines.as_bytes()).await.problem(400, "bad-request");
    }
    let padded = format!("X-API-Key: {key} {key}\r\n");
    ask(&world.gateway, padded.as_bytes()).await.problem(401, "unauthenticated");
    assert_eq!(world.calls(), calls, "IPS was not asked");
}

#[tokio::test]
async fn credentials_may_be_as_long_as_the_head_limit() {
    let world = World::empty();
    // An unknown token, which is passed to IPS and rejected there.
    ask_with(&world.gateway, &format!("Bearer {}", "t".repeat(30 * 1024))).await.problem(401, "credentials-rejected");
    ask_with(&world.gateway, &basic(format!("{}:{}", ORDINARY.email, "p".repeat(20 * 1024))))
        .await
        .problem(401, "credentials-rejected");
    let calls = world.calls();
    for length in [32 * 1024, 100 * 1024, 200 * 1024] {
        ask_with(&world.gateway, &format!("Bearer {}", "t".repeat(length))).await.problem(431, "headers-too-large");
    }
    assert_eq!(world.calls(), calls, "IPS was not asked");
}
