//! Service account mode: callers authenticate by API keys, which have a role and companies.

use std::path::PathBuf;

use flate2::read::GzDecoder;
use ips_gateway::http::{ApiKeys, Role, new_key};
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::BOTH_COMPANIES;
use serde_json::{Value, json};

use crate::support::event_stream::Stream;
use crate::support::{Gateway, World, any_job};

/// A world whose gateway calls IPS as a user of both companies with `password`; clients with the keys of a viewer of one company and of an operator.
fn world(name: &str, password: &str) -> (World, Gateway, Gateway) {
    let (viewer, viewers_entry) = new_key("board", Role::Viewer, &["c|110".to_owned()]).expect("random bytes");
    let (operator, operators_entry) = new_key("build server", Role::Operator, &[]).expect("random bytes");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-{name}.toml"));
    std::fs::write(&file, format!("{viewers_entry}\n{operators_entry}")).expect("a file");
    let file = file.to_str().expect("a path in UTF-8");
    let settings = [("SERVICE_USER", BOTH_COMPANIES.email), ("SERVICE_PASSWORD", password), ("API_KEYS_FILE", file)];
    let world = World::with(Population::Seeded, &settings);
    let (viewer, operator) = (world.gateway.with_token(&viewer), world.gateway.with_token(&operator));
    (world, viewer, operator)
}

#[tokio::test]
async fn a_viewer_reads_only_its_companies() {
    let (world, viewer, operator) = world("companies", BOTH_COMPANIES.password);
    let companies = viewer.get("/companies").await.ok();
    assert_eq!(companies["companies"].as_array().map(Vec::len), Some(1), "{companies:#}");
    assert_eq!(companies["companies"][0]["maySubmit"], false, "{companies:#}");
    let of_operator = operator.get("/companies").await.ok();
    assert_eq!(of_operator["companies"][0]["maySubmit"], true, "{of_operator:#}");
    let jobs = viewer.get("/jobs").await.ok();
    assert!(
        jobs["jobs"].as_array().is_some_and(|jobs| !jobs.is_empty()),
        "the only company is the obvious one: {jobs:#}"
    );

    let theirs = operator.get("/jobs?companyHandle=c%7C47").await.ok();
    let job = theirs["jobs"][0]["id"].as_str().expect("a job of the other company").to_owned();
    let calls = world.calls();
    for path in [
        "/jobs?companyHandle=c%7C47",
        "/jobs/events?companyHandle=c%7C47",
        "/job-logs?companyHandle=c%7C47",
        "/assets/a%7C11004/job-logs?companyHandle=c%7C47",
        "/companies/c%7C47",
    ] {
        viewer.get(path).await.problem(404, "company-not-found").await;
    }
    for path in ["", "/log", "/events"] {
        viewer.get(&format!("/jobs/{job}{path}")).await.problem(404, "job-not-found").await;
    }
    assert_eq!(world.calls(), calls, "IPS was not asked");
}

#[tokio::test]
async fn a_company_that_a_key_may_not_see_is_answered_as_one_that_does_not_exist() {
    let (_world, viewer, operator) = world("foreign", BOTH_COMPANIES.password);
    let companies = operator.get("/companies").await.ok();
    let foreign =
        companies["companies"].as_array().into_iter().flatten().find(|company| company["companyHandle"] == "c|47");
    let name = foreign.and_then(|company| company["name"].as_str()).expect("the other company has a name").to_owned();
    let problem = |path: String, requested: String| {
        let viewer = viewer.clone();
        async move {
            let mut problem = viewer.get(&path).await.problem(404, "company-not-found").await;
            problem["requestId"] = json!("");
            problem["type"] = json!("");
            problem.to_string().replace(&requested, "…")
        }
    };
    for path in ["/jobs?company=", "/companies/"] {
        let found = problem(format!("{path}{name}"), name.clone()).await;
        assert_eq!(found, problem(format!("{path}Nothing"), "Nothing".into()).await, "{path}");
    }
    let found = problem("/jobs?companyHandle=c%7C47".into(), "c|47".into()).await;
    assert_eq!(found, problem("/jobs?companyHandle=c%7C48".into(), "c|48".into()).await);
}

#[tokio::test]
async fn a_viewer_sees_no_actions_and_an_operator_does() {
    let (_world, viewer, operator) = world("actions", BOTH_COMPANIES.password);
    let list = "/jobs?companyHandle=c%7C110";
    let (seen, of_operator) = (viewer.get(list).await.expect(200), operator.get(list).await.expect(200));
    assert_ne!(seen.header("etag"), of_operator.header("etag"));
    let with_actions = |list: &Value| {
        let jobs = list["jobs"].as_array().expect("jobs").iter();
        jobs.filter(|job| job["actions"].as_array().is_some_and(|actions| !actions.is_empty())).count()
    };
    let (seen_list, list_of_operator) = (seen.json(), of_operator.json());
    assert!(with_actions(&list_of_operator) > 0, "{list_of_operator:#}");
    assert_eq!(with_actions(&seen_list), 0, "{seen_list:#}");
    assert_eq!(seen_list["jobs"].as_array().map(Vec::len), list_of_operator["jobs"].as_array().map(Vec::len));
    viewer.get(list).header("If-None-Match", seen.header("etag")).await.expect(304);
    viewer.get(list).header("If-None-Match", of_operator.header("etag")).await.expect(200);

    for path in [format!("{list}&phase=active,scheduled,completed"), format!("{list}&limit=3")] {
        assert_eq!(with_actions(&viewer.get(&path).await.ok()), 0, "{path}");
    }
    let compressed = viewer.get(list).header("Accept-Encoding", "gzip").await.expect(200);
    assert_eq!(with_actions(&serde_json::from_reader(GzDecoder::new(&compressed.body[..])).expect("JSON")), 0);
    let id = list_of_operator["jobs"][0]["id"].as_str().expect("an id");
    assert_eq!(viewer.get(&format!("/jobs/{id}")).await.ok()["actions"], json!([]));
    assert_ne!(operator.get(&format!("/jobs/{id}")).await.ok()["actions"], json!([]));
    let mut stream = Stream::open(viewer.get("/jobs/events?companyHandle=c%7C110")).await;
    assert_eq!(with_actions(&stream.next().await.expect("a snapshot").data), 0);
    let ticket =
        viewer.post("/jobs/events/tickets").await.expect(201).json()["ticket"].as_str().expect("a ticket").to_owned();
    let by_ticket = format!("/jobs/events?companyHandle=c%7C110&ticket={ticket}");
    let mut stream = Stream::open(viewer.unauthenticated().get(&by_ticket)).await;
    assert_eq!(with_actions(&stream.next().await.expect("a snapshot").data), 0);
}

#[tokio::test]
async fn responses_vary_with_both_headers_that_accept_a_key() {
    let (_world, viewer, _) = world("vary", BOTH_COMPANIES.password);
    let answer = viewer.get("/jobs").await.expect(200);
    assert!(
        answer.header("vary").starts_with("Authorization, X-API-Key, Accept-Encoding, Accept-Language"),
        "{answer}"
    );
    let answer = World::empty().gateway.get("/jobs").await.expect(200);
    assert!(answer.header("vary").starts_with("Authorization, Accept-Encoding, Accept-Language"), "{answer}");
}

#[test]
fn an_invalid_file_of_keys_is_refused_with_its_place() {
    let (_, entry) = new_key("one", Role::Viewer, &[]).expect("random bytes");
    let hash = entry.split("sha256:").nth(1).expect("a hash").split('"').next().expect("its end").to_owned();
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys-invalid.toml");
    for (content, expected) in [
        (format!("{entry}\n{}", entry.replace("one", "other")), "\"one\" and \"other\" have the same hash"),
        (format!("{entry}\n{}", entry.replace(&hash, &hash.to_uppercase())), "have the same hash"),
        (entry.replace(&hash[..2], "+f"), "line 3: expected `sha256:` and 64 hexadecimal digits"),
        (entry.replace("viewer", "admin"), "line 4: expected the role viewer or operator"),
        (format!("{entry}colour = 1\n"), "line 5: unknown field `colour`"),
        ("[[keys]]\nname = \"one".to_owned(), "line 2: "),
    ] {
        std::fs::write(&file, &content).expect("a file");
        let error = ApiKeys::read(&file).expect_err("invalid").to_string();
        assert!(error.contains(expected), "{error}\n{content}");
    }
}

#[tokio::test]
async fn idempotency_keys_are_separate_for_each_api_key() {
    let entries = ["one", "other"].map(|name| new_key(name, Role::Operator, &[]).expect("random bytes"));
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keys-holders.toml");
    std::fs::write(&file, entries.each_ref().map(|(_, entry)| entry.as_str()).join("\n")).expect("a file");
    let settings = [
        ("SERVICE_USER", BOTH_COMPANIES.email),
        ("SERVICE_PASSWORD", BOTH_COMPANIES.password),
        ("API_KEYS_FILE", file.to_str().expect("a path in UTF-8")),
    ];
    let world = World::with(Population::Empty, &settings);
    let mut ids = Vec::new();
    for (key, _) in entries.iter().chain(&entries) {
        let request = world.gateway.with_token(key).post_json("/jobs?companyHandle=c%7C110", &any_job("nightly"));
        let job = request.header("Idempotency-Key", "2026-03-02").await.expect(202).json();
        ids.push(job["id"].clone());
    }
    assert!(ids[0] == ids[2] && ids[1] == ids[3] && ids[0] != ids[1], "{ids:?}");
    assert_eq!(world.sandbox.calls("submitJob"), 2);
}

#[tokio::test]
async fn a_viewer_may_not_submit_or_act_and_an_operator_may() {
    let (world, viewer, operator) = world("roles", BOTH_COMPANIES.password);
    let job = viewer.get("/jobs").await.ok()["jobs"][0]["id"].as_str().expect("a job").to_owned();
    let calls = world.calls();
    let submit = viewer.post_json("/jobs", &any_job("nightly")).await;
    assert_eq!(submit.problem(403, "forbidden").await["outcome"], "not_sent", "{submit}");
    viewer.post(&format!("/jobs/{job}/stop")).await.problem(403, "forbidden").await;
    viewer.delete(&format!("/jobs/{job}")).await.problem(403, "forbidden").await;
    assert_eq!(world.calls(), calls, "IPS was not asked");
    viewer.post("/jobs/events/tickets").await.expect(201);
    operator.post_json("/jobs?companyHandle=c%7C110", &any_job("nightly")).await.expect(202);
}

#[tokio::test]
async fn an_unknown_or_missing_key_is_a_401() {
    let (world, viewer, _) = world("unknown", BOTH_COMPANIES.password);
    for caller in [
        world.gateway.unauthenticated(),
        world.gateway.with_token("ipsgw_guessed"),
        world.gateway.as_user(&BOTH_COMPANIES),
    ] {
        let answer = caller.get("/jobs").await;
        answer.problem(401, "unauthenticated").await;
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"ips-gateway\"", "{answer}");
    }
    viewer.get("/jobs").await.expect(200);

    let anonymous = world.gateway.unauthenticated();
    let missing = anonymous.get("/jobs").await.json()["detail"].to_string();
    assert!(missing.contains("Bearer") && missing.contains("X-API-Key") && !missing.contains("Basic"), "{missing}");
    let malformed = anonymous.get("/jobs").header("Authorization", "ipsgw_x").await.json()["detail"].to_string();
    assert!(malformed.contains("Bearer") && !malformed.contains("Basic"), "{malformed}");
    let not_ascii = anonymous.get("/jobs").header("X-API-Key", "caf\u{e9}").await.json()["detail"].to_string();
    assert!(not_ascii.contains("X-API-Key") && !not_ascii.contains("Authorization"), "{not_ascii}");
}

#[tokio::test]
async fn rejected_credentials_of_the_service_account_are_not_a_401() {
    let (_world, viewer, _) = world("rejected", "wrong");
    let answer = viewer.get("/jobs?companyHandle=c%7C110").await;
    let problem = answer.problem(502, "service-account-rejected").await;
    assert_eq!(problem["upstream"]["code"], json!(10001), "{answer}");
}
