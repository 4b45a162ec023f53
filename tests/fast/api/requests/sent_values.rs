//! Values of requests that IPS could not read, and those that are passed on to it.

use serde_json::json;

use crate::support::{ScriptedUpstream, any_job, fault};

/// Dates that XML Schema has no form for.
const UNSENDABLE: [&str; 6] = [
    "2026-01-01T00:00:00+19:14",
    "2026-01-01T00:00:00-14:01",
    "2026-01-01T24:00:00Z",
    "12026-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-01-01T00:00:60Z",
];

#[tokio::test]
async fn a_date_that_xml_schema_does_not_have_is_a_422() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    for date in UNSENDABLE {
        for parameter in ["from", "to"] {
            let answer = gateway.get(&format!("/job-logs?{parameter}={}", date.replace('+', "%2B"))).await;
            answer.invalid_parameter(parameter).await;
        }
        let mut job = any_job("later");
        job["execTime"] = json!(date);
        let answer = gateway.post_json("/jobs", &job).await;
        answer.invalid_body("/execTime").await;
        assert_eq!(answer.json()["outcome"], "not_sent", "{answer}");
    }
    assert_eq!((upstream.calls("getJobLogs"), upstream.calls("submitJob")), (0, 0));
    gateway.get("/job-logs?from=2026-01-01T00:00:00%2B14:00").await.ok();
    assert!(upstream.requests("getJobLogs")[0].contains("2026-01-01T00:00:00+14:00"));
}

#[tokio::test]
async fn a_date_without_an_offset_is_a_422() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    gateway.get("/job-logs?from=2026-01-01T00:00:00").await.invalid_parameter("from").await;
    let mut job = any_job("later");
    job["execTime"] = json!("2026-01-01T00:00:00");
    gateway.post_json("/jobs", &job).await.invalid_body("/execTime").await;
}

#[tokio::test]
async fn a_locale_is_a_language_and_perhaps_a_country() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110|x||</jobHandle>");
    let gateway = upstream.plain_gateway();
    let mut job = any_job("x");
    for locale in ["EN", "en_US", "en-us", "english", ""] {
        job["locale"] = json!(locale);
        gateway.post_json("/jobs", &job).await.invalid_body("/locale").await;
    }
    for locale in ["en", "ja-JP"] {
        job["locale"] = json!(locale);
        gateway.post_json("/jobs", &job).await.expect(202);
    }
}

#[tokio::test]
async fn an_unknown_enumeration_value_is_passed_on() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110|x||</jobHandle>");
    let gateway = upstream.plain_gateway();
    let job =
        json!({ "jobName": "x", "imageServingPublishJob": { "publishType": "Sideways", "emailSetting": "Carrier" } });
    gateway.post_json("/jobs", &job).await.expect(202);
    let sent = &upstream.requests("submitJob")[0];
    assert!(sent.contains("<publishType>Sideways</publishType><emailSetting>Carrier</emailSetting>"), "{sent}");
}

#[tokio::test]
async fn an_exception_is_retryable_only_for_a_read() {
    let upstream = ScriptedUpstream::start().await;
    for operation in ["getActiveJobs", "submitJob"] {
        upstream.reply(operation, fault("ipsApiFault", 30000, "this name is in use", 500));
    }
    let gateway = upstream.plain_gateway();
    let read = gateway.get("/jobs").await.problem(502, "upstream-fault").await;
    let submit = gateway.post_json("/jobs", &any_job("x")).await.problem(502, "upstream-fault").await;
    assert_eq!((&read["retryable"], &submit["retryable"]), (&json!(true), &json!(false)), "{submit:#}");
    assert_eq!(submit["outcome"], "rejected", "{submit:#}");
}
