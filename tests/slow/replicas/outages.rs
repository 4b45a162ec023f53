//! Outages of Redis: replicas continue on their own at once, and reconnect.

use std::time::{Duration, Instant};

use ips_gateway::sandbox::Population;
use serde_json::json;

use super::fleet::{Fleet, assert_redis_state, replica, sandbox};
use super::redis_server::{MISBEHAVIOURS, MisbehavingRedis};
use crate::support::{Gateway, any_job, id};

/// The longest time of a request during an outage, on a busy machine.
const MAX_DELAY: Duration = Duration::from_secs(3);

/// Polls until one load serves all replicas again.
async fn assert_sharing(fleet: &Fleet) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let calls = fleet.sandbox.calls("getActiveJobs");
        fleet.advance(60_000);
        for replica in &fleet.replicas {
            replica.get("/jobs").await.expect(200);
        }
        if fleet.sandbox.calls("getActiveJobs") == calls + 1 {
            return;
        }
        assert!(Instant::now() < deadline, "more than one load");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Asserts that polls, a keyed submit, an action and a ticket work without delay.
pub async fn assert_works(gateway: &Gateway, what: &str) {
    for _ in 0..3 {
        let began = Instant::now();
        gateway.get("/jobs").await.expect(200);
        assert!(began.elapsed() < MAX_DELAY, "{what}: a poll took {:?}", began.elapsed());
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
    let anonymous = gateway.unauthenticated();
    let stream = anonymous.get("/jobs/events").query(&ticket).open().await;
    assert_eq!(stream.status(), 200, "{what}");
    assert_eq!(anonymous.get("/jobs/events").query(&ticket).open().await.status(), 401, "{what}: once");
    assert!(began.elapsed() < 5 * MAX_DELAY, "{what}: it took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_misbehaving_redis_does_not_affect_replicas() {
    let (sandbox, clock) = sandbox(Population::Seeded);
    for misbehaviour in MISBEHAVIOURS {
        let redis = MisbehavingRedis::start(misbehaviour).await;
        let gateway = replica(&redis.url(), &sandbox, &clock, &[]);
        assert_works(&gateway, &format!("{misbehaviour:?}")).await;
    }
    let gateway = replica("redis://127.0.0.1:1/", &sandbox, &clock, &[]);
    assert_works(&gateway, "Refuses").await;
}

/// The URL of a Redis that is down.
const DOWN: &str = "redis://127.0.0.1:1/";

#[tokio::test]
async fn a_key_that_cannot_be_shared_is_reported_or_in_strict_mode_refused() {
    let (sandbox, clock) = sandbox(Population::Empty);
    let submit = |gateway: &Gateway| {
        gateway.post_json("/jobs", &any_job("nightly")).header("Idempotency-Key", "\"f0a4b559f43\"").into_future()
    };
    let strict = replica(DOWN, &sandbox, &clock, &[("IDEMPOTENCY", "strict")]);
    for _ in 0..2 {
        let answer = submit(&strict).await;
        assert_eq!(answer.problem(503, "idempotency-unavailable").await["outcome"], "not_sent", "{answer}");
        assert_eq!(answer.header("retry-after"), "1", "{answer}");
    }
    assert_eq!(sandbox.calls("submitJob"), 0);
    strict.submit(&any_job("without a key")).await;
    let default = replica(DOWN, &sandbox, &clock, &[]);
    let answer = submit(&default).await.expect(202);
    assert_eq!(answer.header("idempotency-status"), "not-shared", "{answer}");
    let metrics = default.unauthenticated().get("/metrics").await.expect(200).text();
    for result in ["sent", "refused"] {
        let sample = format!("ips_gateway_idempotency_keys_not_shared_total{{result=\"{result}\"}}");
        assert!(metrics.contains(&sample), "{result}");
    }
}

#[tokio::test]
async fn without_redis_a_submitted_job_is_found_and_stopped_on_another_replica_at_once() {
    let (sandbox, clock) = sandbox(Population::Empty);
    let [one, other] = [(); 2].map(|()| replica(DOWN, &sandbox, &clock, &[]));
    for name in ["nightly", "weekly"] {
        other.get("/jobs").await.expect(200);
        let submit = one.post_json("/jobs", &any_job(name)).header("Idempotency-Key", name);
        let job = id(&submit.await.expect(202).json());
        assert_eq!(id(&other.get(&format!("/jobs/{job}")).await.ok()), job);
        other.post(&format!("/jobs/{job}/stop")).await.expect(202);
    }
}

#[tokio::test]
async fn a_redis_restarted_empty_fails_no_poll() {
    let Some(mut fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    assert_sharing(&fleet).await;
    for round in 0..2 {
        fleet.redis.kill();
        for replica in &fleet.replicas {
            assert_works(replica, &format!("killed-{round}")).await;
        }
        fleet.redis.run();
        for _ in 0..20 {
            for replica in &fleet.replicas {
                replica.get("/jobs").await.expect(200);
            }
        }
        assert_sharing(&fleet).await;
    }
}

#[tokio::test]
async fn a_hanging_redis_delays_polls_only_briefly() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    assert_sharing(&fleet).await;
    fleet.redis.signal("STOP");
    let began = Instant::now();
    let polls = (0..60).map(|number| fleet.replicas[number % 3].get("/jobs").into_future());
    for answer in futures_util::future::join_all(polls).await {
        answer.expect(200);
    }
    assert!(began.elapsed() < MAX_DELAY, "the first polls took {:?}", began.elapsed());
    let began = Instant::now();
    for _ in 0..30 {
        for replica in &fleet.replicas {
            replica.get("/jobs").await.expect(200);
        }
    }
    assert!(began.elapsed() < MAX_DELAY, "90 polls took {:?}", began.elapsed());
    fleet.redis.signal("CONT");
    assert_sharing(&fleet).await;
}

#[tokio::test]
async fn a_mutation_during_an_outage_of_redis_is_visible_afterwards() {
    let Some(mut fleet) = Fleet::start(Population::Empty, &[]) else { return };
    assert_sharing(&fleet).await;
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
async fn readiness_reports_redis_and_does_not_depend_on_it() {
    let Some(mut fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let (up, refused) = (json!({ "up": true }), json!({ "up": false, "trouble": "refused" }));
    for _ in 0..2 {
        for replica in &fleet.replicas {
            assert_redis_state(replica, &up).await;
        }
        fleet.redis.kill();
        for replica in &fleet.replicas {
            assert_redis_state(replica, &refused).await;
        }
        fleet.redis.run();
    }
    for replica in &fleet.replicas {
        assert_redis_state(replica, &up).await;
    }
}

#[tokio::test]
async fn replicas_work_alone_while_redis_is_full_and_share_again_when_it_has_room() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    // Replicas use the store only for callers that IPS has accepted.
    for replica in &fleet.replicas {
        replica.get("/jobs").await.expect(200);
    }
    let mut connection = fleet.redis.connection();
    let mut set_limit = |bytes: &str| {
        let command = redis::cmd("CONFIG").arg("SET").arg("maxmemory").arg(bytes).exec(&mut connection);
        command.expect("it is set");
    };
    // The default of `maxmemory-policy` is `noeviction`.
    set_limit("1");
    for (number, replica) in fleet.replicas.iter().enumerate() {
        fleet.advance(60_000);
        assert_redis_state(replica, &json!({ "up": false, "trouble": "full" })).await;
        assert_works(replica, &format!("full-{number}")).await;
    }
    set_limit("0");
    for replica in &fleet.replicas {
        assert_redis_state(replica, &json!({ "up": true })).await;
    }
    assert_sharing(&fleet).await;
}
