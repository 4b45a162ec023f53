//! Every documented fault of IPS, on any HTTP status, and its problem.

use serde_json::{Value, json};

use crate::support::{Reply, ScriptedUpstream, active_job, any_job, fault};

/// Fault, fault code, status and code of the problem.
const FAULTS: &[(&str, i32, u16, &str)] = &[
    ("authenticationFault", 10000, 401, "credentials-rejected"),
    ("authenticationFault", 10001, 401, "credentials-rejected"),
    ("authenticationFault", 10002, 401, "credentials-rejected"),
    ("authorizationFault", 20000, 404, "company-not-found"),
    ("authorizationFault", 20001, 422, "rejected-by-ips"),
    ("authorizationFault", 20002, 422, "rejected-by-ips"),
    ("authorizationFault", 20003, 403, "forbidden"),
    ("authorizationFault", 20004, 403, "forbidden"),
    ("authorizationFault", 20005, 422, "rejected-by-ips"),
    ("authorizationFault", 20006, 404, "company-not-found"),
    ("authorizationFault", 20007, 422, "rejected-by-ips"),
    ("authorizationFault", 20008, 403, "forbidden"),
    ("authorizationFault", 20009, 403, "forbidden"),
    ("ipsApiFault", 30000, 502, "upstream-fault"),
    ("ipsApiFault", 30001, 422, "rejected-by-ips"),
    ("ipsApiFault", 30002, 422, "rejected-by-ips"),
    ("ipsApiFault", 30003, 500, "request-refused-by-ips"),
    ("ipsApiFault", 39999, 502, "upstream-fault"),
];

#[tokio::test]
async fn every_fault_is_its_problem_on_http_500_and_on_200() {
    for &(name, code, status, problem) in FAULTS {
        for http_status in [500, 200] {
            let upstream = ScriptedUpstream::start().await;
            let gateway = upstream.plain_gateway();
            let reason = format!("because of {code}");
            upstream.reply("getActiveJobs", fault(name, code, &reason, http_status));
            upstream.reply("submitJob", fault(name, code, &reason, http_status));

            let read = gateway.get("/jobs?companyHandle=c%7C110").await;
            let document = read.problem(status, problem).await;
            let said = json!({ "operation": "getActiveJobs", "fault": name, "code": code, "reason": reason });
            assert_eq!(document["upstream"], said, "on {http_status}{read}");
            assert!(document["outcome"].is_null(), "nothing was to be changed{read}");
            assert_eq!(read.find_header("www-authenticate").is_some(), status == 401, "{read}");

            let change = gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("nightly")).await;
            let document = change.problem(status, problem).await;
            assert_eq!(document["outcome"], "rejected", "on {http_status}{change}");
            assert_eq!(document["upstream"]["operation"], "submitJob", "{change}");
            assert_eq!(upstream.calls("submitJob"), 1, "sent once");
        }
    }
}

#[tokio::test]
async fn a_fault_of_every_mutating_operation_is_reported() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
    upstream.answer(
        "getScheduledJobs",
        "<jobArray>\
         <items><companyHandle>c|110</companyHandle><jobHandle>0|a|</jobHandle><name>a</name><originalName>a</originalName>\
         <execSchedule>0 0 3 * * ?</execSchedule><triggerState>Normal</triggerState></items>\
         <items><companyHandle>c|110</companyHandle><jobHandle>0|b|</jobHandle><name>b</name><originalName>b</originalName>\
         <execSchedule>0 0 3 * * ?</execSchedule><triggerState>Paused</triggerState></items></jobArray>",
    );
    for (handle, action) in [
        ("j%7C110%7C%7Cnightly_2026-03-02-06:00:00.000%7C5129821", "stop"),
        ("0%7Ca%7C", "pause"),
        ("0%7Cb%7C", "resume"),
        ("0%7Ca%7C", "execute"),
        ("0%7Ca%7C", "delete"),
    ] {
        let operation = format!("{action}Job");
        upstream.reply(&operation, fault("ipsApiFault", 30000, "the lock is held", 500));
        let answer = match action {
            "delete" => gateway.delete(&format!("/jobs/{handle}")).await,
            _ => gateway.post(&format!("/jobs/{handle}/{action}")).await,
        };
        let problem = answer.problem(409, "action-not-possible").await;
        assert_eq!(
            (&problem["outcome"], &problem["upstream"]["operation"]),
            (&json!("rejected"), &json!(operation)),
            "{answer}"
        );
        assert_eq!(problem["upstream"]["reason"], "the lock is held", "{answer}");
        assert_eq!(upstream.calls(&operation), 1, "sent once");
    }
}

#[tokio::test]
async fn a_fault_without_ips_detail_keeps_its_text() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    let axis = "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><soapenv:Fault>\
        <faultcode>soapenv:Server</faultcode><faultstring>Out of memory</faultstring><detail><stack/></detail>\
        </soapenv:Fault></soapenv:Body></soapenv:Envelope>";
    upstream.reply("getActiveJobs", Reply::Xml(500, axis.into()));
    let answer = gateway.get("/jobs").await;
    let problem = answer.problem(502, "upstream-fault").await;
    assert_eq!(problem["upstream"]["reason"], "Out of memory", "{answer}");
    assert_eq!(problem["upstream"]["code"], Value::Null, "{answer}");
}

#[tokio::test]
async fn a_rejection_is_never_answered_from_the_cache() {
    for (name, code, status, problem) in FAULTS.iter().filter(|(_, code, ..)| (10000..20004).contains(code)) {
        if matches!(code, 20001 | 20002) {
            continue;
        }
        let upstream = ScriptedUpstream::start().await;
        let gateway = upstream.plain_gateway();
        upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", "")));
        gateway.get("/jobs").await.expect(200);
        upstream.reply("getActiveJobs", fault(name, *code, "no more", 500));
        // The clock stands still, so that the snapshot is fresh until a mutation invalidates it.
        upstream.answer("submitJob", "<jobHandle>j|110|x||</jobHandle>");
        gateway.post_json("/jobs", &any_job("x")).await.expect(202);
        gateway.get("/jobs").await.problem(*status, problem).await;
    }
}
