//! A store behind TLS that knows its users: who proves what it is gets in, and nobody else is believed.

use ips_gateway::sandbox::Population;
use serde_json::json;

use super::fleet::{Fleet, assert_store, replica, sandbox};
use super::outages::assert_it_works;
use super::redis_server::{RIGHTS, Redis, USER};
use crate::support::certificate_authority::Authority;
use crate::support::{Gateway, any_job, id};

#[test]
fn the_documentation_names_the_rights_of_the_user() {
    let replicas = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/replicas.md"));
    assert!(replicas.contains(&format!("`{}`", RIGHTS.join(" "))), "docs/replicas.md doesn't say {RIGHTS:?}");
}

#[tokio::test]
async fn a_store_behind_tls_and_a_login_is_shared_with_no_more_rights_than_readme_names() {
    let authority = Authority::named("Trusted");
    let Some(redis) = Redis::start_guarded(&authority) else { return };
    let trusted = authority.file();
    let fleet = Fleet::before(redis, Population::Seeded, &[("SHARED_CACHE_CA_FILE", &trusted)]);
    let [first, second, third] = &fleet.replicas;
    for replica in &fleet.replicas {
        assert_eq!(replica.get("/jobs").await.ok()["jobs"], first.get("/jobs").await.ok()["jobs"]);
        assert_store(replica, &json!({ "up": true })).await;
    }
    assert_eq!(fleet.sandbox.calls("getActiveJobs"), 1, "one asks for all");

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
        assert_it_works(replica, &format!("guarded-{number}")).await;
        assert_store(replica, &json!({ "up": true })).await;
    }
}

#[tokio::test]
async fn who_proves_nothing_is_told_nothing_and_who_is_not_let_in_goes_on_alone() {
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
        ("nobody", url.replace(&format!("{}:{}@", USER.0, USER.1), ""), &trusting, "denied"),
        ("without rights", url.replace(USER.0, "powerless"), &trusting, "denied"),
    ] {
        let gateway = replica(&url, &sandbox, &clock, settings);
        assert_it_works(&gateway, &what.replace(' ', "-")).await;
        assert_store(&gateway, &json!({ "up": false, "trouble": trouble })).await;
    }
}
