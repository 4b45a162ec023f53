//! An upload and the publish that IPS runs after it: one original name, two jobs.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};

use crate::support::{self, Gateway, Reply, START, ScriptedUpstream, envelope};

pub(super) const RUN: &str = "2026-03-02-06:00:00.000";

/// A job of the script: in the active list, or in the log with these numbers of files.
#[derive(Clone)]
pub(super) struct Scripted {
    handle: &'static str,
    /// Name in lists.
    name: String,
    /// `type`, and `logType` without `Begin`.
    types: (&'static str, &'static str),
    /// Succeeded and failed files; `None` while active.
    files: Option<(u32, u32)>,
    /// `logType` of the entry in the details of its log.
    entry: &'static str,
}

impl Scripted {
    fn active(&self, original: &str) -> String {
        let Self { handle, name, types: (job_type, _), .. } = self;
        format!(
            "<items><companyHandle>c|110</companyHandle><jobHandle>{handle}|7</jobHandle><name>{name}</name>\
             <originalName>{original}</originalName><type>{job_type}</type><state>Running</state><progress>40</progress></items>"
        )
    }

    fn log(&self, original: &str, entries: &str) -> String {
        let Self { handle, name, types: (_, log_type), files, .. } = self;
        let (done, failed) = files.expect("it is completed");
        format!(
            "<items><companyHandle>c|110</companyHandle><jobHandle>{handle}</jobHandle><jobName>{name}</jobName>\
             <originalJobName>{original}</originalJobName><logType>Begin{log_type}</logType>\
             <endDate>2026-03-02T04:00:00-08:00</endDate><fatalError>false</fatalError><fileSuccessCount>{done}</fileSuccessCount>\
             <fileErrorCount>{failed}</fileErrorCount><totalFileCount>{}</totalFileCount>{entries}</items>",
            done + failed
        )
    }
}

/// IPS with jobs of one original name.
pub(super) struct Script {
    pub upstream: ScriptedUpstream,
    pub clock: Clock,
    jobs: Arc<Mutex<(String, Vec<Scripted>)>>,
}

impl Script {
    pub async fn start() -> Self {
        let (upstream, clock) = (ScriptedUpstream::start().await, Clock::manual(START.parse().expect("a time")));
        let jobs = Arc::new(Mutex::new((String::new(), Vec::<Scripted>::new())));
        upstream.answer("submitJob", "<jobHandle>j|110|x||</jobHandle>");
        for action in ["stopJob", "deleteJob"] {
            upstream.answer(action, "");
        }
        let answers =
            |operation: &'static str, array: &'static str, item: fn(&Scripted, &str, &str) -> Option<String>| {
                let jobs = Arc::clone(&jobs);
                upstream.script(operation, move |request| {
                    let (original, jobs) = &*jobs.lock().expect("no panic");
                    let items: String = jobs.iter().filter_map(|job| item(job, original, request)).collect();
                    Reply::Xml(200, envelope(operation, &format!("<{array}>{items}</{array}>")))
                });
            };
        answers("getActiveJobs", "jobArray", |job, original, _| job.files.is_none().then(|| job.active(original)));
        answers("getJobLogs", "jobLogArray", |job, original, _| job.files.map(|_| job.log(original, "")));
        answers("getJobLogDetails", "jobLogArray", |job, original, request| {
            let is_asked_for = request.contains(&format!("<originalName>{original}</originalName>"))
                || request.contains(&format!("<jobHandle>{}", job.handle));
            let entry = format!(
                "<detailArray><items><assetName>{}</assetName><logType>{}</logType></items></detailArray>",
                job.handle, job.entry
            );
            (is_asked_for && job.files.is_some()).then(|| job.log(original, &entry))
        });
        Self { upstream, clock, jobs }
    }

    pub fn set(&self, original: &str, jobs: Vec<Scripted>) {
        *self.jobs.lock().expect("no panic") = (original.into(), jobs);
        self.clock.advance(TimeDelta::seconds(5));
    }

    pub fn gateway(&self) -> Gateway {
        self.upstream.gateway(&self.clock, &[])
    }
}

pub(super) fn upload_with_publish(name: &str) -> Value {
    let mut job = support::upload(name, &["https://example.com/a.tif"]);
    job["uploadUrlsJob"]["postImageServingPublishJob"] = json!({"publishType": "Incremental", "emailSetting": "None"});
    job
}

pub(super) fn upload(original: &str, log_type: &'static str, files: Option<(u32, u32)>) -> Scripted {
    Scripted {
        handle: "j|110||u",
        name: format!("{original}_{RUN}"),
        types: ("UrlUpload", log_type),
        files,
        entry: "Note",
    }
}

pub(super) fn publish(original: &str, more: &str, files: Option<(u32, u32)>) -> Scripted {
    let types = ("ImageServingPublish", "ImageServingPublish");
    Scripted { handle: "j|110||p", name: format!("{original}_{more}"), types, files, entry: "Note" }
}

pub(super) async fn list(gateway: &Gateway) -> Vec<Value> {
    let list = gateway.get("/jobs?phase=active,completed").header("Cache-Control", "no-cache").await.ok();
    list["jobs"].as_array().expect("jobs").clone()
}

pub(super) fn by_handle<'a>(jobs: &'a [Value], handle: &str) -> &'a Value {
    let is_meant = |job: &&Value| job["jobHandle"].as_str().is_some_and(|own| own.starts_with(handle));
    jobs.iter().find(is_meant).unwrap_or_else(|| panic!("no {handle}: {jobs:#?}"))
}

/// The upload and the publish in lists and single reads, with their links. `id` is that of the submit.
async fn assert_two_jobs(gateway: &Gateway, id: &str, published: &str) -> Value {
    let jobs = list(gateway).await;
    assert_eq!(jobs.len(), 2, "{jobs:#?}");
    let (upload, publish) = (by_handle(&jobs, "j|110||u"), by_handle(&jobs, "j|110||p"));
    assert_eq!(upload["id"], id, "the submit's id is that of the upload: {jobs:#?}");
    assert_eq!((&publish["parent"], publish.get("followOns")), (&id.into(), None), "{publish:#}");
    assert_eq!(upload.get("parent"), None, "{upload:#}");
    let publish_id = publish["id"].as_str().expect("an id");
    assert_ne!(publish_id, id);
    let mut link = json!({"id": publish_id, "kind": "imageServingPublish", "status": publish["status"]});
    for member in ["outcome", "percent"] {
        if let Some(value) = publish.get(member) {
            link[member] = value.clone();
        }
    }
    for (job, own_id) in [(upload, id), (publish, publish_id)] {
        let read = gateway.job(own_id).await;
        for member in ["id", "jobHandle", "status", "outcome", "percent", "parent"] {
            assert_eq!(read.get(member), job.get(member), "{member} of {read:#}");
        }
    }
    let read = gateway.job(id).await;
    assert_eq!((&read["followOns"], &publish["status"]), (&json!([link]), &published.into()), "{read:#}");
    // A list shows the follow-on jobs that the other lists had when it was loaded.
    let jobs = list(gateway).await;
    assert_eq!(by_handle(&jobs, "j|110||u")["followOns"], json!([link]), "{jobs:#?}");
    publish["id"].clone()
}

#[tokio::test]
async fn the_id_of_a_submit_means_the_upload_in_all_orders_and_phases() {
    for more in [format!("{RUN}_publish"), "2026-03-02-06:00:00.001".into()] {
        for log_type in ["UploadUrls", "Upload"] {
            let script = Script::start().await;
            let gateway = script.gateway();
            let submitted = gateway.submit(&upload_with_publish("spring")).await;
            let id = submitted["id"].as_str().expect("an id").to_owned();
            let name = submitted["originalName"].as_str().expect("a name").to_owned();
            let mut publish_ids = Vec::new();
            for (upload_files, publish_files, published) in
                [(None, None, "running"), (Some((3, 0)), None, "running"), (Some((3, 0)), Some((3, 0)), "completed")]
            {
                let jobs = [upload(&name, log_type, upload_files), publish(&name, &more, publish_files)];
                for jobs in [jobs.to_vec(), jobs.iter().rev().cloned().collect()] {
                    script.set(&name, jobs);
                    for gateway in [&gateway, &script.gateway()] {
                        publish_ids.push(assert_two_jobs(gateway, &id, published).await);
                    }
                }
            }
            publish_ids.dedup();
            assert_eq!(publish_ids.len(), 1, "the publish keeps its id, too: {publish_ids:?}");
        }
    }
}

#[tokio::test]
async fn each_job_has_its_own_outcome_and_log() {
    for (uploaded, published, outcomes) in
        [((0, 1), (3, 0), ("failed", "succeeded")), ((3, 0), (0, 3), ("succeeded", "failed"))]
    {
        for log_type in ["UploadUrls", "Upload"] {
            let script = Script::start().await;
            let submitted = script.gateway().submit(&upload_with_publish("spring")).await;
            let id = submitted["id"].as_str().expect("an id");
            let name = submitted["originalName"].as_str().expect("a name");
            let jobs =
                [upload(name, log_type, Some(uploaded)), publish(name, &format!("{RUN}_publish"), Some(published))];
            for jobs in [jobs.to_vec(), jobs.iter().rev().cloned().collect()] {
                script.set(name, jobs);
                let gateway = script.gateway();
                let (upload, jobs) = (gateway.job(id).await, list(&gateway).await);
                let publish = by_handle(&jobs, "j|110||p");
                assert_eq!(upload["outcome"], outcomes.0, "{upload:#}");
                assert_eq!(publish["outcome"], outcomes.1, "{publish:#}");
                assert_eq!(upload["followOns"][0]["outcome"], outcomes.1, "{upload:#}");
                for (job, handle) in [(&upload, "j|110||u"), (publish, "j|110||p")] {
                    let path = format!("/jobs/{}/log", job["id"].as_str().expect("an id"));
                    let log = gateway.get(&path).await.ok();
                    assert_eq!(log["entries"][0]["assetName"], handle, "{log:#}");
                }
                let history = gateway.get("/job-logs").await.ok();
                let logs = history["logs"].as_array().expect("logs");
                assert_eq!(by_handle(logs, "j|110||p")["parent"], id, "{history:#}");
                assert_eq!(by_handle(logs, "j|110||u")["followOns"][0]["outcome"], outcomes.1, "{history:#}");
            }
        }
    }
}

#[tokio::test]
async fn actions_on_the_id_of_a_submit_are_not_sent_for_the_follow_on_job() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let submitted = gateway.submit(&upload_with_publish("spring")).await;
    let id = submitted["id"].as_str().expect("an id");
    let name = submitted["originalName"].as_str().expect("a name");
    let more = format!("{RUN}_publish");
    script.set(name, vec![publish(name, &more, None), upload(name, "Upload", None)]);
    gateway.post(&format!("/jobs/{id}/stop")).await.expect(202);
    assert!(script.upstream.requests("stopJob")[0].contains("<jobHandle>j|110||u|7</jobHandle>"));
    script.set(name, vec![publish(name, &more, None), upload(name, "Upload", Some((1, 0)))]);
    gateway.post(&format!("/jobs/{id}/stop")).await.problem(409, "action-not-possible").await;
    gateway.delete(&format!("/jobs/{id}")).await.problem(409, "action-not-possible").await;
    assert_eq!((script.upstream.calls("stopJob"), script.upstream.calls("deleteJob")), (1, 0));
    // The publish is deleted, the upload stays.
    let jobs = list(&gateway).await;
    let publish_id = by_handle(&jobs, "j|110||p")["id"].as_str().expect("an id").to_owned();
    gateway.delete(&format!("/jobs/{publish_id}")).await.expect(204);
    assert!(script.upstream.requests("deleteJob")[0].contains("<jobHandle>j|110||p|7</jobHandle>"));
    script.set(name, vec![]);
    assert_ne!(gateway.get(&format!("/jobs/{id}")).await.status, 404, "no delete of the upload is known");
    script.set(name, vec![upload(name, "Upload", Some((1, 0)))]);
    assert_eq!(gateway.job(id).await["outcome"], "stopped");
}

#[tokio::test]
async fn the_handle_of_a_submit_means_the_upload() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let submitted = gateway.submit(&upload_with_publish("spring")).await;
    let name = submitted["originalName"].as_str().expect("a name");
    let more = format!("{RUN}_publish");
    for uploaded in [None, Some((3, 0))] {
        // The script answers with all active jobs, whatever the handle.
        script.set(name, vec![publish(name, &more, None), upload(name, "Upload", uploaded)]);
        for gateway in [&gateway, &script.gateway()] {
            let answer = gateway.get("/jobs/j%7C110%7Cx%7C%7C").await;
            if answer.status == 404 {
                assert!(uploaded.is_some(), "only the replica of the submit knows its handle: {answer}");
            } else {
                assert_eq!(answer.ok()["id"], submitted["id"]);
            }
        }
        let found = gateway.get("/jobs/j%7C110%7Cx%7C%7C").await.ok();
        assert_eq!(found["id"], submitted["id"], "{found:#}");
    }
}

#[tokio::test]
async fn a_follow_on_job_alone_is_not_the_submitted_job() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let submitted = gateway.submit(&upload_with_publish("spring")).await;
    let id = submitted["id"].as_str().expect("an id");
    let name = submitted["originalName"].as_str().expect("a name");
    for files in [None, Some((3, 0))] {
        script.set(name, vec![publish(name, "2026-03-02-06:00:00.001", files)]);
        let job = gateway.job(id).await;
        assert_eq!((&job["id"], job.get("type"), job.get("logType")), (&id.into(), None, None), "{job:#}");
        let log = gateway.get(&format!("/jobs/{id}/log")).await.ok();
        assert_eq!(log["entries"], json!([]), "{log:#}");
    }
}

#[tokio::test]
async fn the_kind_in_the_id_of_a_submit_tells_it_from_a_follow_on_job_of_its_shared_name() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let answer = gateway.post_json("/jobs?uniqueName=false", &upload_with_publish("nightly")).await.expect(202).json();
    let id = answer["id"].as_str().expect("an id");
    let more = format!("{RUN}_publish");
    for (uploaded, published) in [(None, None), (Some((3, 0)), None), (Some((3, 0)), Some((0, 3)))] {
        script.set("nightly", vec![publish("nightly", &more, published), upload("nightly", "Upload", uploaded)]);
        for gateway in [&gateway, &script.gateway()] {
            let found = gateway.job(id).await;
            assert!(found["jobHandle"].as_str().is_some_and(|handle| handle.starts_with("j|110||u")), "{found:#}");
            // Jobs whose name is not unique are linked as far as the lists had them when they were loaded.
            let jobs = list(gateway).await;
            script.clock.advance(TimeDelta::seconds(5));
            let again = list(gateway).await;
            let (upload, publish) = (by_handle(&jobs, "j|110||u"), by_handle(&again, "j|110||p"));
            assert_eq!((&publish["parent"], &found["id"]), (&upload["id"], &upload["id"]), "{again:#?}");
            let read = gateway.job(upload["id"].as_str().expect("an id")).await;
            assert_eq!(read["followOns"][0]["id"], publish["id"], "{read:#}");
        }
    }
}

#[tokio::test]
async fn a_completed_upload_shows_how_its_follow_on_job_goes_on() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let submitted = gateway.submit(&upload_with_publish("spring")).await;
    let id = submitted["id"].as_str().expect("an id");
    let name = submitted["originalName"].as_str().expect("a name");
    let more = format!("{RUN}_publish");
    script.set(name, vec![upload(name, "Upload", Some((3, 0)))]);
    let read = || gateway.get(&format!("/jobs/{id}"));
    assert_eq!(read().await.ok().get("followOns"), None, "none is known");
    script.set(name, vec![upload(name, "Upload", Some((3, 0))), publish(name, &more, None)]);
    gateway.get("/jobs").header("Cache-Control", "no-cache").await.ok();
    let calls = script.upstream.calls("getJobLogDetails");
    assert_eq!(read().await.ok()["followOns"][0]["status"], "running");
    assert_eq!(script.upstream.calls("getJobLogDetails"), calls, "the log of the upload is not read again");
    script.set(name, vec![upload(name, "Upload", Some((3, 0))), publish(name, &more, Some((0, 3)))]);
    let job = gateway.job(id).await;
    assert_eq!((&job["followOns"][0]["outcome"], &job["outcome"]), (&"failed".into(), &"succeeded".into()), "{job:#}");
}

/// The publish is stopped in every read and list, and in the upload's `followOns`; the upload is not.
async fn assert_only_the_publish_is_stopped(gateway: &Gateway, id: &str) {
    for _ in 0..2 {
        let jobs = list(gateway).await;
        let logs = gateway.get("/job-logs").await.ok();
        let logs = logs["logs"].as_array().expect("logs");
        let uploads = [by_handle(&jobs, "j|110||u"), by_handle(logs, "j|110||u"), &gateway.job(id).await];
        for upload in uploads {
            assert_eq!(
                (&upload["outcome"], &upload["followOns"][0]["outcome"]),
                (&json!("succeeded"), &json!("stopped")),
                "{upload:#}"
            );
            assert_ne!(upload["followOns"][0]["percent"], 100, "{upload:#}");
        }
        let publish_id = uploads[0]["followOns"][0]["id"].as_str().expect("an id");
        for publish in [by_handle(&jobs, "j|110||p"), by_handle(logs, "j|110||p"), &gateway.job(publish_id).await] {
            assert_eq!((&publish["outcome"], &publish["parent"]), (&json!("stopped"), &json!(id)), "{publish:#}");
        }
    }
}

#[tokio::test]
async fn a_follow_on_job_stopped_through_the_gateway_is_stopped_in_its_parent_although_the_log_does_not_tell() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let submitted = gateway.submit(&upload_with_publish("spring")).await;
    let (id, name) = (submitted["id"].as_str().expect("an id"), submitted["originalName"].as_str().expect("a name"));
    let more = format!("{RUN}_publish");
    script.set(name, vec![upload(name, "Upload", Some((3, 0))), publish(name, &more, None)]);
    assert_eq!(gateway.job(id).await["followOns"][0]["status"], "running");
    let publish_id = by_handle(&list(&gateway).await, "j|110||p")["id"].clone();
    gateway.post(&format!("/jobs/{}/stop", publish_id.as_str().expect("an id"))).await.expect(202);
    script.set(name, vec![upload(name, "Upload", Some((3, 0))), publish(name, &more, Some((3, 0)))]);
    let read = gateway.job(id).await;
    assert_eq!(read["followOns"][0]["outcome"], "stopped", "the first read, before the lists: {read:#}");
    assert_only_the_publish_is_stopped(&gateway, id).await;
}

#[tokio::test]
async fn a_parent_shows_the_stop_of_a_follow_on_job_that_only_the_entries_of_its_log_tell() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let submitted = gateway.submit(&upload_with_publish("spring")).await;
    let (id, name) = (submitted["id"].as_str().expect("an id"), submitted["originalName"].as_str().expect("a name"));
    let canceled = Scripted { entry: "FileCancel", ..publish(name, &format!("{RUN}_publish"), Some((3, 0))) };
    script.set(name, vec![upload(name, "Upload", Some((3, 0))), canceled]);
    for directive in ["no-cache", "max-age=60", "no-cache"] {
        let read = gateway.get(&format!("/jobs/{id}")).header("Cache-Control", directive).await.ok();
        let outcomes = (&read["outcome"], &read["followOns"][0]["outcome"]);
        assert_eq!(outcomes, (&json!("succeeded"), &json!("stopped")), "{directive}: {read:#}");
        // The list has no entries.
        list(&gateway).await;
        script.clock.advance(TimeDelta::seconds(5));
    }
}
