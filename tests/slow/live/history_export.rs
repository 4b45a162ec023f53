//! The export of a long history.

use std::fs;

use futures_util::StreamExt;

use crate::support::process::Process;
use crate::support::{LoggedJob, Reply, ScriptedUpstream, answer_of, envelope, http_client, millis};

/// The oldest start in milliseconds since 1970, the distance between two starts, and the number of jobs: about a year.
const BEGIN: i64 = 1_741_000_000_000;
const DISTANCE: i64 = 150_000;
const JOBS: i64 = 200_000;

/// A figure of a process, in KiB.
fn memory(process: &Process, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a figure");
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_year_of_200_000_logs_takes_at_most_32_mb() {
    let upstream = ScriptedUpstream::start().await;
    upstream.script("getJobLogs", |request| {
        let newest = millis(request, "endDate").map_or(JOBS - 1, |end| (end - BEGIN).div_euclid(DISTANCE));
        let rows = request.split_once("numRows>").and_then(|(_, rest)| rest.split('<').next()?.parse::<usize>().ok());
        let numbers = (0..=newest.min(JOBS - 1)).rev().take(rows.expect("a number of rows"));
        let jobs = numbers.map(|number| LoggedJob::new(format!("n{number}"), BEGIN + number * DISTANCE));
        Reply::Xml(200, envelope("getJobLogs", &answer_of(jobs)))
    });
    let gateway = Process::serve(upstream.url(), &[("RUST_LOG", "warn")]);
    let client = http_client();
    let get = |path: &str| client.get(format!("{}{path}", gateway.url)).basic_auth("a@example.com", Some("b")).send();
    get("/job-logs?limit=2").await.expect("an answer").bytes().await.expect("a body");
    let before = memory(&gateway, "VmRSS");
    let mut body = get("/job-logs?format=csv").await.expect("an answer").bytes_stream();
    let (mut lines, mut end) = (0, Vec::new());
    while let Some(chunk) = body.next().await {
        let chunk = chunk.expect("a chunk");
        lines += chunk.split(|byte| *byte == b'\n').count() - 1;
        end = chunk[chunk.len().saturating_sub(200)..].to_vec();
    }
    assert_eq!(lines, 200_001, "{}", String::from_utf8_lossy(&end));
    let taken = memory(&gateway, "VmHWM").saturating_sub(before);
    println!("200,000 logs took {taken} KiB");
    assert!(taken <= 32 << 10, "{taken} KiB");
}
