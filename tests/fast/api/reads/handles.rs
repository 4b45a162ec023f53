//! IPS job handles in paths: that of the submit, of each list and of the log find the same job.

use serde_json::Value;

use crate::support::{Gateway, Reply, ScriptedUpstream, World, any_job, envelope, fault, job_log};

/// Handles of one job: of the active list, of the log and of the submit.
const ACTIVE: &str = "j|110||pebbles_2026-03-02-06:00:00.000|5129821";
const LOGGED: &str = "j|110||pebbles_2026-03-02-06:00:00.000";
const SUBMITTED: &str = "j|110|pebbles||";

fn encoded(handle: &str) -> String {
    form_urlencoded::byte_serialize(handle.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Lets an operation return `items` for these handles, `unfiltered` without a filter, and nothing for other handles.
fn filter(upstream: &ScriptedUpstream, operation: &'static str, handles: &'static [&'static str], items: [&str; 2]) {
    let array = if operation == "getJobLogDetails" { "jobLogArray" } else { "jobArray" };
    let [unfiltered, found] =
        items.map(|items| Reply::Xml(200, envelope(operation, &format!("<{array}>{items}</{array}>"))));
    let nothing = Reply::Xml(200, envelope(operation, ""));
    upstream.script(operation, move |request| {
        let asked = handles.iter().any(|handle| request.contains(&format!("<jobHandle>{handle}</jobHandle>")));
        let (unfiltered, found, nothing) = (unfiltered.clone(), found.clone(), nothing.clone());
        if !request.contains("<jobHandle>") {
            unfiltered
        } else if asked {
            found
        } else {
            nothing
        }
    });
}

fn running(name: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>j|110||{name}|5129821</jobHandle><name>{name}</name>\
         <originalName>pebbles</originalName><type>UrlUpload</type><state>Running</state></items>"
    )
}

fn plan(instance: &str) -> String {
    format!(
        "<items><companyHandle>c|110</companyHandle><jobHandle>0|{instance}|</jobHandle><name>{instance}</name>\
         <originalName>pebbles</originalName><execSchedule>0 0 3 * * ?</execSchedule><triggerState>Normal</triggerState></items>"
    )
}

async fn by_handle(gateway: &Gateway, handle: &str) -> Value {
    gateway.get(&format!("/jobs/{}", encoded(handle))).await.ok()
}

#[tokio::test]
async fn every_handle_of_an_active_job_finds_it() {
    let upstream = ScriptedUpstream::start().await;
    let job = running("pebbles_2026-03-02-06:00:00.000");
    filter(&upstream, "getActiveJobs", &[ACTIVE, LOGGED, SUBMITTED], [&job, &job]);
    let gateway = upstream.plain_gateway();
    let listed = gateway.get("/jobs").await.ok()["jobs"][0].clone();
    for handle in [ACTIVE, LOGGED, SUBMITTED] {
        let found = by_handle(&gateway, handle).await;
        assert_eq!((&found["id"], &found["status"]), (&listed["id"], &listed["status"]), "{handle}: {found:#}");
    }
    for path in ["/jobs/j%7C110%7Cgravel%7C%7C", "/jobs/47%7CMy%20Test%20Job%7C"] {
        gateway.get(path).await.problem(404, "job-not-found").await;
    }
}

#[tokio::test]
async fn a_job_that_is_not_in_the_cached_list_yet_is_found_by_its_handle() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    gateway.get("/jobs").await.ok();
    let job = running("pebbles_2026-03-02-06:00:00.000");
    filter(&upstream, "getActiveJobs", &[SUBMITTED], [&job, &job]);
    assert_eq!(by_handle(&gateway, SUBMITTED).await["jobHandle"], ACTIVE);
}

#[tokio::test]
async fn the_handle_of_a_submit_finds_a_schedule_and_a_completed_job() {
    let upstream = ScriptedUpstream::start().await;
    let schedule = plan("pebbles_2026-03-02-06:00:00.000");
    filter(&upstream, "getScheduledJobs", &[SUBMITTED], [&schedule, &schedule]);
    let gateway = upstream.plain_gateway();
    assert_eq!(by_handle(&gateway, SUBMITTED).await["phase"], "scheduled");
    filter(&upstream, "getScheduledJobs", &[], ["", ""]);
    let log = job_log("pebbles", "<logType>BeginUpload</logType><endDate>2026-03-02T06:01:00Z</endDate>");
    filter(&upstream, "getJobLogDetails", &[SUBMITTED, ACTIVE], ["", &log]);
    let gateway = upstream.plain_gateway();
    for handle in [SUBMITTED, ACTIVE] {
        let found = by_handle(&gateway, handle).await;
        assert_eq!((&found["phase"], &found["jobHandle"]), (&"completed".into(), &LOGGED.into()), "{found:#}");
    }
}

#[tokio::test]
async fn a_handle_that_ips_refuses_is_not_found_and_one_of_several_jobs_is_ambiguous() {
    let upstream = ScriptedUpstream::start().await;
    for operation in ["getActiveJobs", "getScheduledJobs"] {
        let empty = Reply::Xml(200, envelope(operation, ""));
        let refusal = fault("authorizationFault", 20005, "illegal jobHandle", 500);
        upstream.script(
            operation,
            move |request| {
                if request.contains("<jobHandle>") { refusal.clone() } else { empty.clone() }
            },
        );
    }
    upstream.reply("getJobLogDetails", fault("ipsApiFault", 30001, "invalid jobHandle", 500));
    upstream.plain_gateway().get("/jobs/j%7C110%7Cgravel%7C%7C").await.problem(404, "job-not-found").await;
    let twins = running("pebbles_2026-03-02-06:00:00.000") + &running("pebbles_2026-03-02-06:00:00.001");
    filter(&upstream, "getActiveJobs", &[SUBMITTED], [&twins, &twins]);
    let gateway = upstream.plain_gateway();
    let answer = gateway.get(&format!("/jobs/{}", encoded(SUBMITTED))).await;
    assert_eq!(answer.problem(409, "ambiguous-job").await["candidates"].as_array().map(Vec::len), Some(2), "{answer}");
    let answer = gateway.get(&format!("/jobs/{}", encoded(LOGGED))).header("Cache-Control", "only-if-cached").await;
    answer.problem(504, "not-cached").await;
}

#[tokio::test]
async fn the_handle_of_a_submit_finds_the_job_from_the_submit_to_the_log() {
    let world = World::empty();
    let submitted = world.gateway.submit(&any_job("by its handle")).await;
    let path = format!("/jobs/{}", encoded(submitted["jobHandle"].as_str().expect("a handle")));
    for _ in 0..2 {
        assert_eq!(world.gateway.get(&path).await.ok()["id"], submitted["id"]);
        world.finish(submitted["id"].as_str().expect("an id")).await;
    }
    assert_eq!(world.gateway.get(&path).await.ok()["phase"], "completed");
}
