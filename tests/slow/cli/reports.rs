//! `jobs retry`, `job-stats` and `publish-queue`, and what `jobs wait` says about a schedule.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::scripted_gateway::ScriptedGateway;
use super::{Client, Ended};
use crate::support::{World, id, upload};

fn client(world: &World) -> Client {
    Client::new(format!("http://{}", world.gateway.address()))
}

fn json_of(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// A file with this JSON.
fn file(name: &str, content: &Value) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content.to_string()).expect("a file");
    path.to_str().expect("a path in UTF-8").to_owned()
}

const FAILING: &str = "https://gone.invalid/rain_jacket_red.tif";

#[tokio::test(flavor = "multi_thread")]
async fn retry_submits_the_failed_items_once_and_dry_run_only_shows_them() {
    let world = World::empty();
    let client = client(&world);
    let body = upload("feed", &["https://images.example.com/trail_boot_brown.tif", FAILING]);
    let file = file("cli-retry.json", &body);
    let job = id(&world.gateway.submit(&body).await);
    world.finish(&job).await;
    let before = world.sandbox.calls("submitJob");

    let shown = client.run(&["jobs", "retry", &job, &file, "--dry-run"]).await;
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), format!("{FAILING}\n").as_str()), "{shown:?}");
    let plan = json_of(&client.run(&["jobs", "retry", &job, &file, "--dry-run", "--json"]).await);
    assert_eq!(plan["request"]["uploadUrlsJob"]["urlArray"][0]["sourceUrl"], FAILING, "{plan:#}");
    assert_eq!(world.sandbox.calls("submitJob"), before, "nothing is submitted");

    let retried = client.run(&["jobs", "retry", &job, &file, "--idempotency-key", "retry-1"]).await;
    let new = retried.stdout.trim().to_owned();
    assert!(retried.code == Some(0) && !new.is_empty() && new != job, "{retried:?}");
    let again = client.run(&["jobs", "retry", &job, &file, "--idempotency-key", "retry-1", "--json"]).await;
    assert_eq!(id(&json_of(&again)["job"]), new);
    assert_eq!(world.sandbox.calls("submitJob"), before + 1);
    let refused = client.run(&["jobs", "retry", &new, &file]).await;
    assert!(refused.code == Some(65) && refused.stderr.contains("[job-not-completed]"), "{refused:?}");
}

#[tokio::test]
async fn retry_waits_for_the_new_job_and_names_what_it_leaves_out() {
    let answer = json!({
        "job": {"id": "job-2", "status": "waiting"}, "items": ["a|1"], "truncated": true,
        "unmapped": [{"assetName": "jacket\u{1b}[2J", "detail": "no URL of the body has this name"}, {"assetHandle": "a|7", "detail": "unknown"}],
    });
    let completed =
        json!({"id": "job-2", "title": "feed", "phase": "completed", "status": "completed", "outcome": "failed"});
    let gateway = ScriptedGateway::start(vec![(200, answer), (200, completed)]);
    let ended = Client::new(&gateway.url).run(&["jobs", "retry", "job-1", "--wait"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), "job-2\nfailed\n"), "{ended:?}");
    for expected in [
        "not retried: jacket\u{fffd}[2J: no URL of the body has this name\n",
        "not retried: a|7: unknown\n",
        "first 10,000 entries",
    ] {
        assert!(ended.stderr.contains(expected), "{expected}: {ended:?}");
    }
    let heads = gateway.heads();
    assert!(
        heads[0].starts_with("POST /jobs/job-1/retry HTTP") && heads[0].contains("idempotency-key: "),
        "{}",
        heads[0]
    );
    assert!(heads[1].starts_with("GET /jobs/job-2 HTTP"), "{}", heads[1]);
}

#[tokio::test]
async fn job_stats_is_a_table_of_groups_that_says_what_it_lacks() {
    let group = json!({
        "kind": "imageServingPublish", "submittedBy": "katlyn@example.com", "jobs": 43, "duration": {"median": 44.2, "p95": 181.0},
        "outcomes": {"succeeded": 39, "succeededWithWarnings": 1, "failed": 2, "stopped": 1, "unknown": 0},
    });
    let without_names = json!({"jobs": 1, "outcomes": {"succeeded": 0, "succeededWithWarnings": 0, "failed": 0, "stopped": 0, "unknown": 1}});
    let stats = json!({
        "from": "2026-01-31T12:05:00Z", "to": "2026-03-02T12:05:00Z", "observedAt": "2026-03-02T12:05:00Z", "jobs": 44,
        "complete": false, "countedFrom": "2026-02-01T00:00:00Z", "groups": [group, without_names], "moreGroups": 7,
    });
    let gateway = ScriptedGateway::start(vec![(200, stats.clone())]);
    let client = Client::new(&gateway.url);
    let ended = client.run(&["job-stats", "--from", "2026-01-31T12:05:00Z", "--company-handle", "c|110"]).await;
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    let lines: Vec<_> = ended.stdout.lines().map(words).collect();
    assert_eq!(
        lines,
        [
            "KIND JOBS SUCCEEDED WARNINGS FAILED STOPPED UNKNOWN MEDIAN 95 % SUBMITTED BY",
            "imageServingPublish 43 39 1 2 1 0 44s 3m 1s katlyn@example.com",
            "- 1 0 0 0 0 1 - - -",
        ],
        "{ended:?}"
    );
    for expected in ["44 jobs from ", "7 more groups are not shown\n", "older jobs are not counted: only those since "]
    {
        assert!(ended.stderr.contains(expected), "{expected}: {ended:?}");
    }
    let head = &gateway.heads()[0];
    assert!(head.starts_with("GET /job-stats?") && head.contains("from=2026-01-31"), "{head}");
    assert!(head.contains("companyHandle=c%7C110"), "{head}");
    assert_eq!(json_of(&client.run(&["job-stats", "--json"]).await), stats);
}

#[tokio::test(flavor = "multi_thread")]
async fn publish_queue_shows_what_runs_and_what_waits_for_it() {
    let world = World::seeded();
    let client = client(&world);
    let queue = json_of(&client.run(&["publish-queue", "--json"]).await);
    let expected = world.gateway.get("/publish-queue").await.ok();
    assert_eq!((&queue["running"], &queue["waiting"]), (&expected["running"], &expected["waiting"]));
    let table = client.run(&["publish-queue"]).await;
    let lines: Vec<_> = table.stdout.lines().collect();
    assert!(lines[0].starts_with("STATE") && lines[0].contains("EXPECTED END"), "{table:?}");
    let jobs = [&expected["running"], &expected["waiting"]].map(|list| list.as_array().expect("jobs").clone()).concat();
    assert!(!jobs.is_empty() && lines.len() == 1 + jobs.len(), "{table:?}");
    for (line, job) in lines[1..].iter().zip(&jobs) {
        assert!(line.starts_with(job["status"].as_str().expect("a status")) && line.ends_with(&id(job)), "{line}");
    }
    let empty = World::empty();
    let nothing = Client::new(format!("http://{}", empty.gateway.address())).run(&["publish-queue"]).await;
    assert_eq!((nothing.code, nothing.stdout.as_str()), (Some(0), ""), "{nothing:?}");
    assert!(nothing.stderr.contains("no publish runs or waits"), "{nothing:?}");
}

#[tokio::test]
async fn wait_says_at_once_what_a_schedule_waits_for() {
    let job = |members: Value| {
        let mut job = json!({"id": "job-1", "title": "nightly", "phase": "scheduled", "status": "scheduled"});
        job.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        job
    };
    let next = "2026-12-01T02:30:00-08:00";
    let recurring = job(json!({"execSchedule": "0 30 2 * * ?", "nextRunAt": next}));
    for (scheduled, expected) in [
        (
            &recurring,
            "this is a recurring schedule (0 30 2 * * ?), which has no end until it is deleted: the next run is at 2026-12-01 ",
        ),
        (&job(json!({"nextRunAt": next})), "the job is scheduled: the next run is at 2026-12-01 "),
        (&job(json!({"status": "paused", "nextRunAt": next})), "the job is scheduled: the schedule is paused"),
        (
            &job(json!({"execSchedule": "\u{1b}[2J"})),
            "recurring schedule (\u{fffd}[2J), which has no end until it is deleted: the next run is not known",
        ),
    ] {
        let completed = json!({"id": "job-1", "status": "completed", "outcome": "succeeded"});
        let gateway = ScriptedGateway::start(vec![(200, scheduled.clone()), (200, completed)]);
        let ended = Client::new(&gateway.url).run(&["jobs", "wait", "job-1", "--quiet"]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), "succeeded\n"), "{ended:?}");
        assert!(ended.stderr.contains(expected) && ended.stderr.lines().count() == 1, "{expected}: {ended:?}");
    }
    let gateway = ScriptedGateway::start(vec![(200, recurring)]);
    let waiting = Client::new(&gateway.url).start(&["jobs", "wait", "job-1"]);
    drop(waiting.until("the next run is at").await);
}

#[tokio::test]
async fn get_shows_for_what_a_publish_waits_and_when_one_is_expected_to_end() {
    let waiting = json!({"id": "job-2", "status": "waiting", "percent": 0, "waitsFor": "job-1"});
    let end = json!({"at": "2026-03-02T12:05:00Z", "from": "2026-03-02T12:04:00Z", "to": "2026-03-02T12:09:00Z", "basedOn": 7});
    let running = json!({"id": "job-1", "status": "running", "percent": 40, "expectedEnd": end});
    let gateway = ScriptedGateway::start(vec![(200, waiting), (200, running)]);
    let client = Client::new(&gateway.url);
    let ended = client.run(&["jobs", "get", "job-2"]).await;
    assert!(ended.stdout.contains("\nwaits for      job-1\n") && !ended.stdout.contains("expected end"), "{ended:?}");
    let ended = client.run(&["jobs", "get", "job-1"]).await;
    assert!(ended.stdout.contains("\nexpected end   2026-03-02 ") && !ended.stdout.contains("waits for"), "{ended:?}");
}
