//! Callers whose role in IPS permits only some of the lists.

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::users::BOTH_COMPANIES;
use serde_json::{Value, json};

use crate::support::{Gateway, Reply, START, ScriptedUpstream, active_job, envelope, fault, id, job_log};

const LOG: &str =
    "<endDate>2026-03-02T06:10:00-08:00</endDate><fatalError>false</fatalError><fileSuccessCount>1</fileSuccessCount>";
const ENTRIES: &str =
    "<detailArray><items><logMessage>begun</logMessage><logType>BeginUpload</logType></items></detailArray>";
const ACTIVE_HANDLE: &str = "j%7C110%7C%7Cpebbles_2026-03-02-06%3A00%3A00.000%7C5129821";
const LOG_HANDLE: &str = "j%7C110%7C%7Cgravel_2026-03-02-06%3A00%3A00.000";

/// IPS with a running job `pebbles`, a scheduled one and a completed one `gravel`, which refuses these operations except to the user of both
/// companies.
struct Restricted {
    upstream: ScriptedUpstream,
    clock: Clock,
    gateway: Gateway,
}

async fn refusing(operations: &[&str]) -> Restricted {
    let upstream = ScriptedUpstream::start().await;
    let schedule = "<items><companyHandle>c|110</companyHandle><jobHandle>0|Sieve|</jobHandle><name>Sieve</name>\
        <originalName>Sieve</originalName><execSchedule>0 0 3 * * ?</execSchedule></items>";
    let answers = [
        ("getActiveJobs", format!("<jobArray>{}</jobArray>", active_job("pebbles", ""))),
        ("getScheduledJobs", format!("<jobArray>{schedule}</jobArray>")),
        ("getJobLogs", format!("<jobLogArray>{}</jobLogArray>", job_log("gravel", LOG))),
        ("getJobLogDetails", format!("<jobLogArray>{}</jobLogArray>", job_log("gravel", &format!("{LOG}{ENTRIES}")))),
    ];
    for (operation, content) in answers {
        let is_refused = operations.contains(&operation);
        upstream.script(operation, move |request| {
            let handle = request.split_once("<jobHandle>").and_then(|(_, rest)| rest.split_once('<'));
            let is_about_another = operation == "getJobLogDetails" && !request.contains("gravel")
                || handle.is_some_and(|(handle, _)| !content.contains(&format!(">{handle}<")));
            match is_refused && !request.contains(BOTH_COMPANIES.email) {
                true => fault("authorizationFault", 20003, "no operation permission", 500),
                false if is_about_another => Reply::Xml(200, envelope(operation, "")),
                false => Reply::Xml(200, envelope(operation, &content)),
            }
        });
    }
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[("COMPANY", "c|110")]);
    Restricted { upstream, clock, gateway }
}

/// A user who may read only logs.
async fn logs_only() -> Restricted {
    refusing(&["getActiveJobs", "getScheduledJobs"]).await
}

fn names(list: &Value) -> Vec<&str> {
    let jobs = list["jobs"].as_array().expect("jobs");
    jobs.iter().map(|job| job["name"].as_str().or(job["jobName"].as_str()).expect("a name")).collect()
}

#[tokio::test]
async fn a_mixed_list_leaves_out_what_is_denied_and_names_it() {
    for (refused, query, denied, shown) in [
        (&["getActiveJobs", "getScheduledJobs"][..], "active,scheduled,completed", json!(["active", "scheduled"]), 1),
        (&["getActiveJobs", "getScheduledJobs"], "active,completed&sort=name&limit=5", json!(["active"]), 1),
        (&["getActiveJobs", "getScheduledJobs"], "completed", Value::Null, 1),
        (&["getJobLogs", "getJobLogDetails"], "active,scheduled,completed", json!(["completed"]), 2),
        (&["getScheduledJobs"], "active,scheduled", json!(["scheduled"]), 1),
        (&[], "active,scheduled,completed", Value::Null, 3),
    ] {
        let Restricted { gateway, upstream: _upstream, .. } = refusing(refused).await;
        // Twice: the second is answered from the cache.
        for _ in 0..2 {
            let list = gateway.get(&format!("/jobs?phase={query}")).await.ok();
            assert_eq!((list.get("denied").cloned().unwrap_or_default(), names(&list).len()), (denied.clone(), shown));
        }
        let permitted = gateway.as_user(&BOTH_COMPANIES).get(&format!("/jobs?phase={query}")).await;
        assert_eq!(permitted.json().get("denied"), None, "another caller: {permitted}");
    }
}

#[tokio::test]
async fn a_list_of_which_nothing_is_left_is_forbidden() {
    let Restricted { gateway, upstream: _upstream, .. } = logs_only().await;
    for query in ["", "?phase=active", "?phase=scheduled", "?phase=active,scheduled", "?phase=scheduled&limit=1"] {
        let problem = gateway.get(&format!("/jobs{query}")).await.problem(403, "forbidden").await;
        assert_eq!(problem["upstream"]["code"], 20003);
    }
    let Restricted { gateway, upstream: _upstream, .. } = refusing(&["getJobLogs"]).await;
    gateway.get("/jobs?phase=completed").await.problem(403, "forbidden").await;
}

#[tokio::test]
async fn errors_other_than_a_refusal_fail_the_whole_list() {
    let Restricted { upstream, gateway, .. } = logs_only().await;
    upstream.reply("getJobLogs", fault("ipsApiFault", 30000, "down", 500));
    gateway.get("/jobs?phase=active,completed").await.problem(502, "upstream-fault").await;
    upstream.reply("getActiveJobs", fault("authenticationFault", 10001, "invalid credentials", 500));
    let gateway = upstream.gateway(&Clock::manual(START.parse().expect("a time")), &[("COMPANY", "c|110")]);
    gateway.get("/jobs?phase=active,completed").await.problem(401, "credentials-rejected").await;
}

#[tokio::test]
async fn who_may_read_only_logs_reads_completed_jobs_and_their_logs() {
    let Restricted { gateway, upstream: _upstream, .. } = logs_only().await;
    let list = gateway.get("/jobs?phase=active,completed").await.ok();
    let id = id(&list["jobs"][0]);
    for reference in [&id, LOG_HANDLE] {
        let job = gateway.get(&format!("/jobs/{reference}")).await.ok();
        assert_eq!((&job["id"], &job["outcome"]), (&id.as_str().into(), &"succeeded".into()), "{job:#}");
        let log = gateway.get(&format!("/jobs/{reference}/log")).await.ok();
        assert_eq!(log["entries"][0]["logMessage"], "begun", "{log:#}");
    }
    let active = gateway.as_user(&BOTH_COMPANIES).get("/jobs").await.ok();
    for reference in [active["jobs"][0]["id"].as_str().expect("an id"), ACTIVE_HANDLE] {
        gateway.get(&format!("/jobs/{reference}")).await.problem(403, "forbidden").await;
        gateway.post(&format!("/jobs/{reference}/stop")).await.problem(403, "forbidden").await;
    }
}

#[tokio::test]
async fn who_may_not_read_logs_reads_jobs() {
    let Restricted { gateway, upstream: _upstream, .. } = refusing(&["getJobLogDetails"]).await;
    let list = gateway.get("/jobs?phase=active,scheduled,completed").await.ok();
    assert_eq!((list.get("denied"), names(&list).len()), (None, 3), "getJobLogs is permitted");
    for job in list["jobs"].as_array().expect("jobs") {
        let read = gateway.get(&format!("/jobs/{}", id(job))).await.ok();
        assert_eq!((&read["id"], &read["phase"]), (&job["id"], &job["phase"]), "{read:#}");
    }
    let read = gateway.get(&format!("/jobs/{LOG_HANDLE}")).await.ok();
    assert_eq!(read["phase"], "completed", "{read:#}");
    gateway.get(&format!("/jobs/{}/log", id(&read))).await.problem(403, "forbidden").await;
}

#[tokio::test]
async fn a_refusal_is_forgotten_after_the_back_off() {
    let Restricted { upstream, clock, gateway } = logs_only().await;
    let list = || gateway.get("/jobs?phase=active,completed");
    assert_eq!(list().await.ok()["denied"], json!(["active"]));
    list().await.ok();
    assert_eq!(upstream.calls("getActiveJobs"), 1, "within the back-off");
    let etag = list().await.header("etag").to_owned();
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("pebbles", "")));
    clock.advance(TimeDelta::seconds(7));
    let answer = list().header("If-None-Match", &etag).await;
    assert_eq!(answer.status, 200, "{answer}");
    assert_eq!((answer.json().get("denied"), names(&answer.json()).len()), (None, 2));
}

#[tokio::test]
async fn denied_phases_are_part_of_the_entity_tag() {
    let Restricted { gateway, upstream: _upstream, .. } = logs_only().await;
    let tag = |query: &'static str| {
        let gateway = gateway.clone();
        async move { gateway.get(query).await.header("etag").to_owned() }
    };
    assert_ne!(tag("/jobs?phase=completed").await, tag("/jobs?phase=active,completed").await);
}

#[tokio::test]
async fn event_streams_are_forbidden_to_who_may_not_read_active_jobs() {
    let Restricted { gateway, upstream: _upstream, .. } = logs_only().await;
    gateway.get("/jobs/events").await.problem(403, "forbidden").await;
    let list = gateway.get("/jobs?phase=completed").await.ok();
    gateway.get(&format!("/jobs/{}/events", id(&list["jobs"][0]))).await.problem(403, "forbidden").await;
}
