//! Keys and values in Redis: encrypted, authenticated and versioned.

use std::future::IntoFuture;
use std::time::Duration;

use futures_util::future::join_all;
use ips_gateway::http::{Role, new_key};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::ORDINARY;
use redis::{Commands, Connection};

use super::fleet::{self, Fleet};
use super::redis_server::Redis;
use crate::support::{Gateway, Reply, ScriptedUpstream, any_job, fault, id};

/// Every key and value in Redis.
fn everything(connection: &mut Connection) -> Vec<(String, Vec<u8>)> {
    let keys: Vec<String> = connection.keys("*").expect("keys");
    let value = |key: &String| match redis::cmd("TYPE").arg(key).query::<String>(connection).expect("a type").as_str() {
        "zset" => connection.zrange::<_, Vec<Vec<u8>>>(key, 0, -1).expect("events").concat(),
        _ => connection.get(key).expect("a value"),
    };
    let values: Vec<_> = keys.iter().map(value).collect();
    keys.into_iter().zip(values).collect()
}

#[tokio::test]
async fn keys_and_values_hold_no_readable_data() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let replica = &fleet.replicas[0];
    let key = [("Idempotency-Key", "\"very-secret-key-of-a-client\"")];
    for _ in 0..3 {
        replica.get("/jobs?phase=active,scheduled,completed").await.expect(200);
        fleet.advance(3_000);
    }
    let job =
        replica.post_json("/jobs", &any_job("tell-tale-name")).header(key[0].0, key[0].1).await.expect(202).json();
    replica.get("/jobs").await.expect(200);
    replica.delete(&format!("/jobs/{}", id(&job))).await.expect(204);
    let ticket = replica.post("/jobs/events/tickets").await.expect(201).json();
    replica.get("/jobs/events").query(&[("ticket", ticket["ticket"].as_str().expect("a ticket"))]).open().await;
    let found = everything(&mut fleet.redis.connection());
    assert!(found.len() > 10, "{found:?}");
    for (key, value) in &found {
        assert!(key.starts_with("ipsgw:1:"), "{key}");
        for secret in [ORDINARY.email, ORDINARY.password, "c|110", "tell-tale", "very-secret", "jobArray", "Running"] {
            let text = format!("{key} {}", String::from_utf8_lossy(value));
            assert!(!text.contains(secret), "{secret} in {key}");
        }
    }
}

#[tokio::test]
async fn moved_altered_and_foreign_values_count_as_absent() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let expected = fleet.replicas[0].get("/jobs").await.ok()["jobs"].clone();
    fleet.replicas[0].get("/jobs?phase=scheduled").await.expect(200);
    let mut connection = fleet.redis.connection();
    let keys: Vec<String> = connection.keys("ipsgw:1:s:*").expect("keys");
    assert!(keys.len() >= 2, "{keys:?}");
    let values: Vec<Vec<u8>> = keys.iter().map(|key| connection.get(key).expect("a value")).collect();
    // Each snapshot under the key of another.
    for (key, value) in keys.iter().zip(values.iter().cycle().skip(1)) {
        let _: () = connection.set(key, value).expect("it is set");
    }
    assert_eq!(fleet.replicas[1].get("/jobs").await.ok()["jobs"], expected);
    // Every value of a wrong type.
    let keys: Vec<String> = connection.keys("ipsgw:1:*").expect("keys");
    for key in &keys {
        let _: () = connection.del(key).expect("it is gone");
        let _: () = connection.rpush(key, "garbage").expect("it is garbage");
    }
    assert_eq!(fleet.replicas[2].get("/jobs").await.ok()["jobs"], expected);
    assert_eq!(fleet.replicas[0].get("/jobs").await.ok()["jobs"], expected);
    fleet.advance(60_000);
    let calls = fleet.sandbox.calls("getActiveJobs");
    for replica in &fleet.replicas {
        replica.get("/jobs").await.expect(200);
    }
    assert_eq!(fleet.sandbox.calls("getActiveJobs"), calls + 1, "one load for all");
}

#[tokio::test]
async fn values_of_another_format_version_are_neither_read_nor_written() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let [first, second, third] = &fleet.replicas;
    let submit =
        |replica: &Gateway| replica.post_json("/jobs", &any_job("nightly")).header("Idempotency-Key", "\"formats\"");
    let job = id(&submit(first).await.expect(202).json());
    first.get("/jobs").await.expect(200);
    // All values exist in an older and a newer format version, and none in this one.
    let mut connection = fleet.redis.connection();
    let keys: Vec<String> = connection.keys("ipsgw:1:*").expect("keys");
    assert!(keys.len() >= 4, "{keys:?}");
    for key in &keys {
        for format in ["ipsgw:0:", "ipsgw:2:"] {
            let other = key.replace("ipsgw:1:", format);
            let _: bool = connection.copy(key, &other, redis::CopyOptions::default()).expect("it is copied");
            let _: bool = connection.persist(&other).expect("it stays");
        }
        let _: () = connection.del(key).expect("it is gone");
    }
    let of_others = |connection: &mut Connection| {
        let mut found = everything(connection);
        found.retain(|(key, _)| !key.starts_with("ipsgw:1:"));
        found.sort();
        found
    };
    let before = of_others(&mut connection);

    fleet.advance(60_000);
    let calls = fleet.sandbox.calls("getActiveJobs");
    let expected = second.get("/jobs").await.ok()["jobs"].clone();
    assert_eq!(fleet.sandbox.calls("getActiveJobs"), calls + 1, "values of other format versions are not read");
    for replica in &fleet.replicas {
        assert_eq!(replica.get("/jobs").await.ok()["jobs"], expected);
    }
    assert_eq!(
        id(&submit(third).await.expect(202).json()),
        job,
        "a record of another format version is ignored: the job is recovered"
    );
    assert_eq!(fleet.sandbox.calls("submitJob"), 1);

    // Notifications of other format versions are ignored, and invalid ones are harmless.
    for channel in ["ipsgw:0:news", "ipsgw:2:news", "ipsgw:1:news"] {
        for news in [&keys[0], "", "nonsense", &"x".repeat(100_000)] {
            let _: u32 = connection.publish(channel, news).expect("it is published");
        }
    }
    fleet.advance(60_000);
    let calls = fleet.sandbox.calls("getActiveJobs");
    for replica in &fleet.replicas {
        replica.get("/jobs").await.expect(200);
    }
    assert_eq!(fleet.sandbox.calls("getActiveJobs"), calls + 1, "one load for all");
    assert_eq!(of_others(&mut connection), before);
}

#[tokio::test]
async fn every_key_expires_when_it_is_no_longer_needed() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let replica = &fleet.replicas[0];
    replica.get("/jobs").await.expect(200);
    let submit = replica.post_json("/jobs", &any_job("nightly")).header("Idempotency-Key", "\"expiry\"");
    let job = id(&submit.await.expect(202).json());
    replica.get("/jobs").await.expect(200);
    replica.post(&format!("/jobs/{job}/stop")).await.expect(202);
    let mut connection = fleet.redis.connection();
    let keys: Vec<String> = connection.keys("ipsgw:1:*").expect("keys");
    let kinds: Vec<_> = keys.iter().map(|key| key.split(':').nth(2).expect("a kind")).collect();
    assert!(["g", "v", "s", "r", "m"].iter().all(|kind| kinds.contains(kind)), "{keys:?}");
    for (key, kind) in keys.iter().zip(kinds) {
        let longest = match kind {
            "t" => 4,
            "l" => 2,
            "r" => 24 * 3600,
            "h" => 60,
            // The defaults: 2 s + 5 min + 10 min, and 15 s + 1 min more for the epoch.
            "g" => 977,
            "probe" => 1,
            _ => 902,
        };
        // Gone since it was listed: -2.
        let left: i64 = connection.pttl(key).expect("its time to live");
        assert!(left == -2 || (0..=longest * 1000).contains(&left), "{key} stays for {left} ms");
    }
}

#[tokio::test]
async fn strangers_leave_nothing_in_the_store() {
    let Some(fleet) = Fleet::start(Population::Seeded, &[]) else { return };
    let mut connection = fleet.redis.connection();
    for number in 0..20 {
        let stranger = fleet.replicas[number % 3].with_password(&format!("stranger-{number}@example.com"), "guess");
        stranger.get(&format!("/jobs?companyHandle=c%7C{number}")).await.expect(401);
        stranger
            .post_json("/jobs?companyHandle=c%7C110", &any_job("x"))
            .header("Idempotency-Key", "\"guess\"")
            .await
            .expect(401);
    }
    let left = |connection: &mut Connection| {
        let keys: Vec<String> = connection.keys("ipsgw:1:*").expect("keys");
        // The epoch of the company of the refused submits exists once.
        keys.into_iter().filter(|key| !key.starts_with("ipsgw:1:g:") && key != "ipsgw:1:probe").collect::<Vec<_>>()
    };
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !left(&mut connection).is_empty() {
        assert!(std::time::Instant::now() < deadline, "they stay: {:?}", left(&mut connection));
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn nothing_is_written_for_callers_that_ips_has_not_accepted() {
    let Some(redis) = Redis::start() else { return };
    let upstream = ScriptedUpstream::start().await;
    let refused = [fault("authenticationFault", 10001, "not known", 500), Reply::Close];
    let (key, entry) = new_key("board", Role::Operator, &[]).expect("random bytes");
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("stored-values-keys.toml");
    std::fs::write(&file, entry).expect("a file");
    let url = redis.url();
    let sharing = [("SHARED_CACHE_URL", url.as_str()), ("SHARED_CACHE_KEY", fleet::KEY)];
    let account = [
        ("SERVICE_USER", ORDINARY.email),
        ("SERVICE_PASSWORD", "wrong"),
        ("API_KEYS_FILE", file.to_str().expect("UTF-8")),
    ];
    let mut connection = redis.connection();
    for reply in refused {
        for operation in
            ["getActiveJobs", "getScheduledJobs", "getJobLogs", "getCompanyMembership", "submitJob", "stopJob"]
        {
            upstream.reply(operation, reply.clone());
        }
        for settings in [sharing.to_vec(), [&sharing[..], &account].concat()] {
            let gateway = upstream.gateway(&Clock::system(), &settings);
            let caller = if settings.len() > 2 { gateway.with_token(&key) } else { gateway };
            // Callers that share a list, and that watch it.
            let path = "/jobs?companyHandle=c%7C110&phase=active,scheduled,completed";
            let requests = (0..5).map(|_| caller.get(path).into_future());
            for answer in join_all(requests).await {
                assert!(answer.status >= 401, "{answer}");
            }
            let submit = || caller.post_json("/jobs?companyHandle=c%7C110", &any_job("nightly"));
            assert!(submit().await.status >= 401);
            assert!(submit().header("Idempotency-Key", "key").await.status >= 401);
            let ticket = caller.post("/jobs/events/tickets").await;
            if ticket.status == 201 {
                let ticket = ticket.json()["ticket"].as_str().expect("a ticket").to_owned();
                let stream = [("ticket", &*ticket), ("companyHandle", "c|110")];
                assert!(gateway_stream(&caller, &stream).await >= 200);
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            let mut keys: Vec<String> = connection.keys("*").expect("keys");
            // With this key, the connection checks that it can write.
            keys.retain(|key| key != "ipsgw:1:probe");
            assert_eq!(keys, [""; 0], "{} settings", settings.len());
        }
    }
}

/// Opens an event stream with a ticket.
async fn gateway_stream(gateway: &Gateway, query: &[(&str, &str)]) -> u16 {
    gateway.unauthenticated().get("/jobs/events").query(query).open().await.status().as_u16()
}
