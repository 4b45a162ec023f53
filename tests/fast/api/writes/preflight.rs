//! POST /jobs/validate: warnings, next runs, and what would be sent.

use chrono::{DateTime, Utc};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::Population;
use serde_json::{Value, json};

use crate::support::{Gateway, START, ScriptedUpstream, World, any_job, fault, upload};

fn recurring(schedule: &str) -> Value {
    let mut job = any_job("nightly");
    job["execSchedule"] = json!(schedule);
    job
}

/// Warnings as pairs of pointer and detail.
fn warnings<'v>(validation: &'v Value) -> Vec<(&'v str, &'v str)> {
    let warnings = validation["warnings"].as_array().expect("warnings").iter();
    let text = |value: &'v Value| value.as_str().unwrap_or_default();
    warnings.map(|warning| (text(&warning["pointer"]), text(&warning["detail"]))).collect()
}

/// A gateway whose IPS has these scheduled jobs, and the time of its clock.
async fn gateway_with(schedules: &str, now: &str) -> (ScriptedUpstream, Gateway) {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getScheduledJobs", &format!("<jobArray>{schedules}</jobArray>"));
    let gateway = upstream.gateway(&Clock::manual(now.parse::<DateTime<Utc>>().expect("a time")), &[]);
    (upstream, gateway)
}

fn schedule(name: &str, zone: &str, next: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>0|{name}|</jobHandle><name>{name}</name>\
         <originalName>{name}</originalName><execSchedule>0 0 0 * * ?</execSchedule><nextFireTime>{next}</nextFireTime>\
         <timeZone>{zone}</timeZone><triggerState>Normal</triggerState></items>"
    )
}

#[tokio::test]
async fn a_schedule_is_shown_with_its_next_runs_in_both_zones_without_a_submit() {
    let world = World::with(Population::Seeded, &[]);
    let validation = world.gateway.post_json("/jobs/validate", &recurring("0 30 2 * * ?")).await.ok();
    assert_eq!((&validation["timeZone"], &validation["warnings"]), (&json!("GMT-06:00"), &json!([])), "{validation:#}");
    let runs = validation["nextRuns"].as_array().expect("runs");
    assert_eq!(runs.len(), 10, "{validation:#}");
    assert_eq!(runs[0], json!({ "local": "2026-03-03T02:30:00-06:00", "utc": "2026-03-03T08:30:00Z" }));
    assert_eq!(runs[9]["local"], "2026-03-12T02:30:00-06:00");
    assert_eq!(validation["request"]["execSchedule"], "0 30 2 * * ?");
    assert_eq!(validation["request"]["jobName"], "nightly", "the name of a schedule is sent unchanged");

    let listed = world.sandbox.calls("getScheduledJobs");
    world.gateway.post_json("/jobs/validate", &recurring("0 30 3 * * ?")).await.ok();
    assert_eq!(world.sandbox.calls("getScheduledJobs"), listed, "the list is cached");
    assert!(world.changes().iter().all(|(_, calls)| *calls == 0));

    let submitted = world.gateway.submit(&recurring("0 30 2 * * ?")).await;
    let listed = world.gateway.job(submitted["id"].as_str().expect("an id")).await;
    assert_eq!(listed["nextFireTime"], runs[0]["local"], "as IPS computes it");
    let validation = world.gateway.post_json("/jobs/validate", &recurring("0 30 2 * * ?")).await.ok();
    let found = warnings(&validation);
    assert_eq!(found.iter().map(|(pointer, _)| *pointer).collect::<Vec<_>>(), ["/jobName"], "{validation:#}");
    assert!(found[0].1.contains("scheduled job"), "{validation:#}");
}

#[tokio::test]
async fn runs_follow_daylight_saving_time_of_a_named_zone() {
    let (upstream, gateway) =
        gateway_with(&schedule("a", "PST", "2026-03-07T00:00:00-08:00"), "2026-03-06T12:00:00Z").await;
    let validation = gateway.post_json("/jobs/validate", &recurring("0 30 2 * * ?")).await.ok();
    assert_eq!(validation["timeZone"], "PST");
    let runs = validation["nextRuns"].as_array().expect("runs");
    assert_eq!(runs[0], json!({ "local": "2026-03-07T02:30:00-08:00", "utc": "2026-03-07T10:30:00Z" }));
    assert_eq!(runs[1], json!({ "local": "2026-03-08T02:30:00" }), "the clocks skip it");
    assert_eq!(runs[2], json!({ "local": "2026-03-09T02:30:00-07:00", "utc": "2026-03-09T09:30:00Z" }));
    assert_eq!(upstream.calls("submitJob"), 0);
}

#[tokio::test]
async fn a_zone_that_is_unknown_is_said_to_be_and_has_wall_times_only() {
    let two_zones =
        schedule("a", "PST", "2026-03-03T00:00:00-08:00") + &schedule("b", "JST", "2026-03-03T00:00:00+09:00");
    for (schedules, zone, text) in [
        (String::new(), Value::Null, "unknown"),
        (two_zones, Value::Null, "unknown"),
        (schedule("a", "Mars/Olympus", "2026-03-03T00:00:00-08:00"), json!("Mars/Olympus"), "Mars/Olympus"),
        // The offset contradicts the name.
        (schedule("a", "PST", "2026-03-03T00:00:00+09:00"), json!("PST"), "PST"),
    ] {
        let (_upstream, gateway) = gateway_with(&schedules, START).await;
        let validation = gateway.post_json("/jobs/validate", &recurring("0 30 2 * * ?")).await.ok();
        assert_eq!(validation["timeZone"], zone, "{validation:#}");
        let [("/execSchedule", detail)] = warnings(&validation)[..] else { panic!("{validation:#}") };
        assert!(detail.contains(text), "{detail}");
        let runs = validation["nextRuns"].as_array().expect("runs");
        assert_eq!(runs.len(), 10);
        assert!(runs.iter().all(|run| run["utc"].is_null()), "{validation:#}");
        // 12:00 in UTC is 00:00 in the zone where a wall time comes last.
        assert_eq!(runs[0], json!({ "local": "2026-03-02T02:30:00" }));
    }
}

#[tokio::test]
async fn schedules_that_ips_may_refuse_are_warnings() {
    let world = World::with(Population::Seeded, &[]);
    for (schedule, text) in
        [("0 0 0 30 2 ?", "never fires"), ("0 30 2 * * *", "`?`"), ("0 30 2 ? * FOO", "its next runs are unknown")]
    {
        let validation = world.gateway.post_json("/jobs/validate", &recurring(schedule)).await.ok();
        let [("/execSchedule", detail)] = warnings(&validation)[..] else { panic!("{validation:#}") };
        assert!(detail.contains(text), "{detail}");
        assert!(validation["nextRuns"].is_null(), "{validation:#}");
        world.gateway.post_json("/jobs", &recurring(schedule)).await.problem(422, "rejected-by-ips").await;
    }
}

#[tokio::test]
async fn a_validation_works_without_the_scheduled_jobs() {
    let upstream = ScriptedUpstream::start().await;
    upstream.script("getScheduledJobs", |_| fault("authorizationFault", 20003, "no", 500));
    let gateway = upstream.plain_gateway();
    let validation = gateway.post_json("/jobs/validate", &recurring("0 30 2 * * ?")).await.ok();
    assert_eq!((&validation["valid"], &validation["timeZone"]), (&json!(true), &Value::Null), "{validation:#}");
    assert_eq!(validation["nextRuns"].as_array().map(Vec::len), Some(10));
}

#[tokio::test]
async fn the_request_has_the_name_and_the_company_that_would_be_sent_and_no_secrets() {
    let world = World::empty();
    let mut job = upload("spring", &["https://images.example.com/a.tif"]);
    job["companyHandle"] = json!("c|110");
    let request = world.gateway.post_json("/jobs/validate", &job).await.ok()["request"].clone();
    let name = request["jobName"].as_str().expect("a name");
    assert!(name.strip_prefix("spring-").is_some_and(|suffix| suffix.len() == 16), "{name}");
    assert_eq!(request["uploadUrlsJob"], job["uploadUrlsJob"], "{request:#}");
    assert_eq!(request["companyHandle"], "c|110");
    let unchanged = world.gateway.post_json("/jobs/validate?uniqueName=false", &job).await.ok()["request"].clone();
    assert_eq!(unchanged, job, "as given");
    assert_eq!(world.calls(), 0, "nothing was sent");

    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
    let version = "2021-01-11-beta".parse().expect("a version");
    let gateway = Gateway::start(upstream.url(), &version, &clock, &[]);
    job["uploadUrlsJob"]["jwtToken"] = json!("hush");
    let validation = gateway.post_json("/jobs/validate", &job).await.expect(200);
    assert!(!validation.text().contains("hush"), "{validation}");
    assert_eq!(validation.json()["request"]["uploadUrlsJob"]["jwtToken"], "[redacted]", "{validation}");
}
