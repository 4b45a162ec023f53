//! POST /jobs/{job}/retry: a new job for the failed items.

use serde_json::{Value, json};

use super::{MIXED, completed, export};
use crate::support::{ScriptedUpstream, World, any_job, id, upload};

fn urls(request: &Value) -> Vec<&str> {
    let uploads = request["uploadUrlsJob"]["urlArray"].as_array().unwrap_or_else(|| panic!("no URLs: {request:#}"));
    uploads.iter().map(|upload| upload["sourceUrl"].as_str().expect("a URL")).collect()
}

#[tokio::test]
async fn the_failed_urls_of_an_upload_are_submitted_again() {
    let world = World::empty();
    let body = upload("feed", &MIXED);
    let job = completed(&world, &body).await;
    let before = world.changes();
    let shown = world.gateway.post_json(&format!("/jobs/{job}/retry?dryRun=true"), &body).await.expect(200).json();
    assert_eq!(urls(&shown["request"]), [MIXED[2]], "{shown:#}");
    assert_eq!((&shown["items"], &shown["unmapped"], shown.get("job")), (&json!([MIXED[2]]), &json!([]), None));
    assert_eq!(shown["request"]["uploadUrlsJob"]["overwrite"], true, "the options are kept: {shown:#}");
    assert_eq!(world.changes(), before, "nothing is sent");

    let answer = world.gateway.post_json(&format!("/jobs/{job}/retry"), &body).await.expect(200);
    let retried = answer.json();
    let new = id(&retried["job"]);
    assert_ne!(new, job);
    assert!(answer.header("location").ends_with(&format!("jobs/{new}")), "{answer}");
    assert_eq!((&retried["job"]["title"], &retried["job"]["kind"]), (&json!("feed"), &json!("uploadUrls")), "{answer}");
    assert_eq!((&retried["items"], retried.get("request")), (&shown["items"], None), "{answer}");
    assert_eq!(world.finish(&new).await["totalFileCount"], 1);
}

#[tokio::test]
async fn a_retry_with_an_idempotency_key_is_submitted_once() {
    let world = World::empty();
    let body = upload("feed", &MIXED);
    let job = completed(&world, &body).await;
    let submits = || world.sandbox.calls("submitJob");
    let before = submits();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = world.gateway.post_json(&format!("/jobs/{job}/retry"), &body);
        let answer = request.header("Idempotency-Key", "\"retry-1\"").await.expect(200);
        assert_eq!(answer.header("idempotency-status"), "kept");
        ids.push(id(&answer.json()["job"]));
        world.advance(5_000);
    }
    assert_eq!((submits() - before, &ids[0]), (1, &ids[1]));
}

#[tokio::test]
async fn a_retry_needs_a_completed_job_of_a_kind_with_items_of_which_some_failed() {
    let world = World::empty();
    let body = upload("feed", &MIXED);
    let running = id(&world.gateway.submit(&body).await);
    let retry = |job: &str, body: &Value| world.gateway.post_json(&format!("/jobs/{job}/retry"), body);
    let problem = retry(&running, &body).await.problem(409, "job-not-completed").await;
    assert_eq!((&problem["retryable"], &problem["outcome"]), (&json!(true), &json!("not_sent")), "{problem:#}");
    let optimized = completed(&world, &any_job("nightly")).await;
    let problem = retry(&optimized, &any_job("nightly")).await.problem(422, "retry-not-possible").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("optimizeImages")), "{problem:#}");
    let good = upload("good", &MIXED[..1]);
    let succeeded = completed(&world, &good).await;
    let problem = retry(&succeeded, &good).await.problem(422, "retry-not-possible").await;
    assert_eq!(problem["detail"], "no item of the job failed");
    let failed = completed(&world, &body).await;
    let problem = retry(&failed, &good).await.problem(422, "retry-not-possible").await;
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("no URL of the body")), "{problem:#}");
}

#[tokio::test]
async fn the_body_has_to_have_the_options_of_the_job() {
    let world = World::empty();
    let body = upload("feed", &MIXED);
    let job = completed(&world, &body).await;
    let path = format!("/jobs/{job}/retry");
    world.gateway.post_json(&path, &json!({})).await.invalid_body("").await;
    world.gateway.post_json(&path, &export(&["a|11000"])).await.problem(422, "invalid-request").await;
    for (member, value, pointer) in [
        ("exportJob", json!({}), "/exportJob"),
        ("companyHandle", json!("c|47"), "/companyHandle"),
        ("execSchedule", json!("0 30 2 * * ?"), "/execSchedule"),
        ("uploadUrlsJob", json!({"overwrite": true}), "/uploadUrlsJob/urlArray"),
        ("jobNam", json!("x"), "/jobNam"),
    ] {
        let mut body = body.clone();
        body[member] = value;
        world.gateway.post_json(&path, &body).await.invalid_body(pointer).await;
    }
    let mut invalid = body.clone();
    invalid["jobName"] = json!("");
    invalid["uploadUrlsJob"]["overwrite"] = json!("yes");
    let problem = world.gateway.post_json(&path, &invalid).await.problem(422, "invalid-request").await;
    let pointers: Vec<_> = problem["errors"].as_array().into_iter().flatten().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/uploadUrlsJob/overwrite", "/jobName"], "all at once: {problem:#}");
    // A name and the URLs that did not fail may be missing.
    let mut body = upload("feed", &MIXED[2..3]);
    body.as_object_mut().expect("an object").remove("jobName");
    let shown = world.gateway.post_json(&format!("{path}?dryRun=true"), &body).await.expect(200).json();
    assert_eq!(shown["request"]["jobName"], "feed", "{shown:#}");
}

#[tokio::test]
async fn assets_are_retried_by_their_handles_and_those_without_one_are_named() {
    let upstream = ScriptedUpstream::start().await;
    for operation in ["getActiveJobs", "getScheduledJobs"] {
        upstream.answer(operation, "<jobArray></jobArray>");
    }
    upstream.answer("submitJob", "<jobHandle>j|110|x||</jobHandle>");
    let entry = |log_type: &str, name: &str, handle: &str| {
        format!(
            "<items><logMessage>m</logMessage><logType>{log_type}</logType><assetName>{name}</assetName>{handle}</items>"
        )
    };
    let entries = [
        entry("ExportError", "boot", "<assetHandle>a|1</assetHandle>"),
        entry("ExportSuccess", "tent", "<assetHandle>a|2</assetHandle>"),
        entry("ExportError", "late", "<assetHandle>a|3</assetHandle>"),
        entry("ExportError", "nameless", ""),
        entry("ExportError", "a|9", ""),
        // It succeeded in the end.
        entry("ExportSuccess", "late", "<assetHandle>a|3</assetHandle>"),
        entry("FileCancel", "unhandled", "<assetHandle>a|4</assetHandle>"),
    ];
    let log = format!(
        "<jobLogArray><items><companyHandle>c|110</companyHandle><jobHandle>j|110||run</jobHandle><jobName>run</jobName>\
         <originalJobName>kit</originalJobName><logType>BeginExport</logType><endDate>2026-03-02T04:00:00-08:00</endDate>\
         <fatalError>false</fatalError><detailArray>{}</detailArray></items></jobLogArray>",
        entries.concat()
    );
    upstream.answer("getJobLogDetails", &log);
    let gateway = upstream.plain_gateway();
    let path = "/jobs/j%7C110%7C%7Crun/retry?companyHandle=c%7C110";
    let body = export(&["a|1", "a|2", "a|3", "a|9"]);
    let shown = gateway.post_json(&format!("{path}&dryRun=true"), &body).await.expect(200).json();
    assert_eq!(shown["request"]["exportJob"]["assetHandleArray"], json!(["a|1", "a|9", "a|4"]), "{shown:#}");
    assert_eq!(shown["unmapped"], json!([{"assetName": "nameless", "detail": "the log has no handle of this asset"}]));
    // The handles need not be given, but the other options must be.
    let bare = json!({"exportJob": {"fmt": "orig", "emailSetting": "None"}});
    let retried = gateway.post_json(path, &bare).await.expect(200).json();
    assert_eq!((&retried["items"], &retried["job"]["title"]), (&json!(["a|1", "a|4"]), &json!("kit")), "{retried:#}");
    assert!(upstream.requests("submitJob")[0].contains("<items>a|1</items><items>a|4</items>"));
    gateway.post_json(path, &json!({"exportJob": {"emailSetting": "None"}})).await.invalid_body("/exportJob").await;
}
