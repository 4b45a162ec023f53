//! Values that can't be read and values that are missing: the rest is shown, nothing is invented.

use serde_json::{Value, json};

use crate::support::{Gateway, Reply, ScriptedUpstream, active_job, fault, job_log, names};

/// Counts and dates of a log that ended.
const ENDED: &str = "<startDate>2026-03-02T04:00:00-06:00</startDate><endDate>2026-03-02T04:10:00-06:00</endDate>\
    <fileSuccessCount>4</fileSuccessCount><totalFileCount>4</totalFileCount><fatalError>false</fatalError>";

async fn with(operation: &str, content: &str) -> (ScriptedUpstream, Gateway) {
    let upstream = ScriptedUpstream::start().await;
    upstream.answer(operation, content);
    let gateway = upstream.plain_gateway();
    (upstream, gateway)
}

async fn active(item: &str) -> Value {
    let (_upstream, gateway) = with("getActiveJobs", &format!("<jobArray>{item}</jobArray>")).await;
    gateway.get("/jobs").await.ok()
}

#[tokio::test]
async fn a_job_with_an_unreadable_value_stays_and_names_it() {
    let more = "<totalSize>12.5 MB</totalSize><progress>45.7</progress>\
                <taskProgressArray><items><numPending>1,000</numPending><progress>1.0</progress></items></taskProgressArray>";
    let list = active(&[active_job("first", more), active_job("last", "<totalSize>7</totalSize>")].concat()).await;
    assert_eq!(names(&list), ["first", "last"], "{list:#}");
    assert!(list["badItems"].is_null(), "{list:#}");
    let (job, unreadable) = (&list["jobs"][0], &list["jobs"][0]["unreadable"]);
    assert_eq!(job["status"], "running", "{list:#}");
    let named: Vec<_> =
        unreadable.as_array().expect("values").iter().map(|value| (&value["path"], &value["value"])).collect();
    let expected = [
        (json!("totalSize"), json!("12.5 MB")),
        (json!("progress"), json!("45.7")),
        (json!("taskProgressArray.items[0].numPending"), json!("1,000")),
    ];
    assert_eq!(named, expected.each_ref().map(|(path, value)| (path, value)), "{list:#}");
    assert_eq!(
        (&job["totalSize"], &job["progress"], &job["percent"]),
        (&Value::Null, &Value::Null, &json!(99)),
        "{list:#}"
    );
    assert!(list["jobs"][1]["unreadable"].is_null(), "{list:#}");
}

#[tokio::test]
async fn a_log_with_an_unreadable_value_is_no_success() {
    for (readable, unreadable) in [
        ("<fileSuccessCount>4", "<fileSuccessCount>2,018"),
        ("<fatalError>false", "<fatalError>maybe"),
        ("<endDate>2026-03-02T04:10:00-06:00", "<endDate>yesterday"),
    ] {
        let log = job_log("odd", &ENDED.replace(readable, unreadable));
        let (upstream, gateway) = with("getJobLogs", &format!("<jobLogArray>{log}</jobLogArray>")).await;
        upstream.answer("getJobLogDetails", &format!("<jobLogArray>{log}</jobLogArray>"));
        let history = gateway.get("/job-logs").await.ok();
        let found = gateway.get("/jobs/j%7C110%7C%7Codd_2026-03-02-06:00:00.000").await.ok();
        for job in [&history["logs"][0], &found] {
            let verdict = (&job["status"], &job["outcome"], &job["percent"]);
            assert_eq!(verdict, (&json!("completed"), &json!("unknown"), &Value::Null), "{unreadable}: {job:#}");
            assert_eq!(job["unreadable"].as_array().map(Vec::len), Some(1), "{unreadable}: {job:#}");
        }
    }
}

#[tokio::test]
async fn a_log_with_a_fatal_error_failed_whatever_else_is_unreadable() {
    let log = job_log("odd", &ENDED.replace("false", "true").replace("<totalFileCount>4", "<totalFileCount>four"));
    let (_upstream, gateway) = with("getJobLogs", &format!("<jobLogArray>{log}</jobLogArray>")).await;
    assert_eq!(gateway.get("/job-logs").await.ok()["logs"][0]["outcome"], "failed");
}

#[tokio::test]
async fn log_entries_and_companies_stay() {
    let (upstream, gateway) = with(
        "getAssetJobLogs",
        "<jobLogArray><items><jobHandle>j</jobHandle><logDate>never</logDate></items></jobLogArray>",
    )
    .await;
    let logs = gateway.get("/assets/a%7C1/job-logs").await.ok();
    assert_eq!(logs["logs"][0]["unreadable"][0]["path"], "logDate", "{logs:#}");
    assert!(logs["logs"][0].get("jobName").is_none(), "{logs:#}");

    let entries = "<detailArray><items><logMessage>a</logMessage><dateCreated>never</dateCreated></items><items>junk</items></detailArray>";
    let log = job_log("long", &format!("{ENDED}{entries}"));
    upstream.answer("getJobLogDetails", &format!("<jobLogArray>{log}</jobLogArray>"));
    let page = gateway.get("/jobs/j%7C110%7C%7Clong_2026-03-02-06:00:00.000/log").await.ok();
    assert_eq!(page["entries"][0]["unreadable"][0]["value"], "never", "{page:#}");
    assert_eq!(page["badItems"][0]["path"], "jobLogArray.items[0].detailArray.items[1]", "{page:#}");
    let job = gateway.get("/jobs/j%7C110%7C%7Clong_2026-03-02-06:00:00.000").await.ok();
    assert_eq!((&job["outcome"], job.get("unreadable")), (&json!("succeeded"), None), "an entry is no count: {job:#}");

    let (_upstream, gateway) = with(
        "getCompanyMembership",
        "<membershipArray><items><company><companyHandle>c|1</companyHandle><expires>never</expires></company>\
         <isActive>perhaps</isActive></items></membershipArray>",
    )
    .await;
    let list = gateway.get("/companies").await.ok();
    let company = &list["companies"][0];
    assert_eq!(company["unreadable"].as_array().map(Vec::len), Some(2), "{list:#}");
    assert!(company.get("name").is_none() && company.get("isActive").is_none(), "{list:#}");
}

#[tokio::test]
async fn only_a_job_without_any_name_or_handle_is_a_bad_item() {
    let nameless = "<items><description>who?</description></items>";
    let handled = "<items><jobHandle>j|110||x|1</jobHandle><state>Running</state></items>";
    let list = active(&[nameless, handled].concat()).await;
    assert_eq!(list["badItems"][0]["path"], "jobArray.items[0]", "{list:#}");
    let job = &list["jobs"][0];
    assert_eq!(list["jobs"].as_array().map(Vec::len), Some(1), "{list:#}");
    for absent in ["companyHandle", "name", "originalName"] {
        assert!(job.get(absent).is_none(), "{absent}: {job:#}");
    }
}

#[tokio::test]
async fn a_job_without_an_original_name_is_found_by_its_id() {
    let without = |item: String, name: &str| item.replace(&format!("<{name}>x</{name}>"), "");
    let active = without(active_job("x", ""), "originalName");
    let (upstream, gateway) = with("getActiveJobs", &format!("<jobArray>{active}</jobArray>")).await;
    let list = gateway.get("/jobs").await.ok();
    let id = list["jobs"][0]["id"].as_str().expect("an id");
    assert_eq!(gateway.get(&format!("/jobs/{id}")).await.ok()["status"], "running");
    upstream.answer("getActiveJobs", "<jobArray/>");
    let log = without(job_log("x", ENDED), "originalJobName");
    upstream.answer("getJobLogs", &format!("<jobLogArray>{log}</jobLogArray>"));
    let found = upstream.plain_gateway().get(&format!("/jobs/{id}")).await.ok();
    assert_eq!((&found["status"], found.get("originalJobName")), (&json!("completed"), None), "{found:#}");
}

#[tokio::test]
async fn nothing_is_invented_in_job_details() {
    let details = "<uploadUrlsJob><urlArray><items><sourceUrl>https://a.example/b</sourceUrl></items></urlArray>\
                   <overwrite>maybe</overwrite><createMask>true</createMask></uploadUrlsJob>";
    let list = active(&active_job("sparse", details)).await;
    let expected = json!({ "urlArray": [{ "sourceUrl": "https://a.example/b" }], "createMask": true });
    assert_eq!(list["jobs"][0]["uploadUrlsJob"], expected, "{list:#}");
}

#[tokio::test]
async fn dates_without_a_zone_are_sorted_by_their_wall_time() {
    let items = ["2026-03-02T05:00:00", "2026-03-02T07:00:00", "2026-03-02T06:00:00"]
        .map(|date| active_job(&date[11..13], &format!("<startDate>{date}</startDate>")));
    let (_upstream, gateway) = with("getActiveJobs", &format!("<jobArray>{}</jobArray>", items.concat())).await;
    let list = gateway.get("/jobs?sort=-startDate").await.ok();
    assert_eq!(names(&list), ["07", "06", "05"], "{list:#}");
    assert_eq!(list["jobs"][0]["startDate"], "2026-03-02T07:00:00", "{list:#}");
}

#[tokio::test]
async fn the_detail_of_an_answer_that_is_no_soap_says_what_came() {
    let upstream = ScriptedUpstream::start().await;
    for (status, body, detail) in [
        (503, "<!DOCTYPE html><html><body>Maintenance</body></html>", "HTTP 503 with text/xml from IPS: an HTML page"),
        (200, "", "HTTP 200 with text/xml from IPS: an empty body"),
        (502, "{\"error\":\"down\"}", "HTTP 502 with text/xml from IPS: a JSON document"),
        (200, "<rss/>", "the root element is rss, not a SOAP Envelope"),
        (
            200,
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>",
            "an XML document that ends early",
        ),
    ] {
        upstream.reply("getActiveJobs", Reply::Xml(status, body.into()));
        let gateway = upstream.plain_gateway();
        let problem = gateway.get("/jobs").await.problem(502, "upstream-invalid-answer").await;
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains(detail)), "{body}: {problem:#}");
    }
}

#[tokio::test]
async fn a_job_of_the_path_that_ips_does_not_know_is_not_found() {
    let upstream = ScriptedUpstream::start().await;
    let gateway = upstream.plain_gateway();
    upstream.reply("getJobLogDetails", fault("ipsApiFault", 30001, "no such handle", 500));
    for path in ["/jobs/j%7C110%7C%7Cgone", "/jobs/j%7C110%7C%7Cgone/log"] {
        gateway.get(path).await.problem(404, "job-not-found").await;
    }
    let log = gateway.get("/jobs/j%7C110%7C%7Cgone/log?logType=Nonsense").await;
    log.problem(422, "rejected-by-ips").await;
    upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("here", "")));
    upstream.reply("stopJob", fault("ipsApiFault", 30001, "no such handle", 500));
    let gateway = upstream.plain_gateway();
    let stop = gateway.post("/jobs/j%7C110%7C%7Chere_2026-03-02-06:00:00.000%7C5129821/stop").await;
    // The list has the job, so that the refusal is about the action.
    let problem = stop.problem(409, "action-not-possible").await;
    assert_eq!((&problem["outcome"], &problem["upstream"]["reason"]), (&json!("rejected"), &json!("no such handle")));
}
