//! Scripted faults.

use std::time::{Duration, Instant};

use ips_gateway::sandbox::FaultScript;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, FURNITURE, ORDINARY, OUTFITTERS};

use super::soap::{Fixture, NAMESPACE, PUBLISH, company, envelope_in, texts};

fn scripted(script: &str) -> Fixture {
    Fixture::with(|config| config.script = script.parse().unwrap_or_else(|errors| panic!("{errors}")))
}

/// Calls an operation; the error of the HTTP client is that of a broken response.
async fn call(fixture: &Fixture, operation: &str, inner: &str) -> Result<(u16, String, String), reqwest::Error> {
    let login = format!("<a:accessToken>{}</a:accessToken>", ORDINARY.access_token);
    let body = envelope_in(NAMESPACE, &login, operation, inner);
    let request = fixture.http.post(fixture.sandbox.url()).header("content-type", "text/xml");
    let response = request.body(body).send().await?;
    let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    Ok((response.status().as_u16(), media_type, response.text().await?))
}

/// Returns the status of each of some calls of getActiveJobs.
async fn statuses(fixture: &Fixture, calls: usize) -> Vec<u16> {
    let mut found = Vec::new();
    for _ in 0..calls {
        found.push(call(fixture, "getActiveJobs", "").await.unwrap().0);
    }
    found
}

#[tokio::test]
async fn a_fault_has_its_code_reason_and_status_and_is_raised_as_often_as_the_script_says() {
    let fixture = scripted(
        "[[fault]]\noperation = \"getActiveJobs\"\nafter = 1\ncount = 2\neffect = \"fault\"\ncode = 30000\n\
         reason = \"the <disk>\"\nstatus = 200\n\
         [[fault]]\neffect = \"fault\"\ncode = 20003\noperation = [\"getJobLogs\", \"stopJob\"]\n",
    );
    fixture.call(&ORDINARY, "getActiveJobs", "").await.answer();
    for _ in 0..2 {
        let reply = fixture.call(&ORDINARY, "getActiveJobs", "").await;
        let fault = reply.fault();
        assert_eq!((reply.status, fault.name.as_str(), fault.code), (200, "ipsApiFault", 30000), "{fault:?}");
        assert_eq!(fault.reason, "the <disk>");
    }
    fixture.call(&ORDINARY, "getActiveJobs", "").await.answer();
    for _ in 0..3 {
        let reply = fixture.call(&ORDINARY, "getJobLogs", "").await;
        assert_eq!((reply.status, reply.fault().name.as_str(), reply.code()), (500, "authorizationFault", 20003));
    }
    fixture.call(&ORDINARY, "getScheduledJobs", "").await.answer();
    assert_eq!(fixture.sandbox.calls("getActiveJobs"), 4, "scripted calls count");
}

#[tokio::test]
async fn a_rule_applies_to_its_company_and_the_first_that_is_due_applies() {
    let fixture = scripted(
        "[[fault]]\ncompany = \"c|47\"\ncount = 1\neffect = \"fault\"\ncode = 10001\n[[fault]]\ncompany = \"c|47\"\neffect = \"unavailable\"\n",
    );
    fixture.call(&BOTH_COMPANIES, "getActiveJobs", &company(&OUTFITTERS)).await.answer();
    fixture.call(&ORDINARY, "getActiveJobs", "").await.answer();
    assert_eq!(fixture.call(&BOTH_COMPANIES, "getActiveJobs", &company(&FURNITURE)).await.code(), 10001);
    assert_eq!(fixture.call(&BOTH_COMPANIES, "getActiveJobs", &company(&FURNITURE)).await.status, 503);
}

#[tokio::test]
async fn an_unavailable_service_answers_with_a_page() {
    let fixture = scripted("[[fault]]\neffect = \"unavailable\"\n");
    let (status, media_type, text) = call(&fixture, "getActiveJobs", "").await.unwrap();
    assert_eq!((status, media_type.as_str()), (503, "text/html"));
    assert!(text.contains("<h1>503"), "{text}");
}

#[tokio::test]
async fn a_lost_answer_is_that_of_an_executed_submit_and_a_refused_one_is_not_executed() {
    let submit = |name| format!("{}<jobName>{name}</jobName>{PUBLISH}", company(&OUTFITTERS));
    for (effect, is_executed) in [("cut-off", true), ("malformed", true), ("refused", false), ("unavailable", false)] {
        let fixture = scripted(&format!("[[fault]]\noperation = \"submitJob\"\neffect = \"{effect}\"\n"));
        let answer = call(&fixture, "submitJob", &submit(effect)).await;
        match effect {
            "cut-off" | "refused" => assert!(answer.is_err(), "{effect}: {answer:?}"),
            "malformed" => {
                let (status, _, text) = answer.unwrap();
                assert!(status == 200 && text.starts_with("<?xml") && !text.contains("</"), "{text}");
            }
            _ => assert_eq!(answer.unwrap().0, 503),
        }
        let names = texts(&fixture.active(&ORDINARY).await, "originalName");
        assert_eq!(names.contains(&effect.to_owned()), is_executed, "{effect}: {names:?}");
    }
}

#[tokio::test]
async fn an_outage_refuses_connections_for_its_duration() {
    let fixture = scripted("[[fault]]\neffect = \"outage\"\nduration = 0.3\ncount = 1\n");
    let begin = Instant::now();
    assert!(call(&fixture, "getActiveJobs", "").await.is_err());
    // The connection closes a moment before or after the port.
    let is_refused = || async { matches!(call(&fixture, "getActiveJobs", "").await, Err(error) if error.is_connect()) };
    while !is_refused().await {
        assert!(begin.elapsed() < Duration::from_secs(10), "no connection is refused");
    }
    let status = loop {
        match call(&fixture, "getActiveJobs", "").await {
            Ok((status, ..)) => break status,
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    assert_eq!(status, 200);
    assert!(begin.elapsed() >= Duration::from_millis(300), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn a_slow_answer_takes_its_delay_at_least() {
    let fixture = scripted("[[fault]]\neffect = \"slow\"\ndelay = 0.2\ncount = 1\n");
    let begin = Instant::now();
    fixture.call(&ORDINARY, "getActiveJobs", "").await.answer();
    assert!(begin.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_probability_affects_some_calls_the_same_ones_for_the_same_seed() {
    let script = "[[fault]]\nprobability = 0.5\neffect = \"unavailable\"\n";
    let (one, two) = (statuses(&scripted(script), 40).await, statuses(&scripted(script), 40).await);
    assert_eq!(one, two);
    let affected = one.iter().filter(|status| **status == 503).count();
    assert!((5..=35).contains(&affected), "{one:?}");
}

#[test]
fn the_example_is_a_script() {
    include_str!("../../../examples/faults.toml").parse::<FaultScript>().unwrap_or_else(|errors| panic!("{errors}"));
}

#[test]
fn all_errors_of_a_script_are_reported_with_line_and_key() {
    let script = "colour = 1\n\
        [[fault]]\n\
        operation = \"getWeather\"\n\
        company = \"c|1\"\n\
        count = 0\n\
        probability = 2\n\
        effect = \"explode\"\n\
        [[fault]]\n\
        effect = \"fault\"\n\
        status = 99\n\
        [[fault]]\n\
        effect = \"slow\"\n\
        code = 30000\n\
        [[fault]]\n\
        speed = 3\n\
        operation = []\n\
        delay = \"3s\"\n\
        [[fault]]\n\
        effect = \"outage\"\n\
        [[fault]]\n\
        effect = \"refused\"\n\
        duration = 3\n";
    let errors = script.parse::<FaultScript>().map(|_| ()).expect_err("it has errors").to_string();
    let expected = [
        "line 1: colour: is unknown",
        "line 3: operation: \"getWeather\" is none of",
        "line 4: company: \"c|1\" is not c|110 or c|47",
        "line 5: count: must be an integer from 1",
        "line 6: probability: must be a number from 0.01 to 1",
        "line 7: effect: \"explode\" is not slow,",
        "line 9: code: is missing",
        "line 10: status: must be an integer from 200 to 599",
        "line 12: delay: is missing",
        "line 13: code: belongs to the effect fault only",
        "line 14: effect: is missing",
        "line 15: speed: is unknown",
        "line 16: operation: is empty",
        "line 17: delay: must be a number of seconds",
        "line 19: duration: is missing",
        "line 22: duration: belongs to the effect outage only",
    ];
    let lines: Vec<_> = errors.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{errors}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}, not {expected}");
    }
    let syntax = "[[fault]]\neffect =\n".parse::<FaultScript>().map(|_| ()).expect_err("a syntax error").to_string();
    assert!(syntax.starts_with("line 2: "), "{syntax}");
}
