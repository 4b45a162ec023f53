//! Jobs of one list to which IPS gives the same names: each has an id of its own.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::Value;

use crate::support::{Gateway, START, ScriptedUpstream, any_job};

fn schedule(handle: &str, name: &str, original: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>{handle}</jobHandle><name>{name}</name>\
         <originalName>{original}</originalName><execSchedule>0 0 3 * * ?</execSchedule>\
         <triggerState>Normal</triggerState></items>"
    )
}

fn running(handle: &str, name: &str, original: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>{handle}</jobHandle><name>{name}</name>\
         <originalName>{original}</originalName><type>UrlUpload</type><state>Running</state></items>"
    )
}

fn set(upstream: &ScriptedUpstream, operation: &str, items: &[String]) {
    upstream.answer(operation, &format!("<jobArray>{}</jobArray>", items.concat()));
}

async fn reload(clock: &Clock, gateway: &Gateway, phase: &str) -> Vec<Value> {
    clock.advance(TimeDelta::seconds(5));
    let list = gateway.get(&format!("/jobs?phase={phase}")).header("Cache-Control", "no-cache").await.ok();
    list["jobs"].as_array().expect("jobs").clone()
}

fn ids_by_handle(jobs: &[Value]) -> HashMap<&str, &str> {
    jobs.iter().map(|job| (job["jobHandle"].as_str().expect("a handle"), job["id"].as_str().expect("an id"))).collect()
}

#[tokio::test]
async fn three_schedules_of_one_name_have_three_ids_that_lead_to_their_own_job() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let plans = [1, 2, 3].map(|number| schedule(&format!("{number}|Sieve|"), "Sieve", "Sieve"));
    set(&upstream, "getScheduledJobs", &plans);
    let gateway = upstream.gateway(&clock, &[]);
    let jobs = reload(&clock, &gateway, "scheduled").await;
    let ids = ids_by_handle(&jobs);
    assert_eq!(ids.values().collect::<std::collections::HashSet<_>>().len(), 3, "{ids:?}");
    for (handle, id) in &ids {
        assert_eq!(gateway.get(&format!("/jobs/{id}")).await.ok()["jobHandle"], *handle);
    }
    let metrics = gateway.unauthenticated().get("/metrics").await.expect(200).text();
    assert!(metrics.contains("ips_gateway_id_collisions_total{array=\"jobArray\"} "), "{metrics}");
    let earlier = URL_SAFE_NO_PAD.encode("1sc|110\u{1f}Sieve");
    let answer = gateway.get(&format!("/jobs/{earlier}")).await;
    assert_eq!(answer.problem(409, "ambiguous-job").await["candidates"].as_array().map(Vec::len), Some(3), "{answer}");
    let [first, second, third] = plans;
    set(&upstream, "getScheduledJobs", &[third, first, second.clone()]);
    for gateway in [&gateway, &upstream.plain_gateway()] {
        assert_eq!(ids_by_handle(&reload(&clock, gateway, "scheduled").await), ids, "another order");
    }
    upstream.answer("deleteJob", "");
    gateway.delete(&format!("/jobs/{}", ids["2|Sieve|"])).await;
    assert!(upstream.requests("deleteJob")[0].contains("<jobHandle>2|Sieve|</jobHandle>"));
    set(&upstream, "getScheduledJobs", &[second]);
    assert_eq!(
        reload(&clock, &gateway, "scheduled").await[0]["id"],
        ids["2|Sieve|"],
        "the id stays without the others"
    );
    let cold = upstream.plain_gateway();
    for id in [ids["2|Sieve|"], &earlier] {
        assert_eq!(cold.get(&format!("/jobs/{id}")).await.ok()["jobHandle"], "2|Sieve|");
    }
}

#[tokio::test]
async fn a_job_keeps_its_id_when_another_of_its_name_comes() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let plans =
        ["a", "b"].map(|instance| schedule(&format!("0|Sieve_{instance}|"), &format!("Sieve_{instance}"), "Sieve"));
    set(&upstream, "getScheduledJobs", &plans[..1]);
    let gateway = upstream.gateway(&clock, &[]);
    let before = reload(&clock, &gateway, "scheduled").await;
    set(&upstream, "getScheduledJobs", &plans);
    let after = reload(&clock, &gateway, "scheduled").await;
    assert_eq!(after[0]["id"], before[0]["id"]);
    assert_ne!(after[1]["id"], before[0]["id"]);
    for job in &after {
        let found = gateway.get(&format!("/jobs/{}", job["id"].as_str().expect("an id"))).await.ok();
        assert_eq!(found["jobHandle"], job["jobHandle"]);
    }
}

#[tokio::test]
async fn jobs_with_empty_or_equal_names_and_handles_have_different_ids() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    for jobs in [
        [running("j|110|||1", "", ""), running("j|110|||2", "", "")],
        [running("j|110||x|1", "x", "x"), running("j|110||x|2", "x", "x")],
        [running("j|110||x|1", "x", "x"), running("j|110||x|1", "x", "x")],
    ] {
        set(&upstream, "getActiveJobs", &jobs);
        let gateway = upstream.gateway(&clock, &[]);
        let (first, again) = (reload(&clock, &gateway, "active").await, reload(&clock, &gateway, "active").await);
        assert_ne!(first[0]["id"], first[1]["id"], "{first:#?}");
        for (job, again) in first.iter().zip(&again) {
            assert_eq!((&job["id"], &job["jobHandle"]), (&again["id"], &again["jobHandle"]));
            let found = gateway.get(&format!("/jobs/{}", job["id"].as_str().expect("an id"))).await.ok();
            assert_eq!((&found["id"], &found["jobHandle"]), (&job["id"], &job["jobHandle"]));
        }
    }
}

#[tokio::test]
async fn of_jobs_with_the_unique_name_of_a_submit_the_first_has_its_id() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    upstream.answer("submitJob", "<jobHandle>j|110|x||</jobHandle>");
    let gateway = upstream.gateway(&clock, &[]);
    let submitted = gateway.submit(&any_job("spring")).await;
    let name = submitted["originalName"].as_str().expect("a name");
    let upload = running("j|110||a|1", &format!("{name}_2026-03-02-06:00:00.000"), name);
    let publish = running("j|110||b|2", &format!("{name}_2026-03-02-06:00:00.000_publish"), name);
    set(&upstream, "getActiveJobs", &[publish.clone(), upload]);
    let jobs = reload(&clock, &gateway, "active").await;
    let ids = ids_by_handle(&jobs);
    assert_eq!(ids["j|110||a|1"], submitted["id"]);
    assert_ne!(ids["j|110||b|2"], submitted["id"]);
    set(&upstream, "getActiveJobs", &[publish]);
    let jobs = reload(&clock, &gateway, "active").await;
    let listed = |handle: &str| jobs.iter().find(|job| job["jobHandle"] == handle).expect("it is listed");
    assert_eq!((jobs.len(), &listed("j|110||b|2")["id"]), (2, &ids["j|110||b|2"].into()), "the publish keeps its id");
    assert_eq!(listed("j|110||a|1")["status"], "finalizing");
}
