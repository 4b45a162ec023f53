//! The client on a pseudo-terminal.

use std::process::Command;

use ips_gateway::sandbox::users::ORDINARY;
use serde_json::json;

use super::scripted_gateway::ScriptedGateway;
use super::{Client, Ended, run, without_settings};
use crate::support::World;

async fn on_terminal(client: &Client, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = without_settings(Command::new("python3"));
    command
        .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/slow/cli/terminal.py"), env!("CARGO_BIN_EXE_ips-gateway")]);
    command.args(arguments).env("TERM", "xterm").env("IPS_GATEWAY_URL", &client.url).envs(variables.iter().copied());
    run(command).await
}

const TOKEN: [(&str, &str); 1] = [("IPS_GATEWAY_TOKEN", "any")];

fn scripted_job() -> ScriptedGateway {
    let job = |percent: u64, status: &str| {
        (
            200,
            json!({"id": "job-1", "title": "hello", "status": status, "percent": percent, "progressMessage": "Publishing"}),
        )
    };
    let mut last = job(100, "completed");
    last.1["outcome"] = "succeededWithWarnings".into();
    ScriptedGateway::start(vec![job(0, "waiting"), job(50, "running"), last])
}

#[tokio::test]
async fn a_followed_job_is_one_bar_that_is_redrawn() {
    for command in ["wait", "watch"] {
        let gateway = scripted_job();
        let ended = on_terminal(&Client::new(&gateway.url), &["jobs", command, "job-1"], &TOKEN).await;
        assert_eq!(ended.code, Some(if command == "wait" { 2 } else { 0 }), "{ended:?}");
        for expected in ["[............", "[############............]  50%  hello  running 50%  Publishing", "] 100%"] {
            assert!(ended.stdout.contains(expected), "{expected:?} is not in {:?}", ended.stdout);
        }
        let redrawn = ended.stdout.matches("\r\u{1b}[J\u{1b}[?7l").count();
        assert_eq!(redrawn, 3, "{:?}", ended.stdout);
        assert_eq!(ended.stdout.matches("\u{1b}[?7l").count(), ended.stdout.matches("\u{1b}[?7h").count());
    }
}

#[tokio::test]
async fn a_line_that_is_wider_than_the_terminal_is_shortened() {
    let gateway = scripted_job();
    let variables = [TOKEN[0], ("WIDTH", "50")];
    let ended = on_terminal(&Client::new(&gateway.url), &["jobs", "watch", "job-1"], &variables).await;
    assert!(ended.stdout.contains("]  50%  hello  running 5…\u{1b}[?7h"), "{:?}", ended.stdout);
}

#[tokio::test]
async fn a_terminal_without_escape_sequences_gets_lines() {
    let gateway = scripted_job();
    let variables = [TOKEN[0], ("TERM", "dumb")];
    let ended = on_terminal(&Client::new(&gateway.url), &["jobs", "watch", "job-1"], &variables).await;
    assert!(
        ended.stdout.contains("hello  running 50%  Publishing\r\n") && !ended.stdout.contains('\u{1b}'),
        "{ended:?}"
    );
}

#[tokio::test]
async fn the_list_is_redrawn_in_place() {
    let list = |percent: u64| {
        let job = |id: &str| json!({"id": id, "title": id, "kind": "export", "status": "running", "percent": percent});
        (200, json!({"jobs": [job("job-1"), job("job-2")]}))
    };
    let gateway =
        ScriptedGateway::start(vec![list(10), list(90), (403, json!({"code": "forbidden", "title": "Forbidden"}))]);
    let ended = on_terminal(&Client::new(&gateway.url), &["jobs", "watch"], &TOKEN).await;
    assert_eq!(ended.code, Some(4), "{ended:?}");
    assert!(ended.stdout.contains("\r\u{1b}[3A\u{1b}[J"), "header, names and two jobs: {:?}", ended.stdout);
    assert!(
        ended.stdout.contains("[#.........]  10%") && ended.stdout.contains("[#########.]  90%"),
        "{:?}",
        ended.stdout
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_password_is_asked_for_and_not_shown() {
    let world = World::seeded();
    let client = Client::new(format!("http://{}", world.gateway.address()));
    let variables = [("TYPED", ORDINARY.password)];
    let ended = on_terminal(&client, &["jobs", "list", "--user", ORDINARY.email], &variables).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains(&format!("Password of {}: ", ORDINARY.email)), "{}", ended.stdout);
    assert!(ended.stdout.contains("STATE") && !ended.stdout.contains(ORDINARY.password), "{}", ended.stdout);
}
