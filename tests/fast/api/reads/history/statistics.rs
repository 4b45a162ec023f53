//! GET /job-stats: statistics of the history.

use chrono::{DateTime, TimeDelta};
use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};

use crate::support::{LoggedJob, Quirk, START, ScriptedUpstream, World, date, fault};

/// The time of the tests in milliseconds since 1970.
fn now() -> i64 {
    DateTime::parse_from_rfc3339(START).expect("a time").timestamp_millis()
}

/// 100 uploads by Katlyn that ran for 1 to 100 seconds, 40 of which failed; 10 exports by heron; and one upload 40 days ago.
fn jobs() -> Vec<LoggedJob> {
    let uploads = (0..100_u8).map(|number| LoggedJob {
        duration: i64::from(number) + 1,
        errors: if number < 40 { 2 } else { 0 },
        ..LoggedJob::new(format!("upload{number}"), now() - i64::from(number) * 60_000 - 120_000)
    });
    let exports = (0..10).map(|number| LoggedJob {
        log_type: "BeginExport",
        email: "heron@example.com",
        errors: 1,
        ..LoggedJob::new(format!("export{number}"), now() - 3_600_000 * number - 120_000)
    });
    uploads.chain(exports).chain([LoggedJob::new("old", now() - 40 * 86_400_000)]).collect()
}

#[tokio::test]
async fn statistics_count_outcomes_and_durations_by_kind_and_submitter() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(jobs(), Quirk::None);
    let gateway = upstream.plain_gateway();
    let answer = gateway.get("/job-stats").await.expect(200);
    let stats = answer.json();
    assert_eq!((&stats["jobs"], &stats["complete"], &stats["countedFrom"]), (&110.into(), &true.into(), &Value::Null));
    assert_eq!(
        stats["groups"],
        json!([
            {
                "kind": "uploadUrls", "submittedBy": "katlyn@example.com", "jobs": 100,
                "outcomes": {"succeeded": 60, "succeededWithWarnings": 0, "failed": 40, "stopped": 0, "unknown": 0},
                "duration": {"median": 50.0, "p95": 95.0}
            },
            {
                "kind": "export", "submittedBy": "heron@example.com", "jobs": 10,
                "outcomes": {"succeeded": 0, "succeededWithWarnings": 10, "failed": 0, "stopped": 0, "unknown": 0},
                "duration": {"median": 60.0, "p95": 60.0}
            }
        ]),
        "{stats:#}"
    );
    assert_eq!((answer.header("cache-control"), answer.header("age")), ("private, max-age=300", "0"));
    let running = LoggedJob { is_running: true, ..LoggedJob::new("running", now() - 30_000) };
    upstream.history(jobs().into_iter().chain([running]).collect(), Quirk::None);
    let fresh = gateway.get("/job-stats").header("Cache-Control", "max-age=0").await.ok();
    assert_eq!(fresh["jobs"], 110, "one that runs has no outcome yet: {fresh:#}");
    let from = date(now() - 50 * 86_400_000);
    assert_eq!(gateway.get(&format!("/job-stats?from={from}")).await.ok()["jobs"], 111);
    let to = date(now() - 39 * 86_400_000);
    assert_eq!(gateway.get(&format!("/job-stats?to={to}")).await.ok()["jobs"], 1);
}

#[tokio::test]
async fn statistics_are_cached_and_shared_but_not_among_callers() {
    let upstream = ScriptedUpstream::start().await;
    upstream.history(jobs(), Quirk::None);
    let clock = Clock::manual(START.parse().expect("a time"));
    let gateway = upstream.gateway(&clock, &[]);
    gateway.get("/companies").await.expect(200);
    let all = (0..10).map(|_| gateway.get("/job-stats").into_future());
    for answer in futures_util::future::join_all(all).await {
        answer.expect(200);
    }
    assert_eq!(upstream.calls("getJobLogs"), 1);
    clock.advance(TimeDelta::minutes(2));
    let answer = gateway.get("/job-stats").await.expect(200);
    assert_eq!((answer.header("age"), upstream.calls("getJobLogs")), ("120", 1), "{answer}");
    gateway.get("/job-stats").header("If-None-Match", answer.header("etag")).await.expect(304);
    gateway.get("/job-stats").header("Cache-Control", "no-cache").await.expect(200);
    gateway.get("/job-stats").header("Cache-Control", "no-cache").await.expect(200);
    assert_eq!(upstream.calls("getJobLogs"), 2, "at most every 10 seconds");
    gateway.with_password("heron@example.com", "x").get("/job-stats").await.expect(200);
    assert_eq!(upstream.calls("getJobLogs"), 3);
    clock.advance(TimeDelta::minutes(6));
    gateway.get("/job-stats").await.expect(200);
    assert_eq!(upstream.calls("getJobLogs"), 4);
}

#[tokio::test]
async fn statistics_of_more_logs_than_are_read_say_so() {
    let upstream = ScriptedUpstream::start().await;
    let jobs = (0..21_000).map(|number| LoggedJob::new(format!("n{number}"), now() - 120_000 - number * 60_000));
    upstream.history(jobs.collect(), Quirk::None);
    let stats = upstream.plain_gateway().get("/job-stats").await.ok();
    assert_eq!((&stats["complete"], &stats["jobs"]), (&false.into(), &19_980.into()), "{stats:#}");
    assert_eq!(stats["countedFrom"], "2026-02-16T14:59:00Z");
    assert_eq!(upstream.calls("getJobLogs"), 20);
}

#[tokio::test]
async fn spans_beyond_the_limit_and_refusals_are_problems() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    let far = date(now() - 401 * 86_400_000);
    gateway.get(&format!("/job-stats?from={far}")).await.invalid_parameter("from").await;
    gateway
        .get(&format!("/job-stats?from={}&to={}", date(now()), date(now() - 1000)))
        .await
        .invalid_parameter("to")
        .await;
    gateway.get("/job-stats?from=yesterday").await.invalid_parameter("from").await;
    gateway.get("/job-stats").header("Cache-Control", "only-if-cached").await.problem(504, "not-cached").await;
    assert_eq!(upstream.calls("getJobLogs"), 0);
    upstream.reply("getJobLogs", fault("authorizationFault", 20003, "no", 500));
    gateway.get("/job-stats").await.problem(403, "forbidden").await;
    upstream.history(jobs(), Quirk::None);
    gateway.get("/job-stats").await.expect(200);
}

#[tokio::test]
async fn the_sandbox_has_statistics() {
    let stats = World::seeded().gateway.get("/job-stats").await.ok();
    assert_eq!(stats["jobs"], 8, "four more run: {stats:#}");
}
