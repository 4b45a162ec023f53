//! Request bodies: encodings, content codings and their limits, and the errors of their members.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, GzBuilder};
use ips_gateway::sandbox::Population;
use serde_json::{Value, json};

use crate::support::{Request, World, any_job};

const MIB: usize = 1024 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// A validation of this body with this content coding.
fn validate(world: &World, coding: &str, body: Vec<u8>) -> Request {
    let post = world.gateway.post("/jobs/validate").header("Content-Type", "application/json");
    post.header("Content-Encoding", coding).body(body)
}

/// A job of exactly this many bytes.
fn padded(length: usize) -> Vec<u8> {
    let job = any_job("n").to_string();
    format!("{job}{}", " ".repeat(length - job.len())).into()
}

#[tokio::test]
async fn a_body_may_be_compressed_with_gzip() {
    let world = World::empty();
    let job = any_job("n").to_string();
    for coding in ["gzip", "GZip", "x-gzip"] {
        validate(&world, coding, gzip(job.as_bytes())).await.expect(200);
    }
    validate(&world, "identity", job.clone().into()).await.expect(200);
    let (first, second) = job.as_bytes().split_at(10);
    validate(&world, "gzip", [gzip(first), gzip(second)].concat()).await.expect(200);
}

#[tokio::test]
async fn other_content_codings_are_a_415_that_names_gzip() {
    let world = World::empty();
    let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
    deflate.write_all(any_job("n").to_string().as_bytes()).expect("memory");
    let deflate = deflate.finish().expect("memory");
    for coding in ["deflate", "br", "zstd", "compress", "gzip, gzip", "", "*"] {
        let answer = validate(&world, coding, deflate.clone()).await;
        answer.problem(415, "unsupported-media-type").await;
        assert_eq!(answer.header("accept-encoding"), "gzip", "{answer}");
    }
    let twice = validate(&world, "gzip", gzip(b"{}")).header("Content-Encoding", "gzip").await;
    twice.problem(415, "unsupported-media-type").await;
}

#[tokio::test]
async fn the_size_limit_applies_before_and_after_decompression() {
    let world = World::with(Population::Empty, &[("REQUEST_BODY_BUDGET", "1MiB")]);
    validate(&world, "gzip", gzip(&padded(MIB))).await.expect(200);
    validate(&world, "gzip", gzip(&padded(MIB + 1))).await.problem(413, "content-too-large").await;
    validate(&world, "identity", padded(MIB)).await.expect(200);
    // Without a length, and with a long file name in the header of the gzip format.
    let named = GzBuilder::new().filename("x".repeat(MIB)).write(Vec::new(), Compression::best());
    let named = named.finish().expect("memory");
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(named)]);
    let chunked = validate(&world, "gzip", Vec::new()).body(reqwest::Body::wrap_stream(chunks));
    chunked.await.problem(413, "content-too-large").await;
}

#[tokio::test]
async fn a_body_that_can_not_be_decompressed_is_a_400_with_the_cause() {
    let world = World::empty();
    let whole = gzip(any_job("n").to_string().as_bytes());
    for body in [whole[..whole.len() / 2].to_vec(), b"s3cret".repeat(10), [&whole[..], b"s3cret"].concat()] {
        let answer = validate(&world, "gzip", body).await;
        let problem = answer.problem(400, "bad-request").await;
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.starts_with("the body can't be read: ") && !detail.contains("s3cret"), "{answer}");
        assert!(detail.len() > "the body can't be read: ".len(), "{answer}");
    }
}

/// The peak of the resident memory of this process, in MiB.
#[cfg(target_os = "linux")]
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("a Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") / 1024
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_compressed_bomb_is_not_decompressed_beyond_the_limit() {
    let world = World::empty();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        encoder.write_all(&vec![b' '; MIB]).expect("memory");
    }
    let bomb = encoder.finish().expect("memory");
    assert!(bomb.len() < MIB / 8, "{} bytes", bomb.len());
    validate(&world, "gzip", gzip(b"{}")).await;
    let before = peak_memory();
    let requests = (0..8).map(|_| validate(&world, "gzip", bomb.clone()).into_future());
    for answer in futures_util::future::join_all(requests).await {
        answer.problem(413, "content-too-large").await;
    }
    let grown = peak_memory() - before;
    assert!(grown < 24, "it grew by {grown} MiB");
}

#[tokio::test]
async fn a_byte_order_mark_of_utf_8_is_skipped_and_other_encodings_are_named() {
    let world = World::empty();
    let send = |body: Vec<u8>| world.gateway.post("/jobs").header("Content-Type", "application/json").body(body);
    let body = any_job("marked").to_string();
    send([b"\xef\xbb\xbf", body.as_bytes()].concat()).await.expect(202);
    let utf_16 = |start: &[u8]| [start, body.as_bytes()].concat();
    for (body, expected) in [
        (utf_16(b"\xff\xfe"), "UTF-16"),
        (utf_16(b"\xfe\xff"), "UTF-16"),
        (b"{\"jobName\":\"caf\xe9\"}".to_vec(), "UTF-8"),
    ] {
        let refused = send(body).await.problem(400, "invalid-json").await;
        assert!(refused["detail"].as_str().is_some_and(|detail| detail.contains(expected)), "{refused:#}");
    }
    assert_eq!(world.sandbox.calls("submitJob"), 1);
}

#[tokio::test]
async fn null_is_absence_of_an_optional_member() {
    let world = World::empty();
    let mut body = any_job("absent");
    for member in ["companyHandle", "userHandle", "locale", "execTime", "execSchedule", "description", "exportJob"] {
        body[member] = Value::Null;
    }
    world.gateway.post_json("/jobs", &body).await.expect(202);
    body["jobName"] = Value::Null;
    let refused = world.gateway.post_json("/jobs", &body).await;
    assert!(refused.invalid_body("").await.contains("`jobName` is missing"), "{refused}");
}

#[tokio::test]
async fn all_errors_of_a_body_are_reported_at_once() {
    let world = World::empty();
    let errors = |problem: &Value| -> Vec<(String, String)> {
        let error = |error: &Value| {
            let text = |member: &str| error[member].as_str().unwrap_or_else(|| panic!("{problem:#}")).to_owned();
            (text("pointer"), text("detail"))
        };
        problem["errors"].as_array().into_iter().flatten().map(error).collect()
    };
    let body = json!({
        "jobName": 7,
        "colour": "s3cret",
        "execTime": "s3cret",
        "uploadUrlsJob": {
            "urlArray": [{ "sourceUrl": 1, "destPath": "a" }, { "sourceUrl": "https://example.com/a", "size": 1 }],
            "overwrite": "s3cret", "createMask": false, "emailSetting": "None"
        }
    });
    let refused = world.gateway.post_json("/jobs", &body).await;
    let problem = refused.problem(422, "invalid-request").await;
    let mut found = errors(&problem);
    found.sort();
    let pointers: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    let expected = [
        "/colour",
        "/execTime",
        "/jobName",
        "/uploadUrlsJob",
        "/uploadUrlsJob/overwrite",
        "/uploadUrlsJob/urlArray/0/sourceUrl",
        "/uploadUrlsJob/urlArray/1",
        "/uploadUrlsJob/urlArray/1/size",
    ];
    assert_eq!(pointers, expected, "{problem:#}");
    assert!(!refused.text().contains("s3cret") && problem.get("moreErrors").is_none(), "{problem:#}");
    for (_, detail) in &found {
        for jargon in ["struct", "sequence", "i32", "u32", "field", "variant", "string"] {
            assert!(!detail.contains(jargon), "{detail}");
        }
    }

    let many: serde_json::Map<_, _> = (0..33).map(|number| (format!("x{number}"), json!(number))).collect();
    let problem = world.gateway.post_json("/jobs", &Value::Object(many)).await.problem(422, "invalid-request").await;
    assert_eq!((errors(&problem).len(), &problem["moreErrors"]), (20, &json!(14)), "{problem:#}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.ends_with("; and 14 more")), "{problem:#}");

    let mut job = crate::support::upload("a\nb", &["ftp://example.com/a", "file:///etc/passwd"]);
    job["description"] = json!("\u{1}");
    job["locale"] = json!("english");
    let problem = world.gateway.post_json("/jobs", &job).await.problem(422, "invalid-request").await;
    let pointers: Vec<_> = errors(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    for pointer in ["/jobName", "/locale", "/description", "/uploadUrlsJob/urlArray/1/sourceUrl"] {
        assert!(pointers.iter().any(|found| found == pointer), "{pointer}: {problem:#}");
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn a_large_body_with_many_errors_is_refused() {
    let world = World::empty();
    let names: serde_json::Map<_, _> = (0..60_000).map(|number| (format!("x{number}"), json!(1))).collect();
    let problem = world.gateway.post_json("/jobs", &Value::Object(names)).await.problem(422, "invalid-request").await;
    assert!(problem["errors"].as_array().is_some_and(|errors| !errors.is_empty()), "{problem:#}");
}

#[tokio::test]
async fn a_name_with_control_characters_is_refused_before_anything_is_sent() {
    let world = World::empty();
    for name in ["a\nb", "tab\there", "a\rb", "c\u{85}d", "a\u{1f}b", "a\u{7f}"] {
        for path in ["/jobs", "/jobs?uniqueName=false", "/jobs/validate"] {
            world.gateway.post_json(path, &any_job(name)).await.invalid_body("/jobName").await;
        }
    }
    let mut body = any_job("nightly");
    body["companyHandle"] = json!("c|1\n10");
    world.gateway.post_json("/jobs", &body).await.invalid_body("/companyHandle").await;
    assert_eq!(world.calls(), 0);
}
