//! Submits whose connection to IPS ends at every byte of request and answer.

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use ips_gateway::sandbox::users::READ_ONLY;
use serde_json::Value;

use super::plan::{Cut, Place, Way, every_cut};
use super::sandbox_jobs::Census;
use super::{COMPANY, CutWorld};
use crate::support::{Answer, Gateway, any_job, id, upload};

/// So many submits share a world, all at once.
const AT_ONCE: usize = 50;
/// So many worlds there are at a time.
const WORLDS: usize = 4;

/// A submit that is to be cut.
#[derive(Clone)]
struct Submit {
    /// What its job's name begins with.
    name: String,
    cut: Cut,
    /// Whether it carries an `Idempotency-Key`.
    keyed: bool,
    /// Whether its user may submit at all.
    allowed: bool,
}

impl Submit {
    fn new(number: usize, cut: Cut) -> Self {
        Self { name: format!("cut-{number:05}"), cut, keyed: number.is_multiple_of(2), allowed: number % 7 != 3 }
    }

    async fn send(&self, gateway: &Gateway) -> Answer {
        let gateway = if self.allowed { gateway.clone() } else { gateway.called_by(&READ_ONLY) };
        let request = gateway.post_json(&format!("/jobs?{COMPANY}"), &any_job(&self.name));
        if self.keyed { request.header("Idempotency-Key", &self.name).await } else { request.await }
    }
}

impl fmt::Display for Submit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = if self.keyed { " with a key" } else { "" };
        let who = if self.allowed { "" } else { " by one who may not" };
        write!(f, "{}{key}{who}, {}", self.name, self.cut)
    }
}

/// What the gateway says of a submit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    Accepted,
    Recovered,
    NotSent,
    Rejected,
    Unknown,
}

/// The label of an answer, which has to have one.
async fn label(answer: &Answer) -> Label {
    if answer.status == 202 {
        return if answer.json()["recovered"] == true { Label::Recovered } else { Label::Accepted };
    }
    match answer.json()["outcome"].as_str() {
        Some("not_sent") => Label::NotSent,
        Some("rejected") => Label::Rejected,
        Some("unknown") => {
            answer.problem(504, "submit-outcome-unknown").await;
            Label::Unknown
        }
        _ => panic!("no outcome{answer}"),
    }
}

/// How many bytes a request and its answer take.
async fn lengths() -> (usize, usize) {
    let world = CutWorld::start().await;
    let submit = Submit { keyed: false, ..Submit::new(0, Cut { place: Place::Nowhere, way: Way::Fin }) };
    world.proxy.plan("submitJob", &submit.name, submit.cut);
    submit.send(&world.gateway).await.expect(202);
    world.proxy.passed("submitJob", &submit.name)
}

/// Sends the submits of one world and holds every answer against what the sandbox has.
async fn one_world(submits: Vec<Submit>) -> BTreeMap<Label, usize> {
    let world = CutWorld::start().await;
    for submit in &submits {
        world.proxy.plan("submitJob", &submit.name, submit.cut);
    }
    let answers = join_all(submits.iter().map(|submit| submit.send(&world.gateway))).await;
    let before = Census::take(&world.sandbox).await;
    world.proxy.release();
    let late = submits.iter().filter(|submit| submit.allowed && submit.cut.place == Place::LateRequest);
    for submit in late.clone() {
        assert_eq!(before.count(&submit.name), 0, "{submit}: it is to come later");
    }
    let mut census = before;
    for _ in 0..200 {
        if late.clone().all(|submit| census.count(&submit.name) == 1) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        census = Census::take(&world.sandbox).await;
    }

    let mut tally = BTreeMap::new();
    for (submit, answer) in submits.iter().zip(&answers) {
        let label = label(answer).await;
        *tally.entry(label).or_default() += 1;
        let jobs = census.count(&submit.name);
        assert!(jobs <= 1, "{submit}: {jobs} jobs{answer}");
        assert_eq!(world.proxy.calls("submitJob", &submit.name), 1, "{submit}: sent once{answer}");
        let possible: &[Label] = match (submit.cut.place, submit.allowed) {
            (Place::Nowhere, true) => &[Label::Accepted],
            (Place::Nowhere, false) => &[Label::Rejected],
            (Place::Answer(_), true) => &[Label::Accepted, Label::Recovered],
            (Place::Answer(_), false) => &[Label::Rejected, Label::Unknown],
            (Place::LateRequest, _) | (Place::Request(_), false) => &[Label::Unknown],
            // All of it may have arrived, or all but the end.
            (Place::Request(_), true) => &[Label::Unknown, Label::Recovered],
        };
        assert!(possible.contains(&label), "{submit}: {label:?} is none of {possible:?}{answer}");
        match label {
            Label::Accepted | Label::Recovered => {
                assert_eq!(jobs, 1, "{submit}: the job is there{answer}");
                assert_eq!(answer.json()["originalName"].as_str(), census.name(&submit.name), "{submit}{answer}");
            }
            Label::NotSent | Label::Rejected => assert_eq!(jobs, 0, "{submit}: no job is there{answer}"),
            Label::Unknown => {}
        }
    }
    ask_again(&world, &submits, &answers, &census).await;
    tally
}

/// What is to be found is found by the id of the first answer, and the same key is no second submit.
async fn ask_again(world: &CutWorld, submits: &[Submit], answers: &[Answer], census: &Census) {
    let ids: Vec<_> = answers.iter().map(|answer| job_id(&answer.json())).collect();
    world.clock.advance(TimeDelta::milliseconds(2_500));
    for ((submit, answer), known) in submits.iter().zip(answers).zip(&ids) {
        let Some(known) = known.as_ref().filter(|_| submit.allowed) else { continue };
        let arrived = census.count(&submit.name) == 1;
        let job = world.gateway.get(&format!("/jobs/{known}")).await;
        // What never arrived is believed to be on its way for a while, where its name tells when it was sent.
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
        if census.count(&submit.name) == 1 {
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

/// The id of the job that an answer is about.
fn job_id(answer: &Value) -> Option<String> {
    answer["id"].as_str().or_else(|| answer["job"].as_str()).map(Into::into)
}

/// Cuts so many submits, every `step`-th byte, and tells how they were labelled.
async fn cut(count: usize, step: usize) {
    let (request, answer) = lengths().await;
    assert!(request > 500 && answer > 200, "a request of {request} bytes, an answer of {answer}");
    let cuts = every_cut(request, answer, step).take(count);
    let submits: Vec<_> = cuts.enumerate().map(|(number, cut)| Submit::new(number, cut)).collect();
    let worlds = submits.chunks(AT_ONCE).map(|submits| tokio::spawn(one_world(submits.to_vec())));
    let mut tally = BTreeMap::<Label, usize>::new();
    let mut worlds = stream::iter(worlds).buffer_unordered(WORLDS);
    while let Some(of_world) = worlds.next().await {
        for (label, count) in of_world.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic())) {
            *tally.entry(label).or_default() += count;
        }
    }
    println!("{count} submits, a request of {request} bytes, an answer of {answer}: {tally:?}");
    for label in [Label::Accepted, Label::Recovered, Label::Rejected, Label::Unknown] {
        assert!(tally.contains_key(&label), "none was {label:?}: {tally:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_makes_one_job_or_none_and_says_which_wherever_it_is_cut() {
    cut(300, 13).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_submit_that_is_cut_while_it_is_being_written_makes_no_job() {
    let world = CutWorld::start().await;
    let urls: Vec<_> = (0..6_000).map(|number| format!("https://assets.example.com/{number:050}.tif")).collect();
    let urls: Vec<_> = urls.iter().map(String::as_str).collect();
    let places = [0, 1_000, 20_000, 300_000, 700_000].map(Place::Request);
    let cuts = places.into_iter().flat_map(|place| [Way::Fin, Way::Rst].map(|way| Cut { place, way }));
    let submits: Vec<_> = cuts.enumerate().map(|(number, cut)| (format!("cut-{number:05}"), cut)).collect();
    let answers = join_all(submits.iter().map(|(name, cut)| {
        world.proxy.plan("submitJob", name, *cut);
        world.gateway.post_json(&format!("/jobs?{COMPANY}"), &upload(name, &urls)).into_future()
    }));
    for ((name, cut), answer) in submits.iter().zip(answers.await) {
        assert_eq!(label(&answer).await, Label::Unknown, "{name}, {cut}{answer}");
        assert_eq!(Census::take(&world.sandbox).await.count(name), 0, "{name}, {cut}");
        assert_eq!(world.proxy.calls("submitJob", name), 1, "{name}, {cut}: sent once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes: cargo test --release --test cuts -- --ignored --nocapture"]
async fn ten_thousand_submits_are_cut_at_every_byte_in_turn() {
    cut(10_000, 1).await;
}
