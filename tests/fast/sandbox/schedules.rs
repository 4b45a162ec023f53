//! Scheduled jobs: execTime, execSchedule and the actions on them.

use chrono::TimeDelta;
use ips_gateway::sandbox::users::ORDINARY;

use super::soap::{Element, Fixture, PUBLISH, company, monday, texts};
use ips_gateway::sandbox::users::OUTFITTERS;

fn at(time: &str) -> String {
    format!("<execTime>{time}</execTime>{PUBLISH}")
}

fn every(cron: &str) -> String {
    format!("<execSchedule>{cron}</execSchedule>{PUBLISH}")
}

async fn only_scheduled(fixture: &Fixture) -> Element {
    let mut jobs = fixture.scheduled(&ORDINARY).await;
    assert_eq!(jobs.len(), 1, "{jobs:#?}");
    jobs.remove(0)
}

#[tokio::test]
async fn a_job_with_an_exec_time_is_scheduled_until_that_time() {
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "later", &at("2026-03-02T10:00:00-06:00")).await;
    assert_eq!(handle, "j|110|later||");
    let job = only_scheduled(&fixture).await;
    assert_eq!(job.text("jobHandle"), format!("0|{}|", job.text("name")));
    assert_eq!(job.text("nextFireTime"), "2026-03-02T10:00:00-06:00");
    assert_eq!(job.find("execSchedule"), None);
    fixture.advance(TimeDelta::minutes(59));
    assert!(fixture.active(&ORDINARY).await.is_empty());
    fixture.advance(TimeDelta::minutes(1));
    assert!(fixture.scheduled(&ORDINARY).await.is_empty());
    let active = fixture.active(&ORDINARY).await;
    assert_eq!(texts(&active, "name"), [job.text("name")], "a one-time job keeps its name");
    assert_eq!(active[0].time("triggerTime"), monday() + TimeDelta::hours(1));
}

#[tokio::test]
async fn an_exec_time_that_has_passed_runs_at_once() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "late", &at("2026-03-01T10:00:00Z")).await;
    assert_eq!(texts(&fixture.active(&ORDINARY).await, "originalName"), ["late"]);
}

#[tokio::test]
async fn a_recurring_job_stays_scheduled_and_each_firing_is_a_separate_run() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "hourly", &every("0 0 * * * ?")).await;
    fixture.advance(TimeDelta::hours(3) + TimeDelta::minutes(30));
    let logs = fixture.logs(&ORDINARY).await;
    assert_eq!(texts(&logs, "originalJobName"), ["hourly"; 3]);
    let names = texts(&logs, "jobName");
    assert_eq!(
        names,
        ["hourly_2026-03-02-12:00:00.000", "hourly_2026-03-02-11:00:00.000", "hourly_2026-03-02-10:00:00.000"]
    );
    let job = only_scheduled(&fixture).await;
    assert_eq!(job.text("nextFireTime"), "2026-03-02T13:00:00-06:00");
    assert_eq!(job.text("execSchedule"), "0 0 * * * ?");
}

#[tokio::test]
async fn cron_is_quartz_in_the_time_zone_of_the_server() {
    for (cron, next) in [
        ("0 30 4 ? * 2", "2026-03-09T04:30:00-06:00"),
        ("0 30 4 ? * MON", "2026-03-09T04:30:00-06:00"),
        ("0 0/20 9 * * ?", "2026-03-02T09:20:00-06:00"),
        ("0 0 12 1 1 ? 2028", "2028-01-01T12:00:00-06:00"),
        ("15 10 9 * * ?", "2026-03-02T09:10:15-06:00"),
    ] {
        let fixture = Fixture::empty();
        fixture.submit(&ORDINARY, "cron", &every(cron)).await;
        assert_eq!(only_scheduled(&fixture).await.text("nextFireTime"), next, "{cron}");
    }
}

#[tokio::test]
async fn an_invalid_or_never_firing_cron_expression_is_an_invalid_parameter() {
    let fixture = Fixture::empty();
    for cron in [
        "every day",
        "* * *",
        "30 4 * * 2",
        "00 00 00 * *",
        "61 * * * * ?",
        "0 0 0 1 1 ? 2001",
        "0 0 0 * * *",
        "0 0 0 ? * ?",
        "0 0 0 1 1 ? 2030 2031",
    ] {
        let inner = format!("{}<jobName>bad</jobName>{}", company(&OUTFITTERS), every(cron));
        let fault = fixture.call(&ORDINARY, "submitJob", &inner).await.fault();
        assert_eq!(fault.code, 30001, "{cron}: {fault:?}");
        assert!(fault.reason.contains(cron), "{fault:?}");
    }
    assert!(fixture.scheduled(&ORDINARY).await.is_empty());
}

#[tokio::test]
async fn a_resumed_job_makes_up_for_missed_firings_once() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "hourly", &every("0 0 * * * ?")).await;
    let handle = only_scheduled(&fixture).await.text("jobHandle");
    fixture.act(&ORDINARY, "pauseJob", &handle).await.answer();
    assert_eq!(only_scheduled(&fixture).await.text("triggerState"), "Paused");
    fixture.advance(TimeDelta::hours(3) + TimeDelta::minutes(30));
    assert!(fixture.logs(&ORDINARY).await.is_empty() && fixture.active(&ORDINARY).await.is_empty());
    fixture.act(&ORDINARY, "resumeJob", &handle).await.answer();
    let job = only_scheduled(&fixture).await;
    assert_eq!(
        (job.text("triggerState"), job.text("nextFireTime")),
        ("Normal".into(), "2026-03-02T13:00:00-06:00".into())
    );
    assert_eq!(texts(&fixture.active(&ORDINARY).await, "name"), ["hourly_2026-03-02-12:30:00.000"]);
}

#[tokio::test]
async fn resuming_before_the_next_firing_fires_nothing() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "hourly", &every("0 0 * * * ?")).await;
    let handle = only_scheduled(&fixture).await.text("jobHandle");
    fixture.act(&ORDINARY, "pauseJob", &handle).await.answer();
    fixture.act(&ORDINARY, "resumeJob", &handle).await.answer();
    assert!(fixture.active(&ORDINARY).await.is_empty());
}

#[tokio::test]
async fn executing_a_scheduled_job_runs_it_now_and_keeps_only_a_recurring_one() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "again", &every("0 0 3 * * ?")).await;
    let handle = only_scheduled(&fixture).await.text("jobHandle");
    fixture.act(&ORDINARY, "executeJob", &handle).await.answer();
    assert_eq!(texts(&fixture.active(&ORDINARY).await, "originalName"), ["again"]);
    assert_eq!(only_scheduled(&fixture).await.text("nextFireTime"), "2026-03-03T03:00:00-06:00");

    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "once", &at("2026-03-02T23:00:00Z")).await;
    let handle = only_scheduled(&fixture).await.text("jobHandle");
    fixture.act(&ORDINARY, "executeJob", &handle).await.answer();
    assert_eq!(texts(&fixture.active(&ORDINARY).await, "originalName"), ["once"]);
    assert!(fixture.scheduled(&ORDINARY).await.is_empty());
}

#[tokio::test]
async fn a_deleted_schedule_never_fires() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "hourly", &every("0 0 * * * ?")).await;
    let handle = only_scheduled(&fixture).await.text("jobHandle");
    fixture.act(&ORDINARY, "deleteJob", &handle).await.answer();
    fixture.advance(TimeDelta::days(1));
    assert!(fixture.logs(&ORDINARY).await.is_empty() && fixture.scheduled(&ORDINARY).await.is_empty());
}

#[tokio::test]
async fn the_built_in_cleanup_job_has_the_documented_handle() {
    let fixture = Fixture::seeded();
    let jobs = fixture.scheduled(&ORDINARY).await;
    let cleanup = jobs.iter().find(|job| job.text("originalName") == "Cleanup").unwrap_or_else(|| panic!("{jobs:#?}"));
    assert_eq!((cleanup.text("jobHandle"), cleanup.text("type")), ("0|Cleanup|".into(), "Cleanup".into()));
}

#[tokio::test]
async fn a_long_clock_advance_fires_a_limited_number_of_times() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "busy", &every("* * * * * ?")).await;
    fixture.advance(TimeDelta::days(20));
    assert!(fixture.logs(&ORDINARY).await.len() <= 60);
    assert!(only_scheduled(&fixture).await.time("nextFireTime") > fixture.sandbox.clock().now());
}
