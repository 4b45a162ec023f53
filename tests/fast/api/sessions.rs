//! Sessions of pages of the gateway: sign-in by a cookie, and what it is good for.

use std::path::PathBuf;
use std::time::Duration;

use ips_gateway::http::{Role, new_key};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, ORDINARY};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::event_stream::Stream;
use crate::support::{Answer, Gateway, Request, START, ScriptedUpstream, World, any_job};

const OWN: (&str, &str) = ("Sec-Fetch-Site", "same-origin");
const HOURS: i64 = 3_600_000;

/// A browser with a session: a client without credentials, and its `Cookie`.
struct Browser {
    gateway: Gateway,
    cookie: String,
}

impl Browser {
    /// Signs in with the credentials of this client.
    async fn sign_in(gateway: &Gateway) -> Self {
        let answer = gateway.post("/session").header(OWN.0, OWN.1).await.expect(200);
        Self { gateway: gateway.unauthenticated(), cookie: cookie_of(&answer) }
    }

    /// A request of a page of the gateway.
    fn own(&self, request: Request) -> Request {
        self.with_cookie(request).header(OWN.0, OWN.1)
    }

    fn with_cookie(&self, request: Request) -> Request {
        request.header("Cookie", &self.cookie)
    }

    fn get(&self, path: &str) -> Request {
        self.own(self.gateway.get(path))
    }
}

/// Name and value of the cookie that an answer sets.
fn cookie_of(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().expect("a pair").to_owned()
}

/// Whether an answer removes the cookie.
fn ends_session(answer: &Answer) -> bool {
    answer.find_header("set-cookie").is_some_and(|cookie| cookie.contains("session=; ") && cookie.contains("Max-Age=0"))
}

#[tokio::test]
async fn a_page_of_the_gateway_signs_in_for_eight_hours() {
    let world = World::seeded();
    let answer = world.gateway.post("/session").header(OWN.0, OWN.1).await.expect(200);
    let set = answer.header("set-cookie").to_owned();
    let (_, attributes) = set.split_once(';').expect("attributes");
    assert_eq!(attributes, " Path=/; Max-Age=28800; HttpOnly; SameSite=Strict");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!set.contains(ORDINARY.password), "{set}");
    let expected = json!({
        "available": true,
        "session": { "method": "password", "name": ORDINARY.email, "expiresAt": "2026-03-02T20:00:00Z" }
    });
    assert_eq!(answer.json(), expected);

    let browser = Browser { gateway: world.gateway.unauthenticated(), cookie: cookie_of(&answer) };
    assert_eq!(browser.get("/session").await.ok(), expected);
    let jobs = browser.get("/jobs").await.expect(200);
    assert_eq!(jobs.json()["jobs"], world.gateway.get("/jobs").await.ok()["jobs"]);
    assert!(jobs.header("vary").contains("Cookie") && jobs.find_header("set-cookie").is_none(), "{jobs}");
    browser.own(browser.gateway.post_json("/jobs", &any_job("by session"))).await.expect(202);

    world.advance(8 * HOURS - 1000);
    browser.get("/jobs").await.expect(200);
    world.advance(1000);
    let expired = browser.get("/jobs").await;
    let detail = expired.problem(401, "unauthenticated").await["detail"].clone();
    assert_eq!(detail, "the session has expired or ended: sign in again");
    assert!(ends_session(&expired), "{expired}");
    let status = browser.get("/session").await.expect(200);
    assert_eq!(status.json(), json!({ "available": true }));
    assert!(ends_session(&status), "{status}");
}

#[tokio::test]
async fn other_sites_and_clients_get_nothing_by_the_cookie() {
    const APP: &str = "https://app.example.com";
    let world = World::with(Population::Seeded, &[("CORS_ORIGINS", APP)]);
    let browser = Browser::sign_in(&world.gateway).await;
    let own_origin = format!("http://{}", world.gateway.address());
    for own in [
        &[("Origin", &*own_origin)][..],
        &[("Referer", &format!("{own_origin}/?job=1"))],
        &[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "navigate")],
    ] {
        let request = browser.with_cookie(browser.gateway.get("/jobs"));
        own.iter().fold(request, |request, (name, value)| request.header(name, value)).await.expect(200);
    }
    for foreign in [
        &[][..],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "none"), ("Sec-Fetch-Mode", "cors")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", APP)],
        &[("Origin", APP)],
        &[("Origin", "null")],
        &[("Referer", "https://evil.example.org/")],
    ] {
        let with_headers =
            |request: Request| foreign.iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = with_headers(browser.with_cookie(browser.gateway.get("/jobs"))).await;
        answer.problem(401, "unauthenticated").await;
        assert_eq!(answer.find_header("set-cookie"), None, "the session goes on: {answer}");
        assert_eq!(answer.find_header("access-control-allow-credentials"), None, "{answer}");
        assert_eq!(with_headers(browser.with_cookie(browser.gateway.get("/session"))).await.ok().get("session"), None);
        let submit = with_headers(browser.with_cookie(browser.gateway.post_json("/jobs", &any_job("theirs")))).await;
        assert!([401, 403].contains(&submit.status), "{submit}");
        // Nor do they get a session by credentials.
        let sign_in = with_headers(world.gateway.post("/session")).await;
        sign_in.problem(403, "forbidden").await;
        assert_eq!(sign_in.find_header("set-cookie"), None, "{sign_in}");
    }
    assert_eq!(world.sandbox.calls("submitJob"), 0);
}

#[tokio::test]
async fn other_credentials_of_a_request_take_precedence() {
    let world = World::seeded();
    let browser = Browser::sign_in(&world.gateway).await;
    let wrong = world.gateway.with_password(ORDINARY.email, "wrong").get("/companies");
    let answer = browser.own(wrong).await;
    answer.problem(401, "credentials-rejected").await;
    assert_eq!(answer.find_header("set-cookie"), None, "the session is another: {answer}");
    let malformed = browser.get("/companies").header("Authorization", "garbage").await;
    malformed.problem(401, "unauthenticated").await;
    assert_eq!(malformed.find_header("set-cookie"), None, "{malformed}");
    let other = browser.own(world.gateway.as_user(&BOTH_COMPANIES).get("/companies")).await.ok();
    assert_eq!(other["companies"].as_array().map(Vec::len), Some(2), "{other:#}");
}

#[tokio::test]
async fn a_session_needs_credentials_that_ips_accepts_and_is_not_prolonged_by_itself() {
    let world = World::seeded();
    let sign_in = |gateway: &Gateway| gateway.post("/session").header(OWN.0, OWN.1);
    let wrong = sign_in(&world.gateway.with_password(ORDINARY.email, "wrong")).await;
    wrong.problem(401, "credentials-rejected").await;
    assert_eq!(wrong.find_header("set-cookie"), None, "{wrong}");
    sign_in(&world.gateway.unauthenticated()).await.problem(401, "unauthenticated").await;
    let browser = Browser::sign_in(&world.gateway).await;
    let again = browser.own(browser.gateway.post("/session")).await;
    again.problem(401, "unauthenticated").await;
    assert_eq!(again.find_header("set-cookie"), None, "{again}");

    let token = sign_in(&world.gateway.with_token(ORDINARY.access_token)).await.expect(200).json();
    assert_eq!((&token["session"]["method"], token["session"].get("name")), (&json!("accessToken"), None));
}

#[tokio::test]
async fn credentials_that_are_too_long_for_a_cookie_get_no_session() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getCompanyMembership", "<membershipArray/>");
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = Gateway::start(upstream.url(), &"2014-04-03".parse().expect("a version"), &clock, &[]);
    let sign_in = |length| gateway.with_token(&"t".repeat(length)).post("/session").header(OWN.0, OWN.1);
    let cookie = cookie_of(&sign_in(2500).await.expect(200));
    assert!(cookie.len() <= 4096, "browsers drop longer ones: {}", cookie.len());
    let long = sign_in(3500).await;
    long.problem(431, "headers-too-large").await;
    assert_eq!(long.find_header("set-cookie"), None, "{long}");
}

#[tokio::test]
async fn a_password_that_ips_refuses_later_ends_the_session() {
    let world = World::scripted("[[fault]]\noperation = \"getActiveJobs\"\neffect = \"fault\"\ncode = 10001\n");
    let browser = Browser::sign_in(&world.gateway).await;
    let other_error = browser.get("/jobs/x").await.expect(422);
    assert_eq!(other_error.find_header("set-cookie"), None, "{other_error}");
    let refused = browser.get("/jobs").await;
    refused.problem(401, "credentials-rejected").await;
    assert!(ends_session(&refused), "{refused}");
}

#[tokio::test]
async fn signing_out_removes_the_cookie() {
    let world = World::seeded();
    let browser = Browser::sign_in(&world.gateway).await;
    for request in [browser.own(browser.gateway.delete("/session")), browser.gateway.delete("/session")] {
        let answer = request.await.expect(204);
        assert!(ends_session(&answer), "{answer}");
    }
    browser.gateway.delete("/session").header("Sec-Fetch-Site", "cross-site").await.problem(403, "forbidden").await;
}

#[tokio::test]
async fn a_gateway_with_sessions_switched_off_has_none() {
    let (on, off) = (World::seeded(), World::with(Population::Seeded, &[("BOARD_SESSIONS", "off")]));
    assert_eq!(off.gateway.get("/session").await.ok(), json!({ "available": false }));
    off.gateway.post("/session").header(OWN.0, OWN.1).await.problem(404, "not-found").await;
    assert_eq!(off.gateway.delete("/session").await.expect(204).find_header("set-cookie"), None);
    assert_eq!(off.gateway.get("/board/config.json").await.ok()["sessions"], false);
    let cookie = Browser::sign_in(&on.gateway).await.cookie;
    let browser = Browser { gateway: off.gateway.unauthenticated(), cookie };
    let answer = browser.get("/jobs").await;
    answer.problem(401, "unauthenticated").await;
    assert_eq!(answer.find_header("set-cookie"), None, "{answer}");
    assert!(!off.gateway.get("/jobs").await.expect(200).header("vary").contains("Cookie"));
}

#[tokio::test]
async fn the_cookie_is_for_the_path_prefix_and_over_tls_secure() {
    let settings = [("PATH_PREFIX", "/ips/api"), ("TRUSTED_PROXIES", "127.0.0.0/8")];
    let world = World::with(Population::Seeded, &settings);
    let https = |request: Request| request.header("X-Forwarded-Proto", "https").header(OWN.0, OWN.1);
    let answer = https(world.gateway.post("/session")).await.expect(200);
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Secure-") && set.contains("; Path=/ips/api; ") && set.ends_with("; Secure"), "{set}");
    let secure = Browser { gateway: world.gateway.unauthenticated(), cookie: cookie_of(&answer) };
    https(secure.with_cookie(secure.gateway.get("/jobs"))).await.expect(200);
    secure.get("/jobs").await.problem(401, "unauthenticated").await;
    let removed = https(secure.with_cookie(secure.gateway.delete("/session"))).await.expect(204);
    assert!(ends_session(&removed) && removed.header("set-cookie").starts_with("__Secure-"), "{removed}");

    let root = World::with(Population::Seeded, &settings[1..]);
    let answer = https(root.gateway.post("/session")).await.expect(200);
    let set = answer.header("set-cookie");
    assert!(set.starts_with("__Host-") && set.contains("; Path=/; ") && set.ends_with("; Secure"), "{set}");
}

#[tokio::test]
async fn event_streams_and_long_polls_take_the_cookie_and_need_no_ticket() {
    let world = World::seeded();
    let browser = Browser::sign_in(&world.gateway).await;
    let mut stream = Stream::open(browser.get("/jobs/events")).await;
    assert_eq!(stream.next().await.expect("an event").name, "snapshot");
    let etag = browser.get("/jobs").await.expect(200).header("etag").to_owned();
    let poll = browser.get("/jobs").header("If-None-Match", &etag).header("Prefer", "wait=50");
    let poll = tokio::spawn(async move { poll.await });
    browser.own(browser.gateway.post_json("/jobs", &any_job("new"))).await.expect(202);
    poll.await.expect("no panic").expect(200);
    assert!(stream.next().await.is_some());
    browser.own(browser.gateway.post("/jobs/events/tickets")).await.problem(403, "forbidden").await;
    let foreign = browser.with_cookie(browser.gateway.get("/jobs/events")).header("Sec-Fetch-Site", "cross-site");
    foreign.await.problem(401, "unauthenticated").await;
}

#[tokio::test]
async fn a_revoked_api_key_ends_its_sessions() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys-sessions.toml");
    let (viewer, entry) = new_key("wall board", Role::Viewer, &["c|110".to_owned()]).expect("random bytes");
    std::fs::write(&file, entry).expect("a file");
    let settings = [
        ("SERVICE_USER", BOTH_COMPANIES.email),
        ("SERVICE_PASSWORD", BOTH_COMPANIES.password),
        ("API_KEYS_FILE", file.to_str().expect("a path in UTF-8")),
    ];
    let world = World::with(Population::Seeded, &settings);
    let browser = Browser::sign_in(&world.gateway.with_token(&viewer)).await;
    let status: Value = browser.get("/session").await.ok();
    let session = &status["session"];
    assert_eq!((&session["method"], &session["name"]), (&json!("apiKey"), &json!("wall board")));
    let companies = browser.get("/companies").await.ok();
    assert_eq!(companies["companies"].as_array().map(Vec::len), Some(1), "{companies:#}");
    browser.own(browser.gateway.post_json("/jobs", &any_job("no"))).await.problem(403, "forbidden").await;
    let mut stream = Stream::open(browser.get("/jobs/events")).await;
    stream.next().await.expect("a snapshot");

    std::fs::write(&file, "").expect("a file");
    let ended = timeout(Duration::from_secs(20), async { while stream.next().await.is_some() {} });
    ended.await.expect("the stream ends");
    let mut answer = browser.get("/jobs").await;
    while answer.status == 200 {
        sleep(Duration::from_millis(10)).await;
        answer = browser.get("/jobs").await;
    }
    answer.problem(401, "unauthenticated").await;
    assert!(ends_session(&answer), "{answer}");
}

#[tokio::test]
async fn the_audit_log_names_the_same_principal_by_session_and_by_credentials() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("audit-sessions.jsonl");
    // From an earlier run.
    let _ = std::fs::remove_file(&file);
    let world = World::with(Population::Empty, &[("AUDIT_LOG", file.to_str().expect("a path in UTF-8"))]);
    let browser = Browser::sign_in(&world.gateway).await;
    world.gateway.submit(&any_job("by credentials")).await;
    browser.own(browser.gateway.post_json("/jobs", &any_job("by session"))).await.expect(202);
    let text = std::fs::read_to_string(&file).expect("the audit log");
    let principal = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["principal"].clone();
    let principals: Vec<_> = text.lines().map(principal).collect();
    assert!(principals.len() == 2 && principals[0].is_string() && principals[0] == principals[1], "{text}");
}
