//! Invalid and malicious answers.

use std::io::Write;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::future::join_all;
use ips_gateway::ips::types::ApiVersion;
use ips_gateway::runtime::clock::Clock;
use serde_json::json;

use super::upstream::{Behaviour, HostileUpstream};
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

fn compressed(body: &[u8]) -> Behaviour {
    Behaviour::Send(
        [head(&format!("Content-Encoding: gzip\r\nContent-Length: {}\r\n", body.len())).as_bytes(), body].concat(),
    )
}

fn hostile_answers() -> Vec<(&'static str, Behaviour, (u16, &'static str))> {
    let (list, whole) = (list(), head(&format!("Content-Length: {}\r\n", list().len())));
    let sent = |text: String| Behaviour::Send(text.into_bytes());
    let closing = |text: &str| sent(format!("{}{text}", head("Connection: close\r\n")));
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
        ("cut off with a length", sent(format!("{whole}{}", &list[..list.len() / 2])), INVALID),
        ("cut off without a length", closing(&list[..list.len() - 20]), INVALID),
        ("cut off in the last tag", closing(&list[..list.len() - 1]), INVALID),
        ("cut off in a chunk", sent(format!("{}ffff\r\n{list}", head("Transfer-Encoding: chunked\r\n"))), INVALID),
        (
            "no last chunk",
            sent(format!("{}{:x}\r\n{list}\r\n", head("Transfer-Encoding: chunked\r\n"), list.len())),
            INVALID,
        ),
        (
            "too long for its limit",
            closing(&list.replace("<jobArray>", &format!("{}<jobArray>", " ".repeat(2 << 20)))),
            INVALID,
        ),
        ("a length beyond the limit", sent(head("Content-Length: 99999999999\r\n")), INVALID),
        ("a gzip bomb", compressed(&gzip(&vec![b' '; 20 << 20])), INVALID),
        ("gzip that is none", compressed(list.as_bytes()), INVALID),
        ("half a gzip", compressed(&gzip(list.as_bytes())[..100]), INVALID),
        (
            "an unknown encoding",
            sent(format!("{}{list}", head("Content-Encoding: br\r\nConnection: close\r\n"))),
            INVALID,
        ),
        ("thousands of headers", sent(format!("{}{list}", head(&"X-A: b\r\n".repeat(5_000)))), INVALID),
        (
            "headers without an end",
            Behaviour::Drip(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-A: b\r\n".repeat(1_000), millisecond),
            INVALID,
        ),
        ("a header of megabytes", sent(head(&format!("X-A: {}\r\n", "b".repeat(2 << 20)))), INVALID),
        ("no HTTP", sent("220 mail.example.com ESMTP\r\n".into()), INVALID),
        (
            "endless bytes",
            Behaviour::Drip(head("Connection: close\r\n").into_bytes(), vec![b' '; 65_536], millisecond),
            INVALID,
        ),
        ("reset before the request", Behaviour::ResetAfter(0), INVALID),
        ("reset within the request", Behaviour::ResetAfter(600), INVALID),
        ("reset after the request", Behaviour::SendAndReset(Vec::new()), INVALID),
        ("reset within the head", Behaviour::SendAndReset(whole[..30].into()), INVALID),
        ("reset after the head", Behaviour::SendAndReset(whole.clone().into_bytes()), INVALID),
        ("reset within the body", Behaviour::SendAndReset(format!("{whole}{}", &list[..100]).into_bytes()), INVALID),
        ("silence", Behaviour::Drip(Vec::new(), Vec::new(), Duration::from_secs(1)), TOO_LATE),
        ("a drip within the head", Behaviour::Drip(Vec::new(), b"H".to_vec(), Duration::from_mins(1)), TOO_LATE),
        (
            "a drip within the body",
            Behaviour::Drip(whole.into_bytes(), b" ".to_vec(), Duration::from_millis(50)),
            TOO_LATE,
        ),
    ]
}

/// Each answer is given first without and then with a cached list.
#[tokio::test]
async fn every_hostile_answer_is_a_problem_in_time_and_replaces_no_list() {
    for some in hostile_answers().chunks(9) {
        join_all(some.iter().map(|(what, behaviour, problem)| check(what, behaviour, *problem))).await;
    }
}

async fn check(what: &str, behaviour: &Behaviour, (status, code): (u16, &str)) {
    let upstream = HostileUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = Gateway::start(&upstream.url, &ApiVersion::default(), &clock, SETTINGS);
    upstream.set("getActiveJobs", behaviour.clone());
    let path = "/jobs?companyHandle=c%7C110";
    let began = Instant::now();
    let answer = gateway.get(path).await;
    assert_eq!(answer.status, status, "{what}{answer}");
    let problem = answer.problem(status, code).await;
    assert!(began.elapsed() < TIMEOUT * 15, "{what} took {:?}", began.elapsed());
    assert_eq!(problem["retryable"], true, "{what}{answer}");
    assert!(!answer.to_string().contains("sandbox-katlyn"), "{what}{answer}");

    upstream.set("getActiveJobs", document(&list()));
    clock.advance(TimeDelta::seconds(60));
    let good = gateway.get(path).await.ok();
    assert_eq!(good["jobs"][0]["originalName"], "nightly", "after {what}");
    upstream.set("getActiveJobs", behaviour.clone());
    clock.advance(TimeDelta::seconds(60));
    let answer = gateway.get(path).await.expect(200);
    let kept = answer.json();
    assert_eq!((&kept["jobs"], &kept["stale"]), (&good["jobs"], &json!(true)), "{what}{answer}");
    assert!(answer.header("cache-status").contains("detail=upstream-failed"), "{what}{answer}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = HostileUpstream::start().await;
    for status in [301, 302, 303, 307, 308] {
        let upstream = HostileUpstream::start().await;
        let clock = Clock::manual(START.parse().expect("a time"));
        let gateway = Gateway::start(&upstream.url, &ApiVersion::default(), &clock, SETTINGS);
        let redirect = format!("HTTP/1.1 {status} Elsewhere\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", other.url);
        upstream.set("getActiveJobs", Behaviour::Send(redirect.into_bytes()));
        let answer = gateway.get("/jobs?companyHandle=c%7C110").await;
        answer.problem(INVALID.0, INVALID.1).await;
        assert_eq!(upstream.calls("getActiveJobs"), 1, "a redirect is not retried{answer}");
    }
    assert_eq!(other.calls("getActiveJobs"), 0);
}
