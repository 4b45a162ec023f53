//! Callers that IPS has not accepted, and changes that it has not carried out, cost other callers nothing.

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::json;
use tokio::sync::watch;

use crate::support::{Gateway, Reply, START, ScriptedUpstream, active_job, any_job, envelope, fault, id};

fn clock() -> Clock {
    Clock::manual(START.parse().expect("a time"))
}

/// An upstream with one active job and one company, which accepts only the users of the sandbox.
async fn upstream() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await;
    for (operation, content) in [
        ("getActiveJobs", format!("<jobArray>{}</jobArray>", active_job("sale", ""))),
        ("getScheduledJobs", String::new()),
        ("getJobLogs", String::new()),
    ] {
        let answer = envelope(operation, &content);
        upstream.script(operation, move |request| {
            if request.contains("stranger") {
                fault("authenticationFault", 10001, "not known", 500)
            } else {
                Reply::Xml(200, answer.clone())
            }
        });
    }
    upstream
}

fn stranger(gateway: &Gateway, number: usize) -> Gateway {
    gateway.with_password(&format!("stranger{number}@example.org"), "made-up")
}

#[tokio::test]
async fn a_change_that_ips_refuses_leaves_the_lists_of_the_company_alone() {
    let upstream = upstream().await;
    let gateway = upstream.plain_gateway();
    let job = id(&gateway.get("/jobs?companyHandle=c%7C110").await.ok()["jobs"][0]);
    let list = upstream.calls("getActiveJobs");
    let cached = || async { gateway.get("/jobs?companyHandle=c%7C110").await.ok() };
    for operation in ["submitJob", "deleteJob"] {
        upstream.reply(operation, fault("authorizationFault", 20003, "no", 500));
    }
    gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("refused")).await.expect(403);
    cached().await;
    assert_eq!(upstream.calls("getActiveJobs"), list, "the submit was refused");
    gateway.delete(&format!("/jobs/{job}")).await.expect(403);
    cached().await;
    assert_eq!(upstream.calls("getActiveJobs"), list, "the delete was refused");

    upstream.answer("deleteJob", "");
    gateway.delete(&format!("/jobs/{job}")).await.expect(204);
    cached().await;
    assert!(upstream.calls("getActiveJobs") > list, "IPS carried it out");
}

#[tokio::test]
async fn the_last_list_survives_a_change_and_is_served_as_stale_if_ips_cannot_be_asked() {
    let (upstream, clock) = (upstream().await, clock());
    let settings = [("UPSTREAM_FAILURES", "0")];
    let gateway = upstream.gateway(&clock, &settings);
    let job = id(&gateway.get("/jobs?companyHandle=c%7C110").await.ok()["jobs"][0]);
    upstream.answer("stopJob", "");
    upstream.answer("submitJob", "<jobHandle>j|110||new|1</jobHandle>");
    for list in ["getActiveJobs", "getScheduledJobs", "getJobLogs", "getJobLogDetails"] {
        upstream.reply(list, Reply::Close);
    }
    gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("accepted")).await.expect(202);
    for _ in 0..3 {
        let list = gateway.get("/jobs?companyHandle=c%7C110").await.ok();
        assert_eq!((&list["stale"], &list["jobs"][0]["id"]), (&json!(true), &json!(job)));
        clock.advance(TimeDelta::seconds(40));
    }
    clock.advance(TimeDelta::minutes(5));
    gateway.get("/jobs?companyHandle=c%7C110").await.problem(502, "upstream-invalid-answer").await;
}

#[tokio::test]
async fn strangers_share_an_eighth_of_the_calls_and_known_callers_keep_the_rest() {
    let upstream = upstream().await;
    let gateway = upstream.gateway(&clock(), &[("UPSTREAM_CALLS", "8"), ("UPSTREAM_WAIT", "30s")]);
    gateway.get("/jobs?companyHandle=c%7C110").await.expect(200);
    let (release, released) = watch::channel(false);
    let refusal = fault("authenticationFault", 10001, "not known", 500);
    let Reply::Xml(_, refusal) = refusal else { panic!("a document") };
    let logs = envelope("getJobLogs", "");
    let held = Reply::Held(released, refusal);
    upstream.script("getActiveJobs", move |_| held.clone());
    upstream.script("getJobLogs", move |_| Reply::Xml(200, logs.clone()));
    let before = upstream.calls("getActiveJobs");
    let flood: Vec<_> = (0..4)
        .map(|number| tokio::spawn(stranger(&gateway, number).get("/jobs?companyHandle=c%7C110").into_future()))
        .collect();
    while upstream.calls("getActiveJobs") == before {
        tokio::task::yield_now().await;
    }
    for rows in 1..10 {
        gateway.get(&format!("/job-logs?companyHandle=c%7C110&limit={rows}")).await.expect(200);
    }
    assert_eq!(upstream.calls("getActiveJobs"), before + 1, "one of eight calls is for strangers");
    release.send(true).expect("a receiver");
    for answer in flood {
        answer.await.expect("it ends").expect(401);
    }
}

#[tokio::test]
async fn failed_logins_of_a_user_back_off_and_its_known_credentials_do_not() {
    let (upstream, clock) = (upstream().await, clock());
    let gateway = upstream.gateway(&clock, &[]);
    let guess = |number: usize| gateway.with_password("stranger@example.org", &format!("guess-{number}"));
    let mut statuses = Vec::new();
    for number in 0..10 {
        statuses.push(guess(number).get("/jobs?companyHandle=c%7C110").await.status);
    }
    assert_eq!(statuses, [vec![401; 3], vec![429; 7]].concat());
    assert_eq!(upstream.calls("getActiveJobs"), 3, "IPS counts each of them");
    let answer = guess(11).get("/jobs?companyHandle=c%7C110").await;
    answer.problem(429, "too-many-requests").await;
    assert!(["1", "2"].contains(&answer.header("retry-after")), "{answer}");
    stranger(&gateway, 5).get("/jobs?companyHandle=c%7C110").await.expect(401);
    clock.advance(TimeDelta::seconds(1));
    guess(12).get("/jobs?companyHandle=c%7C110").await.expect(401);
    guess(13).get("/jobs?companyHandle=c%7C110").await.expect(429);
    gateway.get("/jobs?companyHandle=c%7C110").await.expect(200);
}
