//! GET /job-logs and GET /assets/{assetHandle}/job-logs.

mod long;
mod rows;
mod statistics;

use serde_json::{Value, json};

use crate::support::{Gateway, Reply, ScriptedUpstream, World, envelope, names};

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

/// The names on all pages, in their order.
async fn names_on_all_pages(gateway: &Gateway, query: &str) -> Vec<String> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = gateway.get(&format!("/job-logs?{query}{cursor}")).await.expect(200);
        let list = answer.json();
        all.extend(names(&list));
        assert!(list["truncated"].is_null(), "{answer}");
        let Some(next) = list["next"].as_str() else { return all };
        assert!(answer.header("link").contains(next), "{answer}");
        cursor = format!("&cursor={next}");
        assert!(all.len() < 5_000, "it ends");
    }
}

#[tokio::test]
async fn the_history_goes_on_with_a_cursor() {
    let World { gateway, .. } = &World::seeded();
    for query in ["sort=-startDate", "sort=startDate", "submittedBy=agency@example.com", "to=2026-03-02T11:59:00Z"] {
        let whole = names(&gateway.get(&format!("/job-logs?{query}&limit=1000")).await.ok());
        for limit in [1, 3, 5] {
            assert_eq!(names_on_all_pages(gateway, &format!("{query}&limit={limit}")).await, whole, "{query} {limit}");
        }
    }
    let first = gateway.get("/job-logs?limit=1").await.ok();
    let cursor = first["next"].as_str().expect("a cursor");
    for other in ["startDate", "jobName"] {
        gateway.get(&format!("/job-logs?sort={other}&cursor={cursor}")).await.invalid_parameter("cursor").await;
    }
    gateway.get("/job-logs?cursor=x").await.invalid_parameter("cursor").await;
}

#[tokio::test]
async fn a_history_that_ips_cut_off_goes_on_or_says_so() {
    let upstream = ScriptedUpstream::start().await;
    let log = |number: usize, start: &str| {
        format!(
            "<items><companyHandle>c|110</companyHandle><jobHandle>j|110||n{number}_x</jobHandle><jobName>n{number}_x</jobName>\
             <originalJobName>n{number}</originalJobName><startDate>{start}</startDate><endDate>{start}</endDate></items>"
        )
    };
    let rows = |numbers: std::ops::Range<usize>, start: fn(usize) -> String| -> String {
        let logs: String = numbers.map(|number| log(number, &start(number))).collect();
        format!("<jobLogArray>{logs}</jobLogArray>")
    };
    let minutes: fn(usize) -> String =
        |number| format!("2026-02-{:02}T{:02}:{:02}:00Z", 28 - number / 1440, 23 - number / 60 % 24, 59 - number % 60);
    let first = rows(0..1000, minutes);
    let last = rows(999..1020, minutes);
    upstream.script("getJobLogs", move |request| {
        let answer = if request.contains("endDate") { &last } else { &first };
        Reply::Xml(200, envelope("getJobLogs", answer))
    });
    let gateway = upstream.plain_gateway();
    let all = names_on_all_pages(&gateway, "limit=1000&companyHandle=c%7C110").await;
    assert_eq!(all, (0..1020).map(|number| format!("n{number}")).collect::<Vec<_>>());
    let by_name = gateway.get("/job-logs?limit=1000&sort=jobName").await.ok();
    assert_eq!((&by_name["truncated"], &by_name["next"]), (&json!(true), &Value::Null), "IPS goes on by start only");
    let page = gateway.get("/jobs?phase=completed&limit=5").await.expect(200);
    assert!(page.json()["next"].is_string() && page.json()["truncated"].is_null(), "{page}");
    let page = gateway.get("/jobs?phase=completed&sort=title&limit=1000").await.expect(200);
    assert_eq!(page.json()["truncated"], true, "{page}");

    // More jobs with one start than a call returns.
    let same = rows(0..1000, |_| "2026-02-01T00:00:00Z".into());
    upstream.answer("getJobLogs", &same);
    let gateway = upstream.plain_gateway();
    let stuck = gateway.get("/job-logs?limit=1000").await.ok();
    assert_eq!((&stuck["truncated"], &stuck["next"]), (&json!(true), &Value::Null));

    upstream.answer("getJobLogs", &rows(0..999, minutes));
    let gateway = upstream.plain_gateway();
    for path in ["/job-logs?limit=1000", "/jobs?phase=completed"] {
        let whole = gateway.get(path).await.expect(200);
        assert_eq!((&whole.json()["truncated"], &whole.json()["next"]), (&Value::Null, &Value::Null), "{path}");
    }
}
