//! Conditional requests, freshness, and stale responses when IPS fails.

use std::io::Read;

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;

use crate::support::{Reply, START, ScriptedUpstream, World, active_job, any_job, id};

const CACHING: [&str; 5] = ["etag", "cache-control", "age", "cache-status", "vary"];

#[tokio::test]
async fn a_matching_if_none_match_is_a_304_with_the_same_headers() {
    let world = World::seeded();
    let job = id(&world.gateway.get("/jobs").await.ok()["jobs"][0]);
    for path in [
        "/jobs".to_owned(),
        "/jobs?phase=active,completed&limit=3".into(),
        format!("/jobs/{job}"),
        format!("/jobs/{job}/log"),
        "/job-logs".into(),
        "/companies".into(),
        "/companies/c%7C110".into(),
        "/assets/a%7C11004/job-logs".into(),
        "/openapi.json".into(),
    ] {
        world.gateway.get(&path).await.expect(200);
        let full = world.gateway.get(&path).await.expect(200);
        let tag = full.header("etag").to_owned();
        assert!(tag.starts_with("W/\"") && tag.ends_with('"'), "weak{full}");
        for known in [tag.clone(), format!("\"other\", {tag}"), tag.trim_start_matches("W/").to_owned(), "*".into()] {
            let answer = world.gateway.get(&path).header("If-None-Match", &known).await.expect(304);
            assert!(answer.body.is_empty(), "{answer}");
            for header in CACHING.into_iter().chain(["retry-after", "link"]) {
                assert_eq!(answer.find_header(header), full.find_header(header), "{header} of {known}{answer}");
            }
        }
        world.gateway.get(&path).header("If-None-Match", "W/\"other\"").await.expect(200);
    }
}

#[tokio::test]
async fn an_entity_tag_depends_on_the_content_and_not_on_age_or_caller() {
    let world = World::seeded();
    let tag = |answer: crate::support::Answer| answer.header("etag").to_owned();
    let scheduled = "/jobs?phase=scheduled";
    let first = tag(world.gateway.get(scheduled).await.expect(200));
    world.advance(5_000);
    let later = world.gateway.get(scheduled).header("Cache-Control", "no-cache").await.expect(200);
    assert_eq!(later.header("age"), "0", "{later}");
    assert_eq!(tag(later), first, "nothing has changed but the time");
    let colleague = world.gateway.as_user(&ips_gateway::sandbox::users::COMPANY_ADMIN);
    assert_eq!(tag(colleague.get(scheduled).await.expect(200)), first);

    let job = id(&world.gateway.get(scheduled).await.ok()["jobs"][0]);
    world.gateway.post(&format!("/jobs/{job}/pause")).await.expect(202);
    assert_ne!(tag(world.gateway.get(scheduled).await.expect(200)), first);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let world = World::seeded();
    for path in ["/jobs", "/jobs?limit=2", "/job-logs", "/companies", "/openapi.json", "/livez"] {
        world.gateway.get(path).await.expect(200);
        let (get, head) = (world.gateway.get(path).await.expect(200), world.gateway.head(path).await.expect(200));
        assert!(head.body.is_empty() && !get.body.is_empty(), "{head}");
        for header in CACHING.into_iter().chain(["content-type", "link"]) {
            assert_eq!(head.find_header(header), get.find_header(header), "{header}{head}");
        }
    }
    world.gateway.head("/nowhere").await.expect(404);
}

#[tokio::test]
async fn head_of_an_event_stream_is_its_head_without_a_stream() {
    let world = World::with(Population::Seeded, &[("MAX_STREAMS", "3")]);
    let job = id(&world.gateway.get("/jobs").await.ok()["jobs"][0]);
    let issued = world.gateway.post("/jobs/events/tickets").await.expect(201).json();
    let ticket = [("ticket", issued["ticket"].as_str().expect("a ticket"))];
    let anonymous = world.gateway.unauthenticated();
    let paths = ["/jobs/events".to_owned(), format!("/jobs/{job}/events")];
    let mut open = Vec::new();
    for _ in 0..5 {
        world.gateway.head(&paths[0]).await.expect(200);
    }
    for path in &paths {
        let get = world.gateway.get(path).open().await;
        assert_eq!(get.status(), 200, "{path}");
        for head in [world.gateway.head(path), anonymous.head(path).query(&ticket)] {
            let head = head.await.expect(200);
            for header in
                ["content-type", "cache-control", "x-accel-buffering", "content-encoding", "transfer-encoding"]
            {
                let of_get = get.headers().get(header).map(|value| value.to_str().expect("ASCII"));
                assert_eq!(head.find_header(header), of_get, "{header}{head}");
            }
        }
        open.push(get);
        anonymous.head(path).await.expect(401);
        world.gateway.head(&format!("{path}?company=nowhere")).await.expect(404);
    }
    world.gateway.head("/jobs/MW9jfDExMB9ub3doZXJl/events").await.expect(404);

    let with_ticket = anonymous.get("/jobs/events").query(&ticket).open().await;
    assert_eq!(with_ticket.status(), 200, "HEAD has not used the ticket");
    anonymous.head("/jobs/events").query(&ticket).await.expect(401);
    for path in &paths {
        let get = world.gateway.get(path).await.expect(429);
        let head = world.gateway.head(path).await.expect(429);
        assert_eq!(head.header("retry-after"), get.header("retry-after"));
    }
}

#[tokio::test]
async fn bodies_are_compressed_for_clients_that_accept_gzip() {
    let world = World::seeded();
    for path in ["/jobs", "/jobs?phase=completed", "/openapi.json"] {
        let plain = world.gateway.get(path).header("Accept-Encoding", "identity").await.expect(200);
        assert_eq!(plain.find_header("content-encoding"), None, "{plain}");
        let packed = world.gateway.get(path).header("Accept-Encoding", "gzip").await.expect(200);
        assert_eq!(packed.header("content-encoding"), "gzip", "{path}");
        let mut unpacked = Vec::new();
        let mut decoder = flate2::read::GzDecoder::new(&packed.body[..]);
        std::io::Read::read_to_end(&mut decoder, &mut unpacked).expect("it is gzip");
        assert_eq!(unpacked, plain.body, "{path}");
        assert!(packed.body.len() < plain.body.len() / 2, "{} of {}", packed.body.len(), plain.body.len());
        assert_eq!(packed.header("etag"), plain.header("etag"));
        assert!(packed.header("vary").contains("Accept-Encoding"));
        let refused = world.gateway.get(path).header("Accept-Encoding", "gzip;q=0").await.expect(200);
        assert_eq!(refused.find_header("content-encoding"), None, "{refused}");
    }
}

#[tokio::test]
async fn requests_within_the_freshness_interval_cost_one_call() {
    let world = World::seeded();
    for _ in 0..5 {
        world.gateway.get("/jobs").await.expect(200);
        world.gateway.get("/jobs?status=running&sort=name").await.expect(200);
        world.advance(400);
    }
    assert_eq!(world.sandbox.calls("getActiveJobs"), 1);
    let answer = world.gateway.get("/jobs").await.expect(200);
    assert_eq!((answer.header("age"), answer.header("cache-control")), ("2", "private, no-cache"), "{answer}");
    assert!(answer.header("cache-status").starts_with("ips-gateway; hit"), "{answer}");
}

#[tokio::test]
async fn concurrent_requests_share_one_call() {
    let world = World::seeded();
    world.gateway.get("/companies").await.expect(200);
    let requests: Vec<_> = (0..20).map(|_| tokio::spawn(world.gateway.get("/jobs").into_future())).collect();
    for request in requests {
        request.await.expect("it ends").expect(200);
    }
    assert_eq!(world.sandbox.calls("getActiveJobs"), 1);
}

#[tokio::test]
async fn no_cache_loads_again_but_at_most_once_a_second() {
    let world = World::seeded();
    let ask = || world.gateway.get("/jobs").header("Cache-Control", "no-cache");
    ask().await.expect(200);
    world.advance(900);
    ask().await.expect(200);
    assert_eq!(world.sandbox.calls("getActiveJobs"), 1);
    world.advance(200);
    let answer = ask().await.expect(200);
    assert_eq!(world.sandbox.calls("getActiveJobs"), 2, "{answer}");
    assert_eq!((answer.header("age"), answer.header("cache-status")), ("0", "ips-gateway; fwd=miss"), "{answer}");
}

#[tokio::test]
async fn max_age_bounds_the_age_of_the_response() {
    let world = World::with(Population::Seeded, &[("FRESH", "20s")]);
    world.gateway.get("/jobs").await.expect(200);
    world.advance(5_000);
    world.gateway.get("/jobs").header("Cache-Control", "max-age=10").await.expect(200);
    assert_eq!(world.sandbox.calls("getActiveJobs"), 1);
    let answer = world.gateway.get("/jobs").header("Cache-Control", "max-age=3").await.expect(200);
    assert_eq!((world.sandbox.calls("getActiveJobs"), answer.header("age")), (2, "0"), "{answer}");
}

#[tokio::test]
async fn only_if_cached_never_calls_ips() {
    let world = World::seeded();
    let submitted = id(&world.gateway.submit(&any_job("nightly")).await);
    let ask = |path: &str| world.gateway.get(path).header("Cache-Control", "only-if-cached");
    let before = world.calls();
    for path in ["/jobs", "/jobs?phase=completed"] {
        ask(path).await.problem(504, "not-cached").await;
    }
    ask(&format!("/jobs/{submitted}")).await.problem(504, "not-cached").await;
    assert_eq!(world.calls(), before);

    world.gateway.get("/jobs").await.expect(200);
    let before = world.calls();
    world.advance(60_000);
    let answer = ask("/jobs").await.expect(200);
    assert_eq!(answer.header("age"), "60", "{answer}");
    ask(&format!("/jobs/{submitted}")).await.expect(200);
    assert_eq!(world.calls(), before);
}

#[tokio::test]
async fn a_stale_list_is_served_at_once_and_revalidated_in_the_background() {
    let world = World::seeded();
    let first = world.gateway.get("/jobs").await.expect(200);
    world.advance(10_000);
    let old = world.gateway.get("/jobs").await.expect(200);
    assert_eq!((old.header("age"), old.header("etag")), ("10", first.header("etag")), "{old}");
    assert!(old.header("cache-status").contains("detail=revalidating"), "{old}");
    assert!(old.json()["stale"].is_null(), "not marked: that is for failures{old}");
    // Joins the background load, or is served its result.
    let new = world.gateway.get("/jobs").header("Cache-Control", "no-cache").await.expect(200);
    assert_eq!(new.header("age"), "0", "{new}");
    assert_eq!(world.sandbox.calls("getActiveJobs"), 2);

    world.advance(33_000);
    let too_old = world.gateway.get("/jobs").await.expect(200);
    assert_eq!(too_old.header("age"), "0", "beyond the limit everybody waits{too_old}");
}

#[tokio::test]
async fn the_last_list_is_served_as_stale_if_ips_fails() {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    let gateway = upstream.gateway(&clock, &[]);
    let first = gateway.get("/jobs").await.expect(200);
    upstream.reply("getActiveJobs", Reply::Xml(503, "Maintenance".into()));
    clock.advance(TimeDelta::seconds(60));
    for path in ["/jobs", "/jobs?status=running", "/jobs?limit=1"] {
        let answer = gateway.get(path).await.expect(200);
        let list = answer.json();
        assert_eq!((&list["stale"], &list["staleReason"]), (&true.into(), &"upstreamFailed".into()), "{answer}");
        assert_eq!(list["observedAt"], START, "{answer}");
        assert_eq!(answer.header("age"), "60", "{answer}");
        assert!(answer.header("cache-status").contains("detail=upstream-failed"), "{answer}");
    }
    let plain = gateway.get("/jobs").await.expect(200);
    assert_eq!(plain.json()["jobs"], first.json()["jobs"], "{plain}");
    assert_eq!(upstream.calls("getActiveJobs"), 2, "a failing IPS is left alone for a moment");

    clock.advance(TimeDelta::seconds(300));
    gateway.get("/jobs").await.problem(502, "upstream-invalid-answer").await;
    upstream.answer("getActiveJobs", "<jobArray/>");
    clock.advance(TimeDelta::seconds(60));
    let healthy = gateway.get("/jobs").await.ok();
    assert!(healthy["stale"].is_null(), "{healthy:#}");
    assert_eq!(healthy["jobs"][0]["status"], "finalizing", "it left the list unseen and is in no log: {healthy:#}");
}

#[tokio::test]
async fn the_entity_tag_of_a_list_changes_when_it_becomes_stale_and_when_ips_recovers() {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    let list = format!("<jobArray>{}</jobArray>", active_job("nightly", ""));
    upstream.answer("getActiveJobs", &list);
    let gateway = upstream.gateway(&clock, &[]);
    for path in ["/jobs", "/jobs?limit=1"] {
        clock.advance(TimeDelta::minutes(10));
        let fresh = gateway.get(path).await.expect(200);
        upstream.reply("getActiveJobs", Reply::Xml(503, "Maintenance".into()));
        clock.advance(TimeDelta::seconds(60));
        let stale = gateway.get(path).header("If-None-Match", fresh.header("etag")).await.expect(200);
        assert_eq!(stale.json()["stale"], true, "{stale}");
        gateway.get(path).header("If-None-Match", stale.header("etag")).await.expect(304);
        upstream.answer("getActiveJobs", &list);
        clock.advance(TimeDelta::seconds(60));
        let recovered = gateway.get(path).header("If-None-Match", stale.header("etag"));
        let recovered = recovered.header("Cache-Control", "no-cache").await.expect(200);
        assert!(recovered.json()["stale"].is_null(), "{recovered}");
        assert_eq!(recovered.header("etag"), fresh.header("etag"), "{recovered}");
    }
}

#[tokio::test]
async fn a_single_job_is_marked_as_stale_as_its_list_is() {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    let list = format!("<jobArray>{}</jobArray>", active_job("nightly", ""));
    upstream.answer("getActiveJobs", &list);
    let gateway = upstream.gateway(&clock, &[]);
    let path = format!("/jobs/{}", id(&gateway.get("/jobs").await.ok()["jobs"][0]));
    let fresh = gateway.get(&path).await.expect(200);
    upstream.reply("getActiveJobs", Reply::Xml(503, "Maintenance".into()));
    clock.advance(TimeDelta::seconds(60));
    let stale = gateway.get(&path).header("If-None-Match", fresh.header("etag")).await.expect(200);
    let job = stale.json();
    assert_eq!((&job["stale"], &job["staleReason"]), (&true.into(), &"upstreamFailed".into()), "{stale}");
    assert_eq!((&job["id"], &job["observedAt"]), (&fresh.json()["id"], &START.into()), "{stale}");
    gateway.get(&path).header("If-None-Match", stale.header("etag")).await.expect(304);
    upstream.answer("getActiveJobs", &list);
    clock.advance(TimeDelta::seconds(60));
    let stop = gateway.post(&format!("{path}/stop")).header("If-Match", stale.header("etag"));
    upstream.answer("stopJob", "");
    stop.await.expect(202);
    let recovered = gateway.get(&path).header("If-None-Match", stale.header("etag")).await.expect(200);
    assert!(recovered.json()["stale"].is_null(), "{recovered}");
}

#[tokio::test]
async fn a_stale_list_is_the_same_with_and_without_compression() {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    let jobs: String = (0..50).map(|number| active_job(&format!("job{number}"), "")).collect();
    upstream.answer("getActiveJobs", &format!("<jobArray>{jobs}</jobArray>"));
    let gateway = upstream.gateway(&clock, &[]);
    gateway.get("/jobs").await.expect(200);
    upstream.reply("getActiveJobs", Reply::Xml(503, "Maintenance".into()));
    clock.advance(TimeDelta::seconds(60));
    let plain = gateway.get("/jobs").await.expect(200);
    let compressed = gateway.get("/jobs").header("Accept-Encoding", "gzip").await.expect(200);
    assert_eq!(compressed.header("content-encoding"), "gzip", "{compressed}");
    assert_eq!(compressed.header("etag"), plain.header("etag"));
    let mut decoded = String::new();
    flate2::read::GzDecoder::new(&compressed.body[..]).read_to_string(&mut decoded).expect("gzip");
    assert_eq!(decoded, plain.text());
}

#[tokio::test]
async fn errors_have_cache_control_no_store() {
    let World { gateway, .. } = &World::seeded();
    let answer = gateway.get("/jobs/x").await.expect(422);
    assert_eq!((answer.header("cache-control"), answer.find_header("etag")), ("no-store", None), "{answer}");
}

#[tokio::test]
async fn a_wall_clock_that_is_set_back_does_not_make_a_list_fresh() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[]);
    gateway.get("/jobs").await.expect(200);
    clock.advance(TimeDelta::hours(-1));
    clock.advance(TimeDelta::milliseconds(1_500));
    assert_eq!(gateway.get("/jobs").await.expect(200).header("age"), "1");
    clock.advance(TimeDelta::minutes(10));
    assert_eq!(gateway.get("/jobs").await.expect(200).header("age"), "0");
    assert_eq!(upstream.calls("getActiveJobs"), 2);

    upstream.reply("getActiveJobs", Reply::Close);
    clock.advance(TimeDelta::minutes(1));
    let no_cache = || gateway.get("/jobs").header("Cache-Control", "no-cache");
    no_cache().await.expect(200);
    let calls = upstream.calls("getActiveJobs");
    clock.advance(TimeDelta::hours(-1));
    clock.advance(TimeDelta::seconds(10));
    no_cache().await.expect(200);
    assert!(upstream.calls("getActiveJobs") > calls, "the back-off has ended");
}
