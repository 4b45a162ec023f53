//! Actions on jobs in every phase, by every handle; logs of running and of stopped jobs.

use chrono::TimeDelta;
use ips_gateway::sandbox::users::{ORDINARY, OUTFITTERS};

use super::lifecycle::until_running;
use super::soap::{Element, Fixture, PUBLISH, company, texts};

const SCHEDULE: &str = "<execSchedule>0 0 3 * * ?</execSchedule>";

/// Returns the handles of a job that is active, in the forms of the submit, the scheduled list, the active list and the log.
fn forms(job: &Element) -> [String; 4] {
    let (original, name) = (job.text("originalName"), job.text("name"));
    let active = job.text("jobHandle");
    [format!("j|110|{original}||"), format!("0|{name}|"), active, format!("j|110||{name}")]
}

async fn active_job(fixture: &Fixture) -> Element {
    let mut jobs = fixture.active(&ORDINARY).await;
    assert_eq!(jobs.len(), 1, "{jobs:#?}");
    jobs.remove(0)
}

#[tokio::test]
async fn every_action_takes_every_handle_of_an_active_job() {
    for operation in ["stopJob", "pauseJob", "resumeJob", "executeJob", "deleteJob"] {
        for form in 0..4 {
            let fixture = Fixture::empty();
            fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
            let handle = forms(&until_running(&fixture).await)[form].clone();
            fixture.act(&ORDINARY, operation, &handle).await.answer();
        }
    }
}

#[tokio::test]
async fn every_action_but_stop_takes_every_handle_of_a_schedule() {
    for operation in ["pauseJob", "resumeJob", "executeJob", "deleteJob"] {
        for form in [0, 1, 3] {
            let fixture = Fixture::empty();
            fixture.submit(&ORDINARY, "katlyn", &format!("{SCHEDULE}{PUBLISH}")).await;
            let handle = forms(&fixture.scheduled(&ORDINARY).await[0])[form].clone();
            fixture.act(&ORDINARY, operation, &handle).await.answer();
            let fault = fixture.act(&ORDINARY, "stopJob", "0|other|").await.fault();
            assert_eq!(fault.code, 20005, "{fault:?}");
        }
    }
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "katlyn", &format!("{SCHEDULE}{PUBLISH}")).await;
    assert_eq!(fixture.act(&ORDINARY, "stopJob", &handle).await.code(), 30001, "it has not started");
}

#[tokio::test]
async fn the_lists_take_every_handle_in_every_phase() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "katlyn", &format!("<execTime>2026-03-02T16:00:00Z</execTime>{PUBLISH}")).await;
    let scheduled = fixture.scheduled(&ORDINARY).await.remove(0);
    fixture.advance(TimeDelta::hours(1));
    let active = until_running(&fixture).await;
    assert_eq!(active.text("name"), scheduled.text("name"));
    let count = async |operation: &str, array: &str, handle: &str| {
        let inner = format!("{}<jobHandle>{handle}</jobHandle>", company(&OUTFITTERS));
        fixture.call(&ORDINARY, operation, &inner).await.answer().all(&format!("{array}/items")).len()
    };
    for handle in forms(&active) {
        assert_eq!(count("getActiveJobs", "jobArray", &handle).await, 1, "{handle}");
        assert_eq!(count("getJobLogDetails", "jobLogArray", &handle).await, 1, "{handle}");
    }
    fixture.advance(TimeDelta::minutes(3));
    for handle in forms(&active) {
        assert_eq!(count("getActiveJobs", "jobArray", &handle).await, 0, "{handle}");
        assert_eq!(count("getJobLogDetails", "jobLogArray", &handle).await, 1, "{handle}");
    }
}

#[tokio::test]
async fn a_paused_active_job_makes_no_progress_until_it_is_resumed() {
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
    while active_job(&fixture).await.number("progress") < 10.0 {
        fixture.advance(TimeDelta::seconds(1));
    }
    fixture.act(&ORDINARY, "pauseJob", &handle).await.answer();
    let paused = active_job(&fixture).await;
    fixture.advance(TimeDelta::minutes(30));
    let later = active_job(&fixture).await;
    for field in ["progress", "lastProgressUpdate", "state"] {
        assert_eq!(later.text(field), paused.text(field), "{later:#?}");
    }
    assert_eq!((later.text("progressMessage"), later.text("state")), ("Paused".into(), "Running".into()));
    let entries = fixture.log_of(&ORDINARY, "katlyn").await.expect("a log").all("detailArray/items").len();
    fixture.act(&ORDINARY, "resumeJob", &handle).await.answer();
    fixture.advance(TimeDelta::seconds(8));
    let resumed = active_job(&fixture).await;
    assert!(resumed.number("progress") > later.number("progress"), "{resumed:#?}");
    assert!(resumed.time("lastProgressUpdate") > later.time("lastProgressUpdate") + TimeDelta::minutes(29));
    fixture.advance(TimeDelta::minutes(3));
    let log = fixture.log_of(&ORDINARY, "katlyn").await.expect("a log");
    let dates: Vec<_> = log.all("detailArray/items").iter().map(|entry| entry.time("dateCreated")).collect();
    assert!(dates.is_sorted() && dates.len() > entries, "{dates:?}");
    assert!(dates[entries] - dates[entries - 1] >= TimeDelta::minutes(30), "the pause shows in the log: {dates:?}");
}

#[tokio::test]
async fn execute_starts_a_waiting_job_and_resumes_a_paused_one() {
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
    assert_eq!(active_job(&fixture).await.text("state"), "New");
    fixture.act(&ORDINARY, "executeJob", &handle).await.answer();
    assert_eq!(active_job(&fixture).await.text("state"), "Running");
    fixture.act(&ORDINARY, "pauseJob", &handle).await.answer();
    fixture.act(&ORDINARY, "executeJob", &handle).await.answer();
    fixture.advance(TimeDelta::minutes(3));
    assert!(fixture.active(&ORDINARY).await.is_empty());
}

#[tokio::test]
async fn a_paused_waiting_job_does_not_start() {
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
    fixture.act(&ORDINARY, "pauseJob", &handle).await.answer();
    fixture.advance(TimeDelta::hours(1));
    assert_eq!(active_job(&fixture).await.text("state"), "New");
    assert!(fixture.logs(&ORDINARY).await.is_empty());
    fixture.act(&ORDINARY, "resumeJob", &handle).await.answer();
    until_running(&fixture).await;
}

#[tokio::test]
async fn a_paused_job_can_be_stopped() {
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
    until_running(&fixture).await;
    fixture.act(&ORDINARY, "pauseJob", &handle).await.answer();
    fixture.act(&ORDINARY, "stopJob", &handle).await.answer();
    assert_eq!(active_job(&fixture).await.text("state"), "Stopping");
    for operation in ["pauseJob", "resumeJob", "executeJob"] {
        assert_eq!(fixture.act(&ORDINARY, operation, &handle).await.code(), 30001, "{operation}");
    }
    fixture.advance(TimeDelta::seconds(5));
    assert!(fixture.log_of(&ORDINARY, "katlyn").await.expect("a log").find("endDate").is_some());
}

#[tokio::test]
async fn the_submit_handle_of_a_schedule_stops_its_run_and_pauses_the_schedule() {
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "katlyn", &format!("{SCHEDULE}{PUBLISH}")).await;
    fixture.act(&ORDINARY, "executeJob", &handle).await.answer();
    fixture.act(&ORDINARY, "pauseJob", &handle).await.answer();
    assert_eq!(texts(&fixture.scheduled(&ORDINARY).await, "triggerState"), ["Paused"]);
    fixture.act(&ORDINARY, "stopJob", &handle).await.answer();
    assert!(fixture.active(&ORDINARY).await.is_empty(), "a waiting run stops immediately");
}

#[tokio::test]
async fn the_name_of_a_schedule_is_taken_until_it_is_deleted() {
    let fixture = Fixture::empty();
    let handle = fixture.submit(&ORDINARY, "katlyn", &format!("{SCHEDULE}{PUBLISH}")).await;
    for rest in [SCHEDULE, "<execTime>2027-01-01T00:00:00Z</execTime>", ""] {
        let inner = format!("{}<jobName>katlyn</jobName>{rest}{PUBLISH}", company(&OUTFITTERS));
        let fault = fixture.call(&ORDINARY, "submitJob", &inner).await.fault();
        assert_eq!((fault.name.as_str(), fault.code), ("ipsApiFault", 30000), "{rest}: {fault:?}");
        assert!(fault.reason.contains("katlyn") && fault.reason.contains("already in use"), "{fault:?}");
    }
    fixture.act(&ORDINARY, "deleteJob", &handle).await.answer();
    fixture.submit(&ORDINARY, "katlyn", &format!("{SCHEDULE}{PUBLISH}")).await;
}

#[tokio::test]
async fn a_running_job_has_a_log_without_an_end_that_grows() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
    assert!(fixture.logs(&ORDINARY).await.is_empty(), "a waiting job has no log");
    until_running(&fixture).await;
    let mut entries = Vec::new();
    while !fixture.active(&ORDINARY).await.is_empty() {
        let listed = fixture.logs(&ORDINARY).await.remove(0);
        let log = fixture.log_of(&ORDINARY, "katlyn").await.expect("a log");
        for row in [&listed, &log] {
            assert_eq!((row.find("endDate"), row.text("fatalError")), (None, "false".into()), "{row:#?}");
        }
        assert!(!log.texts("detailArray/items/logType").contains(&"EndImageServingPublish".into()), "{log:#?}");
        let count = log.all("detailArray/items").len();
        assert_eq!(log.number("fileSuccessCount") + 1.0, count as f64, "{log:#?}");
        entries.push(count);
        fixture.advance(TimeDelta::seconds(1));
    }
    assert!(entries.is_sorted() && entries.first() < entries.last(), "{entries:?}");
    fixture.advance(TimeDelta::seconds(3));
    let log = fixture.log_of(&ORDINARY, "katlyn").await.expect("a log");
    assert!(log.find("endDate").is_some() && log.all("detailArray/items").len() > *entries.last().unwrap(), "{log:#?}");
}

#[tokio::test]
async fn a_stopped_job_has_an_entry_for_each_file_that_was_not_processed() {
    for run in [2, 12, 200] {
        let fixture = Fixture::empty();
        let handle = fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
        until_running(&fixture).await;
        for _ in 0..run {
            if fixture.active(&ORDINARY).await[0].number("progress") >= 85.0 {
                break;
            }
            fixture.advance(TimeDelta::milliseconds(500));
        }
        fixture.act(&ORDINARY, "stopJob", &handle).await.answer();
        fixture.advance(TimeDelta::seconds(6));
        let log = fixture.log_of(&ORDINARY, "katlyn").await.expect("a log");
        let entries = log.all("detailArray/items");
        let cancelled: Vec<_> = entries
            .iter()
            .filter(|entry| entry.text("logType") == "FileCancel" && entry.find("assetName").is_some())
            .collect();
        let left = log.number("totalFileCount") - log.number("fileSuccessCount");
        assert!(left > 0.0 && cancelled.len() as f64 == left, "after {run} steps: {log:#?}");
        let (first, last) = (entries.first().unwrap(), entries.last().unwrap());
        assert_eq!(
            [first.text("logType"), last.text("logType")],
            ["BeginImageServingPublish", "EndImageServingPublish"]
        );
        assert_eq!(log.text("fatalError"), "false");
    }
}
