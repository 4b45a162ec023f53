//! Lists: one replica loads, all serve the same.

use std::time::Duration;

use ips_gateway::ips::types::{Fault, FaultName};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::OTHER_COMPANY;

use tokio::sync::watch;

use super::fleet::{Fleet, KEY};
use super::redis_server::Redis;
use crate::support::{Reply, START, ScriptedUpstream, active_job, any_job, envelope, id, names};

#[tokio::test]
async fn a_list_loaded_by_one_replica_is_served_identically_by_all() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    for phase in ["active", "scheduled", "completed"] {
        let mut first = None;
        for replica in &fleet.replicas {
            let answer = replica.get("/jobs").query(&[("phase", phase)]).await.expect(200);
            let seen = (answer.header("etag").to_owned(), answer.text());
            assert_eq!(first.get_or_insert_with(|| seen.clone()), &seen, "{phase}");
        }
    }
    for operation in ["getActiveJobs", "getScheduledJobs", "getJobLogs"] {
        assert_eq!(fleet.sandbox.calls(operation), 1, "{operation}");
    }
}

#[tokio::test]
async fn concurrent_polls_of_all_replicas_cost_one_call_per_interval() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    for interval in 1..=5 {
        let polls = (0..60).map(|number| fleet.replicas[number % 3].get("/jobs").into_future());
        for answer in futures_util::future::join_all(polls).await {
            answer.expect(200);
        }
        // A stale list is served while one replica refreshes it: the next request returns the new one.
        for replica in &fleet.replicas {
            replica.get("/jobs").header("Cache-Control", "max-age=2").await.expect(200);
        }
        assert_eq!(fleet.sandbox.calls("getActiveJobs"), interval);
        fleet.advance(2_500);
    }
}

#[tokio::test]
async fn a_stop_on_one_replica_is_visible_to_the_next_poll_on_another() {
    let Some(fleet) = Fleet::start(Population::Empty, &[]) else { return };
    for round in 0..20 {
        let [one, other, third] = std::array::from_fn(|number| &fleet.replicas[(round + number) % 3]);
        let job = id(&one.submit(&any_job("nightly")).await);
        for replica in [other, third, one] {
            let list = replica.get("/jobs").await.ok();
            let listed = list["jobs"].as_array().expect("a list").iter().any(|listed| id(listed) == job);
            assert!(listed, "round {round}: {job} is not in {list:#}");
        }
        one.post(&format!("/jobs/{job}/stop")).await.expect(202);
        let list = other.get("/jobs").await.ok();
        let listed = list["jobs"].as_array().expect("a list").iter().find(|listed| id(listed) == job);
        assert!(listed.is_none_or(|listed| listed["status"] != "running"), "round {round}: {list:#}");
        let stopped = other.get(&format!("/jobs/{job}")).await.ok();
        assert!(
            ["stopping", "finalizing", "completed"].iter().any(|status| stopped["status"] == *status),
            "{stopped:#}"
        );
        third.delete(&format!("/jobs/{job}")).await;
        fleet.advance(60_000);
    }
}

#[tokio::test]
async fn a_poll_from_before_a_mutation_does_not_wait_for_a_second_load() {
    let Some(redis) = Redis::start() else { return };
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||</jobHandle>");
    let clock = Clock::manual(START.parse().expect("a time"));
    let url = redis.url();
    let sharing = [("SHARED_CACHE_URL", url.as_str()), ("SHARED_CACHE_KEY", KEY)];
    let [one, other] = [(); 2].map(|()| upstream.gateway(&clock, &sharing));
    let list = |job: &str| envelope("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job(job, "")));

    let (release, released) = watch::channel(false);
    upstream.reply("getActiveJobs", Reply::Held(released, list("old")));
    let early = tokio::spawn(one.get("/jobs?companyHandle=c%7C110").into_future());
    while upstream.calls("getActiveJobs") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    other.post_json("/jobs?companyHandle=c%7C110", &any_job("new")).await.expect(202);
    upstream.reply("getActiveJobs", Reply::Xml(200, list("new")));
    release.send_replace(true);

    assert_eq!(names(&early.await.expect("it ends").ok()), ["old"], "the request is from before the submit");
    assert_eq!(upstream.calls("getActiveJobs"), 1);
    for gateway in [&one, &other] {
        let list = gateway.get("/jobs?companyHandle=c%7C110").await.ok();
        // A replica that showed the old job may know that it left the list.
        let listed = list["jobs"].as_array().expect("a list").iter().filter(|job| job["status"] != "finalizing");
        let listed: Vec<_> = listed.map(|job| job["originalName"].as_str().expect("a name")).collect();
        assert_eq!(listed, ["new"], "no other caller gets it: {list:#}");
    }
    assert_eq!(upstream.calls("getActiveJobs"), 2);
}

#[tokio::test]
async fn a_deleted_job_is_gone_on_every_replica() {
    let Some(fleet) = Fleet::start(Population::Empty, &[]) else { return };
    let job = id(&fleet.replicas[0].submit(&any_job("nightly")).await);
    for replica in &fleet.replicas {
        replica.get(&format!("/jobs/{job}")).await.expect(200);
    }
    fleet.replicas[1].delete(&format!("/jobs/{job}")).await.expect(204);
    for replica in &fleet.replicas {
        replica.get(&format!("/jobs/{job}")).await.problem(404, "job-not-found").await;
        assert_eq!(replica.get("/jobs").await.ok()["jobs"], serde_json::json!([]));
    }
}

#[tokio::test]
async fn a_failed_load_is_shared_and_not_repeated_by_other_replicas() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let fault = Fault { name: FaultName::IpsApi, code: Some(30000), reason: "no database today".into() };
    fleet.sandbox.fail_next("getActiveJobs", fault, 500);
    for replica in &fleet.replicas {
        let problem = replica.get("/jobs").await.problem(502, "upstream-fault").await;
        assert_eq!(problem["upstream"]["reason"], "no database today", "{problem:#}");
        assert_eq!(problem["upstream"]["operation"], "getActiveJobs", "{problem:#}");
    }
    assert_eq!(fleet.sandbox.calls("getActiveJobs"), 1);
    fleet.advance(1_000);
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    fleet.replicas[2].get("/jobs").await.expect(200);
}

#[tokio::test]
async fn lost_permission_invalidates_a_list_on_every_replica() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    for replica in &fleet.replicas {
        replica.get("/jobs").await.expect(200);
    }
    fleet.advance(2_500);
    let fault = Fault { name: FaultName::Authorization, code: Some(20009), reason: "not any more".into() };
    fleet.sandbox.fail_next("getActiveJobs", fault, 500);
    fleet.replicas[0].get("/jobs").header("Cache-Control", "no-cache").await.problem(403, "forbidden").await;
    fleet.replicas[1].get("/jobs").await.problem(403, "forbidden").await;
}

#[tokio::test]
async fn a_list_loaded_for_one_caller_is_served_to_no_other_by_any_replica() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let ours = fleet.replicas[0].get("/jobs").await.ok();
    let theirs = fleet.replicas[1].as_user(&OTHER_COMPANY).get("/jobs").await.ok();
    assert_ne!(ours["jobs"], theirs["jobs"]);
    let stranger = fleet.replicas[1].as_user(&OTHER_COMPANY).get("/jobs?companyHandle=c%7C110").await;
    assert!([403, 404].contains(&stranger.status), "{stranger}");
    assert_eq!(fleet.replicas[2].get("/jobs").await.ok(), ours);
}
