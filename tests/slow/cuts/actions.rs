//! Stops and deletes whose connection to IPS ends at every byte: what is told to be done was done.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::plan::{Cut, Place, Way, every_cut};
use super::sandbox_jobs::Census;
use super::{COMPANY, CutWorld};
use crate::support::{Answer, Gateway, any_job, id};

/// So many jobs share a world.
const AT_ONCE: usize = 50;

/// What is asked of a job.
#[derive(Clone, Copy)]
struct Action {
    operation: &'static str,
    method: &'static str,
    path: &'static str,
    /// The status when it is done.
    done: u16,
    /// The job that it is asked of.
    job: fn(&str) -> Value,
    /// Whether the sandbox shows that it was done.
    is_done: fn(&Census, &str) -> bool,
}

const STOP: Action = Action {
    operation: "stopJob",
    method: "POST",
    path: "/stop",
    done: 202,
    job: any_job,
    // A job that waits stops at once, and is gone.
    is_done: |census, name| matches!(census.state(name), None | Some("Stopping" | "Done")),
};

const DELETE: Action = Action {
    operation: "deleteJob",
    method: "DELETE",
    path: "",
    done: 204,
    // One that runs might have ended by itself: only of one that is scheduled it can be told that it was deleted.
    job: |name| json!({ "jobName": name, "execTime": "2026-06-01T00:00:00Z", "optimizeImagesJob": { "emailSetting": "None" } }),
    is_done: |census, name| census.count(name) == 0,
};

impl Action {
    async fn send(&self, gateway: &Gateway, id: &str) -> Answer {
        let method = Method::from_bytes(self.method.as_bytes()).expect("a method");
        gateway.request(method, &format!("/jobs/{id}{}", self.path)).await
    }
}

/// A world with so many jobs, and their names and ids. Somebody else submitted them: the gateway knows no more of them than IPS says.
async fn world_of(action: Action, jobs: usize) -> (CutWorld, Vec<(String, String)>) {
    let world = CutWorld::start().await;
    let other = Gateway::start(&world.sandbox.url(), world.sandbox.version(), &world.clock, &[]);
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

/// How many bytes a request and its answer take.
async fn lengths(action: Action) -> (usize, usize) {
    let (world, jobs) = world_of(action, 1).await;
    let (name, id) = &jobs[0];
    world.proxy.plan(action.operation, name, Cut { place: Place::Nowhere, way: Way::Fin });
    action.send(&world.gateway, id).await.expect(action.done);
    world.proxy.passed(action.operation, name)
}

async fn one_world(action: Action, cuts: &[Cut]) -> BTreeMap<String, usize> {
    let (world, jobs) = world_of(action, cuts.len()).await;
    for ((name, _), cut) in jobs.iter().zip(cuts) {
        world.proxy.plan(action.operation, name, *cut);
    }
    let answers = join_all(jobs.iter().map(|(_, id)| action.send(&world.gateway, id))).await;
    let before = Census::take(&world.sandbox).await;
    world.proxy.release();

    let mut tally = BTreeMap::new();
    for (((name, _), cut), answer) in jobs.iter().zip(cuts).zip(&answers) {
        let done = (action.is_done)(&before, name);
        assert_eq!(world.proxy.calls(action.operation, name), 1, "{name}, {cut}: sent once{answer}");
        let outcome = if answer.status == action.done {
            assert!(done, "{name}, {cut}: told to be done{answer}");
            "done"
        } else {
            let problem = answer.json();
            let outcome = problem["outcome"].as_str().unwrap_or_else(|| panic!("{name}, {cut}: no outcome{answer}"));
            assert_eq!(outcome, "unknown", "{name}, {cut}: that it didn't arrive can't be known{answer}");
            assert!(
                matches!(cut.place, Place::Request(_) | Place::LateRequest),
                "{name}, {cut}: its state tells{answer}"
            );
            "unknown"
        };
        *tally.entry(format!("{outcome}, {}", if done { "done" } else { "not done" })).or_default() += 1;
    }

    let late = || jobs.iter().zip(cuts).filter(|(_, cut)| cut.place == Place::LateRequest).map(|(job, _)| job);
    for (name, _) in late() {
        arrives(&world, action, name).await;
    }
    // What was seen before is too old by then.
    world.clock.advance(TimeDelta::seconds(10));
    for (name, id) in late() {
        let now = world.gateway.get(&format!("/jobs/{id}")).header("Cache-Control", "no-cache").await;
        let is_active = now.json()["phase"] == "active" && now.json()["status"] != "finalizing";
        assert!(matches!(now.status, 200 | 404) && !is_active, "{name}: what came late is seen in the end{now}");
    }
    tally
}

/// A request that comes late is done in the end.
async fn arrives(world: &CutWorld, action: Action, name: &str) {
    for _ in 0..200 {
        if (action.is_done)(&Census::take(&world.sandbox).await, name) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{name}: the late request never arrived");
}

async fn cut(action: Action, count: usize, step: usize) {
    let (request, answer) = lengths(action).await;
    let cuts: Vec<_> = every_cut(request, answer, step).take(count).collect();
    let mut tally = BTreeMap::<String, usize>::new();
    for cuts in cuts.chunks(AT_ONCE) {
        for (label, count) in one_world(action, cuts).await {
            *tally.entry(label).or_default() += count;
        }
    }
    println!("{count} of {}, a request of {request} bytes, an answer of {answer}: {tally:?}", action.operation);
    assert!(tally.contains_key("done, done") && tally.contains_key("unknown, not done"), "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_is_told_to_be_done_exactly_when_it_was_wherever_it_is_cut() {
    cut(STOP, 150, 17).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delete_is_told_to_be_done_exactly_when_it_was_wherever_it_is_cut() {
    cut(DELETE, 150, 17).await;
}
