//! Request headers as RFC 9110 and RFC 9111 define them: content negotiation, conditional requests, cache directives, media types.

use ips_gateway::sandbox::Population;

use crate::support::{World, any_job};

/// Every way of compression: rendered with the snapshot, by the middleware, with the files of the web UI.
const COMPRESSED: [&str; 4] = ["/jobs", "/jobs?phase=completed", "/openapi.json", "/board/js/main.js"];

#[tokio::test]
async fn the_content_coding_is_negotiated() {
    let world = World::seeded();
    for (accepted, expected) in [
        ("gzip", Some("gzip")),
        ("GZip", Some("gzip")),
        ("br, gzip;q=0.8", Some("gzip")),
        ("gzip ; q=0.001", Some("gzip")),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", Some("gzip")),
        ("identity;q=0, gzip", Some("gzip")),
        ("*;q=0, gzip;q=0.5", Some("gzip")),
        ("", None),
        ("br", None),
        ("*", None),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip;q=0, *", None),
        ("gzip;q=0, *;q=0.5", None),
        ("gzip;q=0.5, identity", None),
        ("*;q=0, identity;q=0.5", None),
    ] {
        for path in COMPRESSED {
            let answer = world.gateway.get(path).header("Accept-Encoding", accepted).await.expect(200);
            assert_eq!(answer.find_header("content-encoding"), expected, "{path}: {accepted}");
            assert!(answer.header("vary").contains("Accept-Encoding"), "{path}: {accepted}");
        }
    }
}

#[tokio::test]
async fn a_request_that_accepts_no_available_content_coding_is_a_406() {
    let world = World::seeded();
    for accepted in ["identity;q=0", "*;q=0", "gzip;q=0, identity;q=0", "br, *;q=0"] {
        for path in COMPRESSED {
            let answer = world.gateway.get(path).header("Accept-Encoding", accepted).await;
            answer.problem(406, "not-acceptable").await;
            assert!(answer.header("vary").contains("Accept-Encoding"), "{path}: {accepted}");
        }
    }
    let submit = world.gateway.post_json("/jobs", &any_job("n")).header("Accept-Encoding", "identity;q=0").await;
    assert_eq!(submit.problem(406, "not-acceptable").await["outcome"], "not_sent", "{submit}");
    assert_eq!(world.sandbox.calls("submitJob"), 0);
}

#[tokio::test]
async fn if_none_match_takes_lists_of_quoted_entity_tags_and_the_asterisk() {
    let world = World::seeded();
    for path in ["/jobs", "/companies", "/board/js/main.js"] {
        let tag = world.gateway.get(path).await.expect(200).header("etag").to_owned();
        let opaque = tag.trim_start_matches("W/");
        for lines in [
            &["*"][..],
            &[" * "],
            &[opaque],
            &[&format!("W/\"a\",{opaque},\"b\"")],
            &[&format!("\"a\" , , {tag} ,")],
            &["\"a\", W/\"b\"", &tag],
        ] {
            let request = lines.iter().fold(world.gateway.get(path), |get, line| get.header("If-None-Match", line));
            assert!(request.await.expect(304).body.is_empty(), "{path}: {lines:?}");
        }
        for line in ["", "\"\"", "W/\"a\"", "\"a\", *", opaque.trim_matches('"'), &tag.replace("W/", "w/"), &tag[..8]] {
            world.gateway.get(path).header("If-None-Match", line).await.expect(200);
        }
    }
}

#[tokio::test]
async fn cache_directives_are_case_insensitive_and_may_be_in_several_lines() {
    let world = World::with(Population::Seeded, &[("FRESH", "20s")]);
    for (lines, loads) in [
        (&["max-age=10"][..], 0),
        (&["MAX-AGE=10"], 0),
        (&["max-age=\"10\""], 0),
        (&["max-age=10", "max-age=3"], 0),
        (&["private, community=\"UCI\""], 0),
        (&["max-age=never, no-cash"], 0),
        (&["max-age=99999999999"], 0),
        (&[""], 0),
        (&["max-age=3"], 1),
        (&["Max-Age=\"3\""], 1),
        (&["max-age=3, max-age=10"], 1),
        (&["max-age=0"], 1),
        (&["no-cache"], 1),
        (&["No-Cache"], 1),
        (&["no-store"], 1),
        (&["max-age=10 , no-cache"], 1),
        (&["no-cache,max-age=10"], 1),
        (&["max-age=10", "no-cache"], 1),
        (&["no-transform", "", "max-age=3"], 1),
        (&["no-cache", "only-if-cached"], 0),
        (&["Only-If-Cached, max-age=0"], 0),
    ] {
        world.advance(2_000);
        world.gateway.get("/jobs").header("Cache-Control", "no-cache").await.expect(200);
        world.advance(5_000);
        let before = world.sandbox.calls("getActiveJobs");
        let request = lines.iter().fold(world.gateway.get("/jobs"), |get, line| get.header("Cache-Control", line));
        let answer = request.await.expect(200);
        assert_eq!(world.sandbox.calls("getActiveJobs") - before, loads, "{lines:?}{answer}");
        assert_eq!(answer.header("age"), if loads == 0 { "5" } else { "0" }, "{lines:?}{answer}");
    }
    let uncached = World::seeded();
    for line in ["only-if-cached", "ONLY-IF-CACHED", "no-cache, only-if-cached"] {
        uncached.gateway.get("/jobs").header("Cache-Control", line).await.problem(504, "not-cached").await;
    }
    assert_eq!(uncached.sandbox.calls("getActiveJobs"), 0);
}

#[tokio::test]
async fn the_media_type_of_json_is_recognized_with_any_parameters() {
    let world = World::empty();
    for content_type in [
        "application/json; charset=utf-8",
        "application/json ; charset=utf-8",
        "application/json;charset=\"utf-8\"",
        "application/json;",
        "Application/JSON",
        "application/vnd.example+json",
    ] {
        let post = world.gateway.post("/jobs/validate").header("Content-Type", content_type);
        post.body(any_job("n").to_string()).await.expect(200);
    }
    for content_type in [
        "application/jsonp",
        "application/json, text/plain",
        "text/plain; a=application/json",
        "application /json",
        ";",
    ] {
        let post = world.gateway.post("/jobs/validate").header("Content-Type", content_type);
        post.body(any_job("n").to_string()).await.problem(415, "unsupported-media-type").await;
    }
}
