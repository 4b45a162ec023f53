//! Wall clocks that jump by hours: what is known of a job by its age stays.

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::json;

use crate::support::{Gateway, Reply, START, ScriptedUpstream, active_job, any_job, id, job_log, upload};

/// Jumps of the wall clock, in hours.
const JUMPS: [i64; 2] = [5, -5];

async fn start() -> (ScriptedUpstream, Gateway, Clock) {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    // A version that lists waiting jobs.
    let gateway = Gateway::start(upstream.url(), &"2016-01-14-beta".parse().expect("a version"), &clock, &[]);
    (upstream, gateway, clock)
}

#[tokio::test]
async fn a_submitted_job_that_ips_does_not_list_is_waiting_for_two_minutes() {
    for hours in JUMPS {
        let (upstream, gateway, clock) = start().await;
        upstream.answer("submitJob", "<jobHandle>j|110||nightly|</jobHandle>");
        let job = id(&gateway.submit(&any_job("nightly")).await);
        clock.jump(TimeDelta::hours(hours));
        assert_eq!(gateway.job(&job).await["status"], "waiting");
        clock.advance(TimeDelta::seconds(121));
        clock.jump(TimeDelta::hours(-hours));
        assert_eq!(gateway.job(&job).await["status"], "finalizing");
    }
}

#[tokio::test]
async fn a_job_whose_submit_lost_its_answer_is_unconfirmed_for_two_minutes() {
    for hours in JUMPS {
        let (upstream, gateway, clock) = start().await;
        upstream.reply("submitJob", Reply::Close);
        let submit = gateway.post_json("/jobs", &any_job("nightly")).await;
        let problem = submit.problem(504, "submit-outcome-unknown").await;
        let job = problem["job"].as_str().expect("an id");
        clock.jump(TimeDelta::hours(hours));
        assert_eq!(gateway.job(job).await["unconfirmed"], true);
        clock.advance(TimeDelta::seconds(121));
        clock.jump(TimeDelta::hours(-hours));
        gateway.get(&format!("/jobs/{job}")).await.problem(404, "job-not-found").await;
    }
}

#[tokio::test]
async fn a_stop_is_known_although_the_log_does_not_tell() {
    for hours in JUMPS {
        let (upstream, gateway, clock) = start().await;
        upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("sale", "")));
        upstream.answer("stopJob", "");
        let job = id(&gateway.get("/jobs").await.ok()["jobs"][0]);
        gateway.post(&format!("/jobs/{job}/stop")).await.expect(202);
        upstream.answer("getActiveJobs", "");
        let ended = "<startDate>2026-03-02T05:00:00-06:00</startDate><endDate>2026-03-02T06:00:00-06:00</endDate>\
                     <fileSuccessCount>4</fileSuccessCount><fileErrorCount>0</fileErrorCount>\
                     <fileWarningCount>0</fileWarningCount><totalFileCount>4</totalFileCount><fatalError>false</fatalError>";
        for operation in ["getJobLogs", "getJobLogDetails"] {
            upstream.answer(operation, &format!("<jobLogArray>{}</jobLogArray>", job_log("sale", ended)));
        }
        clock.jump(TimeDelta::hours(hours));
        clock.advance(TimeDelta::seconds(3));
        let list = gateway.get("/jobs?phase=completed").header("Cache-Control", "no-cache").await.ok();
        assert_eq!(list["jobs"][0]["outcome"], "stopped", "{list:#}");
        assert_eq!(gateway.job(&job).await["outcome"], "stopped");
    }
}

#[tokio::test]
async fn a_list_is_fresh_for_its_time_and_then_loaded_again() {
    for hours in JUMPS {
        let (upstream, gateway, clock) = start().await;
        gateway.get("/jobs").await.expect(200);
        clock.jump(TimeDelta::hours(hours));
        assert_eq!(gateway.get("/jobs").await.expect(200).header("age"), "0");
        assert_eq!(upstream.calls("getActiveJobs"), 1, "it is fresh");
        upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("new", "")));
        clock.advance(TimeDelta::seconds(40));
        let list = gateway.get("/jobs").await.ok();
        assert_eq!(list["jobs"][0]["originalName"], json!("new"), "{list:#}");
    }
}

/// As `start`, with answers that state the time of another clock, that of IPS; the gateway has seen one.
async fn start_with_dates() -> (ScriptedUpstream, Gateway, Clock, Clock) {
    let (upstream, gateway, clock) = start().await;
    let ips = Clock::manual(START.parse().expect("a time"));
    upstream.set_clock(&ips);
    gateway.get("/jobs").await.expect(200);
    (upstream, gateway, clock, ips)
}

#[tokio::test]
async fn an_execution_time_is_in_the_past_by_the_clock_of_ips() {
    for hours in JUMPS {
        let (upstream, gateway, clock, ips) = start_with_dates().await;
        upstream.answer("submitJob", "<jobHandle>j|110||nightly|</jobHandle>");
        clock.jump(TimeDelta::hours(hours));
        for (minutes, status) in [(60, 202), (-60, 422)] {
            let mut job = any_job("nightly");
            job["execTime"] = (ips.now() + TimeDelta::minutes(minutes)).to_rfc3339().into();
            gateway.post_json("/jobs", &job).await.expect(status);
        }
        for (minutes, count) in [(60, 0), (-1, 1)] {
            let mut job = any_job("nightly");
            job["execTime"] = (ips.now() + TimeDelta::minutes(minutes)).to_rfc3339().into();
            let preflight = gateway.post_json("/jobs/validate", &job).await.ok();
            let warnings = preflight["warnings"].as_array().map_or(0, Vec::len);
            assert_eq!(warnings, count, "{minutes} minutes from now: {preflight:#}");
        }
    }
}

#[tokio::test]
async fn a_submit_of_an_earlier_process_is_unconfirmed_for_two_minutes_by_the_clock_of_ips() {
    for (earlier_hours, later_hours) in [(5, 0), (-5, 0), (0, 5), (0, -5)] {
        let (upstream, earlier, clock, ips) = start_with_dates().await;
        clock.jump(TimeDelta::hours(earlier_hours));
        upstream.reply("submitJob", Reply::Close);
        let submit = earlier.post_json("/jobs", &any_job("nightly")).await;
        let problem = submit.problem(504, "submit-outcome-unknown").await;
        let job = problem["job"].as_str().expect("an id");
        drop(earlier);
        let clock = Clock::manual(START.parse().expect("a time"));
        clock.jump(TimeDelta::hours(later_hours));
        let version = "2016-01-14-beta".parse().expect("a version");
        let later = Gateway::start(upstream.url(), &version, &clock, &[]);
        assert_eq!(later.job(job).await["unconfirmed"], true, "{earlier_hours} {later_hours}");
        for clock in [&clock, &ips] {
            clock.advance(TimeDelta::seconds(121));
        }
        later.get(&format!("/jobs/{job}")).await.problem(404, "job-not-found").await;
    }
}

#[tokio::test]
async fn a_chain_waits_for_its_publish_until_five_minutes_after_the_end_of_its_upload_by_the_clock_of_ips() {
    for hours in JUMPS {
        let (upstream, gateway, clock, ips) = start_with_dates().await;
        upstream.answer("submitJob", "<jobHandle>j|110||spring|</jobHandle>");
        let mut job = upload("spring", &["https://example.com/a.tif"]);
        job["uploadUrlsJob"]["postImageServingPublishJob"] =
            json!({"publishType": "Incremental", "emailSetting": "None"});
        let id = id(&gateway.submit(&job).await);
        let request = upstream.requests("submitJob").pop().expect("a submit");
        let name = request.split_once("<jobName>").and_then(|(_, rest)| rest.split_once("</jobName>"));
        let (name, _) = name.unwrap_or_else(|| panic!("no name: {request}"));
        let at = |minutes| (ips.now() - TimeDelta::minutes(minutes)).to_rfc3339();
        let ended = format!(
            "<logType>UrlUpload</logType><startDate>{}</startDate><endDate>{}</endDate><fileSuccessCount>1</fileSuccessCount>\
             <fileErrorCount>0</fileErrorCount><fileWarningCount>0</fileWarningCount><totalFileCount>1</totalFileCount>\
             <fatalError>false</fatalError>",
            at(2),
            at(1)
        );
        for operation in ["getJobLogs", "getJobLogDetails"] {
            upstream.answer(operation, &format!("<jobLogArray>{}</jobLogArray>", job_log(name, &ended)));
        }
        clock.jump(TimeDelta::hours(hours));
        for (minutes, status) in [(1, "waiting"), (6, "completed")] {
            for clock in [&clock, &ips] {
                clock.advance(TimeDelta::minutes(minutes));
            }
            let job = gateway.get(&format!("/jobs/{id}")).header("Cache-Control", "no-cache").await.ok();
            assert_eq!(job["chain"]["status"], status, "{hours} {minutes}: {job:#}");
        }
    }
}
