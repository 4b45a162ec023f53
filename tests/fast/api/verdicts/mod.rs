//! What the API says of a job: members with one name in every phase, the outcome of a stopped job, and jobs that IPS has not confirmed.

mod clocks;
mod filters;
mod members;
mod stopped;
mod unconfirmed;

use serde_json::Value;

use crate::support::{Gateway, ScriptedUpstream, active_job, job_log};

/// A time in IPS, in its time zone.
fn at(hour: u32) -> String {
    format!("2026-03-02T{hour:02}:00:00-06:00")
}

/// Jobs that start at 5:00 (completed), 6:00 (running), 7:00 (expected, waiting) and 8:00 (scheduled).
async fn every_phase() -> (ScriptedUpstream, Gateway) {
    let upstream = ScriptedUpstream::start().await;
    let running = active_job("runs", &format!("<startDate>{}</startDate>", at(6)));
    let waiting = active_job("waits", &format!("<startDate>{}</startDate>", at(7)));
    let waiting = waiting.replace("Running", "WaitingCoordinator").replace("katlyn", "heron");
    upstream.answer("getActiveJobs", &format!("<jobArray>{running}{waiting}</jobArray>"));
    upstream.answer(
        "getScheduledJobs",
        &format!(
            "<jobArray><items><jobHandle>j|110|planned||</jobHandle><name>planned</name><originalName>planned</originalName>\
             <type>VideoPublish</type><submitUserEmail>katlyn@example.com</submitUserEmail><nextFireTime>{}</nextFireTime></items></jobArray>",
            at(8)
        ),
    );
    let log = format!(
        "<submitUserEmail>katlyn@example.com</submitUserEmail><logType>BeginUploadUrls</logType><startDate>{}</startDate>\
         <endDate>{}</endDate><fileSuccessCount>4</fileSuccessCount><totalFileCount>4</totalFileCount><fatalError>false</fatalError>",
        at(5),
        at(9)
    );
    let failed = log.replace("BeginUploadUrls", "BeginExport").replace(">false<", ">true<");
    let logs = [job_log("done", &log), job_log("broken", &failed)].concat();
    upstream.answer("getJobLogs", &format!("<jobLogArray>{logs}</jobLogArray>"));
    let gateway = upstream.plain_gateway();
    (upstream, gateway)
}

/// The titles of the jobs of a list, in its order.
fn titles(list: &Value) -> Vec<&str> {
    let jobs = list["jobs"].as_array().or_else(|| list["logs"].as_array());
    let jobs = jobs.unwrap_or_else(|| panic!("no list: {list:#}"));
    jobs.iter().map(|job| job["title"].as_str().unwrap_or_else(|| panic!("no title: {job:#}"))).collect()
}
