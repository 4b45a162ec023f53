//! The audit log: who changed which job, and what became of it.

use std::path::PathBuf;

use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::ORDINARY;
use serde_json::{Value, json};

use crate::support::{World, any_job, id};

/// A world whose gateway has an audit log, and its file.
fn world(name: &str) -> (World, PathBuf) {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("audit-{name}.jsonl"));
    // From an earlier run.
    let _ = std::fs::remove_file(&file);
    let path = file.to_str().expect("a path in UTF-8").to_owned();
    (World::with(Population::Empty, &[("AUDIT_LOG", &path)]), file)
}

fn lines(file: &PathBuf) -> Vec<Value> {
    let text = std::fs::read_to_string(file).expect("the audit log");
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

#[tokio::test]
async fn every_request_that_changes_a_job_is_one_line_with_its_outcome() {
    let (world, file) = world("outcomes");
    let gateway = &world.gateway;
    let submit = gateway.post_json("/jobs", &any_job("nightly")).header("X-Request-Id", "submit-1");
    let job = id(&submit.await.expect(202).json());
    gateway.get("/jobs").await.expect(200);
    gateway.post_json("/jobs/validate", &any_job("nightly")).await.expect(200);
    gateway.post("/jobs/events/tickets").await.expect(201);
    gateway.post_json("/jobs", &json!({ "jobName": "no kind" })).await.expect(422);
    gateway.post(&format!("/jobs/{job}/stop")).await.expect(202);
    gateway.post("/jobs/MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s/pause").await.expect(404);
    gateway
        .with_password(ORDINARY.email, "wrong")
        .post_json("/jobs?companyHandle=c%7C110", &any_job("x"))
        .await
        .expect(401);
    gateway.unauthenticated().post_json("/jobs", &any_job("nightly")).await.expect(401);

    let lines = lines(&file);
    let found: Vec<_> =
        lines.iter().map(|line| json!([line["action"], line["outcome"], line["status"], line["job"]])).collect();
    let expected = [
        json!(["submitJob", "accepted", 202, job]),
        json!(["submitJob", "not_sent", 422, null]),
        json!(["stopJob", "accepted", 202, job]),
        json!(["pauseJob", "not_sent", 404, "MW9jfDExMB9oZWxsby0xbTg1YmV2MW5oYzdmd2s"]),
        json!(["submitJob", "rejected", 401, null]),
    ];
    assert_eq!(found, expected, "{lines:#?}");
    assert_eq!(lines[0]["request_id"], "submit-1");
    assert_eq!(lines[0]["time"], "2026-03-02T12:00:00.000Z");
    let principal = lines[0]["principal"].as_str().expect("a principal");
    assert!(principal.starts_with("user:") && principal.len() == 21, "{principal}");
    assert!(lines.iter().all(|line| line["principal"] == principal), "one user: {lines:#?}");
    assert!(!std::fs::read_to_string(&file).expect("text").contains("katlyn"), "no e-mail address");
}

#[tokio::test]
async fn a_refusal_by_role_names_the_key() {
    use ips_gateway::http::{Role, new_key};
    use ips_gateway::sandbox::users::BOTH_COMPANIES;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (key, entry) = new_key("wall board", Role::Viewer, &[]).expect("random bytes");
    let (keys, file) = (folder.join("audit-keys.toml"), folder.join("audit-role.jsonl"));
    let _ = std::fs::remove_file(&file);
    std::fs::write(&keys, entry).expect("a file");
    let settings = [
        ("SERVICE_USER", BOTH_COMPANIES.email),
        ("SERVICE_PASSWORD", BOTH_COMPANIES.password),
        ("API_KEYS_FILE", keys.to_str().expect("UTF-8")),
        ("AUDIT_LOG", file.to_str().expect("UTF-8")),
    ];
    let world = World::with(Population::Empty, &settings);
    world.gateway.with_token(&key).post_json("/jobs", &any_job("nightly")).await.expect(403);
    let lines = lines(&file);
    assert_eq!(
        (&lines[0]["principal"], &lines[0]["outcome"], &lines[0]["status"]),
        (&json!("wall board"), &json!("not_sent"), &json!(403)),
        "{lines:#?}"
    );
}
