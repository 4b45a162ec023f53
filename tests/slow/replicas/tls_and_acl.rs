//! Redis with TLS and access control.

use ips_gateway::sandbox::Population;
use serde_json::json;

use super::fleet::{Fleet, assert_redis_state, replica, sandbox};
use super::outages::assert_works;
use super::redis_server::{PERMISSIONS, Redis, USER};
use crate::support::certificate_authority::Authority;
use crate::support::{Gateway, any_job, id};

#[test]
fn the_documentation_lists_the_permissions_of_the_redis_user() {
    let replicas = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/replicas.md"));
    assert!(replicas.contains(&format!("`{}`", PERMISSIONS.join(" "))), "docs/replicas.md doesn't say {PERMISSIONS:?}");
}

#[tokio::test]
async fn replicas_share_over_tls_with_the_documented_permissions() {
    let authority = Authority::named("Trusted");
    let Some(redis) = Redis::start_guarded(&authority) else { return };
    let trusted = authority.file();
    let fleet = Fleet::before(redis, Population::Seeded, &[("SHARED_CACHE_CA_FILE", &trusted)]);
    let [first, second, third] = &fleet.replicas;
    for replica in &fleet.replicas {
        assert_eq!(replica.get("/jobs").await.ok()["jobs"], first.get("/jobs").await.ok()["jobs"]);
        assert_redis_state(replica, &json!({ "up": true })).await;
    }
    assert_eq!(fleet.sandbox.calls("getActiveJobs"), 1, "one load for all");

    let submit =
        |replica: &Gateway| replica.post_json("/jobs", &any_job("nightly")).header("Idempotency-Key", "\"guarded\"");
    let job = id(&submit(first).await.expect(202).json());
    assert_eq!(id(&submit(second).await.expect(202).json()), job);
    assert_eq!(fleet.sandbox.calls("submitJob"), 1);
    third.post(&format!("/jobs/{job}/stop")).await.expect(202);
    let list = first.get("/jobs").await.ok();
    let stopped = list["jobs"].as_array().and_then(|jobs| jobs.iter().find(|listed| id(listed) == job));
    assert!(stopped.is_none_or(|job| job["status"] != "running"), "{list:#}");
    for (number, replica) in fleet.replicas.iter().enumerate() {
        assert_works(replica, &format!("guarded-{number}")).await;
        assert_redis_state(replica, &json!({ "up": true })).await;
    }
}

#[tokio::test]
async fn an_untrusted_or_denying_redis_is_not_used() {
    let authority = Authority::named("Trusted");
    let Some(redis) = Redis::start_guarded(&authority) else { return };
    let (trusted, other) = (authority.file(), Authority::named("Other").file());
    let (sandbox, clock) = sandbox(Population::Seeded);
    let url = redis.url();
    let plain = url.replace("rediss://", "redis://");
    let trusting = [("SHARED_CACHE_CA_FILE", trusted.as_str())];
    for (what, url, settings, trouble) in [
        ("another authority", url.clone(), &[("SHARED_CACHE_CA_FILE", other.as_str())][..], "tls"),
        ("no such authority in the system", url.clone(), &[], "tls"),
        ("another host", url.replace("127.0.0.1", "localhost"), &trusting, "tls"),
        ("no TLS", plain, &[], "closed"),
        ("a wrong password", url.replace(USER.1, "wrong"), &trusting, "denied"),
        ("an unknown user", url.replace(USER.0, "stranger"), &trusting, "denied"),
        ("no user", url.replace(&format!("{}:{}@", USER.0, USER.1), ""), &trusting, "denied"),
        ("a user without permissions", url.replace(USER.0, "powerless"), &trusting, "denied"),
    ] {
        let gateway = replica(&url, &sandbox, &clock, settings);
        assert_works(&gateway, &what.replace(' ', "-")).await;
        assert_redis_state(&gateway, &json!({ "up": false, "trouble": trouble })).await;
    }
}
