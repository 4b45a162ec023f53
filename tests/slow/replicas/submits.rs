//! Submits and tickets, once over all replicas.

use std::time::Duration;

use chrono::TimeDelta;
use ips_gateway::replicas::redis::RedisCoordinator;
use ips_gateway::replicas::{ClaimOutcome, ClaimedRecord, Coordinator};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use secrecy::SecretString;
use serde_json::json;

use super::fleet::{self, Fleet};
use super::redis_server::Redis;
use crate::support::event_stream::Stream;
use crate::support::{Gateway, ScriptedUpstream, any_job, id};

const KEY: &str = "\"2f1c5b1e-6f0a-4b55-9f43-9d5f0c7b7a10\"";

#[tokio::test]
async fn one_key_sent_to_all_replicas_concurrently_makes_one_job() {
    let Some(fleet) = Fleet::start(Population::Empty, &[]) else { return };
    for round in 1..=5 {
        let key = format!("\"round-{round}-1b1e6f0a4b55\"");
        let body = any_job("nightly");
        let send = |number: usize| {
            fleet.replicas[number % 3].post_json("/jobs", &body).header("Idempotency-Key", &key).into_future()
        };
        let answers = futures_util::future::join_all((0..12).map(send)).await;
        let mut ids = Vec::new();
        for answer in &answers {
            match answer.status {
                202 => ids.push(id(&answer.json())),
                _ => drop(answer.problem(409, "submit-in-progress").await),
            }
        }
        assert_eq!(fleet.sandbox.calls("submitJob"), round, "{ids:?}");
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        for replica in &fleet.replicas {
            let again = replica.post_json("/jobs", &body).header("Idempotency-Key", &key).await.expect(202);
            assert_eq!(id(&again.json()), ids[0], "{again}");
        }
    }
}

#[tokio::test]
async fn a_key_reused_for_another_request_is_refused_on_every_replica() {
    let Some(fleet) = Fleet::start(Population::Empty, &[]) else { return };
    let send = |replica: usize, name: &str| {
        fleet.replicas[replica].post_json("/jobs?uniqueName=false", &any_job(name)).header("Idempotency-Key", KEY)
    };
    send(0, "nightly").await.expect(202);
    send(1, "weekly").await.problem(422, "idempotency-key-reused").await;
    send(2, "nightly").await.expect(202);
    assert_eq!(fleet.sandbox.calls("submitJob"), 1);
}

#[tokio::test]
async fn the_key_of_a_rejected_submit_is_unused_on_every_replica() {
    let Some(fleet) = Fleet::start(Population::Empty, &[]) else { return };
    let fault = ips_gateway::ips::types::Fault {
        name: ips_gateway::ips::types::FaultName::IpsApi,
        code: Some(30000),
        reason: "not now".into(),
    };
    fleet.sandbox.fail_next("submitJob", fault, 500);
    let send =
        |replica: usize| fleet.replicas[replica].post_json("/jobs", &any_job("nightly")).header("Idempotency-Key", KEY);
    send(0).await.problem(502, "upstream-fault").await;
    send(1).await.expect(202);
}

#[tokio::test]
async fn a_ticket_of_one_replica_opens_one_stream_on_another() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let issued = fleet.replicas[0].post("/jobs/events/tickets").await.expect(201).json();
    let ticket = issued["ticket"].as_str().expect("a ticket");
    assert!(ticket.len() < 500, "it stands in a URL: {ticket}");
    let open =
        |replica: usize| fleet.replicas[replica].unauthenticated().get("/jobs/events").query(&[("ticket", ticket)]);
    let mut stream = Stream::open(open(1)).await;
    stream.expect("snapshot").await;
    for replica in 0..3 {
        open(replica).await.problem(401, "unauthenticated").await;
    }
    for replica in [2, 0, 0] {
        drop(stream);
        stream = Stream::open(open(replica)).await;
        stream.expect("snapshot").await;
        open((replica + 1) % 3).await.problem(401, "unauthenticated").await;
    }
    for altered in [&ticket[1..], &ticket[..ticket.len() - 2]] {
        let opened = fleet.replicas[2].unauthenticated().get("/jobs/events").query(&[("ticket", altered)]).await;
        opened.problem(401, "unauthenticated").await;
    }
}

#[tokio::test]
async fn wall_clocks_that_jump_or_differ_change_neither_tickets_nor_what_is_known_of_submits() {
    let Some(redis) = Redis::start() else { return };
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||nightly|</jobHandle>");
    let (clock, other_clock) = (Clock::system(), Clock::system());
    // A version that lists waiting jobs: one that is not listed is finalizing after 2 minutes.
    let version = "2016-01-14-beta".parse().expect("a version");
    let url = redis.url();
    let sharing = [("SHARED_CACHE_URL", url.as_str()), ("SHARED_CACHE_KEY", fleet::KEY)];
    let replicas = [&clock, &other_clock].map(|clock| Gateway::start(upstream.url(), &version, clock, &sharing));
    for replica in &replicas {
        fleet::assert_redis_state(replica, &json!({ "up": true })).await;
    }
    for hours in [3, -6] {
        let issued = replicas[0].post("/jobs/events/tickets").await.expect(201).json();
        let job = id(&replicas[0].submit(&any_job("nightly")).await);
        clock.jump(TimeDelta::hours(hours));
        other_clock.jump(TimeDelta::hours(-2 * hours));
        let ticket = [("ticket", issued["ticket"].as_str().expect("a ticket"))];
        let opened = replicas[1].unauthenticated().get("/jobs/events").query(&ticket).open().await;
        assert_eq!(opened.status(), 200, "issued a moment ago");
        for replica in &replicas {
            assert_eq!(replica.job(&job).await["status"], "waiting", "submitted a moment ago");
        }
    }
}

#[tokio::test]
async fn a_replica_renews_only_its_own_lease_of_a_record() {
    let Some(redis) = Redis::start() else { return };
    let (url, secret) = (SecretString::from(redis.url()), SecretString::from(fleet::KEY));
    let open = || RedisCoordinator::open(&url, None, &secret, &["test"], Duration::from_mins(1)).expect("a URL");
    let (one, other) = (open(), open());
    let (key, lease, ttl) = (one.store_key(&[b"key"]), Duration::from_millis(300), Duration::from_mins(1));
    let ClaimOutcome::Created(first) = one.claim(key, b"one", lease, ttl).await.expect("a store") else {
        panic!("the record is new");
    };
    one.renew_claim(key, &first, Duration::from_millis(600)).await.expect("a store");
    tokio::time::sleep(Duration::from_millis(400)).await;
    let taken = other.take_over(key, &first, b"other", lease, ttl).await.expect("a store");
    assert_eq!(taken, None, "its owner renewed the lease");
    tokio::time::sleep(Duration::from_millis(300)).await;
    let second = other.take_over(key, &first, b"other", lease, ttl).await.expect("a store").expect("the lease expired");
    one.renew_claim(key, &first, ttl).await.expect("a store");
    tokio::time::sleep(Duration::from_millis(400)).await;
    let ClaimOutcome::Exists(ClaimedRecord { version, is_leased, .. }) =
        one.claim(key, b"one", lease, ttl).await.expect("a store")
    else {
        panic!("the record exists");
    };
    assert_eq!((version, is_leased), (second, false), "the former owner did not renew the lease");
}
