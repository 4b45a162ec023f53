//! Answers that are none.

use std::io::Write;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::future::join_all;
use ips_gateway::clock::Clock;
use ips_gateway::ips::types::ApiVersion;
use serde_json::json;

use super::upstream::{Act, BadUpstream};
use super::{SETTINGS, TIMEOUT, document, head};
use crate::support::{Gateway, START, active_job, envelope};

const INVALID: (u16, &str) = (502, "upstream-invalid-answer");
const TOO_LATE: (u16, &str) = (504, "upstream-timeout");

fn list() -> String {
    envelope("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).expect("compressed");
    encoder.finish().expect("compressed")
}

fn compressed(body: &[u8]) -> Act {
    Act::Say([head(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.len())).as_bytes(), body].concat())
}

fn tricks() -> Vec<(&'static str, Act, (u16, &'static str))> {
    let (list, whole) = (list(), head(&format!("Content-Length: {}\r\n", list().len())));
    let said = |text: String| Act::Say(text.into_bytes());
    let closing = |text: &str| said(format!("{}{text}", head("Connection: close\r\n")));
    let millisecond = Duration::from_millis(1);
    let entity = |level: u32| format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10));
    let laughs = (1..10).map(entity).collect::<Vec<_>>().concat();
    let laughs =
        format!("<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY l0 \"ha\">{laughs}]>{}", list.replace("nightly", "&l9;"));
    vec![
        ("HTML", document("<html><body>Maintenance</body></html>"), INVALID),
        ("nothing", document(""), INVALID),
        ("another answer", document(&envelope("getJobLogs", "")), INVALID),
        ("another root", document("<soapenv:Body/>"), INVALID),
        ("two roots", document(&list.repeat(2)), INVALID),
        ("unclosed tags", document(&list.replace("</items>", "")), INVALID),
        ("a million open tags", document(&"<a>".repeat(300_000)), INVALID),
        ("billion laughs", document(&laughs), INVALID),
        ("an external entity", document(&format!("<!DOCTYPE x SYSTEM \"file:///etc/passwd\">{list}")), INVALID),
        (
            "a long attribute",
            document(&list.replace("<jobArray>", &format!("<jobArray a=\"{}\">", "a".repeat(20_000)))),
            INVALID,
        ),
        ("cut off with a length", said(format!("{whole}{}", &list[..list.len() / 2])), INVALID),
        ("cut off without a length", closing(&list[..list.len() - 20]), INVALID),
        ("cut off in the last tag", closing(&list[..list.len() - 1]), INVALID),
        ("cut off in a chunk", said(format!("{}ffff\r\n{list}", head("Transfer-Encoding: chunked\r\n"))), INVALID),
        (
            "no last chunk",
            said(format!("{}{:x}\r\n{list}\r\n", head("Transfer-Encoding: chunked\r\n"), list.len())),
            INVALID,
        ),
        (
            "too long for its limit",
            closing(&list.replace("<jobArray>", &format!("{}<jobArray>", " ".repeat(2 << 20)))),
            INVALID,
        ),
        ("a length beyond the limit", said(head("Content-Length: 99999999999\r\n")), INVALID),
        ("a gzip bomb", compressed(&gzip(&vec![b' '; 20 << 20])), INVALID),
        ("gzip that is none", compressed(list.as_bytes()), INVALID),
        ("half a gzip", compressed(&gzip(list.as_bytes())[..100]), INVALID),
        (
            "an unknown encoding",
            said(format!("{}{list}", head("Content-Encoding: br\r\nConnection: close\r\n"))),
            INVALID,
        ),
        ("thousands of headers", said(format!("{}{list}", head(&"X-A: b\r\n".repeat(5_000)))), INVALID),
        (
            "headers without an end",
            Act::Drip(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-A: b\r\n".repeat(1_000), millisecond),
            INVALID,
        ),
        ("a header of megabytes", said(head(&format!("X-A: {}\r\n", "b".repeat(2 << 20)))), INVALID),
        ("no HTTP", said("220 mail.example.com ESMTP\r\n".into()), INVALID),
        (
            "endless bytes",
            Act::Drip(head("Connection: close\r\n").into_bytes(), vec![b' '; 65_536], millisecond),
            INVALID,
        ),
        ("reset before the request", Act::ResetAfter(0), INVALID),
        ("reset within the request", Act::ResetAfter(600), INVALID),
        ("reset after the request", Act::SayAndReset(Vec::new()), INVALID),
        ("reset within the head", Act::SayAndReset(whole[..30].into()), INVALID),
        ("reset after the head", Act::SayAndReset(whole.clone().into_bytes()), INVALID),
        ("reset within the body", Act::SayAndReset(format!("{whole}{}", &list[..100]).into_bytes()), INVALID),
        ("silence", Act::Drip(Vec::new(), Vec::new(), Duration::from_secs(1)), TOO_LATE),
        ("a drip within the head", Act::Drip(Vec::new(), b"H".to_vec(), Duration::from_mins(1)), TOO_LATE),
        ("a drip within the body", Act::Drip(whole.into_bytes(), b" ".to_vec(), Duration::from_millis(50)), TOO_LATE),
    ]
}

/// Two worlds for each trick: one that has seen nothing yet, and one with a good list.
#[tokio::test]
async fn every_trick_is_a_precise_problem_in_time_and_takes_the_place_of_nothing() {
    for some in tricks().chunks(9) {
        join_all(some.iter().map(|(what, act, problem)| play(what, act, *problem))).await;
    }
}

async fn play(what: &str, act: &Act, (status, code): (u16, &str)) {
    let upstream = BadUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = Gateway::start(&upstream.url, &ApiVersion::default(), &clock, SETTINGS);
    upstream.act("getActiveJobs", act.clone());
    let path = "/jobs?companyHandle=c%7C110";
    let began = Instant::now();
    let answer = gateway.get(path).await;
    assert_eq!(answer.status, status, "{what}{answer}");
    let problem = answer.problem(status, code).await;
    assert!(began.elapsed() < TIMEOUT * 15, "{what} took {:?}", began.elapsed());
    assert_eq!(problem["retryable"], true, "{what}{answer}");
    assert!(!answer.to_string().contains("sandbox-katlyn"), "{what}{answer}");

    upstream.act("getActiveJobs", document(&list()));
    clock.advance(TimeDelta::seconds(60));
    let good = gateway.get(path).await.ok();
    assert_eq!(good["jobs"][0]["originalName"], "nightly", "{what} is over");
    upstream.act("getActiveJobs", act.clone());
    clock.advance(TimeDelta::seconds(60));
    let answer = gateway.get(path).await.expect(200);
    let kept = answer.json();
    assert_eq!((&kept["jobs"], &kept["stale"]), (&good["jobs"], &json!(true)), "{what}{answer}");
    assert!(answer.header("cache-status").contains("detail=upstream-failed"), "{what}{answer}");
}

#[tokio::test]
async fn a_redirect_takes_the_password_nowhere() {
    let other = BadUpstream::start().await;
    for status in [301, 302, 303, 307, 308] {
        let upstream = BadUpstream::start().await;
        let clock = Clock::manual(START.parse().expect("a time"));
        let gateway = Gateway::start(&upstream.url, &ApiVersion::default(), &clock, SETTINGS);
        let redirect = format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", other.url);
        upstream.act("getActiveJobs", Act::Say(redirect.into_bytes()));
        let answer = gateway.get("/jobs?companyHandle=c%7C110").await;
        answer.problem(INVALID.0, INVALID.1).await;
        assert_eq!(upstream.calls("getActiveJobs"), 1, "a redirect is no reason to ask again{answer}");
    }
    assert_eq!(other.calls("getActiveJobs"), 0);
}
