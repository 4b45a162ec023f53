//! The exit statuses of `wait`, `watch` and `submit --wait`.

use serde_json::{Value, json};

use super::Client;
use super::scripted_gateway::ScriptedGateway;
use crate::support::{World, any_job};

fn running() -> Value {
    json!({"id": "job-1", "title": "hello", "phase": "active", "status": "running", "percent": 40})
}

fn completed(outcome: &str) -> Value {
    json!({"id": "job-1", "title": "hello", "phase": "completed", "status": "completed", "outcome": outcome})
}

const STATUSES: [(&str, i32); 5] =
    [("succeeded", 0), ("failed", 1), ("succeededWithWarnings", 2), ("stopped", 3), ("unknown", 4)];

#[tokio::test]
async fn wait_ends_with_the_exit_status_of_the_outcome() {
    for (outcome, code) in STATUSES {
        let gateway = ScriptedGateway::start(vec![(200, running()), (200, completed(outcome))]);
        let ended = Client::new(&gateway.url).run(&["jobs", "wait", "job-1"]).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(code), format!("{outcome}\n").as_str()),
            "{}",
            ended.stderr
        );
        assert!(ended.stderr.contains("hello  running 40%\n"), "{}", ended.stderr);
        assert!(!ended.stderr.contains('\u{1b}'), "a pipe is no terminal: {}", ended.stderr);
        let heads = gateway.heads();
        assert!(!heads[0].contains("prefer:"), "{}", heads[0]);
        assert!(heads[1].contains("prefer: wait=50") && heads[1].contains("if-none-match: W/\"0\""), "{}", heads[1]);
    }
}

#[tokio::test]
async fn watch_has_the_exit_status_of_the_outcome_only_when_asked() {
    for (outcome, code) in STATUSES {
        let gateway = ScriptedGateway::start(vec![(200, completed(outcome))]);
        let client = Client::new(&gateway.url);
        assert_eq!(client.run(&["jobs", "watch", "job-1", "--exit-status"]).await.code, Some(code), "{outcome}");
        assert_eq!(client.run(&["jobs", "watch", "job-1"]).await.code, Some(0), "{outcome}");
    }
}

#[tokio::test]
async fn a_chain_is_waited_for_unless_only_the_job_is() {
    let mut first = completed("succeeded");
    first["chain"] = json!({"status": "running", "percent": 50});
    let mut last = completed("succeeded");
    last["chain"] = json!({"status": "completed", "outcome": "failed", "percent": 70});
    for (arguments, code) in [(&["--until", "job"][..], 0), (&[], 1)] {
        let gateway = ScriptedGateway::start(vec![(200, first.clone()), (200, last.clone())]);
        let arguments = [&["jobs", "wait", "job-1"], arguments].concat();
        let ended = Client::new(&gateway.url).run(&arguments).await;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_job_that_is_gone_is_lost() {
    let problem = json!({"code": "job-not-found", "title": "Not found", "status": 404, "retryable": false});
    for answers in [vec![(404, problem.clone())], vec![(200, running()), (404, problem.clone())]] {
        let gateway = ScriptedGateway::start(answers);
        let ended =
            Client::new(&gateway.url).run(&["jobs", "watch", "job-1", "--exit-status", "--retry-for", "1s"]).await;
        assert_eq!(ended.code, Some(4), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("the job is gone") && ended.stderr.contains("[job-not-found]"),
            "{}",
            ended.stderr
        );
    }
}

#[tokio::test]
async fn a_timeout_ends_with_124_and_says_how_to_go_on() {
    let gateway = ScriptedGateway::start(vec![(200, running()), (304, json!(null))]);
    let ended = Client::new(&gateway.url).run(&["jobs", "wait", "job-1", "--timeout", "300ms"]).await;
    assert_eq!(ended.code, Some(124), "{}", ended.stderr);
    assert!(ended.stderr.contains("ips-gateway jobs wait 'job-1'"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submitted_job_is_followed_through_the_real_gateway_to_its_outcome() {
    let world = World::with(ips_gateway::sandbox::Population::Empty, &[("FRESH", "50ms")]);
    let client = Client::new(format!("http://{}", world.gateway.address()));
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-submit.json");
    std::fs::write(&file, any_job("nightly").to_string()).expect("a file");
    let waiting = {
        let (client, file) = (client.clone(), file.to_str().expect("UTF-8").to_owned());
        tokio::spawn(async move { client.run(&["jobs", "submit", &file, "--wait"]).await })
    };
    while !waiting.is_finished() {
        world.advance(1_000);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let ended = waiting.await.expect("no panic");
    let lines: Vec<_> = ended.stdout.lines().collect();
    let [id, outcome] = lines[..] else { panic!("{ended:?}") };
    let job = world.gateway.job(id).await;
    assert_eq!(job["outcome"], outcome);
    let expected = STATUSES.iter().find(|(name, _)| *name == outcome).expect("an outcome").1;
    assert_eq!(ended.code, Some(expected), "{ended:?}");
    assert!(ended.stderr.contains("running"), "{}", ended.stderr);
    assert_eq!(client.run(&["jobs", "watch", id, "--exit-status", "--json"]).await.code, Some(expected));
}
