//! The store may fail: each replica goes on by itself, at once, and comes back by itself.

use std::time::{Duration, Instant};

use ips_gateway::sandbox::Population;
use serde_json::json;

use super::fleet::{Fleet, assert_store, replica, sandbox};
use super::redis_server::{BadRedis, MISCHIEF};
use crate::support::{Gateway, any_job, id};

/// Longer than it takes until everybody waits no longer, on a busy machine.
const SOON: Duration = Duration::from_secs(3);

/// Polls until the replicas load once for all again.
async fn assert_they_share_again(fleet: &Fleet) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let calls = fleet.sandbox.calls("getActiveJobs");
        fleet.pass(60_000);
        for replica in &fleet.replicas {
            replica.get("/jobs").await.expect(200);
        }
        if fleet.sandbox.calls("getActiveJobs") == calls + 1 {
            return;
        }
        assert!(Instant::now() < deadline, "they don't share again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What a client may do with a gateway, quickly.
pub async fn assert_it_works(gateway: &Gateway, what: &str) {
    for _ in 0..3 {
        let began = Instant::now();
        gateway.get("/jobs").await.expect(200);
        assert!(began.elapsed() < SOON, "{what}: a poll took {:?}", began.elapsed());
    }
    let began = Instant::now();
    let key = format!("\"{what}-f0a4b559f43\"");
    let job = gateway.post_json("/jobs", &any_job("nightly")).header("Idempotency-Key", &key).await.expect(202).json();
    let again =
        gateway.post_json("/jobs", &any_job("nightly")).header("Idempotency-Key", &key).await.expect(202).json();
    assert_eq!(id(&job), id(&again), "{what}");
    gateway.post(&format!("/jobs/{}/stop", id(&job))).await.expect(202);
    let ticket = gateway.post("/jobs/events/tickets").await.expect(201).json();
    let ticket = [("ticket", ticket["ticket"].as_str().expect("a ticket"))];
    let nobody = gateway.called_by_nobody();
    assert_eq!(nobody.get("/jobs/events").query(&ticket).open().await.status(), 200, "{what}");
    assert_eq!(nobody.get("/jobs/events").query(&ticket).open().await.status(), 401, "{what}: once");
    assert!(began.elapsed() < 5 * SOON, "{what}: it took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_store_that_misbehaves_is_done_without() {
    let (sandbox, clock) = sandbox(Population::Seeded);
    for mischief in MISCHIEF {
        let redis = BadRedis::start(mischief).await;
        let gateway = replica(&redis.url(), &sandbox, &clock, &[]);
        assert_it_works(&gateway, &format!("{mischief:?}")).await;
    }
    let gateway = replica("redis://127.0.0.1:1/", &sandbox, &clock, &[]);
    assert_it_works(&gateway, "Refuses").await;
}

#[tokio::test]
async fn a_store_that_is_killed_and_comes_back_empty_fails_no_poll() {
    let Some(mut fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    assert_they_share_again(&fleet).await;
    for round in 0..2 {
        fleet.redis.kill();
        for replica in &fleet.replicas {
            assert_it_works(replica, &format!("killed-{round}")).await;
        }
        fleet.redis.run();
        for _ in 0..20 {
            for replica in &fleet.replicas {
                replica.get("/jobs").await.expect(200);
            }
        }
        assert_they_share_again(&fleet).await;
    }
}

#[tokio::test]
async fn a_store_that_hangs_holds_nobody_up_for_long() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    assert_they_share_again(&fleet).await;
    fleet.redis.signal("STOP");
    let began = Instant::now();
    let polls = (0..60).map(|number| fleet.replicas[number % 3].get("/jobs").into_future());
    for answer in futures_util::future::join_all(polls).await {
        answer.expect(200);
    }
    assert!(began.elapsed() < SOON, "the first polls took {:?}", began.elapsed());
    let began = Instant::now();
    for _ in 0..30 {
        for replica in &fleet.replicas {
            replica.get("/jobs").await.expect(200);
        }
    }
    assert!(began.elapsed() < SOON, "90 polls took {:?}: each waits", began.elapsed());
    fleet.redis.signal("CONT");
    assert_they_share_again(&fleet).await;
}

#[tokio::test]
async fn what_happened_while_the_store_was_down_is_not_forgotten_when_it_is_back() {
    let Some(mut fleet) = Fleet::start(Population::Empty, &[]) else { return };
    assert_they_share_again(&fleet).await;
    fleet.redis.kill();
    let job = id(&fleet.replicas[0].submit(&any_job("nightly")).await);
    fleet.redis.run();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        fleet.replicas[0].get("/jobs").await.expect(200);
        let list = fleet.replicas[1].get("/jobs").await.ok();
        if list["jobs"].as_array().is_some_and(|jobs| jobs.iter().any(|listed| id(listed) == job)) {
            return;
        }
        assert!(Instant::now() < deadline, "{job} is not in {list:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn readiness_tells_how_the_store_is_and_does_not_depend_on_it() {
    let Some(mut fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let (up, refused) = (json!({ "up": true }), json!({ "up": false, "trouble": "refused" }));
    for _ in 0..2 {
        for replica in &fleet.replicas {
            assert_store(replica, &up).await;
        }
        fleet.redis.kill();
        for replica in &fleet.replicas {
            assert_store(replica, &refused).await;
        }
        fleet.redis.run();
    }
    for replica in &fleet.replicas {
        assert_store(replica, &up).await;
    }
}
