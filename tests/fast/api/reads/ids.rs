//! Job ids in paths: our ids, raw handles, and invalid ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ips_gateway::sandbox::users::{BOTH_COMPANIES, OTHER_COMPANY};

use crate::support::{World, any_job, id};

fn encoded(handle: &str) -> String {
    form_urlencoded::byte_serialize(handle.as_bytes()).collect::<String>().replace('+', "%20")
}

#[tokio::test]
async fn an_id_needs_no_escaping() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("日本 | & / ? #")).await);
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'), "{id}");
}

#[tokio::test]
async fn a_raw_handle_of_each_list_finds_the_job_and_its_id() {
    let world = World::seeded();
    let list = world.gateway.get("/jobs?phase=active,scheduled,completed").await.ok();
    let jobs = list["jobs"].as_array().expect("jobs");
    for phase in ["active", "scheduled", "completed"] {
        let job = jobs.iter().find(|job| job["phase"] == phase).unwrap_or_else(|| panic!("none is {phase}: {list:#}"));
        let handle = encoded(job["jobHandle"].as_str().expect("a handle"));
        for company in ["?companyHandle=c%7C110", "?company=Example+Outfitters", ""] {
            let found = world.gateway.get(&format!("/jobs/{handle}{company}")).await.ok();
            assert_eq!((&found["id"], &found["phase"]), (&job["id"], &job["phase"]), "{found:#}");
        }
    }
}

#[tokio::test]
async fn a_raw_handle_needs_a_company_if_the_caller_has_several() {
    let world = World::seeded();
    let job = world.gateway.get("/jobs").await.ok()["jobs"][0].clone();
    let handle = encoded(job["jobHandle"].as_str().expect("a handle"));
    let both = world.gateway.as_user(&BOTH_COMPANIES);
    both.get(&format!("/jobs/{handle}")).await.problem(400, "company-required").await;
    assert_eq!(both.get(&format!("/jobs/{handle}?companyHandle=c%7C110")).await.ok()["id"], job["id"]);
    both.get(&format!("/jobs/{handle}?companyHandle=c%7C47")).await.problem(404, "job-not-found").await;
}

#[tokio::test]
async fn invalid_ids_are_refused_without_a_call() {
    let world = World::empty();
    let forged = |plain: &str| URL_SAFE_NO_PAD.encode(plain);
    for text in [
        "x".to_owned(),
        "not-an-id".into(),
        "events%20".into(),
        "MW9jfDEwMB9uaWdodGx5%0D%0AX-Evil:1".into(),
        "j%7C110%7C%00%7C".into(),
        "j%7C110%7Ca%0Ab%7C".into(),
        forged("1oc|110"),
        forged("2oc|110\u{1f}nightly"),
        forged("1xc|110\u{1f}nightly"),
        forged("1o\u{1f}nightly"),
        forged("1oc|110\u{1f}night\u{ffff}ly"),
        forged("1oc|110\u{1f}night\u{7}ly"),
        forged("1rc|110\u{1f}nightly"),
        forged("1oc|110\u{1f}a\u{1f}b\u{1f}c"),
        "A".repeat(5000),
    ] {
        let answer = world.gateway.get(&format!("/jobs/{text}")).await;
        answer.problem(422, "invalid-job-id").await;
        let answer = world.gateway.delete(&format!("/jobs/{text}")).await;
        assert_eq!(answer.problem(422, "invalid-job-id").await["outcome"], "not_sent", "{answer}");
    }
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn invalid_utf_8_is_refused_and_not_replaced() {
    let world = World::empty();
    for path in ["/jobs/%FF", "/jobs/j%7C110%7C%FF%7C", "/jobs/%C3%28/log"] {
        world.gateway.get(path).await.problem(422, "invalid-job-id").await;
    }
    world.gateway.get("/assets/%FF/job-logs").await.invalid_parameter("assetHandle").await;
    world.gateway.get("/companies/%FF").await.invalid_parameter("company").await;
    assert_eq!(world.calls(), 0);
}

#[tokio::test]
async fn an_id_of_another_company_is_refused_by_ips() {
    let world = World::seeded();
    let foreign = world.gateway.as_user(&OTHER_COMPANY).get("/jobs").await.ok()["jobs"][0].clone();
    let path = format!("/jobs/{}", id(&foreign));
    let answer = world.gateway.get(&path).await;
    assert_eq!(answer.problem(404, "company-not-found").await["upstream"]["code"], 20006, "{answer}");
    world.gateway.get(&format!("{path}/log")).await.problem(404, "company-not-found").await;
    for action in ["stop", "pause", "resume", "execute"] {
        let answer = world.gateway.post(&format!("{path}/{action}")).await;
        answer.problem(404, "company-not-found").await;
    }
    world.gateway.delete(&path).await.problem(404, "company-not-found").await;
    assert!(world.changes().iter().all(|(_, calls)| *calls == 0), "{:?}", world.changes());
}

#[tokio::test]
async fn a_cached_job_of_one_user_is_not_served_to_another() {
    let world = World::seeded();
    let seen = world.gateway.as_user(&OTHER_COMPANY).get("/jobs?companyHandle=c%7C47").await.expect(200);
    assert!(seen.json()["jobs"][0].is_object(), "{seen}");
    world.gateway.get("/jobs?companyHandle=c%7C47").await.problem(404, "company-not-found").await;
    let wrong = ips_gateway::sandbox::users::User { password: "wrong", ..OTHER };
    let wrong = world.gateway.as_user(&wrong).get("/jobs?companyHandle=c%7C47").await;
    wrong.problem(401, "credentials-rejected").await;
}

/// A copy of [`OTHER_COMPANY`].
const OTHER: ips_gateway::sandbox::users::User = ips_gateway::sandbox::users::User {
    handle: "u|3001",
    email: "henrik@example.com",
    password: "",
    access_token: "",
    role: ips_gateway::sandbox::users::Role::User,
    companies: &[],
    active: true,
};

#[tokio::test]
async fn a_company_that_conflicts_with_the_id_is_refused() {
    let world = World::seeded();
    let both = world.gateway.as_user(&BOTH_COMPANIES);
    let job = both.get("/jobs?companyHandle=c%7C110").await.ok()["jobs"][0].clone();
    let path = format!("/jobs/{}", id(&job));
    both.get(&format!("{path}?companyHandle=c%7C110")).await.expect(200);
    both.get(&format!("{path}?company=Example+Outfitters")).await.expect(200);
    for query in ["companyHandle=c%7C47", "company=Sample+Furniture"] {
        both.get(&format!("{path}?{query}")).await.invalid_parameter("companyHandle").await;
        both.post(&format!("{path}/stop?{query}")).await.invalid_parameter("companyHandle").await;
    }
}

#[tokio::test]
async fn an_access_token_authenticates_like_a_password() {
    let world = World::seeded();
    let by_token = world.gateway.with_token("sandbox-token-katlyn").get("/jobs").await.ok();
    assert_eq!(by_token["jobs"], world.gateway.get("/jobs").await.ok()["jobs"]);
    let wrong = world.gateway.with_token("nonsense").get("/jobs").await;
    assert_eq!(wrong.problem(401, "credentials-rejected").await["upstream"]["code"], 10001, "{wrong}");
}
