//! No answer of IPS, or an invalid one.

use std::sync::atomic::{AtomicBool, Ordering};

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Gateway, Reply, START, ScriptedUpstream, active_job, any_job, envelope, id};

fn clock() -> Clock {
    Clock::manual(START.parse().expect("a time"))
}

async fn problem_of(reply: Reply, status: u16, code: &str) -> Value {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("getActiveJobs", reply);
    let gateway = upstream.gateway(&clock(), &[("UPSTREAM_TIMEOUT", "200ms")]);
    let problem = gateway.get("/jobs").await.problem(status, code).await;
    assert_eq!((&problem["upstream"]["operation"], &problem["retryable"]), (&json!("getActiveJobs"), &json!(true)));
    problem
}

#[tokio::test]
async fn invalid_answers_are_never_an_empty_list() {
    let list = envelope("getActiveJobs", "<jobArray/>");
    for (what, reply) in [
        ("HTML", Reply::Xml(200, "<html><body>Maintenance</body></html>".into())),
        ("text", Reply::Xml(503, "Service Unavailable".into())),
        ("nothing", Reply::Xml(200, String::new())),
        ("another answer", Reply::Xml(200, envelope("getJobLogs", ""))),
        ("another envelope", Reply::Xml(200, list.replace("schemas.xmlsoap.org/soap", "www.w3.org/2003/05/soap"))),
        ("another namespace", Reply::Xml(200, list.replace("www.scene7.com/IpsApi", "example.com/other"))),
        ("no body", Reply::Xml(200, list.split("<soapenv:Body>").next().unwrap_or_default().into())),
        ("half a document", Reply::Xml(200, list[..list.len() - 30].into())),
        ("two documents", Reply::Xml(200, list.repeat(2))),
        ("a DOCTYPE", Reply::Xml(200, list.replace("?>", "?><!DOCTYPE x [<!ENTITY a \"b\">]>"))),
        ("a redirect", Reply::Xml(307, String::new())),
        ("a cut connection", Reply::Cut(list)),
        ("a closed connection", Reply::Close),
    ] {
        let problem = problem_of(reply, 502, "upstream-invalid-answer").await;
        assert!(problem["upstream"]["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{what}: {problem:#}");
    }
}

#[tokio::test]
async fn an_upstream_timeout_is_a_504() {
    let problem = problem_of(Reply::Silence, 504, "upstream-timeout").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("200ms")), "{problem:#}");
}

#[tokio::test]
async fn a_refused_connection_is_a_502_with_outcome_not_sent() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let gateway = Gateway::start(&format!("http://{free}/"), &"2014-04-03".parse().expect("a version"), &clock(), &[]);
    gateway.get("/jobs").await.problem(502, "upstream-unreachable").await;
    let answer = gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("nightly")).await;
    let problem = answer.problem(502, "upstream-unreachable").await;
    assert_eq!((&problem["outcome"], &problem["retryable"]), (&json!("not_sent"), &json!(true)), "{answer}");
    assert!(!answer.text().contains(&free.port().to_string()), "no address of the inside{answer}");
}

#[tokio::test]
async fn a_submit_with_a_lost_answer_is_recovered_by_name() {
    let upstream = ScriptedUpstream::start().await;
    let state = Arc::new(Mutex::new(String::new()));
    let seen = Arc::clone(&state);
    upstream.script("submitJob", move |request| {
        *seen.lock().expect("no panic") = active_job(&submitted_name(request), "");
        Reply::Close
    });
    upstream.script("getActiveJobs", move |_| {
        let jobs = state.lock().expect("no panic").clone();
        Reply::Xml(200, envelope("getActiveJobs", &format!("<jobArray>{jobs}</jobArray>")))
    });
    let gateway = upstream.plain_gateway();
    let answer = gateway.post_json("/jobs", &any_job("nightly")).await.expect(202);
    let job = answer.json();
    assert_eq!((&job["recovered"], &job["status"]), (&json!(true), &json!("running")), "{answer}");
    assert_eq!(answer.header("location"), format!("jobs/{}", id(&job)), "{answer}");
    assert_eq!(upstream.calls("submitJob"), 1, "never sent twice");
}

/// The search for the job takes real time: the cases wait concurrently.
#[tokio::test]
async fn a_submit_with_an_unknown_outcome_returns_the_id_to_poll() {
    let cut = Reply::Cut(envelope("submitJob", "<jobHandle>j</jobHandle>"));
    let cases = [Reply::Close, Reply::Xml(200, "<html/>".into()), cut].map(submit_without_an_answer);
    futures_util::future::join_all(cases).await;
}

async fn submit_without_an_answer(reply: Reply) {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("submitJob", reply);
    let clock = clock();
    let gateway = upstream.gateway(&clock, &[]);
    let answer = gateway.post_json("/jobs", &any_job("nightly")).await;
    let problem = answer.problem(504, "submit-outcome-unknown").await;
    assert_eq!((&problem["outcome"], &problem["retryable"]), (&json!("unknown"), &json!(false)), "{answer}");
    assert_eq!(problem["upstream"]["operation"], "submitJob", "{answer}");
    assert_eq!(upstream.calls("submitJob"), 1, "never sent twice");
    let job = problem["job"].as_str().unwrap_or_else(|| panic!("no job{answer}"));

    let name = submitted_name(&upstream.requests("submitJob")[0]);
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job(&name, "")));
    clock.advance(TimeDelta::seconds(3));
    let found = gateway.job(job).await;
    assert_eq!((&found["id"], &found["status"]), (&json!(job), &json!("running")), "{found:#}");
}

/// The `jobName` of a submit.
fn submitted_name(request: &str) -> String {
    request.split("jobName>").nth(1).and_then(|rest| rest.split('<').next()).expect("a name").to_owned()
}

#[tokio::test]
async fn an_action_with_a_lost_answer_is_sent_once_and_has_an_unknown_outcome() {
    for (reply, status, code) in
        [(Reply::Close, 502, "upstream-invalid-answer"), (Reply::Silence, 504, "upstream-timeout")]
    {
        let upstream = ScriptedUpstream::start().await;
        upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
        upstream.reply("stopJob", reply);
        let gateway = upstream.gateway(&clock(), &[("UPSTREAM_TIMEOUT", "200ms")]);
        let job = id(&gateway.get("/jobs").await.ok()["jobs"][0]);
        let answer = gateway.post(&format!("/jobs/{job}/stop")).await;
        assert_eq!(answer.problem(status, code).await["outcome"], "unknown", "{answer}");
        assert_eq!(upstream.calls("stopJob"), 1);
    }
}

#[tokio::test]
async fn an_action_with_a_lost_answer_succeeds_if_the_job_shows_it() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    let stopping = active_job("nightly", "").replace("<state>Running</state>", "<state>Stopping</state>");
    let gateway = upstream.plain_gateway();
    let job = id(&gateway.get("/jobs").await.ok()["jobs"][0]);
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    upstream.script("stopJob", move |_| {
        flag.store(true, Ordering::SeqCst);
        Reply::Close
    });
    let running = active_job("nightly", "");
    upstream.script("getActiveJobs", move |_| {
        let jobs = if stopped.load(Ordering::SeqCst) { &stopping } else { &running };
        Reply::Xml(200, envelope("getActiveJobs", &format!("<jobArray>{jobs}</jobArray>")))
    });
    let answer = gateway.post(&format!("/jobs/{job}/stop")).await.expect(202);
    assert_eq!(answer.json()["status"], "stopping", "{answer}");
    assert_eq!(upstream.calls("stopJob"), 1);
}

#[tokio::test]
async fn a_successful_action_stays_successful_if_the_job_cannot_be_read_afterwards() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    upstream.answer("stopJob", "");
    let gateway = upstream.plain_gateway();
    let job = id(&gateway.get("/jobs").await.ok()["jobs"][0]);
    for operation in ["getActiveJobs", "getScheduledJobs", "getJobLogDetails"] {
        upstream.reply(operation, Reply::Close);
    }
    let answer = gateway.post(&format!("/jobs/{job}/stop")).await.expect(202);
    assert_eq!(answer.json()["id"], job, "{answer}");
    assert_eq!(upstream.calls("stopJob"), 1);
}

#[tokio::test]
async fn credentials_are_in_the_envelope_and_in_no_response() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    gateway.get("/jobs").header("Accept-Language", "de-AT,de;q=0.8").await.expect(200);
    gateway.with_token("a-token").get("/jobs").await.expect(200);
    let requests = upstream.requests("getCompanyMembership");
    assert_eq!(requests.len(), 2, "each caller is asked for");
    for expected in ["katlyn@example.com", "sandbox-katlyn", "ips-gateway"] {
        assert!(requests[0].contains(expected), "{expected}: {}", requests[0]);
    }
    assert!(requests[1].contains("a-token") && !requests[1].contains("katlyn"), "{}", requests[1]);

    upstream.reply("getJobLogs", Reply::Close);
    let answer = gateway.get("/job-logs").await;
    assert!(!answer.to_string().contains("sandbox-katlyn"), "{answer}");
}
