//! Readiness, and the state of the upstream in it.

use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};

use crate::support::{Reply, START, ScriptedUpstream, any_job, fault};

#[tokio::test]
async fn verbose_readiness_reports_the_last_calls_and_makes_none() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    let anonymous = gateway.unauthenticated();
    assert_eq!(anonymous.get("/readyz").await.ok(), json!({ "status": "ok" }));
    for path in ["/readyz?verbose", "/readyz?verbose=true"] {
        let readiness = anonymous.get(path).await.ok();
        assert_eq!(
            readiness["checks"]["upstream"],
            json!({ "circuit": "closed", "suspendedCompanies": 0, "inFlight": 0, "waiting": 0, "omittedFields": [
                { "operation": "getActiveJobs", "field": "includeWaitingJobs", "reason": "unknown" },
            ] }),
            "{readiness:#}"
        );
        assert_eq!(readiness["checks"]["version"], env!("CARGO_PKG_VERSION"), "{readiness:#}");
        assert_eq!(readiness["checks"].get("sharedStore"), None, "{readiness:#}");
    }
    assert_eq!(anonymous.get("/readyz?verbose=false").await.ok(), json!({ "status": "ok" }));
    anonymous.get("/readyz?verbose=perhaps").await.invalid_parameter("verbose").await;
    assert_eq!(upstream.calls("getCompanyMembership"), 0);
    gateway.get("/jobs").await.expect(200);
    let readiness = anonymous.get("/readyz?verbose").await.ok();
    assert_eq!(readiness["checks"]["upstream"]["lastSuccess"], START, "{readiness:#}");
    assert_eq!(readiness["checks"]["snapshots"], 1, "{readiness:#}");
}

#[tokio::test]
async fn a_gateway_is_ready_when_only_ips_is_down() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[("UPSTREAM_TIMEOUT", "300ms")]);
    upstream.reply("getActiveJobs", Reply::Close);
    for path in ["/jobs?companyHandle=c%7C1", "/jobs?companyHandle=c%7C2", "/jobs?companyHandle=c%7C3"] {
        gateway.get(path).await;
    }
    let readiness = gateway.unauthenticated().get("/readyz?verbose").await.ok();
    assert_eq!(
        (&readiness["status"], &readiness["checks"]["upstream"]["lastSuccess"]),
        (&json!("ok"), &Value::Null),
        "{readiness:#}"
    );
    assert!(readiness["checks"]["upstream"]["lastFailure"].is_string(), "{readiness:#}");
}

#[tokio::test]
async fn a_submit_response_without_a_handle_is_verified_by_name() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    for content in ["", "<jobHandle/>"] {
        upstream.answer("submitJob", content);
        let answer = gateway.post_json("/jobs", &any_job("nightly")).await;
        let problem = answer.problem(504, "submit-outcome-unknown").await;
        assert_eq!(problem["outcome"], "unknown", "{answer}");
        assert!(problem["job"].is_string(), "{answer}");
    }
    assert_eq!(upstream.calls("submitJob"), 2, "each was sent once");
    upstream.reply("submitJob", fault("ipsApiFault", 30000, "no", 500));
    assert_eq!(gateway.post_json("/jobs", &any_job("nightly")).await.json()["outcome"], "rejected");
}
