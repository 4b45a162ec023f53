//! Runs against the sandbox, which conforms.

use std::time::Duration;

use chrono::TimeDelta;
use ips_gateway::ips::types::API_VERSIONS;
use ips_gateway::sandbox::{Clock, Population, Sandbox, SandboxConfig};

use super::{run, verify};
use crate::support::START;

const USER: (&str, &str) = ("katlyn@example.com", "sandbox-katlyn");
const COMPANY: &str = "Example Outfitters";
const CHANGES: [&str; 6] = ["submitJob", "stopJob", "pauseJob", "resumeJob", "executeJob", "deleteJob"];

fn sandbox() -> Sandbox {
    let clock = Clock::manual(START.parse().expect("a time"));
    let config = SandboxConfig { clock, new_job_interval: None, ..SandboxConfig::default() };
    Sandbox::start(config).expect("a free port")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_conforms_in_every_api_version_and_nothing_is_changed() {
    let sandbox = sandbox();
    for known in API_VERSIONS {
        let version = if known.name.is_empty() { "none" } else { known.name };
        let calls = ["getArchivedJobLogDetails", "getAssetArchivedJobLogs"].map(|name| (name, sandbox.calls(name)));
        let before = |operation: &str| calls.iter().find(|(name, _)| *name == operation).map_or(0, |(_, calls)| *calls);
        let run = verify(&sandbox.url(), COMPANY, USER, &["--api-version", version]).await;
        let report = run.report();
        assert_eq!(report["deviations"], serde_json::json!([]), "{version}");
        assert_eq!((run.status, &report["conforms"]), (0, &true.into()), "{version}: {}", run.stderr);
        assert_eq!(report["apiVersion"], known.name);
        assert!(report["calls"]["number"].as_u64().is_some_and(|calls| (20..=64).contains(&calls)), "{version}");
        assert_eq!(run.observed("logDateFilter").as_deref(), Some("the start"), "{version}");
        assert_eq!(run.observed("activeHandleForm").as_deref(), Some("j|<digits>||<name>|<digits>"), "{version}");
        assert_eq!(run.observed("dateOffsets").as_deref(), Some("-06:00"), "{version}");
        assert_eq!(run.observed("submitHandleForm"), None, "{version}");
        let archived = known.name >= "2021-01-11-beta";
        for (operation, question) in
            [("getArchivedJobLogDetails", "archivedLog"), ("getAssetArchivedJobLogs", "archivedAssetLogs")]
        {
            let (called, observed) = (sandbox.calls(operation) - before(operation), run.observed(question));
            assert_eq!(called == 1, archived, "{version} {operation}");
            assert!(observed.is_some() || !archived, "{version} {operation}");
        }
        let waiting = run.observed("includeWaitingJobs").expect("an observation");
        assert_eq!(waiting.starts_with("not sent"), known.name < "2014", "{version}: {waiting}");
    }
    assert!(CHANGES.iter().all(|operation| sandbox.calls(operation) == 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_submit_a_scheduled_job_is_announced_submitted_and_deleted_again() {
    let sandbox = sandbox();
    let run = verify(&sandbox.url(), COMPANY, USER, &["--api-version", "2022-11-01-beta", "--submit"]).await;
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(run.stderr.contains("--submit: submits one optimizeImagesJob"), "{}", run.stderr);
    assert_eq!(run.report()["calls"]["submittedJob"], "none is left");
    assert_eq!(run.observed("submitHandleForm").as_deref(), Some("j|<digits>|<jobName>||"));
    assert_eq!(run.observed("pauseSchedule").as_deref(), Some("yes; triggerState is then Paused"));
    assert_eq!(run.observed("resumeSchedule").as_deref(), Some("yes; triggerState is then Normal"));
    assert_eq!(run.observed("duplicateName").as_deref(), Some("refused: ipsApiFault 30000"));
    assert_eq!(run.observed("deleteSchedule").as_deref(), Some("yes; the list has then no job"));
    assert_eq!(sandbox.calls("executeJob") + sandbox.calls("stopJob"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_delete_says_that_the_job_may_be_left() {
    let script = "[[fault]]\noperation = \"deleteJob\"\neffect = \"fault\"\ncode = 30000\n".parse();
    let script = script.unwrap_or_else(|errors| panic!("{errors}"));
    let config = SandboxConfig { new_job_interval: None, script, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).expect("a free port");
    let run = verify(&sandbox.url(), COMPANY, USER, &["--submit"]).await;
    assert_eq!(run.report()["calls"]["submittedJob"], "it may still be scheduled");
    assert!(run.stderr.contains("may still be scheduled: delete it"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ends_is_watched_from_the_active_list_to_the_log() {
    let sandbox = sandbox();
    let clock = sandbox.clock().clone();
    let ticking = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            clock.advance(TimeDelta::seconds(2));
        }
    });
    let run = verify(&sandbox.url(), COMPANY, USER, &["--watch", "2m"]).await;
    ticking.abort();
    let gap = run.observed("activeToLogGap").expect("an observation");
    assert!(gap.contains("with a look at both lists"), "{gap}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_is_markdown_json_or_both_in_a_folder() {
    let sandbox = Sandbox::start(SandboxConfig {
        population: Population::Empty,
        new_job_interval: None,
        ..SandboxConfig::default()
    })
    .expect("a free port");
    let (url, folder) = (sandbox.url(), std::env::temp_dir().join(format!("verify-{}", std::process::id())));
    let folder = folder.to_str().expect("UTF-8");
    let token = [("IPS_GATEWAY_TOKEN", "sandbox-token-katlyn")];
    let arguments = ["--upstream-url", &url, "--company", "c|110"];
    let markdown = run(&arguments, &token).await;
    assert_eq!(markdown.status, 0, "{}", markdown.stderr);
    assert!(markdown.stdout.starts_with("# Conformance of IPS: API version 2014-04-03, no deviation\n"));
    assert!(markdown.stdout.contains("| In which order does getActiveJobs list jobs? | not observed |"));
    let files = run(&[&arguments[..], &["--output", folder]].concat(), &token).await;
    assert_eq!(files.status, 0, "{}", files.stderr);
    let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).expect("a file");
    assert!(read("verify.md").starts_with("# Conformance of IPS"));
    let report: serde_json::Value = serde_json::from_str(&read("verify.json")).expect("JSON");
    assert_eq!((&report["format"], &report["conforms"]), (&1.into(), &true.into()));
    std::fs::remove_dir_all(folder).expect("the folder is there");
}
