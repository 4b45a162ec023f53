//! Logs without `endDate`: of jobs that IPS logs while they run.

use serde_json::{Value, json};

use crate::support::{Gateway, ScriptedUpstream, active_job, fault, id, job_log};

const COMPANY: &str = "companyHandle=c%7C110";
const ACTIVE_HANDLE: &str = "j|110||pebbles_2026-03-02-06:00:00.000|5129821";
const ENTRIES: &str = "<detailTotalRows>2</detailTotalRows><detailArray>\
    <items><logMessage>begun</logMessage><logType>BeginUpload</logType></items>\
    <items><logMessage>slate.jpg is missing</logMessage><logType>UploadError</logType></items></detailArray>";
const END: &str = "<startDate>2026-03-02T06:00:00.000-06:00</startDate><endDate>2026-03-02T06:01:00.000-06:00</endDate>\
    <fatalError>false</fatalError>";

/// An upstream that lists a running job, whose log has these elements after its names.
async fn running_with_log(log: &str) -> (ScriptedUpstream, Gateway) {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("pebbles", "")));
    upstream.answer("getJobLogs", &format!("<jobLogArray>{}</jobLogArray>", job_log("pebbles", log)));
    let details = job_log("pebbles", &format!("{log}{ENTRIES}"));
    upstream.answer("getJobLogDetails", &format!("<jobLogArray>{details}</jobLogArray>"));
    let gateway = upstream.plain_gateway();
    (upstream, gateway)
}

async fn shown(gateway: &Gateway, query: &str) -> Vec<(Value, Value)> {
    let list = gateway.get(&format!("/jobs?{COMPANY}&{query}")).await.ok();
    let jobs = list["jobs"].as_array().expect("jobs");
    jobs.iter().map(|job| (job["phase"].clone(), job["status"].clone())).collect()
}

#[tokio::test]
async fn a_running_job_with_a_log_is_shown_once_as_running() {
    let (_upstream, gateway) = running_with_log("").await;
    let running = [(json!("active"), json!("running"))];
    // Each query twice: the second is answered from the cache.
    for phases in ["active,scheduled,completed", "active,completed"] {
        for query in ["", "", "&sort=name", "&limit=5", "&status=running"] {
            assert_eq!(shown(&gateway, &format!("phase={phases}{query}")).await, running, "{phases}{query}");
        }
        assert_eq!(shown(&gateway, &format!("phase={phases}&status=finalizing")).await, [], "{phases}");
    }
    for _ in 0..2 {
        assert_eq!(shown(&gateway, "phase=completed").await, []);
        assert_eq!(shown(&gateway, "phase=scheduled,completed").await, []);
    }
}

#[tokio::test]
async fn a_list_of_completed_jobs_alone_leaves_out_running_ones() {
    let (upstream, gateway) = running_with_log("").await;
    assert_eq!(shown(&gateway, "phase=completed").await, []);
    assert_eq!(upstream.calls("getActiveJobs"), 1, "the active list tells");
}

#[tokio::test]
async fn a_log_with_an_end_is_that_of_a_completed_job_even_if_the_active_list_still_has_it() {
    let (upstream, gateway) = running_with_log(END).await;
    let completed = [(json!("completed"), json!("completed"))];
    assert_eq!(shown(&gateway, "phase=completed").await, completed);
    assert_eq!(upstream.calls("getActiveJobs"), 0, "not needed");
    assert_eq!(shown(&gateway, "phase=active,completed").await, completed);
}

#[tokio::test]
async fn a_log_without_an_end_whose_job_is_not_active_is_finalizing() {
    let (upstream, gateway) = running_with_log("").await;
    upstream.answer("getActiveJobs", "");
    assert_eq!(shown(&gateway, "phase=active,completed").await, [(json!("completed"), json!("finalizing"))]);
}

#[tokio::test]
async fn an_active_list_that_fails_does_not_hide_the_history() {
    let (upstream, gateway) = running_with_log("").await;
    upstream.reply("getActiveJobs", fault("ipsApiFault", 30000, "a lock", 500));
    assert_eq!(shown(&gateway, "phase=completed").await.len(), 1);
}

#[tokio::test]
async fn a_job_that_is_scheduled_and_active_is_shown_as_active() {
    let upstream = ScriptedUpstream::start().await;
    let original = "hello-1m85bev1nhc7fwk";
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job(original, "")));
    upstream.answer(
        "getScheduledJobs",
        &format!(
            "<jobArray><items><companyHandle>c|110</companyHandle><jobHandle>0|{original}|</jobHandle><name>{original}</name>\
             <originalName>{original}</originalName><triggerState>Normal</triggerState></items></jobArray>"
        ),
    );
    let shown = shown(&upstream.plain_gateway(), "phase=active,scheduled").await;
    assert_eq!(shown, [(json!("active"), json!("running"))]);
}

#[tokio::test]
async fn the_log_so_far_of_a_running_job_is_read_by_its_handle_and_is_not_complete() {
    for (log, complete) in [("", false), (END, true)] {
        let (upstream, gateway) = running_with_log(log).await;
        let job = id(&gateway.get(&format!("/jobs?{COMPANY}")).await.ok()["jobs"][0]);
        let page = gateway.get(&format!("/jobs/{job}/log")).await.ok();
        assert_eq!((&page["entries"].as_array().map(Vec::len), &page["total"]), (&Some(2), &json!(2)), "{page:#}");
        assert_eq!(page["complete"], complete, "{page:#}");
        let asked = upstream.requests("getJobLogDetails").concat();
        assert!(asked.contains(&format!("jobHandle>{ACTIVE_HANDLE}<")), "{asked}");
        let errors = gateway.get(&format!("/jobs/{job}/log?level=error")).await.ok();
        assert_eq!((&errors["total"], &errors["complete"]), (&json!(1), &json!(complete)), "{errors:#}");
    }
}

#[tokio::test]
async fn a_running_job_whose_handle_has_no_log_yet_has_no_entries() {
    let refused = fault("ipsApiFault", 30001, "no such handle", 500);
    for refuses in [true, false] {
        let (upstream, gateway) = running_with_log("").await;
        upstream.answer("getJobLogDetails", "");
        if refuses {
            upstream.reply("getJobLogDetails", refused.clone());
        }
        let job = id(&gateway.get(&format!("/jobs?{COMPANY}")).await.ok()["jobs"][0]);
        for job in [job, ACTIVE_HANDLE.replace('|', "%7C")] {
            let page = gateway.get(&format!("/jobs/{job}/log?{COMPANY}")).await.ok();
            assert_eq!((&page["entries"], &page["complete"]), (&json!([]), &json!(false)), "{page:#}");
        }
    }
}
