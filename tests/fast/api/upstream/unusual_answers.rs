//! Answers beyond the reference of IPS: none fails a list.

use serde_json::{Value, json};

use crate::support::{ScriptedUpstream, active_job, id, job_log, names};

async fn active(items: &str) -> Value {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{items}</jobArray>"));
    upstream.plain_gateway().get("/jobs").await.ok()
}

#[tokio::test]
async fn unknown_values_are_passed_on_and_unknown_elements_ignored() {
    let more = "<type>TeleportAssets</type><brandNew deep=\"1\"><x/></brandNew><progress>250</progress>";
    let item = active_job("odd", "").replace("<type>UrlUpload</type>", more).replace("Running", "Dreaming");
    let list = active(&item).await;
    let job = &list["jobs"][0];
    assert_eq!(
        (&job["type"], &job["state"], &job["status"]),
        (&json!("TeleportAssets"), &json!("Dreaming"), &json!("unknown"))
    );
    assert_eq!((&job["progress"], &job["percent"]), (&json!(250), &Value::Null), "nonsense is no percent: {job:#}");
    assert!(list["badItems"].is_null(), "{list:#}");
}

#[tokio::test]
async fn empty_elements_are_absent_and_large_numbers_keep_their_value() {
    let more = "<description/><totalSize>8589934592</totalSize><progressMessage/><taskProgressArray/>\
                <uploadUrlsJob><urlArray/><overwrite>true</overwrite><readyForPublish>true</readyForPublish><createMask>false</createMask>\
                <emailSetting>None</emailSetting></uploadUrlsJob>";
    let list = active(&active_job("big", more)).await;
    let job = &list["jobs"][0];
    assert_eq!(job["totalSize"], 8_589_934_592_u64, "{job:#}");
    assert!(job["description"].is_null() && job["percent"].is_null(), "{job:#}");
    assert_eq!(job["uploadUrlsJob"]["overwrite"], true, "{job:#}");
}

#[tokio::test]
async fn dates_keep_their_offset_or_have_none() {
    for (sent, shown) in [
        ("2011-03-30T14:32:08.858-05:00", "2011-03-30T14:32:08.858-05:00"),
        ("2011-03-30T14:32:08Z", "2011-03-30T14:32:08Z"),
        ("2011-03-30T14:32:08", "2011-03-30T14:32:08"),
    ] {
        let list = active(&active_job("dated", &format!("<startDate>{sent}</startDate>"))).await;
        assert_eq!(list["jobs"][0]["startDate"], shown, "{list:#}");
    }
}

#[tokio::test]
async fn any_namespace_version_prefix_and_encoding_is_accepted() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    let prefixed = "\u{feff}<?xml version=\"1.0\"?><!-- hello --><S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\">\
        <S:Header><x:y xmlns:x=\"urn:x\"/></S:Header><S:Body><n:getActiveJobsReturn xmlns:n=\"http://www.scene7.com/IpsApi/xsd/2008-01-15\">\
        <n:jobArray>\n <n:items><n:companyHandle>c|110</n:companyHandle><n:jobHandle>j|1</n:jobHandle>\
        <n:name> x_1 </n:name><n:originalName><![CDATA[a & ]]>&#x65E5;本 &lt;</n:originalName></n:items>\n</n:jobArray>\
        </n:getActiveJobsReturn></S:Body></S:Envelope>";
    upstream.reply("getActiveJobs", crate::support::Reply::Xml(200, prefixed.into()));
    assert_eq!(names(&gateway.get("/jobs").await.ok()), ["a & 日本 <"]);
}

#[tokio::test]
async fn a_log_without_an_end_belongs_to_a_running_job() {
    let upstream = ScriptedUpstream::start().await;
    let unfinished = job_log("open", "<startDate>2026-03-02T05:00:00-06:00</startDate>");
    let finished =
        job_log("shut", "<startDate>2026-03-02T04:00:00-06:00</startDate><endDate>2026-03-02T04:10:00-06:00</endDate>");
    upstream.answer("getJobLogs", &format!("<jobLogArray>{unfinished}{finished}</jobLogArray>"));
    let list = upstream.plain_gateway().get("/jobs?phase=completed&sort=-startDate").await.ok();
    let verdicts: Vec<_> =
        list["jobs"].as_array().expect("jobs").iter().map(|job| (&job["status"], &job["outcome"])).collect();
    let unknown = json!("unknown");
    assert_eq!(verdicts, [(&json!("finalizing"), &unknown), (&json!("completed"), &unknown)], "{list:#}");
}

#[tokio::test]
async fn a_job_in_two_lists_is_shown_in_its_later_phase() {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("mover", "")));
    let log = job_log("mover", "<endDate>2026-03-02T04:10:00-06:00</endDate>");
    upstream.answer("getJobLogs", &format!("<jobLogArray>{log}</jobLogArray>"));
    let gateway = upstream.plain_gateway();
    let list = gateway.get("/jobs?phase=active,completed").await.ok();
    assert_eq!(names(&list), ["mover"], "{list:#}");
    assert_eq!(list["jobs"][0]["phase"], "completed", "{list:#}");
    assert_eq!(id(&list["jobs"][0]), id(&gateway.get("/jobs").await.ok()["jobs"][0]), "one job, one id");
}
