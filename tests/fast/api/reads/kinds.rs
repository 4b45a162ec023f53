//! Kinds of jobs: the same words in every phase.

use serde_json::{Value, json};

use crate::support::{Gateway, ScriptedUpstream, active_job, any_job, job_log, names};

const UPLOAD: &str = "<uploadUrlsJob><overwrite>true</overwrite><readyForPublish>true</readyForPublish>\
    <createMask>false</createMask><emailSetting>None</emailSetting></uploadUrlsJob>";

/// An upload in each phase, and a job of another kind in each.
async fn every_phase() -> (ScriptedUpstream, Gateway) {
    let upstream = ScriptedUpstream::start().await;
    let publish = active_job("publish", "").replace("UrlUpload", "ImageServingPublish");
    upstream.answer("getActiveJobs", &format!("<jobArray>{}{publish}</jobArray>", active_job("active", UPLOAD)));
    upstream.answer(
        "getScheduledJobs",
        "<jobArray><items><jobHandle>0|a|</jobHandle><name>scheduled</name><originalName>scheduled</originalName>\
         <type>UrlUpload</type></items><items><name>cleanup</name><originalName>cleanup</originalName><type>Cleanup</type></items></jobArray>",
    );
    let logs = [
        job_log("logged", "<logType>BeginUploadUrls</logType>"),
        job_log("published", "<logType>EndImageServingPublish</logType>"),
        job_log("shared", "<logType>BeginUpload</logType>"),
    ];
    upstream.answer("getJobLogs", &format!("<jobLogArray>{}</jobLogArray>", logs.concat()));
    let gateway = upstream.plain_gateway();
    (upstream, gateway)
}

fn kinds(list: &Value) -> Vec<(&str, Option<&str>)> {
    let jobs = list["jobs"].as_array().expect("jobs").iter();
    jobs.map(|job| {
        (job["originalName"].as_str().or(job["originalJobName"].as_str()).expect("a name"), job["kind"].as_str())
    })
    .collect()
}

#[tokio::test]
async fn a_kind_has_the_same_name_in_every_phase() {
    let (_upstream, gateway) = every_phase().await;
    let list = gateway.get("/jobs?phase=active,scheduled,completed&sort=name").await.ok();
    let mut seen = kinds(&list);
    seen.sort_unstable();
    let upload = Some("uploadUrls");
    let publish = Some("imageServingPublish");
    assert_eq!(
        seen,
        [
            ("active", upload),
            ("cleanup", None),
            ("logged", upload),
            ("publish", publish),
            ("published", publish),
            ("scheduled", upload),
            ("shared", None)
        ],
        "{list:#}"
    );
}

#[tokio::test]
async fn kinds_and_types_filter_every_phase() {
    let (_upstream, gateway) = every_phase().await;
    let found = async |filter: &str| {
        let list = gateway.get(&format!("/jobs?phase=active,scheduled,completed&{filter}")).await.ok();
        let mut names: Vec<String> = kinds(&list).into_iter().map(|(name, _)| name.to_owned()).collect();
        names.sort_unstable();
        names
    };
    for filter in ["kind=uploadUrls", "kind=UPLOADURLS", "type=UrlUpload", "type=UploadUrls"] {
        assert_eq!(found(filter).await, ["active", "logged", "scheduled"], "{filter}");
    }
    for filter in ["kind=imageServingPublish", "type=ImageServingPublish"] {
        assert_eq!(found(filter).await, ["publish", "published"], "{filter}");
    }
    assert_eq!(found("kind=uploadUrls,imageServingPublish").await.len(), 5);
    assert_eq!(found("type=Upload").await, ["shared"]);
    assert_eq!(found("type=Cleanup").await, ["cleanup"]);
    assert!(found("kind=teleport").await.is_empty());
}

#[tokio::test]
async fn unknown_details_are_a_kind_and_published_names_are_read() {
    let upstream = ScriptedUpstream::start().await;
    let render =
        active_job("render", "<imageServingRenderJob><emailSetting>None</emailSetting></imageServingRenderJob>");
    let newest = active_job("newest", "<teleportJob/>").replace("UrlUpload", "Teleport");
    upstream.answer("getActiveJobs", &format!("<jobArray>{render}{newest}</jobArray>"));
    let gateway = upstream.plain_gateway();
    let list = gateway.get("/jobs").await.ok();
    let (render, newest) = (&list["jobs"][0], &list["jobs"][1]);
    assert_eq!(
        (&render["kind"], &render["detailsElement"]),
        (&json!("imageRenderingPublish"), &json!("imageServingRenderJob"))
    );
    assert_eq!(render["imageRenderingPublishJob"], json!({ "emailSetting": "None" }), "{render:#}");
    assert_eq!((&newest["kind"], &newest["detailsElement"]), (&json!("teleport"), &json!("teleportJob")), "{newest:#}");
    assert_eq!(names(&gateway.get("/jobs?kind=teleport").await.ok()), ["newest"]);
}

#[tokio::test]
async fn a_submitted_job_has_its_kind() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("submitJob", "<jobHandle>j|110|x||</jobHandle>");
    let submitted = upstream.plain_gateway().post_json("/jobs", &any_job("x")).await.expect(202).json();
    assert!(submitted["kind"].is_string(), "{submitted:#}");
}
