//! Submits: validation, name and company.

use ips_gateway::sandbox::users::BOTH_COMPANIES;
use serde_json::json;

use crate::support::{World, any_job, id};

#[tokio::test]
async fn validate_only_sends_nothing() {
    let world = World::empty();
    let checked = world.gateway.post_json("/jobs?validateOnly=true", &any_job("nightly")).await.ok();
    assert_eq!(checked, json!({ "valid": true }));
    let wrong = world.gateway.post_json("/jobs?validateOnly=true", &json!({ "jobName": "nightly" })).await;
    wrong.invalid_body("").await;
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
    for validate in ["", "&validateOnly=true"] {
        let post = |query: &str, body| world.gateway.post_json(&format!("/jobs?{query}{validate}"), body);
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
    let reader = world.gateway.as_user(&ips_gateway::sandbox::users::SUPERVISOR);
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
