//! Stops and deletes whose connection to IPS is cut at every byte.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::plan::{CloseMode, Cut, Position, every_cut};
use super::sandbox_jobs::SandboxJobs;
use super::{COMPANY, CutWorld, SETTINGS};
use crate::support::{Answer, Gateway, any_job, id};

/// Jobs in one world.
const BATCH: usize = 50;

/// An action on a job.
#[derive(Clone, Copy)]
struct Action {
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    /// The status of a success.
    done: u16,
    /// The submitted job.
    job: fn(&str) -> Value,
    /// Whether the action is visible in the sandbox.
    is_done: fn(&SandboxJobs, &str) -> bool,
}

const STOP: Action = Action {
    operation: "stopJob",
    method: "POST",
    path: "/stop",
    done: 202,
    job: any_job,
    // A waiting job stops at once and leaves the list.
    is_done: |sandbox_jobs, name| matches!(sandbox_jobs.state(name), None | Some("Stopping" | "Done")),
};

const DELETE: Action = Action {
    operation: "deleteJob",
    method: "DELETE",
    path: "",
    done: 204,
    // A scheduled job, since a running one might complete by itself.
    job: |name| json!({ "jobName": name, "execTime": "2026-06-01T00:00:00Z", "optimizeImagesJob": { "emailSetting": "None" } }),
    is_done: |sandbox_jobs, name| sandbox_jobs.count(name) == 0,
};

impl Action {
    async fn send(&self, gateway: &Gateway, id: &str) -> Answer {
        let method = Method::from_bytes(self.method.as_bytes()).expect("a method");
        gateway.request(method, &format!("/jobs/{id}{}", self.path)).await
    }
}

/// A world with this number of jobs, and their names and ids. They were submitted through another gateway.
async fn world_of(action: Action, jobs: usize) -> (CutWorld, Vec<(String, String)>) {
    let world = CutWorld::start().await;
    let other = Gateway::start(&world.sandbox.url(), world.sandbox.version(), &world.clock, SETTINGS);
    let submits = (0..jobs).map(|number| {
        let other = other.clone();
        async move {
            let name = format!("cut-{number:05}");
            let path = format!("/jobs?{COMPANY}&uniqueName=false");
            let job = other.post_json(&path, &(action.job)(&name)).await.expect(202).json();
            (name, id(&job))
        }
    });
    let jobs = join_all(submits).await;
    (world, jobs)
}

/// The lengths of a request and its answer, in bytes.
async fn lengths(action: Action) -> (usize, usize) {
    let (world, jobs) = world_of(action, 1).await;
    let (name, id) = &jobs[0];
    world.proxy.plan(action.operation, name, Cut { position: Position::Nowhere, mode: CloseMode::Fin });
    action.send(&world.gateway, id).await.expect(action.done);
    world.proxy.passed(action.operation, name)
}

async fn one_world(action: Action, cuts: &[Cut]) -> BTreeMap<String, usize> {
    let (world, jobs) = world_of(action, cuts.len()).await;
    for ((name, _), cut) in jobs.iter().zip(cuts) {
        world.proxy.plan(action.operation, name, *cut);
    }
    let answers = join_all(jobs.iter().map(|(_, id)| action.send(&world.gateway, id))).await;
    let before = SandboxJobs::read(&world.sandbox).await;
    world.proxy.release();

    let mut counts = BTreeMap::new();
    for (((name, _), cut), answer) in jobs.iter().zip(cuts).zip(&answers) {
        let done = (action.is_done)(&before, name);
        assert_eq!(world.proxy.calls(action.operation, name), 1, "{name}, {cut}: sent once{answer}");
        let outcome = if answer.status == action.done {
            assert!(done, "{name}, {cut}: reported as done{answer}");
            "done"
        } else {
            let problem = answer.json();
            let outcome = problem["outcome"].as_str().unwrap_or_else(|| panic!("{name}, {cut}: no outcome{answer}"));
            assert_eq!(outcome, "unknown", "{name}, {cut}: not_sent can't be known{answer}");
            assert!(
                matches!(cut.position, Position::Request(_) | Position::LateRequest),
                "{name}, {cut}: its state shows it{answer}"
            );
            "unknown"
        };
        *counts.entry(format!("{outcome}, {}", if done { "done" } else { "not done" })).or_default() += 1;
    }

    let late = || jobs.iter().zip(cuts).filter(|(_, cut)| cut.position == Position::LateRequest).map(|(job, _)| job);
    for (name, _) in late() {
        arrives(&world, action, name).await;
    }
    // Older than every cached list.
    world.clock.advance(TimeDelta::seconds(10));
    for (name, id) in late() {
        let now = world.gateway.get(&format!("/jobs/{id}")).header("Cache-Control", "no-cache").await;
        let is_active = now.json()["phase"] == "active" && now.json()["status"] != "finalizing";
        assert!(matches!(now.status, 200 | 404) && !is_active, "{name}: a late request is visible in the end{now}");
    }
    counts
}

/// Waits until a late request has taken effect.
async fn arrives(world: &CutWorld, action: Action, name: &str) {
    for _ in 0..200 {
        if (action.is_done)(&SandboxJobs::read(&world.sandbox).await, name) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{name}: the late request never arrived");
}

async fn cut(action: Action, count: usize, step: usize) {
    let (request, answer) = lengths(action).await;
    let cuts: Vec<_> = every_cut(request, answer, step).take(count).collect();
    let mut counts = BTreeMap::<String, usize>::new();
    for cuts in cuts.chunks(BATCH) {
        for (outcome, count) in one_world(action, cuts).await {
            *counts.entry(outcome).or_default() += count;
        }
    }
    println!("{count} of {}, a request of {request} bytes, an answer of {answer}: {counts:?}", action.operation);
    assert!(counts.contains_key("done, done") && counts.contains_key("unknown, not done"), "{counts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_cut_at_any_byte_is_reported_as_done_only_if_it_was() {
    cut(STOP, 150, 17).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_cut_at_any_byte_is_reported_as_done_only_if_it_was() {
    cut(DELETE, 150, 17).await;
}
