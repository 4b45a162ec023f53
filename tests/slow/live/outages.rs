//! Outages of IPS: cached lists are served as stale with few calls, unless the caller has lost permission.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::join_all;
use ips_gateway::runtime::clock::Clock;

use crate::support::{Answer, Gateway, Reply, START, ScriptedUpstream, active_job, fault};

const JOBS: &str = "/jobs?companyHandle=c%7C110";

/// An upstream with one job, a gateway that has cached it, and their clock.
async fn with_cached_list(settings: &[(&str, &str)]) -> (ScriptedUpstream, Gateway, Clock) {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly-1MCPWX8Z3", "")));
    let gateway = upstream.gateway(&clock, settings);
    gateway.get(JOBS).await.expect(200);
    (upstream, gateway, clock)
}

async fn burst(gateway: &Gateway) -> Vec<Answer> {
    join_all((0..10).map(|_| gateway.get(JOBS).into_future())).await
}

#[tokio::test]
async fn an_outage_of_a_minute_fails_no_poll_and_makes_few_calls() {
    let (upstream, gateway, clock) = with_cached_list(&[]).await;
    upstream.reply("getActiveJobs", Reply::Xml(503, "Maintenance".into()));
    for second in 1..=60u64 {
        clock.advance(TimeDelta::seconds(1));
        for answer in burst(&gateway).await {
            let answer = answer.expect(200);
            assert_eq!(answer.header("age"), second.to_string(), "{answer}");
            assert_eq!(answer.json()["jobs"][0]["status"], "running", "{answer}");
        }
    }
    let answer = gateway.get(JOBS).await.expect(200);
    assert_eq!(answer.json()["stale"], true, "{answer}");
    assert!(answer.header("cache-status").contains("detail=upstream-failed"), "{answer}");
    // Back-off of 1, 2, 4 and 5 seconds, each up to a quarter shorter.
    let calls = upstream.calls("getActiveJobs") - 1;
    assert!((4..=18).contains(&calls), "{calls} calls in a minute");
}

#[tokio::test]
async fn without_a_cached_list_an_outage_costs_one_call_per_burst() {
    let clock = Clock::manual(START.parse().expect("a time"));
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("getActiveJobs", Reply::Xml(503, "Maintenance".into()));
    let gateway = upstream.gateway(&clock, &[]);
    for (milliseconds, calls) in [(0, 1), (500, 1), (600, 2), (1_000, 2), (1_000, 3)] {
        clock.advance(TimeDelta::milliseconds(milliseconds));
        for answer in burst(&gateway).await {
            answer.problem(502, "upstream-invalid-answer").await;
        }
        assert_eq!(upstream.calls("getActiveJobs"), calls, "after {milliseconds} ms more");
    }
}

#[tokio::test]
async fn polls_do_not_wait_for_a_hanging_ips_after_a_failure() {
    let (upstream, gateway, clock) = with_cached_list(&[("UPSTREAM_TIMEOUT", "3s")]).await;
    upstream.reply("getActiveJobs", Reply::Close);
    clock.advance(TimeDelta::seconds(60));
    gateway.get(JOBS).await.expect(200);
    upstream.reply("getActiveJobs", Reply::Silence);
    clock.advance(TimeDelta::seconds(5));
    let began = Instant::now();
    for answer in burst(&gateway).await {
        assert!(answer.header("cache-status").contains("detail=upstream-failed"), "{answer}");
        assert_eq!((answer.header("age"), &answer.json()["stale"]), ("65", &true.into()), "{answer}");
    }
    assert!(began.elapsed() < Duration::from_secs(2), "the polls took {:?}", began.elapsed());
    while upstream.calls("getActiveJobs") < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_caller_who_lost_permission_gets_nothing_from_the_cache() {
    for (name, code, status, problem) in [
        ("authenticationFault", 10001, 401, "credentials-rejected"),
        ("authorizationFault", 20003, 403, "forbidden"),
        ("authorizationFault", 20000, 404, "company-not-found"),
    ] {
        let (upstream, gateway, clock) = with_cached_list(&[]).await;
        upstream.script("getActiveJobs", move |_| fault(name, code, "no more", 500));
        clock.advance(TimeDelta::seconds(10));
        let last = gateway.get(JOBS).await.expect(200);
        assert!(last.header("cache-status").contains("revalidating"), "it is revalidated{last}");
        let answer = gateway.get(JOBS).header("Cache-Control", "no-cache").await;
        assert_eq!(answer.problem(status, problem).await["upstream"]["code"], code, "{answer}");
        gateway.get(JOBS).await.expect(status);
        let cached = gateway.get(JOBS).header("Cache-Control", "only-if-cached").await;
        cached.problem(504, "not-cached").await;

        upstream.reply("getActiveJobs", Reply::Close);
        clock.advance(TimeDelta::seconds(60));
        gateway.get(JOBS).await.problem(502, "upstream-invalid-answer").await;
    }
}

#[tokio::test]
async fn an_invalid_answer_replaces_no_cached_list() {
    let (upstream, gateway, clock) = with_cached_list(&[]).await;
    for nonsense in ["<html>Maintenance</html>", "", "<jobArray><items>"] {
        upstream.reply("getActiveJobs", Reply::Xml(200, nonsense.into()));
        clock.advance(TimeDelta::seconds(35));
        let answer = gateway.get(JOBS).await.expect(200);
        assert_eq!(answer.json()["jobs"][0]["originalName"], "nightly-1MCPWX8Z3", "{answer}");
    }
}
