//! API versions: what the gateway sends on its own, what callers may send, and what IPS refuses.

use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};

use crate::schema::contract::{Contract, capitalized};
use crate::schema::requests::{Element, differences, save};
use crate::support::{Gateway, Reply, START, ScriptedUpstream, any_job, envelope, fault, id, job_log, upload};

fn gateway(upstream: &ScriptedUpstream, version: &str, settings: &[(&str, &str)]) -> Gateway {
    let clock = Clock::manual(START.parse().expect("a time"));
    Gateway::start(upstream.url(), &version.parse().expect("a version"), &clock, settings)
}

/// Returns a log of five entries with the types `A`, `B`, `C`, `B`, `A`, as a version without pages and dates answers it.
fn log_of_five() -> String {
    let entry =
        |(number, log_type)| format!("<items><logMessage>{number}</logMessage><logType>{log_type}</logType></items>");
    let entries = (1..).zip(["A", "B", "C", "B", "A"]).map(entry).collect::<String>();
    format!("<jobLogArray>{}</jobLogArray>", job_log("old", &format!("<detailArray>{entries}</detailArray>")))
}

/// Uses every operation as the gateway does on its own; the query options that IPS need not support are used as well.
async fn use_everything(gateway: &Gateway) {
    let publish =
        json!({"jobName": "nightly", "imageServingPublishJob": {"publishType": "Full", "emailSetting": "None"}});
    let submitted = gateway.post_json("/jobs?companyHandle=c%7C110", &publish).await.expect(202).json();
    gateway.get(&format!("/jobs/{}", id(&submitted))).await;
    for path in [
        "/jobs",
        "/jobs?phase=active,scheduled,completed",
        "/jobs/j%7C110%7C%7Cold?companyHandle=c%7C110",
        "/jobs/j%7C110%7C%7Cold/log?page=2&perPage=2&sort=-date&logType=A,B",
        "/jobs/j%7C110%7C%7Cold/log?level=error",
        "/jobs/j%7C110%7C%7Cold/log?archived=true",
        "/job-logs?sort=-jobName&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z",
        "/job-logs?submittedBy=katlyn@example.com",
        "/assets/a%7C1/job-logs",
        "/assets/a%7C1/job-logs?archived=true",
        "/companies",
        "/companies/Elsewhere",
    ] {
        gateway.get(path).await;
    }
    for action in ["stop", "pause", "resume", "execute"] {
        gateway.post(&format!("/jobs/j%7C110%7C%7Cold_2026-03-02-06:00:00.000/{action}")).await;
    }
    gateway.delete("/jobs/j%7C110%7C%7Cold_2026-03-02-06:00:00.000").await;
}

#[tokio::test]
async fn in_each_version_the_gateway_sends_only_what_the_version_has() {
    let contract = Contract::load();
    let (mut found, mut count) = (Vec::new(), 0);
    for version in contract.versions.iter().map(|version| version.version.as_str()) {
        let upstream = ScriptedUpstream::start().await;
        upstream.answer("getJobLogDetails", &log_of_five());
        upstream.answer("submitJob", "<jobHandle>j|110|nightly||</jobHandle>");
        upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", crate::support::active_job("old", "")));
        use_everything(&gateway(&upstream, version, &[])).await;
        for operation in &contract.operations {
            for (index, request) in upstream.requests(&operation.name).iter().enumerate() {
                save(version, &format!("{}-sent-{index}", operation.name), request.as_bytes());
                let type_name = capitalized(&operation.request);
                let body = Element::body_of(request);
                let differences = differences(&contract, version, &type_name, &body);
                found.extend(differences.into_iter().map(|difference| format!("{version:?}: {difference}")));
                count += 1;
            }
        }
        let needed = [
            "getActiveJobs",
            "getScheduledJobs",
            "getJobLogs",
            "getJobLogDetails",
            "submitJob",
            "getCompanyMembership",
        ];
        for operation in needed {
            assert!(upstream.calls(operation) > 0, "{version:?}: {operation} was not called");
        }
    }
    assert!(found.is_empty(), "sent uninvited:\n{}", found.join("\n"));
    assert!(count > 13 * 12, "only {count} requests");
}

fn messages(page: &Value) -> Vec<&str> {
    page["entries"].as_array().expect("entries").iter().filter_map(|entry| entry["logMessage"].as_str()).collect()
}

#[tokio::test]
async fn where_ips_has_no_pages_the_gateway_filters_sorts_and_pages() {
    for version in ["", "2012-02-14"] {
        let upstream = ScriptedUpstream::start().await;
        upstream.answer("getJobLogDetails", &log_of_five());
        let gateway = gateway(&upstream, version, &[]);
        for (query, expected, total) in [
            ("", vec!["1", "2", "3", "4", "5"], 5),
            ("?perPage=2", vec!["1", "2"], 5),
            ("?perPage=2&page=3", vec!["5"], 5),
            ("?perPage=2&page=4", vec![], 5),
            ("?sort=-date&perPage=2", vec!["5", "4"], 5),
            ("?sort=logType", vec!["1", "5", "2", "4", "3"], 5),
            ("?sort=-logType&perPage=1", vec!["3"], 5),
            ("?logType=A,C&perPage=2", vec!["1", "3"], 3),
        ] {
            let page = gateway.get(&format!("/jobs/j%7C110%7C%7Cold/log{query}")).await.ok();
            assert_eq!(messages(&page), expected, "{version:?} {query}: {page:#}");
            assert_eq!(page["total"], total, "{version:?} {query}: {page:#}");
        }
        assert_eq!(upstream.calls("getJobLogDetails"), 1, "equal requests share one call");
    }
}

#[tokio::test]
async fn where_ips_has_pages_it_filters_sorts_and_pages() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getJobLogDetails", &log_of_five());
    let gateway = gateway(&upstream, "2013-02-15", &[]);
    let page = gateway.get("/jobs/j%7C110%7C%7Cold/log?perPage=2&page=2&sort=-date").await;
    assert_eq!(messages(&page.ok()).len(), 5, "as IPS answered");
    let sent = upstream.requests("getJobLogDetails").pop().expect("a request");
    for element in ["<recordsPerPage>2<", "<resultsPage>2<", "<sortBy>Date<", "<sortDirection>Descending<"] {
        assert!(sent.contains(element), "{sent}");
    }
}

/// Returns a reply that refuses a request with an element, as IPS refuses one that its version lacks.
fn refusing(element: &'static str, operation: &'static str, answer: &'static str) -> impl Fn(&str) -> Reply {
    move |request| {
        if request.contains(element) {
            fault("ipsApiFault", 30003, "invalid request XML", 500)
        } else {
            Reply::Xml(200, envelope(operation, answer))
        }
    }
}

async fn omitted_fields(gateway: &Gateway) -> Value {
    gateway.get("/readyz?verbose").await.ok()["checks"]["upstream"]["omittedFields"].clone()
}

fn omitted(reason: &str) -> Value {
    json!([{ "operation": "getActiveJobs", "field": "includeWaitingJobs", "reason": reason }])
}

#[tokio::test]
async fn waiting_jobs_are_asked_for_only_where_the_version_has_the_field() {
    for (version, sent, omissions) in [
        ("2013-02-15", false, omitted("lacked")),
        ("2014-04-03", false, omitted("unknown")),
        ("2016-01-14-beta", true, json!([])),
    ] {
        let upstream = ScriptedUpstream::start().await;
        let gateway = gateway(&upstream, version, &[]);
        gateway.get("/jobs").await.expect(200);
        let request = upstream.requests("getActiveJobs").pop().expect("a request");
        assert_eq!(request.contains("includeWaitingJobs"), sent, "{version}: {request}");
        assert_eq!(omitted_fields(&gateway).await, omissions, "{version}");
    }
}

#[tokio::test]
async fn a_tried_field_that_ips_refuses_is_left_out_from_then_on() {
    let upstream = ScriptedUpstream::start().await;
    upstream.script("getActiveJobs", refusing("includeWaitingJobs", "getActiveJobs", "<jobArray/>"));
    let gateway = gateway(&upstream, "2014-04-03", &[("TRY_UNKNOWN_FIELDS", "true"), ("FRESH", "0ms")]);
    assert_eq!(omitted_fields(&gateway).await, json!([]), "tried until it is refused");
    for company in ["c%7C110", "c%7C111"] {
        gateway.get(&format!("/jobs?companyHandle={company}")).await.expect(200);
    }
    let requests = upstream.requests("getActiveJobs");
    let sent: Vec<_> = requests.iter().map(|request| request.contains("includeWaitingJobs")).collect();
    assert_eq!(sent, [true, false, false], "refused, repeated without it, and not tried for another company");
    assert_eq!(omitted_fields(&gateway).await, omitted("refused"));
    let metrics = gateway.get("/metrics").await.expect(200).text();
    let gauge = metrics.lines().find(|line| {
        let labels = ["rpc_method=\"getActiveJobs\"", "field=\"includeWaitingJobs\"", "reason=\"refused\""];
        line.starts_with("ips_gateway_upstream_omitted_fields{") && labels.iter().all(|label| line.contains(label))
    });
    assert!(gauge.is_some_and(|line| line.ends_with(" 1")), "{metrics}");
}

#[tokio::test]
async fn a_tried_field_that_ips_takes_is_sent_on() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "2014-04-03", &[("TRY_UNKNOWN_FIELDS", "true")]);
    for company in ["c%7C110", "c%7C111"] {
        gateway.get(&format!("/jobs?companyHandle={company}")).await.expect(200);
    }
    let requests = upstream.requests("getActiveJobs");
    assert!(
        requests.len() == 2 && requests.iter().all(|request| request.contains("includeWaitingJobs")),
        "{requests:?}"
    );
}

#[tokio::test]
async fn a_refusal_with_another_cause_is_an_error_and_is_not_remembered() {
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("getActiveJobs", fault("ipsApiFault", 30003, "invalid request XML", 500));
    let gateway = gateway(&upstream, "2014-04-03", &[("TRY_UNKNOWN_FIELDS", "true")]);
    gateway.get("/jobs?companyHandle=c%7C110").await.problem(500, "request-refused-by-ips").await;
    assert_eq!(omitted_fields(&gateway).await, json!([]));
}

#[tokio::test]
async fn tried_pages_that_ips_refuses_are_made_by_the_gateway() {
    let upstream = ScriptedUpstream::start().await;
    upstream.script("getJobLogDetails", |request| {
        if request.contains("recordsPerPage") || request.contains("sortBy") {
            return fault("ipsApiFault", 30003, "invalid request XML", 500);
        }
        Reply::Xml(200, envelope("getJobLogDetails", &log_of_five()))
    });
    let gateway = gateway(&upstream, "2012-02-14", &[("TRY_UNKNOWN_FIELDS", "true")]);
    let page = gateway.get("/jobs/j%7C110%7C%7Cold/log?perPage=2&sort=-date").await.ok();
    assert_eq!(messages(&page), ["5", "4"], "{page:#}");
}

#[tokio::test]
async fn a_caller_may_send_what_the_version_may_lack_and_not_what_it_lacks() {
    let cases = [
        ("2013-02-15", "/uploadUrlsJob/xmpKeywords", json!("<x/>"), false),
        ("2014-04-03", "/uploadUrlsJob/xmpKeywords", json!("<x/>"), true),
        ("2016-01-14-beta", "/uploadUrlsJob/xmpKeywords", json!("<x/>"), true),
        ("", "/uploadUrlsJob/photoshopOptions/maintainLayers", json!(true), true),
        ("2010-01-31", "/uploadUrlsJob/photoshopOptions/anchor", json!("Center"), true),
        ("2013-02-15", "/uploadUrlsJob/photoshopOptions/anchor", json!("Center"), false),
        ("", "/uploadUrlsJob/preserveCrop", json!(true), false),
        ("", "/locale", json!("en-US"), false),
    ];
    for (version, pointer, value, is_sent) in cases {
        let upstream = ScriptedUpstream::start().await;
        upstream.answer("submitJob", "<jobHandle>j|110|n||</jobHandle>");
        let mut job = upload("n", &["https://images.example.com/a.tif"]);
        if pointer.contains("photoshopOptions") {
            job["uploadUrlsJob"]["photoshopOptions"] = json!({});
        }
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        job.pointer_mut(parent).expect("a parent")[name] = value;
        let gateway = gateway(&upstream, version, &[]);
        let answer = gateway.post_json("/jobs?companyHandle=c%7C110", &job).await;
        if is_sent {
            answer.expect(202);
            let sent = upstream.requests("submitJob").pop().expect("a request");
            assert!(sent.contains(&format!("<{name}>")), "{version:?}: {sent}");
        } else {
            let detail = answer.invalid_body(pointer).await;
            assert!(detail.contains("API version"), "{version:?}: {detail}");
            assert_eq!(upstream.calls("submitJob"), 0, "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_former_field_is_accepted_by_the_version_that_has_it() {
    let job = |server_dir: &str| {
        json!({"jobName": "n", "uploadDirectoryJob": {
            "serverDir": server_dir, "overwrite": true, "readyForPublish": true, "includeSubfolders": true,
            "createMask": false, "processMetadataFiles": false, "emailSetting": "None", "xmpTemplateId": "t",
        }})
    };
    for (version, status) in [("2012-02-14", 202), ("2013-02-15", 202), ("2014-04-03", 202), ("2016-01-14-beta", 422)] {
        let upstream = ScriptedUpstream::start().await;
        upstream.answer("submitJob", "<jobHandle>j|110|n||</jobHandle>");
        let gateway = gateway(&upstream, version, &[]);
        gateway.post_json("/jobs?companyHandle=c%7C110", &job("in")).await.expect(status);
        let sent = upstream.requests("submitJob").iter().any(|request| request.contains("<xmpTemplateId>t<"));
        assert_eq!(sent, status == 202, "{version}");
    }
}

#[tokio::test]
async fn archived_logs_of_a_version_without_them_are_an_error_of_the_parameter() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "2014-04-03", &[]);
    for path in ["/assets/a%7C5/job-logs?archived=true", "/jobs/j%7C110%7C%7Cold/log?archived=true"] {
        let detail = gateway.get(path).await.invalid_parameter("archived").await;
        assert!(detail.contains("2021-01-11-beta or later; 2014-04-03 is configured"), "{path}: {detail}");
    }
}

#[tokio::test]
async fn an_operation_that_the_version_lacks_is_an_error_of_the_request() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "", &[]);
    let problem = gateway.get("/assets/a%7C5/job-logs").await.problem(422, "invalid-request").await;
    let detail = "getAssetJobLogs needs API version 2008-01-15 or later; the API version without a name is configured";
    assert_eq!((&problem["detail"], &problem["errors"]), (&json!(detail), &json!([{ "detail": detail }])));
}

#[tokio::test]
async fn a_parameter_that_xml_cannot_carry_is_named_as_the_caller_wrote_it() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "2014-04-03", &[]);
    for (path, parameter) in [
        ("/jobs?companyHandle=c%EF%BF%BF", "companyHandle"),
        ("/jobs/j%7C%EF%BF%BF", "job"),
        ("/jobs/j%7C1/log?logType=A%EF%BF%BF", "logType"),
        ("/assets/a%EF%BF%BF/job-logs", "assetHandle"),
        ("/companies/x%EF%BF%BF", "company"),
    ] {
        gateway.get(path).await.invalid_parameter(parameter).await;
    }
}

#[tokio::test]
async fn a_submitted_job_waits_although_its_version_lists_no_waiting_jobs() {
    for (version, later) in [("2013-02-15", "waiting"), ("2014-04-03", "waiting"), ("2016-01-14-beta", "finalizing")] {
        let upstream = ScriptedUpstream::start().await;
        upstream.answer("submitJob", "<jobHandle>j|110|n||</jobHandle>");
        let clock = Clock::manual(START.parse().expect("a time"));
        let gateway = Gateway::start(upstream.url(), &version.parse().expect("a version"), &clock, &[]);
        let submitted = gateway.post_json("/jobs?companyHandle=c%7C110", &any_job("n")).await.expect(202).json();
        let path = format!("/jobs/{}", id(&submitted));
        let job = gateway.get(&path).await.ok();
        assert_eq!((&job["status"], &job["phase"]), (&json!("waiting"), &json!("active")), "{version}: {job:#}");
        clock.advance(chrono::TimeDelta::minutes(5));
        assert_eq!(gateway.get(&path).await.ok()["status"], later, "{version}");
    }
}

#[tokio::test]
async fn what_a_version_lacks_is_absent_from_its_jobs() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = gateway(&upstream, "", &[]);
    let active =
        crate::support::active_job("old", "<startDate>2026-03-02T06:00:00Z</startDate><progress>10</progress>");
    upstream.answer("getActiveJobs", &format!("<jobArray>{active}</jobArray>"));
    let list = gateway.get("/jobs").await.ok();
    let job = &list["jobs"][0];
    for lacked in ["triggerTime", "taskProgressArray", "locale", "description"] {
        assert_eq!(job.get(lacked), None, "{job:#}");
    }
    assert_eq!(list.get("badItems"), None, "{list:#}");

    let named = "<originalJobName>old</originalJobName>";
    let log = job_log("old", "<endDate>2026-03-02T06:10:00Z</endDate>").replace(named, "");
    upstream.answer("getJobLogs", &format!("<jobLogArray>{log}</jobLogArray>"));
    let logs = gateway.get("/job-logs").await.ok();
    let logged = &logs["logs"][0];
    assert_eq!((logged.get("originalJobName"), logged.get("jobSubType")), (None, None), "{logged:#}");
    assert_eq!(logged["id"], job["id"], "the job keeps its id without an original name in its log");
    upstream.answer("getActiveJobs", "<jobArray/>");
    upstream.answer("getJobLogDetails", &format!("<jobLogArray>{log}</jobLogArray>"));
    gateway.get(&format!("/jobs/{}", id(logged))).header("Cache-Control", "no-cache").await.expect(200);
}
