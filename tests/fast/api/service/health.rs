//! What the gateway says of itself to those who run it.

use ips_gateway::clock::Clock;
use serde_json::{Value, json};

use crate::support::{Reply, START, ScriptedUpstream, any_job, fault};

#[tokio::test]
async fn verbose_readiness_reports_the_last_calls_and_makes_none() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    let nobody = gateway.called_by_nobody();
    assert_eq!(nobody.get("/readyz").await.ok(), json!({ "status": "ok" }));
    for path in ["/readyz?verbose", "/readyz?verbose=true"] {
        let told = nobody.get(path).await.ok();
        assert_eq!(told["checks"]["upstream"], json!({ "circuit": "closed", "inFlight": 0, "waiting": 0 }), "{told:#}");
        assert_eq!(told["checks"]["version"], env!("CARGO_PKG_VERSION"), "{told:#}");
        assert_eq!(told["checks"].get("sharedStore"), None, "{told:#}");
    }
    assert_eq!(nobody.get("/readyz?verbose=false").await.ok(), json!({ "status": "ok" }));
    nobody.get("/readyz?verbose=perhaps").await.invalid_parameter("verbose").await;
    assert_eq!(upstream.calls("getCompanyMembership"), 0);
    gateway.get("/jobs").await.expect(200);
    let told = nobody.get("/readyz?verbose").await.ok();
    assert_eq!(told["checks"]["upstream"]["lastSuccess"], START, "{told:#}");
    assert_eq!(told["checks"]["snapshots"], 1, "{told:#}");
}

#[tokio::test]
async fn a_gateway_is_ready_when_only_ips_is_down() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[("UPSTREAM_TIMEOUT", "300ms")]);
    upstream.reply("getActiveJobs", Reply::HangUp);
    for path in ["/jobs?companyHandle=c%7C1", "/jobs?companyHandle=c%7C2", "/jobs?companyHandle=c%7C3"] {
        gateway.get(path).await;
    }
    let told = gateway.called_by_nobody().get("/readyz?verbose").await.ok();
    assert_eq!((&told["status"], &told["checks"]["upstream"]["lastSuccess"]), (&json!("ok"), &Value::Null), "{told:#}");
    assert!(told["checks"]["upstream"]["lastFailure"].is_string(), "{told:#}");
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
