//! Submits: validation, name and company.

use std::collections::HashSet;

use ips_gateway::sandbox::users::BOTH_COMPANIES;
use serde_json::json;

use crate::support::{World, any_job, id};

#[tokio::test]
async fn a_validation_sends_nothing() {
    let world = World::empty();
    let mut checked = world.gateway.post_json("/jobs/validate?uniqueName=false", &any_job("nightly")).await.ok();
    let request = checked.as_object_mut().and_then(|checked| checked.remove("request"));
    assert_eq!(checked, json!({ "valid": true, "warnings": [] }));
    assert_eq!(request, Some(any_job("nightly")), "the company is not known without a call to IPS");
    let wrong = world.gateway.post_json("/jobs/validate", &json!({ "jobName": "nightly" })).await;
    wrong.invalid_body("").await;
    assert_eq!(world.calls(), 0, "nothing was sent");
}

#[tokio::test]
async fn what_no_ips_can_accept_is_refused_by_pointer_and_all_at_once() {
    let world = World::empty();
    let body = json!({
        "jobName": "v", "execTime": "2020-05-05T00:00:00Z",
        "uploadUrlsJob": {
            "urlArray": [{ "sourceUrl": "", "destPath": "a" }, { "sourceUrl": " ", "destPath": "b" }],
            "overwrite": true, "readyForPublish": true, "createMask": false, "emailSetting": "None"
        }
    });
    let mut unread = body.clone();
    unread["jobName"] = json!("");
    unread["colour"] = json!(1);
    unread["uploadUrlsJob"]["overwrite"] = json!("yes");
    unread["uploadUrlsJob"]["urlArray"][0] = json!({ "sourceUrl": 1, "destPath": "a" });
    let misspelt = json!({ "jobName": "", "execSchedule": "hello", "exportJobs": {} });
    let no_urls = crate::support::upload("v", &[]);
    let mut no_schedule = any_job("v");
    no_schedule["execSchedule"] = json!("hello");
    let mut unix_schedule = any_job("v");
    unix_schedule["execSchedule"] = json!("30 2 * * *");
    let mut texts = crate::support::upload("", &[]);
    texts["uploadUrlsJob"]["urlArray"] =
        json!(["https://assets.example.com/a.tif", "https://assets.example.com/b.tif"]);
    let items = ["/execTime", "/uploadUrlsJob/urlArray/0/sourceUrl", "/uploadUrlsJob/urlArray/1/sourceUrl"];
    let cases: [(_, &[_]); 9] = [
        (body, &items),
        (
            unread,
            &[
                "/uploadUrlsJob/urlArray/0/sourceUrl",
                "/uploadUrlsJob/overwrite",
                "/colour",
                "/jobName",
                items[0],
                items[2],
            ],
        ),
        (misspelt, &["/exportJobs", "/jobName", "/execSchedule"]),
        (json!({ "jobName": 7 }), &["/jobName", ""]),
        (json!({ "jobName": "", "exportJob": "all" }), &["/exportJob", "/jobName"]),
        (texts, &["/uploadUrlsJob/urlArray/0", "/uploadUrlsJob/urlArray/1", "/jobName"]),
        (no_urls, &["/uploadUrlsJob/urlArray"]),
        (no_schedule, &["/execSchedule"]),
        (unix_schedule, &["/execSchedule"]),
    ];
    for (body, expected) in cases {
        for path in ["/jobs", "/jobs/validate"] {
            let problem = world.gateway.post_json(path, &body).await.problem(422, "invalid-request").await;
            let errors = problem["errors"].as_array().expect("errors");
            let pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap_or_default()).collect();
            assert_eq!(pointers, expected, "{path}: {problem:#}");
        }
    }
    assert_eq!(world.calls(), 0, "nothing was sent");
}

#[tokio::test]
async fn what_ips_may_refuse_is_a_warning_and_sent_unchanged() {
    let world = World::empty();
    let item = json!({ "sourceUrl": "https://images.example.com/a.tif", "destPath": "a" });
    let body = json!({
        "jobName": "v", "execTime": world.clock.now() - chrono::TimeDelta::minutes(1),
        "uploadUrlsJob": {
            "urlArray": [item, item], "overwrite": true, "readyForPublish": true, "createMask": false, "emailSetting": "Often",
            "pdfOptions": { "process": "render" }
        }
    });
    let validation = world.gateway.post_json("/jobs/validate", &body).await.ok();
    assert_eq!(validation["valid"], true, "{validation:#}");
    let warnings = validation["warnings"].as_array().expect("warnings");
    let pointers: Vec<_> = warnings.iter().map(|warning| warning["pointer"].as_str().unwrap_or_default()).collect();
    let expected = [
        "/execTime",
        "/uploadUrlsJob/urlArray/1/sourceUrl",
        "/uploadUrlsJob/pdfOptions/process",
        "/uploadUrlsJob/emailSetting",
    ];
    assert_eq!(HashSet::<&str>::from_iter(pointers), HashSet::from(expected), "{validation:#}");
    let email = warnings.iter().find(|warning| warning["pointer"] == "/uploadUrlsJob/emailSetting");
    assert!(
        email.is_some_and(|warning| warning["detail"].as_str().is_some_and(|detail| detail.contains("JobCompletion")))
    );
    assert_eq!(world.calls(), 0, "nothing was sent");
}

#[tokio::test]
async fn names_are_made_unique_unless_unique_name_is_false() {
    let world = World::empty();
    let name = |job: serde_json::Value| job["originalName"].as_str().expect("a name").to_owned();
    let first = name(world.gateway.submit(&any_job("nightly")).await);
    let second = name(world.gateway.submit(&any_job("nightly")).await);
    assert_ne!(first, second);
    for name in [first, second] {
        let suffix = name.strip_prefix("nightly-").unwrap_or_else(|| panic!("{name}"));
        assert!(suffix.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{name}");
    }
    let plain = world.gateway.post_json("/jobs?uniqueName=false", &any_job("nightly")).await.expect(202).json();
    assert_eq!(plain["originalName"], "nightly");
}

#[tokio::test]
async fn an_id_with_the_name_of_two_jobs_is_ambiguous() {
    let world = World::empty();
    let submit =
        || async { world.gateway.post_json("/jobs?uniqueName=false", &any_job("nightly")).await.expect(202).json() };
    let shared = id(&submit().await);
    assert_eq!(world.gateway.job(&shared).await["originalName"], "nightly", "one job of that name");
    world.advance(10);
    assert_eq!(id(&submit().await), shared, "the id carries nothing but the name");

    let answer = world.gateway.get(&format!("/jobs/{shared}")).await;
    let problem = answer.problem(409, "ambiguous-job").await;
    let candidates = problem["candidates"].as_array().expect("candidates");
    assert_eq!(candidates.len(), 2, "{answer}");
    let mut found = Vec::new();
    for candidate in candidates {
        let job = world.gateway.job(candidate.as_str().expect("an id")).await;
        assert_eq!(&job["id"], candidate, "a candidate's id is its own: {job:#}");
        found.push(job["name"].clone());
    }
    assert_ne!(found[0], found[1]);

    let stop = world.gateway.post(&format!("/jobs/{shared}/stop")).await;
    assert_eq!(stop.problem(409, "ambiguous-job").await["outcome"], "not_sent", "{stop}");
    assert_eq!(world.sandbox.calls("stopJob"), 0);
}

#[tokio::test]
async fn the_company_is_taken_from_the_body_the_query_or_the_default() {
    let world = World::empty();
    let both = world.gateway.as_user(&BOTH_COMPANIES);
    let named = json!({ "companyHandle": "c|47", "jobName": "n", "optimizeImagesJob": { "emailSetting": "None" } });
    for (query, body) in
        [("", named), ("?companyHandle=c%7C47", any_job("n")), ("?company=Sample%20Furniture", any_job("n"))]
    {
        let job = both.post_json(&format!("/jobs{query}"), &body).await.expect(202).json();
        assert_eq!(job["companyHandle"], "c|47", "{query}: {job:#}");
    }
    let nowhere = both.post_json("/jobs", &any_job("n")).await;
    let problem = nowhere.problem(400, "company-required").await;
    assert_eq!(problem["outcome"], "not_sent", "{nowhere}");
    assert_eq!(problem["companies"].as_array().map(Vec::len), Some(2), "{nowhere}");
}

#[tokio::test]
async fn conflicting_companies_are_refused_before_anything_is_sent() {
    let world = World::empty();
    let body = json!({ "companyHandle": "c|47", "jobName": "n", "optimizeImagesJob": { "emailSetting": "None" } });
    for path in ["/jobs", "/jobs/validate"] {
        let post = |query: &str, body| world.gateway.post_json(&format!("{path}?{query}"), body);
        post("companyHandle=c%7C110", &body).await.invalid_body("/companyHandle").await;
        post("company=Example%20Outfitters", &body).await.invalid_body("/companyHandle").await;
        let twice = post("company=Example%20Outfitters&companyHandle=c%7C110", &any_job("n")).await;
        twice.invalid_parameter("company").await;
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn a_user_without_permission_may_not_submit() {
    let world = World::empty();
    let reader = world.gateway.as_user(&ips_gateway::sandbox::users::COMPANY_ADMIN);
    let answer = reader.post_json("/jobs", &any_job("nightly")).await;
    let problem = answer.problem(403, "forbidden").await;
    assert_eq!(problem["outcome"], "rejected", "{answer}");
    let upstream = &problem["upstream"];
    assert_eq!((&upstream["operation"], &upstream["code"]), (&"submitJob".into(), &20003.into()), "{answer}");
    assert_eq!(upstream["fault"], "authorizationFault", "{answer}");
}

#[tokio::test]
async fn names_beyond_ascii_are_returned_unchanged() {
    let world = World::empty();
    for name in ["夏カタログ 🩱", "a & b < c > \"d\" 'e'", "  spaces kept  ", "slash/and|bar?#%41"] {
        let job = world.gateway.submit(&any_job(name)).await;
        let read = world.gateway.job(&id(&job)).await;
        assert_eq!(read["originalName"], job["originalName"]);
        assert!(read["originalName"].as_str().is_some_and(|read| read.starts_with(&format!("{name}-"))), "{read:#}");
        let done = world.finish(&id(&job)).await;
        assert_eq!(done["originalJobName"], job["originalName"]);
    }
}

#[tokio::test]
async fn an_empty_required_value_is_a_missing_parameter_for_ips() {
    let world = World::empty();
    let job = json!({ "jobName": "n", "imageServingPublishJob": { "publishType": "", "emailSetting": "None" } });
    let problem = world.gateway.post_json("/jobs", &job).await.problem(422, "rejected-by-ips").await;
    assert_eq!(problem["upstream"]["code"], 30002, "{problem:#}");
    assert!(problem["upstream"]["reason"].to_string().contains("/imageServingPublishJob/publishType"), "{problem:#}");
}
