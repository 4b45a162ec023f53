//! GET /job-logs and GET /assets/{assetHandle}/job-logs.

use serde_json::{Value, json};

use crate::support::{World, names};

#[tokio::test]
async fn the_history_lists_jobs_with_a_log_newest_first() {
    let World { gateway, .. } = &World::seeded();
    let answer = gateway.get("/job-logs").await.expect(200);
    let list = answer.json();
    let running = ["drag-and-drop", "campaign-videos", "3e41464dce942449a9e5b", "Spring catalogue"];
    let completed = [
        "Partner feed",
        "Optimise all",
        "Spring catalogue",
        "Import boots",
        "Rip guides",
        "Export for print",
        "Build sets",
        "Video sitemap",
    ];
    assert_eq!(names(&list), [&running[..], &completed[..]].concat());
    for (index, log) in list["logs"].as_array().expect("logs").iter().enumerate() {
        let status = if index < running.len() { "finalizing" } else { "completed" };
        assert_eq!((&log["phase"], &log["status"]), (&json!("completed"), &json!(status)), "{log:#}");
        assert_eq!(log["endDate"].is_string(), status == "completed", "{log:#}");
        assert!(log["outcome"].is_string() && log["id"].is_string() && log["fileSuccessCount"].is_i64(), "{log:#}");
    }
    assert!(answer.header("etag").starts_with("W/\""), "{answer}");
}

#[tokio::test]
async fn the_history_is_filtered_by_time_submitter_and_limit() {
    let World { gateway, .. } = &World::seeded();
    for (query, expected) in [
        ("from=2026-03-02T11:00:00Z&to=2026-03-02T11:59:00Z", vec!["Partner feed", "Optimise all"]),
        ("from=2026-03-02T12:00:00%2B01:00&to=2026-03-02T12:59:00%2B01:00", vec!["Partner feed", "Optimise all"]),
        ("from=2026-03-02T12:00:00+01:00&to=2026-03-02T12:59:00+01:00", vec!["Partner feed", "Optimise all"]),
        ("to=2026-02-27T00:00:00Z", vec!["Video sitemap"]),
        ("from=2026-03-02T00:00:00Z&to=2026-03-02T08:00:00Z", vec!["Import boots", "Rip guides"]),
        ("limit=2", vec!["drag-and-drop", "campaign-videos"]),
        ("submittedBy=AGENCY@example.com", vec!["Spring catalogue", "Spring catalogue", "Rip guides", "Video sitemap"]),
        ("submittedBy=agency@example.com&limit=1", vec!["Spring catalogue"]),
        ("submittedBy=nobody@example.com", vec![]),
        ("sort=startDate&limit=1", vec!["Video sitemap"]),
        ("sort=jobName&limit=2", vec!["3e41464dce942449a9e5b", "Build sets"]),
        ("sort=-jobName&limit=1", vec!["drag-and-drop"]),
    ] {
        let list = gateway.get(&format!("/job-logs?{query}")).await.ok();
        assert_eq!(names(&list), expected, "{query}");
    }
}

#[tokio::test]
async fn every_documented_sort_order_of_the_history_is_accepted() {
    let World { gateway, .. } = &World::seeded();
    for sort in [
        "startDate",
        "jobName",
        "logType",
        "companyName",
        "userId",
        "email",
        "fileErrorCount",
        "fileWarningCount",
        "fileSuccessCount",
    ] {
        for sort in [sort.to_owned(), format!("-{sort}")] {
            let list = gateway.get(&format!("/job-logs?sort={sort}")).await.ok();
            assert_eq!(names(&list).len(), 12, "{sort}");
        }
    }
}

#[tokio::test]
async fn invalid_parameters_of_the_history_are_refused_by_name() {
    let world = World::seeded();
    for (query, parameter) in [
        ("from=yesterday", "from"),
        ("from=2026-03-02T12:00:00", "from"),
        ("to=2026-13-02T12:00:00Z", "to"),
        ("from=2026-03-02T12:00:00Z&to=2026-03-01T12:00:00Z", "to"),
        ("sort=colour", "sort"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("page=2", "page"),
    ] {
        world.gateway.get(&format!("/job-logs?{query}")).await.invalid_parameter(parameter).await;
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn the_history_of_an_asset_lists_its_jobs() {
    let World { gateway, sandbox, .. } = &World::seeded();
    let list = gateway.get("/assets/a%7C11004/job-logs").await.ok();
    let logs = list["logs"].as_array().expect("logs");
    let exports: Vec<&Value> = logs
        .iter()
        .filter(|log| log["jobName"].as_str().is_some_and(|name| name.starts_with("Export for print")))
        .collect();
    assert_eq!(exports.len(), 1, "{list:#}");
    assert!(exports[0]["logMessage"].is_string() && exports[0]["logDate"].is_string(), "{list:#}");
    assert_eq!(sandbox.calls("getAssetArchivedJobLogs"), 0);

    let archived = gateway.get("/assets/a%7C11004/job-logs?archived=true").await.ok();
    let archived = archived["logs"].as_array().expect("logs");
    assert!(
        archived.iter().any(|log| log["jobName"].as_str().is_some_and(|name| name.starts_with("Last season"))),
        "{archived:#?}"
    );
    assert!(archived.iter().all(|log| !logs.contains(log)), "the archive is apart");

    assert_eq!(gateway.get("/assets/a%7C999/job-logs").await.ok(), json!({ "logs": [] }));
    gateway.get("/assets/a%7C11004/job-logs?archived=perhaps").await.invalid_parameter("archived").await;
    gateway.get("/assets/a%7C11004/job-logs?page=1").await.invalid_parameter("page").await;
}
