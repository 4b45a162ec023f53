//! `Idempotency-Key`: repeated submits make one job.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, ORDINARY};
use serde_json::Value;

use crate::support::{Answer, Gateway, Reply, START, ScriptedUpstream, World, any_job, envelope, fault, id};

const KEY: &str = "\"2f1c5b1e-6f0a-4b55-9f43-9d5f0c7b7a10\"";

async fn submit(gateway: &Gateway, key: &str, body: &Value) -> Answer {
    gateway.post_json("/jobs?companyHandle=c%7C110", body).header("Idempotency-Key", key).await
}

#[tokio::test]
async fn a_repeated_request_with_the_same_key_makes_one_job() {
    let world = World::empty();
    let first = submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202);
    let again = submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202);
    assert_eq!(first.json()["id"], again.json()["id"], "{again}");
    assert_eq!(first.header("location"), again.header("location"), "{again}");
    assert_eq!(world.sandbox.calls("submitJob"), 1);
    let other = submit(&world.gateway, "another", &any_job("nightly")).await.expect(202);
    assert_ne!(first.json()["id"], other.json()["id"], "another key is another job: {other}");
}

#[tokio::test]
async fn several_keys_in_one_request_are_refused() {
    let world = World::empty();
    for other in [KEY, "another", ""] {
        let post = world.gateway.post_json("/jobs", &any_job("nightly"));
        let answer = post.header("Idempotency-Key", KEY).header("Idempotency-Key", other).await;
        let problem = answer.problem(400, "bad-request").await;
        assert!(
            problem["detail"].as_str().is_some_and(|detail| detail.contains("several `idempotency-key`")),
            "{answer}"
        );
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn concurrent_requests_with_the_same_key_make_one_job() {
    let world = World::empty();
    let body = any_job("nightly");
    let answers = futures_util::future::join_all((0..20).map(|_| submit(&world.gateway, KEY, &body))).await;
    let mut accepted = 0;
    for answer in answers {
        if answer.status == 409 {
            answer.problem(409, "submit-in-progress").await;
            assert_eq!(answer.header("retry-after"), "1", "{answer}");
        } else {
            answer.expect(202);
            accepted += 1;
        }
    }
    assert!(accepted >= 1);
    assert_eq!(world.sandbox.calls("submitJob"), 1);
}

#[tokio::test]
async fn a_key_with_another_request_is_refused() {
    let world = World::empty();
    submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202);
    let answer = submit(&world.gateway, KEY, &any_job("weekly")).await;
    assert_eq!(answer.problem(422, "idempotency-key-reused").await["outcome"], "not_sent", "{answer}");
    assert_eq!(world.sandbox.calls("submitJob"), 1);
}

#[tokio::test]
async fn keys_of_different_callers_are_independent() {
    let world = World::empty();
    let one = submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202).json();
    let other = submit(&world.gateway.as_user(&BOTH_COMPANIES), KEY, &any_job("nightly")).await.expect(202).json();
    assert_ne!(id(&one), id(&other));
    assert_eq!(world.sandbox.calls("submitJob"), 2);
}

#[tokio::test]
async fn keys_in_different_companies_are_independent() {
    let world = World::empty();
    let gateway = world.gateway.as_user(&BOTH_COMPANIES);
    let mut ids = Vec::new();
    for company in ["c|110", "c|47"] {
        let mut body = any_job("nightly");
        body["companyHandle"] = company.into();
        for _ in 0..2 {
            let answer = gateway.post_json("/jobs", &body).header("Idempotency-Key", KEY).await.expect(202);
            assert_eq!(answer.json()["companyHandle"], company, "{answer}");
            ids.push(id(&answer.json()));
        }
    }
    assert!(ids[0] == ids[1] && ids[2] == ids[3] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(world.sandbox.calls("submitJob"), 2);
}

#[tokio::test]
async fn a_key_with_other_parameters_is_refused() {
    let world = World::empty();
    submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202);
    let path = "/jobs?companyHandle=c%7C110&uniqueName=false";
    let answer = world.gateway.post_json(path, &any_job("nightly")).header("Idempotency-Key", KEY).await;
    answer.problem(422, "idempotency-key-reused").await;
    assert_eq!(world.sandbox.calls("submitJob"), 1);
}

#[tokio::test]
async fn a_keyed_job_that_ips_does_not_list_is_waiting_for_two_minutes() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||nightly|</jobHandle>");
    let clock = Clock::manual(START.parse().expect("a time"));
    // A version that lists waiting jobs.
    let version = "2016-01-14-beta".parse().expect("a version");
    let gateway = Gateway::start(upstream.url(), &version, &clock, &[]);
    let job = id(&submit(&gateway, KEY, &any_job("nightly")).await.expect(202).json());
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(gateway.job(&job).await["status"].clone());
        clock.advance(TimeDelta::seconds(90));
    }
    assert_eq!(seen, ["waiting", "waiting", "finalizing"]);
}

#[tokio::test]
async fn a_refused_request_leaves_the_key_unused() {
    let world = World::empty();
    let wrong = serde_json::json!({ "jobName": "nightly" });
    submit(&world.gateway, KEY, &wrong).await.problem(422, "invalid-request").await;
    submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202);
}

#[tokio::test]
async fn another_replica_recovers_the_job_of_the_first_one() {
    let world = World::empty();
    let first = submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202).json();
    world.advance(3_000);
    let replica = Gateway::start(&world.sandbox.url(), world.sandbox.version(), world.sandbox.clock(), &[]);
    let again = submit(&replica, KEY, &any_job("nightly")).await.expect(202);
    assert_eq!(again.json()["id"], first["id"], "{again}");
    assert_eq!(again.json()["recovered"], true, "{again}");
    assert_eq!(world.sandbox.calls("submitJob"), 1);
}

#[tokio::test]
async fn a_keyed_submit_with_a_lost_answer_is_recovered_and_never_sent_again() {
    let upstream = ScriptedUpstream::start().await;
    for list in ["getActiveJobs", "getScheduledJobs"] {
        upstream.answer(list, "<jobArray/>");
    }
    for list in ["getJobLogs", "getJobLogDetails"] {
        upstream.answer(list, "<jobLogArray/>");
    }
    upstream.reply("submitJob", Reply::Close);
    let gateway = upstream.gateway(&Clock::system(), &[]);
    let first = submit(&gateway, KEY, &any_job("nightly")).await;
    let problem = first.problem(504, "submit-outcome-unknown").await;
    assert_eq!(problem["outcome"], "unknown", "{first}");
    let again = submit(&gateway, KEY, &any_job("nightly")).await;
    assert_eq!(again.problem(504, "submit-outcome-unknown").await["job"], problem["job"], "{again}");
    assert_eq!(upstream.calls("submitJob"), 1);
}

#[tokio::test]
async fn an_invalid_key_is_refused() {
    let world = World::empty();
    for key in ["", "\"\"", &"k".repeat(256)] {
        submit(&world.gateway, key, &any_job("nightly")).await.problem(400, "invalid-idempotency-key").await;
    }
    assert_eq!(world.sandbox.calls("submitJob"), 0);
}

#[tokio::test]
async fn the_key_can_be_required() {
    let world = World::with(Population::Empty, &[("REQUIRE_IDEMPOTENCY_KEY", "true")]);
    let answer = world.gateway.post_json("/jobs", &any_job("nightly")).await;
    answer.problem(400, "invalid-idempotency-key").await;
    submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202);
}

#[tokio::test]
async fn a_submit_during_an_outage_leaves_the_cached_lists_usable() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    // No circuit breaker: every call fails to connect.
    let gateway = upstream.gateway(&clock, &[("UPSTREAM_FAILURES", "0")]);
    gateway.get("/jobs").await.expect(200);
    drop(upstream);
    clock.advance(TimeDelta::minutes(2));
    for _ in 0..2 {
        submit(&gateway, KEY, &any_job("nightly")).await.problem(502, "upstream-unreachable").await;
        let without_key = gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("nightly")).await;
        without_key.problem(502, "upstream-unreachable").await;
        let stale = gateway.get("/jobs").await.expect(200);
        assert_eq!(stale.json()["staleReason"], "upstreamFailed", "{stale}");
    }
}

#[tokio::test]
async fn a_job_that_ips_accepted_and_does_not_list_yet_is_not_submitted_again() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||nightly|</jobHandle>");
    let gateway = upstream.plain_gateway();
    let first = gateway.submit(&any_job("nightly")).await;
    let same = any_job(first["originalName"].as_str().expect("a name"));
    let again = gateway.post_json("/jobs?companyHandle=c%7C110&uniqueName=false", &same);
    let again = again.header("Idempotency-Key", KEY).await.expect(202);
    assert_eq!(again.json()["id"], first["id"], "{again}");
    assert_eq!(upstream.calls("submitJob"), 1);
}

#[tokio::test]
async fn key_order_and_white_space_of_a_repeated_body_do_not_count() {
    let world = World::empty();
    let bodies = [
        r#"{"jobName":"nightly","imageServingPublishJob":{"publishType":"Full","emailSetting":"None"}}"#,
        "{ \"imageServingPublishJob\": {\n\t\"emailSetting\": \"None\", \"publishType\": \"Full\" }, \"jobName\": \"nightly\" }\r\n",
        r#"{"jobName":"nightly","description":null,"companyHandle":"c|110","imageServingPublishJob":{"publishType":"Full","emailSetting":"None"}}"#,
    ];
    let mut ids = Vec::new();
    for (body, path) in bodies.into_iter().zip(["/jobs", "/jobs?uniqueName=true", "/jobs"]) {
        let post = world.gateway.post(path).header("Content-Type", "application/json").body(body);
        let answer = post.header("Idempotency-Key", KEY).await.expect(202);
        assert_eq!(answer.header("idempotency-status"), "kept", "{answer}");
        ids.push(id(&answer.json()));
    }
    assert!(ids.iter().all(|other| *other == ids[0]), "{ids:?}");
    assert_eq!(world.sandbox.calls("submitJob"), 1);
    let without_key = world.gateway.post_json("/jobs", &any_job("nightly")).await.expect(202);
    assert_eq!(without_key.find_header("idempotency-status"), None, "{without_key}");
}

/// An upstream that accepts submits, and refuses credentials that contain `wrong`.
async fn accepting_upstream() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110||nightly|</jobHandle>");
    upstream.script("getCompanyMembership", |request| {
        if request.contains("wrong") {
            return fault("authenticationFault", 10001, "no", 500);
        }
        let company = "<company><companyHandle>c|110</companyHandle></company><role>IpsUser</role>";
        let content = format!("<membershipArray><items>{company}<isActive>true</isActive></items></membershipArray>");
        Reply::Xml(200, envelope("getCompanyMembership", &content))
    });
    upstream
}

#[tokio::test]
async fn a_key_belongs_to_the_user_that_ips_confirmed_and_not_to_the_credential() {
    let upstream = accepting_upstream().await;
    let gateway = upstream.plain_gateway();
    let with_claims = |claims: &str, signature: &str| {
        let payload = URL_SAFE_NO_PAD.encode(claims);
        gateway.with_token(&format!("eyJhbGciOiJub25lIn0.{payload}.{signature}"))
    };
    let user = r#"{"user_id":"7F@AdobeID"}"#;
    let first = submit(&with_claims(user, "first"), KEY, &any_job("nightly")).await.expect(202).json();
    let refreshed = submit(&with_claims(user, "refreshed"), KEY, &any_job("nightly")).await.expect(202).json();
    assert_eq!(id(&first), id(&refreshed));
    assert_eq!(upstream.calls("submitJob"), 1);
    submit(&with_claims(user, "wrong"), KEY, &any_job("nightly")).await.problem(401, "credentials-rejected").await;
    submit(&with_claims(user, "wrong"), KEY, &any_job("other")).await.problem(401, "credentials-rejected").await;
    assert_eq!(upstream.calls("submitJob"), 1);
    let other = submit(&with_claims(r#"{"user_id":"80@AdobeID"}"#, "x"), KEY, &any_job("nightly")).await.expect(202);
    assert_ne!(id(&first), id(&other.json()));

    let passwords = ["old", "new", "wrong"].map(|password| gateway.with_password("katlyn@example.com", password));
    let first = submit(&passwords[0], KEY, &any_job("nightly")).await.expect(202).json();
    let changed = submit(&passwords[1], KEY, &any_job("nightly")).await.expect(202).json();
    assert_eq!(id(&first), id(&changed), "the password was changed");
    submit(&passwords[2], KEY, &any_job("nightly")).await.problem(401, "credentials-rejected").await;
    assert_eq!(upstream.calls("submitJob"), 3);
}

/// Answers `getUserInfo` for opaque tokens of the form `<name>-<number>`.
fn name_users(upstream: &ScriptedUpstream) {
    upstream.script("getUserInfo", |request| {
        let token = request.split("accessToken>").nth(1).and_then(|rest| rest.split('-').next()).expect("a token");
        let user = format!("<userInfo><userHandle>u|1</userHandle><email>{token}@Example.com</email></userInfo>");
        Reply::Xml(200, envelope("getUserInfo", &user))
    });
}

#[tokio::test]
async fn a_key_with_an_opaque_token_belongs_to_the_user_that_ips_names() {
    let upstream = accepting_upstream().await;
    name_users(&upstream);
    let gateway = upstream.plain_gateway();
    let first = submit(&gateway.with_token("katlyn-1"), KEY, &any_job("nightly")).await.expect(202).json();
    let refreshed = submit(&gateway.with_token("katlyn-2"), KEY, &any_job("nightly")).await.expect(202).json();
    assert_eq!(id(&first), id(&refreshed));
    let by_password = gateway.with_password("KATLYN@example.com", "secret");
    let by_password = submit(&by_password, KEY, &any_job("nightly")).await.expect(202).json();
    assert_eq!(id(&first), id(&by_password));
    assert_eq!(upstream.calls("submitJob"), 1);
    let other = submit(&gateway.with_token("henrik-1"), KEY, &any_job("nightly")).await.expect(202).json();
    assert_ne!(id(&first), id(&other));
    submit(&gateway.with_token("katlyn-1"), "another", &any_job("nightly")).await.expect(202);
    assert_eq!(upstream.calls("getUserInfo"), 3, "once for each token");
    submit(&gateway.with_token("katlyn-wrong"), KEY, &any_job("nightly"))
        .await
        .problem(401, "credentials-rejected")
        .await;
    assert_eq!(upstream.calls("getUserInfo"), 3, "IPS is not asked for the user of a token that it rejected");
}

#[tokio::test]
async fn a_token_whose_user_ips_does_not_name_is_its_own_user() {
    let answers = [
        fault("authorizationFault", 20003, "no permission", 500),
        fault("ipsApiFault", 30003, "no such operation", 500),
        Reply::Close,
        Reply::Xml(200, envelope("getUserInfo", "")),
        Reply::Xml(200, envelope("getUserInfo", "<userInfo><userHandle>u|1</userHandle><email/></userInfo>")),
        Reply::Xml(200, envelope("getUserInfo", &format!("<userInfo><email>{}</email></userInfo>", "e".repeat(2000)))),
        Reply::Xml(200, "<html>".into()),
    ];
    for answer in answers {
        let upstream = accepting_upstream().await;
        upstream.reply("getUserInfo", answer);
        let gateway = upstream.plain_gateway();
        let first = submit(&gateway.with_token("one"), KEY, &any_job("nightly")).await.expect(202).json();
        name_users(&upstream);
        let again = submit(&gateway.with_token("one"), KEY, &any_job("nightly")).await.expect(202).json();
        assert_eq!(id(&first), id(&again), "the user of a token does not change");
        let other = submit(&gateway.with_token("other"), KEY, &any_job("nightly")).await.expect(202).json();
        assert_ne!(id(&first), id(&other));
        assert_eq!(upstream.calls("submitJob"), 2);
    }
}

#[tokio::test]
async fn the_sandbox_names_the_users_of_its_tokens() {
    let world = World::empty();
    let by_password = submit(&world.gateway, KEY, &any_job("nightly")).await.expect(202).json();
    let by_token = submit(&world.gateway.with_token(ORDINARY.access_token), KEY, &any_job("nightly")).await.expect(202);
    assert_eq!(id(&by_password), id(&by_token.json()));
    assert_eq!(world.sandbox.calls("submitJob"), 1);
    submit(&world.gateway.with_token(BOTH_COMPANIES.access_token), KEY, &any_job("nightly")).await.expect(202);
    assert_eq!(world.sandbox.calls("submitJob"), 2);
}
