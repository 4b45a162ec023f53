//! The history and the log of a job as CSV and NDJSON.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::{LoggedJob, Quirk, Reply, ScriptedUpstream, World, date, envelope, fault, job_log};

const BEGIN: i64 = 1_741_000_000_000;

fn jobs(count: i64) -> Vec<LoggedJob> {
    (0..count).map(|number| LoggedJob::new(format!("n{number}"), BEGIN + number * 60_000)).collect()
}

/// The lines of NDJSON, and the last one.
fn lines(text: &str) -> (Vec<Value>, Value) {
    assert!(text.ends_with('\n'), "{text}");
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let last = lines.pop().expect("a last line");
    (lines, last)
}

#[tokio::test]
async fn ndjson_has_the_jobs_of_the_list_and_says_that_it_is_complete() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(jobs(3_300), Quirk::None);
    let gateway = upstream.plain_gateway();
    let page = gateway.get("/job-logs?limit=1").await.ok();
    for request in [
        gateway.get("/job-logs?format=ndjson"),
        gateway.get("/job-logs").header("Accept", "application/x-ndjson"),
        gateway.get("/job-logs?format=ndjson&sort=-startDate").header("Accept", "text/csv"),
    ] {
        let answer = request.await.expect(200);
        assert_eq!(answer.header("content-type"), "application/x-ndjson");
        assert!(
            answer.header("vary").contains("Accept")
                && answer.header("content-disposition").contains("job-logs.ndjson")
        );
        let (rows, last) = lines(&answer.text());
        assert_eq!((rows.len(), &last), (3_300, &serde_json::json!({"complete": true, "rows": 3300})));
        assert_eq!((&rows[0]["title"], &rows[3_299]["title"]), (&"n3299".into(), &"n0".into()));
        assert_eq!(rows[0], page["logs"][0], "a row is a job as in the list");
    }
    let span = format!("from={}&to={}", date(BEGIN + 60_000), date(BEGIN + 180_000));
    let answer = gateway.get(&format!("/job-logs?format=ndjson&sort=startDate&q=n&{span}")).await.expect(200);
    let (rows, _) = lines(&answer.text());
    assert_eq!(rows.iter().map(|row| row["title"].as_str().expect("a title")).collect::<Vec<_>>(), ["n1", "n2", "n3"]);
    assert_eq!(gateway.head("/job-logs?format=ndjson").await.expect(200).text(), "");
}

#[tokio::test]
async fn csv_has_a_header_line_and_one_record_a_job() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(jobs(2), Quirk::None);
    let answer = upstream.plain_gateway().get("/job-logs?format=csv").await.expect(200);
    assert!(answer.header("content-type").starts_with("text/csv"), "{answer}");
    let text = answer.text();
    let records: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(records.len(), 3, "{text}");
    assert!(records.iter().all(|record| record.len() == records[0].len()), "{text}");
    let cell = |name: &str| {
        let column = records[0].iter().position(|column| *column == name).unwrap_or_else(|| panic!("{name} in {text}"));
        records[1][column]
    };
    assert_eq!(
        ["kind", "title", "status", "outcome", "percent", "submittedBy", "startedAt", "totalFileCount", "fatalError"]
            .map(cell),
        [
            "uploadUrls",
            "n1",
            "completed",
            "succeeded",
            "100",
            "katlyn@example.com",
            "2025-03-03T11:07:40Z",
            "2",
            "false"
        ],
    );
}

#[tokio::test]
async fn parameters_of_pages_are_refused_for_rows() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    let cursor = {
        upstream.history(jobs(5), Quirk::None);
        gateway.get("/job-logs?limit=1").await.ok()["next"].as_str().expect("a cursor").to_owned()
    };
    for (query, parameter) in
        [("limit=5".to_owned(), "limit"), (format!("cursor={cursor}"), "cursor"), ("sort=jobName".to_owned(), "sort")]
    {
        for format in ["csv", "ndjson"] {
            gateway.get(&format!("/job-logs?format={format}&{query}")).await.invalid_parameter(parameter).await;
        }
    }
    gateway.get("/job-logs?format=xml").await.invalid_parameter("format").await;
    for parameter in ["page", "perPage"] {
        gateway
            .get(&format!("/jobs/j%7C110%7C%7Cx/log?format=csv&{parameter}=1"))
            .await
            .invalid_parameter(parameter)
            .await;
    }
}

#[tokio::test]
async fn rows_that_ips_does_not_return_make_the_list_incomplete() {
    // A failure of a later call.
    let upstream = ScriptedUpstream::start().await;
    let logs = Arc::new(jobs(5_000));
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    upstream.script("getJobLogs", move |request| {
        if counter.fetch_add(1, Ordering::SeqCst) < 2 {
            let rows = crate::support::answer(&logs, request, Quirk::None);
            Reply::Xml(200, envelope("getJobLogs", &rows))
        } else {
            fault("authorizationFault", 20003, "not any more", 500)
        }
    });
    let gateway = upstream.plain_gateway();
    let (rows, last) = lines(&gateway.get("/job-logs?format=ndjson").await.expect(200).text());
    assert_eq!((rows.len(), &last["complete"], &last["rows"]), (198, &false.into(), &198.into()));
    assert_eq!(last["problem"]["code"], "forbidden", "{last:#}");
    calls.store(0, Ordering::SeqCst);
    let text = gateway.get("/job-logs?format=csv").await.expect(200).text();
    assert!(text.lines().last().expect("a line").starts_with("#incomplete,"), "{text}");

    // A failure of the first one is the response.
    gateway.get("/job-logs?format=csv").await.problem(403, "forbidden").await;

    // More jobs of a second than IPS returns.
    let same = (0..1_200).map(|number| LoggedJob::new(format!("n{number}"), BEGIN)).collect();
    upstream.history(same, Quirk::None);
    let (rows, last) = lines(&gateway.get("/job-logs?format=ndjson").await.expect(200).text());
    assert_eq!((rows.len(), &last["complete"]), (1_000, &false.into()));
    assert!(last["reason"].as_str().is_some_and(|reason| reason.contains("1,000")), "{last:#}");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_calls() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(jobs(60_000), Quirk::None);
    let gateway = upstream.plain_gateway();
    let mut response = gateway.get("/job-logs?format=ndjson").open().await;
    response.chunk().await.expect("a chunk");
    drop(response);
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let calls = upstream.calls("getJobLogs");
        if calls == before {
            break;
        }
        before = calls;
    }
    assert!(before < 50, "{before} calls of 61 after the client has left");
}

#[tokio::test]
async fn viewers_see_no_actions_and_logs_of_running_jobs_are_rows_too() {
    let World { gateway, .. } = &World::seeded();
    let (rows, last) = lines(&gateway.get("/job-logs?format=ndjson").await.expect(200).text());
    assert_eq!((rows.len(), &last["complete"]), (12, &true.into()));
    assert!(rows.iter().all(|row| row["actions"].is_array()), "{rows:#?}");
}

#[tokio::test]
async fn the_log_of_a_job_has_all_its_entries_as_rows_and_a_filter_by_text() {
    let upstream = ScriptedUpstream::start().await;
    upstream.script("getJobLogDetails", |request| {
        let number = |name: &str, default: usize| {
            let text = request.split_once(&format!("{name}>")).and_then(|(_, rest)| rest.split('<').next());
            text.map_or(default, |text| text.parse().expect("a number"))
        };
        let (page, size) = (number("resultsPage", 1), number("recordsPerPage", 1000));
        let entries: Vec<_> = (0..2_500)
            .skip((page - 1) * size)
            .take(size)
            .map(|entry| {
                let kind = if entry % 100 == 0 { "UploadError" } else { "UploadSuccess" };
                format!(
                    "<items><logMessage>Entry, {entry}</logMessage><logType>{kind}</logType><assetName>shoe{entry}</assetName></items>"
                )
            })
            .collect();
        let entries = entries.concat();
        let log = job_log(
            "feed",
            &format!("<endDate>2026-03-02T06:00:00Z</endDate><detailTotalRows>2500</detailTotalRows><detailArray>{entries}</detailArray>"),
        );
        Reply::Xml(200, envelope("getJobLogDetails", &format!("<jobLogArray>{log}</jobLogArray>")))
    });
    let gateway = upstream.plain_gateway();
    let path = "/jobs/j%7C110%7C%7Cfeed_2026-03-02-06:00:00.000/log";
    let (rows, last) = lines(&gateway.get(&format!("{path}?format=ndjson")).await.expect(200).text());
    assert_eq!((rows.len(), &last["complete"], upstream.calls("getJobLogDetails")), (2_500, &true.into(), 3));
    assert_eq!((&rows[100]["level"], &rows[100]["logMessage"]), (&"error".into(), &"Entry, 100".into()));
    let (rows, _) =
        lines(&gateway.get(&format!("{path}?format=ndjson&level=error&q=ENTRY,+2400")).await.expect(200).text());
    assert_eq!((rows.len(), &rows[0]["assetName"]), (1, &"shoe2400".into()));
    let text = gateway.get(&format!("{path}?q=shoe2499")).header("Accept", "text/csv").await.expect(200).text();
    assert_eq!(
        text.lines().collect::<Vec<_>>(),
        [
            "dateCreated,level,logType,logMessage,assetName,assetType,assetHandle,auxMessages",
            ",info,UploadSuccess,\"Entry, 2499\",shoe2499,,,"
        ]
    );
    let page = gateway.get(&format!("{path}?q=shoe24&level=error&perPage=2")).await.ok();
    assert_eq!((&page["total"], &page["entries"][0]["assetName"]), (&1.into(), &"shoe2400".into()), "{page:#}");
}
