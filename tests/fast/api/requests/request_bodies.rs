//! Content codings of request bodies, and their limits.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder};
use flate2::{Compression, GzBuilder};
use ips_gateway::sandbox::Population;

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
