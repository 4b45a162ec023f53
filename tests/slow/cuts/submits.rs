//! Submits whose connection to IPS is cut at every byte of request and answer.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use ips_gateway::sandbox::users::COMPANY_ADMIN;
use serde_json::Value;

use super::plan::{CloseMode, Cut, Position, every_cut};
use super::sandbox_jobs::SandboxJobs;
use super::{COMPANY, CutWorld};
use crate::support::{Answer, Gateway, any_job, id, upload};

/// Concurrent submits in one world.
const BATCH: usize = 50;
/// Concurrent worlds.
const WORLDS: usize = 4;

/// A submit and its cut.
#[derive(Clone)]
struct Submit {
    /// The prefix of its job's name.
    name: String,
    cut: Cut,
    /// Whether it has an `Idempotency-Key`.
    keyed: bool,
    /// Whether its user has permission.
    allowed: bool,
}

impl Submit {
    fn new(number: usize, cut: Cut) -> Self {
        Self { name: format!("cut-{number:05}"), cut, keyed: number.is_multiple_of(2), allowed: number % 7 != 3 }
    }

    async fn send(&self, gateway: &Gateway) -> Answer {
        let gateway = if self.allowed { gateway.clone() } else { gateway.as_user(&COMPANY_ADMIN) };
        let request = gateway.post_json(&format!("/jobs?{COMPANY}"), &any_job(&self.name));
        if self.keyed { request.header("Idempotency-Key", &self.name).await } else { request.await }
    }
}

impl fmt::Display for Submit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.keyed { " with a key" } else { "" };
        let permission = if self.allowed { "" } else { " without permission" };
        write!(f, "{}{key}{permission}, {}", self.name, self.cut)
    }
}

/// The outcome that the gateway reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Accepted,
    Recovered,
    NotSent,
    Rejected,
    Unknown,
}

/// The outcome in a response.
async fn outcome_of(answer: &Answer) -> Outcome {
    if answer.status == 202 {
        return if answer.json()["recovered"] == true { Outcome::Recovered } else { Outcome::Accepted };
    }
    match answer.json()["outcome"].as_str() {
        Some("not_sent") => Outcome::NotSent,
        Some("rejected") => Outcome::Rejected,
        Some("unknown") => {
            answer.problem(504, "submit-outcome-unknown").await;
            Outcome::Unknown
        }
        _ => panic!("no outcome{answer}"),
    }
}

/// The lengths of a request and its answer, in bytes.
async fn lengths() -> (usize, usize) {
    let world = CutWorld::start().await;
    let submit = Submit { keyed: false, ..Submit::new(0, Cut { position: Position::Nowhere, mode: CloseMode::Fin }) };
    world.proxy.plan("submitJob", &submit.name, submit.cut);
    submit.send(&world.gateway).await.expect(202);
    world.proxy.passed("submitJob", &submit.name)
}

/// Sends the submits of one world, and compares every response with the jobs of the sandbox.
async fn one_world(submits: Vec<Submit>) -> BTreeMap<Outcome, usize> {
    let world = CutWorld::start().await;
    for submit in &submits {
        world.proxy.plan("submitJob", &submit.name, submit.cut);
    }
    let answers = join_all(submits.iter().map(|submit| submit.send(&world.gateway))).await;
    let before = SandboxJobs::read(&world.sandbox).await;
    world.proxy.release();
    let late = submits.iter().filter(|submit| submit.allowed && submit.cut.position == Position::LateRequest);
    for submit in late.clone() {
        assert_eq!(before.count(&submit.name), 0, "{submit}: it is to come later");
    }
    let mut sandbox_jobs = before;
    for _ in 0..200 {
        if late.clone().all(|submit| sandbox_jobs.count(&submit.name) == 1) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        sandbox_jobs = SandboxJobs::read(&world.sandbox).await;
    }

    let mut counts = BTreeMap::new();
    for (submit, answer) in submits.iter().zip(&answers) {
        let outcome = outcome_of(answer).await;
        *counts.entry(outcome).or_default() += 1;
        let jobs = sandbox_jobs.count(&submit.name);
        assert!(jobs <= 1, "{submit}: {jobs} jobs{answer}");
        assert_eq!(world.proxy.calls("submitJob", &submit.name), 1, "{submit}: sent once{answer}");
        let possible: &[Outcome] = match (submit.cut.position, submit.allowed) {
            (Position::Nowhere, true) => &[Outcome::Accepted],
            (Position::Nowhere, false) => &[Outcome::Rejected],
            (Position::Answer(_), true) => &[Outcome::Accepted, Outcome::Recovered],
            (Position::Answer(_), false) => &[Outcome::Rejected, Outcome::Unknown],
            (Position::LateRequest, _) | (Position::Request(_), false) => &[Outcome::Unknown],
            // The request may be complete but for its end.
            (Position::Request(_), true) => &[Outcome::Unknown, Outcome::Recovered],
        };
        assert!(possible.contains(&outcome), "{submit}: {outcome:?} is none of {possible:?}{answer}");
        match outcome {
            Outcome::Accepted | Outcome::Recovered => {
                assert_eq!(jobs, 1, "{submit}: the job is there{answer}");
                assert_eq!(answer.json()["originalName"].as_str(), sandbox_jobs.name(&submit.name), "{submit}{answer}");
            }
            Outcome::NotSent | Outcome::Rejected => assert_eq!(jobs, 0, "{submit}: no job is there{answer}"),
            Outcome::Unknown => {}
        }
    }
    ask_again(&world, &submits, &answers, &sandbox_jobs).await;
    counts
}

/// Reads the jobs by the ids of the first responses, and repeats the submits with keys.
async fn ask_again(world: &CutWorld, submits: &[Submit], answers: &[Answer], sandbox_jobs: &SandboxJobs) {
    let ids: Vec<_> = answers.iter().map(|answer| job_id(&answer.json())).collect();
    world.clock.advance(TimeDelta::milliseconds(2_500));
    for ((submit, answer), known) in submits.iter().zip(answers).zip(&ids) {
        let Some(known) = known.as_ref().filter(|_| submit.allowed) else { continue };
        let arrived = sandbox_jobs.count(&submit.name) == 1;
        let job = world.gateway.get(&format!("/jobs/{known}")).await;
        // A job that never arrived is `waiting` for a while, as its unique name holds the time of its submit.
        assert!(job.status == 200 || (job.status == 404 && !arrived), "{submit}{answer}{job}");
        assert_eq!(job.json()["name"].is_string(), arrived, "{submit}: as the list has it{answer}{job}");
        if submit.keyed {
            let again = submit.send(&world.gateway).await;
            if arrived {
                assert_eq!(job_id(&again.expect(202).json()).as_ref(), Some(known), "{submit}: the same job");
            } else {
                assert_eq!(again.problem(504, "submit-outcome-unknown").await["job"], **known, "{submit}{again}");
            }
        }
    }
    world.clock.advance(TimeDelta::hours(2));
    for ((submit, answer), known) in submits.iter().zip(answers).zip(&ids) {
        let Some(known) = known.as_ref().filter(|_| submit.allowed) else { continue };
        let job = world.gateway.get(&format!("/jobs/{known}")).await;
        if sandbox_jobs.count(&submit.name) == 1 {
            assert_eq!(job.json()["phase"], "completed", "{submit}: it is in the log{answer}{job}");
            assert_eq!(id(&job.json()), *known, "{submit}{job}");
        } else {
            job.problem(404, "job-not-found").await;
        }
    }
    for submit in submits {
        assert_eq!(world.proxy.calls("submitJob", &submit.name), 1, "{submit}: never sent again");
    }
}

/// The id of the job of a response.
fn job_id(answer: &Value) -> Option<String> {
    answer["id"].as_str().or_else(|| answer["job"].as_str()).map(Into::into)
}

/// Cuts `count` submits at every `step`-th byte, and prints the outcomes.
async fn cut(count: usize, step: usize) {
    let (request, answer) = lengths().await;
    assert!(request > 500 && answer > 200, "a request of {request} bytes, an answer of {answer}");
    let cuts = every_cut(request, answer, step).take(count);
    let submits: Vec<_> = cuts.enumerate().map(|(number, cut)| Submit::new(number, cut)).collect();
    let worlds = submits.chunks(BATCH).map(|submits| tokio::spawn(one_world(submits.to_vec())));
    let mut counts = BTreeMap::<Outcome, usize>::new();
    let mut worlds = stream::iter(worlds).buffer_unordered(WORLDS);
    while let Some(of_world) = worlds.next().await {
        for (outcome, count) in of_world.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())) {
            *counts.entry(outcome).or_default() += count;
        }
    }
    println!("{count} submits, a request of {request} bytes, an answer of {answer}: {counts:?}");
    for outcome in [Outcome::Accepted, Outcome::Recovered, Outcome::Rejected, Outcome::Unknown] {
        assert!(counts.contains_key(&outcome), "none was {outcome:?}: {counts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_cut_at_any_byte_makes_at_most_one_job_and_reports_it() {
    cut(300, 13).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_cut_while_it_is_written_makes_no_job() {
    let world = CutWorld::start().await;
    let urls: Vec<_> = (0..6_000).map(|number| format!("https://assets.example.com/{number:050}.tif")).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let places = [0, 1_000, 20_000, 300_000, 700_000].map(Position::Request);
    let cuts =
        places.into_iter().flat_map(|position| [CloseMode::Fin, CloseMode::Rst].map(|mode| Cut { position, mode }));
    let submits: Vec<_> = cuts.enumerate().map(|(number, cut)| (format!("cut-{number:05}"), cut)).collect();
    let answers = join_all(submits.iter().map(|(name, cut)| {
        world.proxy.plan("submitJob", name, *cut);
        world.gateway.post_json(&format!("/jobs?{COMPANY}"), &upload(name, &urls)).into_future()
    }));
    for ((name, cut), answer) in submits.iter().zip(answers.await) {
        assert_eq!(outcome_of(&answer).await, Outcome::Unknown, "{name}, {cut}{answer}");
        assert_eq!(SandboxJobs::read(&world.sandbox).await.count(name), 0, "{name}, {cut}");
        assert_eq!(world.proxy.calls("submitJob", name), 1, "{name}, {cut}: sent once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test --release --test cuts -- --ignored --nocapture"]
async fn ten_thousand_submits_are_cut_at_every_byte() {
    cut(10_000, 1).await;
}
