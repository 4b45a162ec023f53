//! Circuit breakers: one for IPS as a whole, and one for each company and caller whose answers can't be read.

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::users::BOTH_COMPANIES;
use serde_json::Value;

use crate::support::{Gateway, Reply, START, ScriptedUpstream, envelope, job_log};

const OWN: &str = "/job-logs?companyHandle=c%7C110";
const OTHER: &str = "/job-logs?companyHandle=c%7C47";

fn list() -> String {
    envelope("getJobLogs", &format!("<jobLogArray>{}</jobLogArray>", job_log("pebbles", "")))
}

/// IPS that gives this reply to the job logs of `c|110`, except to the user of both companies.
async fn upstream_with(reply: Reply) -> (ScriptedUpstream, Clock, Gateway) {
    let upstream = ScriptedUpstream::start().await;
    upstream.script("getJobLogs", move |request| {
        let is_unreadable = request.contains(">c|110<") && !request.contains(BOTH_COMPANIES.email);
        if is_unreadable { reply.clone() } else { Reply::Xml(200, list()) }
    });
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[]);
    (upstream, clock, gateway)
}

/// Reads the job logs of `c|110` until calls are suspended; returns the problem.
async fn suspend(gateway: &Gateway) -> Value {
    // Equal requests would share one call.
    for limit in 1..20 {
        let answer = gateway.get(&format!("{OWN}&limit={limit}")).await;
        if answer.status == 503 {
            assert!(answer.find_header("retry-after").is_some(), "{answer}");
            return answer.problem(503, "upstream-suspended").await;
        }
        assert!([502, 504].contains(&answer.status), "{answer}");
    }
    panic!("calls are not suspended");
}

async fn upstream_check(gateway: &Gateway) -> (Value, Value) {
    let check = gateway.get("/readyz?verbose").await.ok()["checks"]["upstream"].clone();
    (check["circuit"].clone(), check["suspendedCompanies"].clone())
}

#[tokio::test]
async fn answers_that_cannot_be_read_suspend_only_calls_of_their_company_and_caller() {
    for (what, reply) in [
        ("HTML", Reply::Xml(200, "<html><body>Maintenance</body></html>".into())),
        ("text", Reply::Xml(503, "Service Unavailable".into())),
        ("nothing", Reply::Xml(200, String::new())),
        ("another root", Reply::Xml(200, envelope("getActiveJobs", ""))),
        ("half a document", Reply::Xml(200, list()[..list().len() - 30].into())),
        ("a cut connection", Reply::Cut(list())),
    ] {
        let (upstream, clock, gateway) = upstream_with(reply).await;
        let problem = suspend(&gateway).await;
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains("about this company could not be read"), "{what}: {problem:#}");
        let calls = upstream.calls("getJobLogs");
        assert_eq!(upstream_check(&gateway).await, ("closed".into(), 1.into()), "{what}");
        let metrics = gateway.unauthenticated().get("/metrics").await.expect(200).text();
        assert!(metrics.contains("ips_gateway_upstream_suspended_companies "), "{what}: {metrics}");
        assert!(metrics.contains("reason=\"company_suspended\""), "{what}: {metrics}");
        gateway.get(OTHER).await.ok();
        gateway.as_user(&BOTH_COMPANIES).get(OWN).await.ok();
        gateway.get("/companies").await.ok();
        assert_eq!(upstream.calls("getJobLogs"), calls + 2, "{what}: no call for the suspended company");

        upstream.reply("getJobLogs", Reply::Xml(200, list()));
        clock.advance(TimeDelta::seconds(10));
        gateway.get(OWN).await.ok();
        assert_eq!(upstream_check(&gateway).await, ("closed".into(), 0.into()), "{what}: after a probe");
    }
}

#[tokio::test]
async fn a_connection_without_an_answer_suspends_all_calls() {
    for reply in [Reply::Close, Reply::Silence] {
        let (upstream, clock, _) = upstream_with(reply).await;
        let settings = [("UPSTREAM_TIMEOUT", "100ms"), ("COMPANY", "c|110"), ("UPSTREAM_FAILURES", "2")];
        let gateway = upstream.gateway(&clock, &settings);
        let problem = suspend(&gateway).await;
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("too many calls to IPS failed")));
        assert_eq!(upstream_check(&gateway).await, ("open".into(), 0.into()));
        gateway.get(OTHER).await.problem(503, "upstream-suspended").await;
    }
}
