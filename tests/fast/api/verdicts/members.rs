//! Members with one name in every phase.

use serde_json::{Map, Value, json};

use super::{at, every_phase};
use crate::support::{Reply, ScriptedUpstream, World, active_job, any_job, id, job_log};

const MEMBERS: [&str; 6] = ["kind", "title", "submittedBy", "startedAt", "endedAt", "nextRunAt"];

/// The members of a job that have one name in every phase.
fn members(job: &Value) -> Value {
    let present = MEMBERS.into_iter().filter_map(|name| Some((name.to_owned(), job.get(name)?.clone())));
    Value::Object(present.collect::<Map<_, _>>())
}

#[tokio::test]
async fn members_have_the_same_names_in_every_phase() {
    let (_upstream, gateway) = every_phase().await;
    let list = gateway.get("/jobs?phase=active,scheduled,completed&sort=startDate").await.ok();
    let seen: Vec<_> = list["jobs"].as_array().expect("jobs").iter().map(members).collect();
    let katlyn = "katlyn@example.com";
    let done =
        json!({ "kind": "uploadUrls", "title": "done", "submittedBy": katlyn, "startedAt": at(5), "endedAt": at(9) });
    assert!(seen.contains(&done), "{seen:#?}");
    for expected in [
        json!({ "kind": "export", "title": "broken", "submittedBy": katlyn, "startedAt": at(5), "endedAt": at(9) }),
        json!({ "kind": "uploadUrls", "title": "runs", "submittedBy": katlyn, "startedAt": at(6) }),
        // IPS sends an expected start of a job that waits.
        json!({ "kind": "uploadUrls", "title": "waits", "submittedBy": "heron@example.com" }),
        json!({ "kind": "videoPublish", "title": "planned", "submittedBy": katlyn, "nextRunAt": at(8) }),
    ] {
        assert!(seen.contains(&expected), "{expected:#} in {seen:#?}");
    }
    let history = gateway.get("/job-logs").await.ok();
    let logged: Vec<_> = history["logs"].as_array().expect("logs").iter().map(members).collect();
    assert!(logged.contains(&done), "the history has them, too: {history:#}");
}

#[tokio::test]
async fn fields_of_ips_stay_beside_the_members() {
    let (_upstream, gateway) = every_phase().await;
    let list = gateway.get("/jobs?phase=scheduled,completed&sort=-startDate").await.ok();
    let (planned, done) = (&list["jobs"][0], &list["jobs"][2]);
    assert_eq!((&planned["nextFireTime"], &planned["originalName"]), (&json!(at(8)), &json!("planned")), "{planned:#}");
    assert_eq!((&done["startDate"], &done["endDate"]), (&json!(at(5)), &json!(at(9))), "{done:#}");
    assert_eq!(done["submitUserEmail"], "katlyn@example.com", "{done:#}");
}

#[tokio::test]
async fn what_ips_does_not_send_is_absent_and_a_time_without_zone_stays_so() {
    let upstream = ScriptedUpstream::start().await;
    let sparse = "<items><jobHandle>j|110||x|7</jobHandle><name/><originalName/><submitUserEmail/></items>";
    let local = active_job("local", "<startDate>2026-03-02T06:00:00</startDate>");
    upstream.answer("getActiveJobs", &format!("<jobArray>{sparse}{local}</jobArray>"));
    // API versions before 2008-01-15 have no original name in logs.
    let unnamed = job_log("spring", "").replace("<originalJobName>spring</originalJobName>", "");
    upstream.answer("getJobLogs", &format!("<jobLogArray>{unnamed}</jobLogArray>"));
    let gateway = upstream.plain_gateway();
    let active = gateway.get("/jobs").await.ok();
    assert_eq!(members(&active["jobs"][0]), json!({}), "{active:#}");
    assert_eq!(active["jobs"][1]["startedAt"], "2026-03-02T06:00:00", "{active:#}");
    assert_eq!(members(&gateway.get("/job-logs").await.ok()["logs"][0]), json!({ "title": "spring" }));
}

#[tokio::test]
async fn a_submitted_job_has_the_members_and_keeps_its_title_in_every_phase() {
    let world = World::empty();
    let submitted = world.gateway.submit(&any_job("spring sale")).await;
    let expected = json!({ "kind": "optimizeImages", "title": "spring sale", "submittedBy": "katlyn@example.com" });
    assert_eq!(members(&submitted), expected, "{submitted:#}");
    assert_ne!(submitted["jobName"], "spring sale", "the name has a suffix: {submitted:#}");
    let active = world.gateway.job(&id(&submitted)).await;
    assert_eq!(
        (&active["title"], &active["submittedBy"]),
        (&expected["title"], &expected["submittedBy"]),
        "{active:#}"
    );
    let done = world.finish(&id(&submitted)).await;
    assert_eq!((&done["title"], &done["submittedBy"]), (&expected["title"], &expected["submittedBy"]), "{done:#}");
    assert_eq!((&done["startedAt"], &done["endedAt"]), (&done["startDate"], &done["endDate"]), "{done:#}");
    assert!(done["endedAt"].is_string(), "{done:#}");
}

#[tokio::test]
async fn a_submitted_schedule_has_the_time_of_its_next_run() {
    let world = World::empty();
    let time = "2026-03-03T04:00:00Z";
    let mut job = any_job("launch");
    job["execTime"] = json!(time);
    let submitted = world.gateway.submit(&job).await;
    assert_eq!((&submitted["phase"], &submitted["nextRunAt"]), (&json!("scheduled"), &json!(time)), "{submitted:#}");
    let listed = world.gateway.job(&id(&submitted)).await;
    assert_eq!((&listed["title"], &listed["nextRunAt"]), (&json!("launch"), &listed["nextFireTime"]), "{listed:#}");
}

#[tokio::test]
async fn a_submit_for_another_user_or_with_a_token_does_not_say_who_submitted() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110|x||</jobHandle>");
    let gateway = upstream.plain_gateway();
    let mut job = any_job("for another");
    job["userHandle"] = json!("70|heron@example.com");
    for submitted in [gateway.submit(&job).await, gateway.with_token("token").submit(&any_job("x")).await] {
        assert_eq!(submitted.get("submittedBy"), None, "{submitted:#}");
    }
}

/// The variants of `Job` in the OpenAPI document that a job fits, by its phase and its required members. No member is unknown to them.
fn variants(job: &Value) -> Vec<&'static str> {
    let document: Value = serde_json::from_str(include_str!("../../../../openapi/openapi.json")).expect("JSON");
    let fits = |variant: &&str| {
        let schema = &document["components"]["schemas"][*variant];
        let required = schema["required"].as_array().expect("required members");
        let phases = schema["properties"]["phase"]["enum"].as_array().expect("phases");
        let fits = phases.contains(&job["phase"])
            && required.iter().all(|name| job.get(name.as_str().unwrap_or_default()).is_some());
        let unknown: Vec<_> = job
            .as_object()
            .expect("an object")
            .keys()
            .filter(|name| schema["properties"].get(name).is_none())
            .collect();
        assert!(!fits || unknown.is_empty(), "{variant} has no {unknown:?}");
        fits
    };
    ["ActiveJob", "ScheduledJob", "CompletedJob", "SubmittedJob"].into_iter().filter(fits).collect()
}

#[tokio::test]
async fn a_job_fits_one_schema_of_its_phase_from_its_submit_on() {
    let world = World::empty();
    let submitted = world.gateway.submit(&any_job("now")).await;
    assert_eq!(variants(&submitted), ["SubmittedJob"], "{submitted:#}");
    let active = world.gateway.job(&id(&submitted)).await;
    assert_eq!(variants(&active), ["ActiveJob"], "{active:#}");
    let completed = world.finish(&id(&submitted)).await;
    assert_eq!(variants(&completed), ["CompletedJob"], "{completed:#}");
    let mut later = any_job("later");
    later["execTime"] = json!("2026-03-03T04:00:00Z");
    let submitted = world.gateway.submit(&later).await;
    assert_eq!(variants(&submitted), ["SubmittedJob"], "{submitted:#}");
    let scheduled = world.gateway.job(&id(&submitted)).await;
    assert_eq!(variants(&scheduled), ["ScheduledJob"], "{scheduled:#}");

    let upstream = ScriptedUpstream::start().await;
    upstream.reply("submitJob", Reply::Close);
    let gateway = upstream.plain_gateway();
    let problem = gateway.post_json("/jobs", &any_job("lost")).await.problem(504, "submit-outcome-unknown").await;
    let unconfirmed = gateway.job(problem["job"].as_str().expect("a job")).await;
    assert_eq!(variants(&unconfirmed), ["SubmittedJob"], "{unconfirmed:#}");
}
