//! Life cycle of a job: states, handles, progress and outcome.

use std::time::Duration;

use chrono::TimeDelta;
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::{ORDINARY, OTHER_COMPANY, OUTFITTERS};

use super::soap::{Fixture, PUBLISH, company, texts, upload};

const STEP: TimeDelta = TimeDelta::milliseconds(250);

/// Returns the state of the only job: its active state, `log` if it has a log with an end, or `unlisted`.
async fn listed_state(fixture: &Fixture) -> String {
    match fixture.active(&ORDINARY).await.first() {
        Some(job) => job.text("state"),
        None if fixture.logs(&ORDINARY).await.iter().any(|log| log.find("endDate").is_some()) => "log".into(),
        None => "unlisted".into(),
    }
}

/// Advances the clock in steps until a job is running.
pub async fn until_running(fixture: &Fixture) -> super::soap::Element {
    for _ in 0..100 {
        if let Some(job) = fixture.active(&ORDINARY).await.into_iter().find(|job| job.text("state") == "Running") {
            return job;
        }
        fixture.advance(STEP);
    }
    panic!("the job never ran: {:#?}", fixture.active(&ORDINARY).await)
}

#[tokio::test]
async fn a_job_passes_every_state_then_is_in_no_list_then_ended_in_the_log() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
    let mut seen = vec![listed_state(&fixture).await];
    while seen.last().unwrap() != "log" && seen.len() < 50 {
        fixture.advance(STEP);
        let now = listed_state(&fixture).await;
        if seen.last() != Some(&now) {
            seen.push(now);
        }
        assert!(
            fixture.sandbox.clock().now() < super::soap::monday() + TimeDelta::minutes(3),
            "still not in the log: {seen:?}"
        );
    }
    assert_eq!(seen, ["New", "WaitingClient", "WaitingCoordinator", "Running", "Done", "unlisted", "log"]);
}

#[tokio::test]
async fn a_job_has_another_handle_in_every_phase() {
    let fixture = Fixture::empty();
    let name = "katlyn_2026-03-02-09:00:00.000";
    assert_eq!(fixture.submit(&ORDINARY, "katlyn", PUBLISH).await, "j|110|katlyn||");
    let job = until_running(&fixture).await;
    assert_eq!(job.text("name"), name);
    assert_eq!(job.text("originalName"), "katlyn");
    let handle = job.text("jobHandle");
    let number =
        handle.strip_prefix(&format!("j|110||{name}|")).unwrap_or_else(|| panic!("{handle} isn't made of {name}"));
    assert!(number.parse::<u64>().is_ok(), "{handle} doesn't end in a number");
    fixture.advance(TimeDelta::minutes(3));
    let log = fixture.log_of(&ORDINARY, "katlyn").await.expect("a log");
    assert_eq!(log.text("jobHandle"), format!("j|110||{name}"));
    assert_eq!(log.text("jobName"), name);
    assert_eq!(log.text("originalJobName"), "katlyn");
}

#[tokio::test]
async fn filters_take_every_handle_of_a_job() {
    let fixture = Fixture::empty();
    let submitted = fixture.submit(&ORDINARY, "katlyn", PUBLISH).await;
    let active = until_running(&fixture).await.text("jobHandle");
    let logged = active.rsplit_once('|').unwrap().0.to_owned();
    for (handle, found) in [(&submitted, 1), (&active, 1), (&logged, 1), (&"j|110|other||".to_owned(), 0)] {
        let inner = format!("<jobHandle>{handle}</jobHandle><includeWaitingJobs>true</includeWaitingJobs>");
        let jobs = fixture.call(&ORDINARY, "getActiveJobs", &inner).await.answer().all("jobArray/items");
        assert_eq!(jobs.len(), found, "active by {handle}");
    }
    fixture.advance(TimeDelta::minutes(3));
    for (handle, found) in [(&submitted, 1), (&active, 1), (&logged, 1), (&"j|110|other||".to_owned(), 0)] {
        let inner = format!("{}<jobHandle>{handle}</jobHandle>", company(&OUTFITTERS));
        let logs = fixture.call(&ORDINARY, "getJobLogDetails", &inner).await.answer().all("jobLogArray/items");
        assert_eq!(logs.len(), found, "log by {handle}");
    }
}

#[tokio::test]
async fn jobs_of_the_same_name_get_different_suffixes() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "twin", PUBLISH).await;
    fixture.submit(&ORDINARY, "twin", PUBLISH).await;
    let jobs = fixture.active(&ORDINARY).await;
    assert_eq!(texts(&jobs, "originalName"), ["twin", "twin"]);
    assert_eq!(texts(&jobs, "name"), ["twin_2026-03-02-09:00:00.000", "twin_2026-03-02-09:00:00.001"]);
}

#[tokio::test]
async fn waiting_jobs_are_listed_only_on_request() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "waiting", PUBLISH).await;
    for (inner, found) in [
        ("", 0),
        ("<includeWaitingJobs>false</includeWaitingJobs>", 0),
        ("<includeWaitingJobs>true</includeWaitingJobs>", 1),
    ] {
        let jobs = fixture.call(&ORDINARY, "getActiveJobs", inner).await.answer().all("jobArray/items");
        assert_eq!(jobs.len(), found, "{inner:?}");
    }
}

#[tokio::test]
async fn the_first_task_finishes_while_the_job_is_at_0_percent() {
    let fixture = Fixture::empty();
    fixture
        .submit(
            &ORDINARY,
            "fixture",
            &upload(&["https://images.example.com/a.tif", "https://images.example.com/b.tif"]),
        )
        .await;
    let mut seen = Vec::new();
    for _ in 0..400 {
        fixture.advance(STEP);
        for job in fixture.active(&ORDINARY).await.iter().filter(|job| job.text("state") == "Running") {
            let tasks = job.all("taskProgressArray/items");
            let [first, second] = &tasks[..] else { panic!("not two tasks: {job:#?}") };
            if job.number("progress") == 0.0 && first.number("progress") == 1.0 {
                assert_eq!(
                    (first.number("numPending"), second.number("progress"), second.number("numPending")),
                    (0.0, 0.0, 2.0)
                );
                return;
            }
            seen.push((job.number("progress"), first.number("progress"), second.number("progress")));
        }
    }
    panic!("never: {seen:?}");
}

#[tokio::test]
async fn progress_is_monotonic_and_reported_with_its_time() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "grow", PUBLISH).await;
    let mut last = (-1.0, super::soap::monday());
    let mut distinct = 0;
    for _ in 0..400 {
        fixture.advance(STEP);
        let Some(job) = fixture.active(&ORDINARY).await.into_iter().next() else { break };
        let now = (job.number("progress"), job.time("lastProgressUpdate"));
        assert!(now.0 >= last.0 && now.1 >= last.1, "{now:?} after {last:?}");
        assert!(
            now.0 == last.0 || now.1 > last.1 || last.0 < 0.0,
            "progress without an update: {now:?} after {last:?}"
        );
        assert!(now.1 <= fixture.sandbox.clock().now(), "an update from the future: {job:#?}");
        distinct += i32::from(now.0 > last.0);
        last = now;
    }
    assert!(distinct > 8, "only {distinct} steps");
    assert_eq!(last.0, 100.0);
}

#[tokio::test]
async fn the_outcome_of_a_job_depends_on_its_parameters() {
    let fixture = Fixture::empty();
    let mixed =
        ["https://x.example.com/trail_boot_brown.tif", "https://gone.invalid/b.tif", "https://x.example.com/setup.exe"];
    fixture.submit(&ORDINARY, "mixed", &upload(&mixed)).await;
    fixture.submit(&ORDINARY, "all-failed", &upload(&["https://gone.invalid/a.tif"])).await;
    fixture.advance(TimeDelta::minutes(3));
    let log = fixture.log_of(&ORDINARY, "mixed").await.expect("a log");
    let counts = ["fileSuccessCount", "fileErrorCount", "fileWarningCount", "fileUpdateCount", "totalFileCount"];
    assert_eq!(counts.map(|count| log.number(count)), [2.0, 1.0, 1.0, 1.0, 3.0], "{log:#?}");
    assert_eq!(log.text("fatalError"), "false");
    let entries = log.all("detailArray/items");
    assert_eq!(
        texts(&entries, "logType"),
        ["BeginUploadUrls", "FileUpdated", "UploadError", "UploadWarning", "EndUploadUrls"]
    );
    assert_eq!(entries[1].text("assetHandle"), "a|11000");
    assert!(entries[2].text("auxArray/items/logMessage").contains("gone.invalid"), "{:#?}", entries[2]);
    let log = fixture.log_of(&ORDINARY, "all-failed").await.expect("a log");
    assert_eq!(log.text("fatalError"), "true");
    assert!(log.texts("detailArray/items/logType").contains(&"FatalError".into()), "{log:#?}");
}

#[tokio::test]
async fn a_stopped_running_job_is_logged_with_the_user_who_stopped_it() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "stopped", PUBLISH).await;
    let handle = until_running(&fixture).await.text("jobHandle");
    fixture.advance(TimeDelta::seconds(12));
    fixture.act(&ORDINARY, "stopJob", &handle).await.answer();
    assert_eq!(listed_state(&fixture).await, "Stopping");
    fixture.advance(TimeDelta::seconds(3));
    assert_eq!(listed_state(&fixture).await, "unlisted");
    fixture.advance(TimeDelta::seconds(2));
    let log = fixture.log_of(&ORDINARY, "stopped").await.expect("a log");
    let messages = log.texts("detailArray/items/logMessage");
    assert!(messages.contains(&"Job stopped by katlyn@example.com".into()), "{messages:?}");
    assert!(log.number("fileSuccessCount") < log.number("totalFileCount"), "it did everything: {log:#?}");
}

#[tokio::test]
async fn a_waiting_job_stops_immediately() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "stopped", PUBLISH).await;
    let handle = fixture.active(&ORDINARY).await[0].text("jobHandle");
    fixture.act(&ORDINARY, "stopJob", &handle).await.answer();
    assert_eq!(listed_state(&fixture).await, "unlisted");
    fixture.advance(TimeDelta::seconds(2));
    let log = fixture.log_of(&ORDINARY, "stopped").await.expect("a log");
    assert_eq!(log.number("fileSuccessCount"), 0.0);
}

#[tokio::test]
async fn a_deleted_job_has_no_log() {
    let fixture = Fixture::empty();
    fixture.submit(&ORDINARY, "gone", PUBLISH).await;
    let handle = until_running(&fixture).await.text("jobHandle");
    fixture.act(&ORDINARY, "deleteJob", &handle).await.answer();
    fixture.advance(TimeDelta::minutes(5));
    assert_eq!(listed_state(&fixture).await, "unlisted");
    assert_eq!(fixture.act(&ORDINARY, "deleteJob", &handle).await.code(), 20005);
}

#[tokio::test]
async fn the_seeded_population_has_jobs_in_every_phase() {
    let fixture = Fixture::seeded();
    let states = texts(&fixture.active(&ORDINARY).await, "state");
    assert!(
        states.contains(&"Running".into()) && states.iter().any(|state| state.starts_with("Waiting")),
        "{states:?}"
    );
    let triggers = texts(&fixture.scheduled(&ORDINARY).await, "triggerState");
    assert!(triggers.contains(&"Normal".into()) && triggers.contains(&"Paused".into()), "{triggers:?}");
    let logs = fixture.logs(&ORDINARY).await;
    assert!(logs.iter().any(|log| log.text("fatalError") == "true"), "none failed: {logs:#?}");
    assert!(logs.iter().any(|log| log.number("fileWarningCount") > 0.0), "none warned: {logs:#?}");
    let others = fixture.active(&OTHER_COMPANY).await;
    assert!(!others.is_empty() && texts(&others, "companyHandle").iter().all(|handle| handle == "c|47"), "{others:#?}");
}

#[tokio::test]
async fn new_jobs_arrive_and_are_the_same_for_the_same_seed() {
    let generating = || {
        Fixture::with(|config| {
            config.population = Population::Empty;
            config.new_job_interval = Some(Duration::from_secs(5));
        })
    };
    let (one, two) = (generating(), generating());
    assert!(one.active(&ORDINARY).await.is_empty());
    one.advance(TimeDelta::minutes(1));
    for _ in 0..60 {
        two.advance(TimeDelta::seconds(1));
        two.active(&ORDINARY).await;
    }
    let jobs = one.active(&ORDINARY).await;
    assert!(jobs.len() > 2, "{jobs:#?}");
    assert_eq!(texts(&jobs, "jobHandle"), texts(&two.active(&ORDINARY).await, "jobHandle"));
}
