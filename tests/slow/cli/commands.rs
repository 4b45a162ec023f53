//! Tables for people and JSON for scripts, against the real gateway.

use serde_json::{Value, json};

use super::scripted_gateway::ScriptedGateway;
use super::{Client, Ended};
use crate::support::{World, any_job, id};

fn client(world: &World) -> Client {
    Client::new(format!("http://{}", world.gateway.address()))
}

fn json_of(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn list_is_a_table_with_whole_ids_and_with_json_the_answer_of_the_api() {
    let world = World::seeded();
    let client = client(&world);
    let expected = world.gateway.get("/jobs").await.json();
    let listed = json_of(&client.run(&["jobs", "list", "--json"]).await);
    assert_eq!(listed["jobs"], expected["jobs"]);

    let table = client.run(&["jobs", "list"]).await;
    assert!(table.stdout.starts_with("STATE"), "{table:?}");
    assert_eq!(table.stdout.lines().count(), 1 + expected["jobs"].as_array().expect("jobs").len());
    for job in expected["jobs"].as_array().expect("jobs") {
        assert!(table.stdout.contains(job["id"].as_str().expect("an id")), "{}", table.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_cursors_are_those_of_the_api() {
    let world = World::seeded();
    let client = client(&world);
    let arguments =
        ["jobs", "list", "--json", "--phase", "active,scheduled", "--status", "scheduled,paused", "--from", "3650d"];
    for job in json_of(&client.run(&arguments).await)["jobs"].as_array().expect("jobs") {
        assert_eq!(job["phase"], "scheduled");
    }
    let sorted = json_of(&client.run(&["jobs", "list", "--json", "--sort", "-percent"]).await);
    assert_eq!(sorted["jobs"], world.gateway.get("/jobs?sort=-percent").await.json()["jobs"]);
    let first = client.run(&["jobs", "list", "--phase", "active,completed", "--limit", "1"]).await;
    let cursor = first.stderr.trim().strip_prefix("more with --cursor ").expect("a cursor");
    let second = client.run(&["jobs", "list", "--phase", "active,completed", "--limit", "1", "--cursor", cursor]).await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_ne!(first.stdout, second.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_about_a_job_has_a_form_for_people_and_one_for_scripts() {
    let world = World::empty();
    let client = client(&world);
    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    let shown = client.run(&["jobs", "get", &job]).await;
    assert!(shown.stdout.contains("title          nightly\n") && shown.stdout.contains(&job), "{shown:?}");
    assert_eq!(json_of(&client.run(&["jobs", "get", &job, "--json"]).await)["title"], "nightly");
    world.finish(&job).await;

    let log = client.run(&["jobs", "log", &job]).await;
    assert!(log.code == Some(0) && log.stdout.starts_with("TIME"), "{log:?}");
    let entries = json_of(&client.run(&["jobs", "log", &job, "--json", "--per-page", "1"]).await);
    assert_eq!(entries["entries"].as_array().map(Vec::len), Some(1));
    let rows = client.run(&["jobs", "log", &job, "--format", "ndjson"]).await;
    assert!(rows.stdout.trim_end().lines().last().is_some_and(|line| line.contains("\"complete\":true")), "{rows:?}");
    assert!(json_of(&client.run(&["jobs", "results", &job, "--json"]).await)["counts"].is_object());
    assert_eq!(client.run(&["jobs", "results", &job]).await.code, Some(0));

    let history = json_of(&client.run(&["history", "--json", "--q", "nightly"]).await);
    assert_eq!(id(&history["logs"][0]), job);
    assert!(client.run(&["history"]).await.stdout.contains(&job));
    let csv = client.run(&["history", "--format", "csv"]).await;
    assert!(csv.code == Some(0) && csv.stdout.contains(&job), "{csv:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn actions_change_the_job_and_refusals_say_what_is_possible() {
    let world = World::empty();
    let client = client(&world);
    let schedule = json!({"jobName": "every-night", "execSchedule": "0 30 2 * * ?", "optimizeImagesJob": {"emailSetting": "None"}});
    let schedule = id(&world.gateway.submit(&schedule).await);
    assert_eq!(json_of(&client.run(&["jobs", "pause", &schedule, "--json"]).await)["status"], "paused");
    let resumed = client.run(&["jobs", "resume", &schedule]).await;
    assert!(resumed.stdout.contains("state          scheduled\n"), "{resumed:?}");
    assert_eq!(client.run(&["jobs", "execute", &schedule]).await.code, Some(0));
    let deleted = client.run(&["jobs", "delete", &schedule]).await;
    assert_eq!((deleted.code, deleted.stdout.as_str()), (Some(0), ""), "{deleted:?}");

    let job = id(&world.gateway.submit(&any_job("short")).await);
    assert_eq!(client.run(&["jobs", "stop", &job]).await.code, Some(0));
    assert_eq!(world.sandbox.calls("stopJob"), 1);
    world.finish(&job).await;
    let refused = client.run(&["jobs", "stop", &job]).await;
    assert!(refused.code == Some(65) && refused.stderr.contains("[action-not-possible]"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handle_of_ips_is_accepted_unencoded() {
    let world = World::seeded();
    let list = world.gateway.get("/jobs").await.json();
    let handle = list["jobs"][0]["jobHandle"].as_str().expect("a handle");
    let job = json_of(&client(&world).run(&["jobs", "get", handle, "--json"]).await);
    assert_eq!(job["id"], list["jobs"][0]["id"]);
}

#[tokio::test]
async fn texts_of_jobs_cannot_control_the_terminal() {
    let job = json!({"id": "job-1", "title": "a\u{1b}]0;owned\u{7}b", "status": "running", "submittedBy": "x\u{9b}31m", "kind": "k"});
    let gateway = ScriptedGateway::start(vec![(200, json!({"jobs": [job]}))]);
    let ended = Client::new(&gateway.url).run(&["jobs", "list"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stdout.contains(['\u{1b}', '\u{7}', '\u{9b}']), "{:?}", ended.stdout);
}

#[tokio::test]
async fn the_log_of_a_running_job_is_shown_with_its_status() {
    let log =
        json!({"id": "job-1", "title": "hello", "phase": "completed", "status": "finalizing", "outcome": "unknown"});
    let gateway = ScriptedGateway::start(vec![(200, json!({"logs": [log]}))]);
    let ended = Client::new(&gateway.url).run(&["history"]).await;
    assert!(ended.stdout.contains("\nfinalizing  "), "{ended:?}");
}

#[tokio::test]
async fn watch_json_is_a_line_for_each_state() {
    let state = |status: &str| json!({"id": "job-1", "status": status, "outcome": "failed"});
    let gateway =
        ScriptedGateway::start(vec![(200, state("waiting")), (200, state("running")), (200, state("completed"))]);
    let ended = Client::new(&gateway.url).run(&["jobs", "watch", "job-1", "--json", "--exit-status"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines, ["waiting", "running", "completed"].map(state));
}
