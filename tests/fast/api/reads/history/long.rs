//! A history of more logs than IPS returns at once: GET /job-logs and GET /jobs?phase=completed.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use serde_json::{Value, json};

use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::OTHER_COMPANY;

use crate::support::{Gateway, LoggedJob, Quirk, ScriptedUpstream, World, date, names};

/// A year before the time of the tests, in milliseconds since 1970.
const BEGIN: i64 = 1_741_000_000_000;
const HOUR: i64 = 3_600_000;

/// The pages of a list, and the calls of getJobLogs for each.
async fn pages(upstream: &ScriptedUpstream, gateway: &Gateway, path: &str) -> Vec<(Value, usize)> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let before = upstream.calls("getJobLogs");
        let page = gateway.get(&format!("{path}{cursor}")).await.ok();
        let next = page["next"].as_str().map(str::to_owned);
        pages.push((page, upstream.calls("getJobLogs") - before));
        assert!(pages.len() < 1_000, "it ends");
        let Some(next) = next else { return pages };
        cursor = format!("&cursor={next}");
    }
}

fn names_of(pages: &[(Value, usize)]) -> Vec<String> {
    pages.iter().flat_map(|(page, _)| names(page)).collect()
}

/// 2,600 jobs over a year, some of which start in the same second or the same millisecond.
fn year() -> Vec<LoggedJob> {
    let start = |number: i64| match number {
        600..700 => BEGIN + 600 * 3 * HOUR,
        900..1400 => BEGIN + 900 * 3 * HOUR + number % 900,
        _ => BEGIN + number * 3 * HOUR,
    };
    (0..2_600).map(|number| LoggedJob::new(format!("n{number}"), start(number))).collect()
}

#[tokio::test]
async fn every_job_of_a_year_is_on_one_page_in_both_orders_and_with_any_limit() {
    for quirk in [Quirk::None, Quirk::WholeSeconds] {
        let upstream = ScriptedUpstream::start().await;
        upstream.history(year(), quirk);
        let gateway = upstream.plain_gateway();
        for path in
            ["/job-logs?limit=1000", "/job-logs?limit=170", "/jobs?phase=completed&limit=300", "/jobs?phase=completed"]
        {
            for sort in ["", "&sort=startDate", "&sort=-startDate"] {
                let pages = pages(&upstream, &gateway, &format!("{path}{sort}")).await;
                let names = names_of(&pages);
                assert_eq!(names.len(), 2_600, "{path}{sort} {quirk:?}");
                assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 2_600, "{path}{sort} {quirk:?}");
                assert!(pages.iter().all(|(page, calls)| *calls <= 8 && page["truncated"].is_null()), "{path}{sort}");
                let first = if sort == "&sort=startDate" { "n0" } else { "n2599" };
                assert_eq!(names[0], first, "{path}{sort}");
                let starts: Vec<i64> = pages
                    .iter()
                    .flat_map(|(page, _)| page["logs"].as_array().or(page["jobs"].as_array()).expect("a list"))
                    .map(|job| {
                        DateTime::parse_from_rfc3339(job["startedAt"].as_str().expect("a start")).expect("a date")
                    })
                    .map(|start| start.timestamp_millis())
                    .collect();
                let is_sorted =
                    if sort == "&sort=startDate" { starts.is_sorted() } else { starts.iter().rev().is_sorted() };
                assert!(is_sorted, "{path}{sort} {quirk:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_ips_that_does_not_sort_is_read_by_windows_of_dates() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(year(), Quirk::IgnoresSort);
    let gateway = upstream.plain_gateway();
    for path in ["/job-logs?limit=1000", "/job-logs?limit=400&sort=startDate", "/jobs?phase=completed&sort=startDate"] {
        let pages = pages(&upstream, &gateway, path).await;
        let names = names_of(&pages);
        assert_eq!((names.len(), names.iter().collect::<BTreeSet<_>>().len()), (2_600, 2_600), "{path}");
        assert!(pages.iter().all(|(page, calls)| *calls <= 9 && page["truncated"].is_null()), "{path}");
    }
}

#[tokio::test]
async fn more_than_a_thousand_jobs_of_one_second_are_truncated_and_the_older_ones_follow() {
    let upstream = ScriptedUpstream::start().await;
    let mut jobs: Vec<_> = (0..1_100).map(|number| LoggedJob::new(format!("same{number}"), BEGIN + HOUR)).collect();
    jobs.extend((0..20).map(|number| LoggedJob::new(format!("old{number}"), BEGIN + number * 1000)));
    jobs.extend((0..20).map(|number| LoggedJob::new(format!("new{number}"), BEGIN + 2 * HOUR + number * 1000)));
    upstream.history(jobs, Quirk::None);
    let gateway = upstream.plain_gateway();
    for path in ["/job-logs?limit=700", "/job-logs?limit=1000&sort=startDate", "/jobs?phase=completed&limit=600"] {
        let pages = pages(&upstream, &gateway, path).await;
        let names = names_of(&pages);
        let count = |prefix: &str| names.iter().filter(|name| name.starts_with(prefix)).collect::<BTreeSet<_>>().len();
        assert_eq!((count("new"), count("same"), count("old")), (20, 1_000, 20), "{path}");
        assert!(pages.iter().any(|(page, _)| page["truncated"] == true), "{path}: it says so");
    }
}

#[tokio::test]
async fn filters_are_applied_over_any_span() {
    let upstream = ScriptedUpstream::start().await;
    let jobs = year().into_iter().enumerate().map(|(number, job)| match number {
        10 => LoggedJob { email: "heron@example.com", ..job },
        20 => LoggedJob { log_type: "BeginExport", ..job },
        30 => LoggedJob { errors: 2, ..job },
        _ => job,
    });
    upstream.history(jobs.collect(), Quirk::None);
    let gateway = upstream.plain_gateway();
    for (filter, expected) in [
        ("submittedBy=HERON@example.com", "n10"),
        ("kind=EXPORT", "n20"),
        ("outcome=failed", "n30"),
        ("q=n1234", "n1234"),
        ("q=N1234&kind=uploadUrls&outcome=succeeded&submittedBy=katlyn@example.com", "n1234"),
    ] {
        for path in ["/job-logs?", "/jobs?phase=completed&limit=5&"] {
            let pages = pages(&upstream, &gateway, &format!("{path}{filter}")).await;
            assert_eq!(names_of(&pages), [expected], "{path}{filter}");
            assert_eq!(pages.len(), 1, "{path}{filter}: 2,600 jobs are within the calls of one page");
        }
    }
    let span = format!("from={}&to={}", date(BEGIN + 30 * HOUR), date(BEGIN + 39 * HOUR));
    for path in ["/job-logs?", "/jobs?phase=completed&", "/jobs?phase=completed&limit=3&"] {
        let pages = pages(&upstream, &gateway, &format!("{path}{span}")).await;
        assert_eq!(names_of(&pages), ["n13", "n12", "n11", "n10"], "{path}");
    }
    let recent = format!("from={}", date(BEGIN + 2_590 * 3 * HOUR));
    let page = gateway.get(&format!("/jobs?phase=completed&{recent}")).await.ok();
    assert_eq!((names(&page).len(), &page["next"], &page["truncated"]), (10, &Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_filter_that_hardly_matches_takes_eight_calls_a_page_and_goes_on() {
    let upstream = ScriptedUpstream::start().await;
    let jobs = (0..20_000).map(|number| LoggedJob::new(format!("n{number}"), BEGIN + number * 60_000));
    upstream.history(jobs.collect(), Quirk::None);
    let gateway = upstream.plain_gateway();
    for path in ["/job-logs?q=n17", "/jobs?phase=completed&limit=100&q=n19999", "/jobs?phase=completed&limit=100&q=n3"]
    {
        let pages = pages(&upstream, &gateway, path).await;
        assert!(pages.len() > 2 && pages.iter().all(|(_, calls)| *calls <= 9), "{path}");
    }
    let expected = (0..20_000).filter(|number: &i32| format!("n{number}").contains("n42")).count();
    assert_eq!(names_of(&pages(&upstream, &gateway, "/job-logs?q=n42").await).len(), expected);
}

#[tokio::test]
async fn the_handle_of_a_user_is_a_filter_of_ips() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(year(), Quirk::None);
    let gateway = upstream.plain_gateway();
    for path in ["/job-logs?userHandle=u%7C28&limit=20", "/jobs?phase=completed&userHandle=u%7C28&limit=20"] {
        let page = gateway.get(path).await.ok();
        assert_eq!((names(&page).len(), page["next"].is_string()), (20, true), "{path}");
        let requests = upstream.requests("getJobLogs");
        let request = requests.last().expect("a call");
        assert!(request.contains("userHandle>u|28<"), "{request}");
    }
    for query in ["userHandle=u", "phase=active,completed&userHandle=u", "phase=completed&sort=title&userHandle=u"] {
        gateway.get(&format!("/jobs?{query}")).await.invalid_parameter("userHandle").await;
    }
    let long = "u".repeat(300);
    for path in ["/jobs?phase=completed&", "/job-logs?", "/job-logs?format=csv&", "/job-stats?"] {
        gateway.get(&format!("{path}userHandle={long}")).await.invalid_parameter("userHandle").await;
    }
}

#[tokio::test]
async fn active_jobs_keep_their_place_among_older_completed_ones() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(year(), Quirk::None);
    let long = format!("<startDate>{}</startDate>", date(BEGIN + 3 * HOUR + 1));
    upstream.answer(
        "getActiveJobs",
        &format!(
            "<jobArray><items><companyHandle>c|110</companyHandle><jobHandle>j|110||long_x|1</jobHandle><name>long_x</name>\
             <originalName>long</originalName><state>Running</state>{long}</items></jobArray>"
        ),
    );
    let gateway = upstream.plain_gateway();
    let pages = pages(&upstream, &gateway, "/jobs?phase=active,completed&limit=500").await;
    let names = names_of(&pages);
    assert_eq!(names.len(), 2_601);
    assert_eq!(names[2_597..], ["n2", "long", "n1", "n0"]);
}

#[tokio::test]
async fn a_cursor_of_a_stranger_is_refused_or_harmless() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(year(), Quirk::None);
    let gateway = upstream.plain_gateway();
    let encoded = |cursor: &Value| URL_SAFE_NO_PAD.encode(cursor.to_string());
    for cursor in [
        json!({"d": true, "s": i64::MAX}),
        json!({"d": false, "s": i64::MIN}),
        json!({"d": true, "s": 0, "w": 0}),
        json!({"d": true, "s": 0, "w": i64::MAX}),
        json!({"d": true, "w": 5}),
        json!({"d": true, "s": 0, "n": 1001}),
        json!({"d": true, "s": 0, "x": 1}),
        json!({"d": true, "s": 0.5}),
        json!({"d": true, "s": 0, "j": {"i": "x".repeat(5_000)}}),
        json!(null),
    ] {
        gateway.get(&format!("/job-logs?cursor={}", encoded(&cursor))).await.invalid_parameter("cursor").await;
    }
    assert_eq!(upstream.calls("getJobLogs"), 0);
    for cursor in [
        json!({"d": true, "s": -4_000_000_000_i64}),
        json!({"d": true, "s": 60_000_000_000_i64}),
        json!({"d": true, "s": -BEGIN / 1000, "j": {"t": i64::MIN, "i": "\u{10ffff}"}}),
        json!({"d": true, "s": -BEGIN / 1000, "j": {"i": ""}, "w": 1}),
    ] {
        let page = gateway.get(&format!("/job-logs?cursor={}", encoded(&cursor))).await.ok();
        assert!(page["logs"].is_array(), "{cursor}");
    }
    for cursor in [
        json!({"s": "-startDate", "k": i64::MIN, "i": ""}),
        json!({"s": "-startDate", "k": i64::MAX, "i": "", "w": 1}),
        json!({"s": "-startDate", "k": 0, "i": "x"}),
        json!({"s": "-startDate", "k": "text", "i": "x"}),
    ] {
        let page = gateway.get(&format!("/jobs?phase=completed&cursor={}", encoded(&cursor))).await.ok();
        assert!(page["jobs"].is_array(), "{cursor}");
    }
    for cursor in [
        json!({"s": "-startDate", "k": 0, "i": "", "w": -1}),
        json!({"s": "-startDate", "k": 0, "i": "x".repeat(8_000)}),
    ] {
        let path = format!("/jobs?phase=completed&cursor={}", encoded(&cursor));
        if path.len() < 8_000 {
            gateway.get(&path).await.invalid_parameter("cursor").await;
        }
    }
}

#[tokio::test]
async fn the_demo_has_a_history_of_more_logs_than_ips_returns_at_once() {
    let World { gateway, sandbox, .. } = World::with(Population::SeededWithHistory, &[]);
    let gateway = gateway.as_user(&OTHER_COMPANY);
    let (mut jobs, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = gateway.get(&format!("/jobs?phase=completed&limit=400{cursor}")).await.ok();
        jobs.extend(names(&page));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(jobs.len() > 1_500, "{}", jobs.len());
    let answer = gateway.get("/job-logs?format=ndjson").await.expect(200);
    assert!(answer.text().lines().count() > jobs.len(), "with the logs of running jobs");
    assert!(sandbox.calls("getJobLogs") < 20);
}
