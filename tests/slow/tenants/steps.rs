//! Random interleavings of requests.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use ips_gateway::runtime::clock::Clock;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::timeout;

use super::mark::{CALLERS, COMPANIES, Mark, marks, marks_in};
use super::upstream::{MarkingUpstream, login};
use crate::support::{Answer, Gateway, Request, START, any_job};

/// The longest wait for the first event of a stream.
const SNAPSHOT_TIMEOUT: Duration = Duration::from_millis(200);

/// The request of a caller.
#[derive(Debug, Clone)]
enum Target {
    /// A path with the company as a parameter.
    Company(&'static str),
    /// The list of companies.
    Companies,
    CompanyByName,
    /// A job whose id the caller with this number has received.
    Job {
        of: usize,
        path: &'static str,
    },
    /// A page by a cursor that the caller with this number has received.
    NextPage {
        of: usize,
    },
    Events,
    /// The events, by a ticket of the caller.
    EventsByTicket,
    Submit,
    /// A stop of an active job.
    Stop,
}

/// A variation of the request.
#[derive(Debug, Clone)]
enum Variation {
    Plain,
    Gzip,
    Header(&'static str, &'static str),
    /// With an entity tag that the caller with this number has received for the same request.
    IfNoneMatch {
        of: usize,
    },
}

#[derive(Debug, Clone)]
enum Step {
    /// Concurrent requests; IPS may be down.
    Target { asks: Vec<(Mark, Target, Variation)>, down: bool },
    /// Advances the clock, in milliseconds.
    Wait(i64),
}

/// A few callers and companies are frequent, the others rare.
fn mark() -> impl Strategy<Value = Mark> {
    let few = (0..3_usize, 0..2_usize);
    let any = (0..CALLERS, 0..COMPANIES);
    prop_oneof![6 => few, 1 => any].prop_map(|(caller, company)| Mark { caller, company })
}

fn ask() -> impl Strategy<Value = Target> {
    let of_company = prop::sample::select(vec![
        "/jobs",
        "/jobs?phase=active,scheduled,completed",
        "/jobs?phase=scheduled",
        "/jobs?phase=completed&q=mark",
        "/jobs?phase=active,scheduled,completed&sort=name&limit=1",
        "/jobs?type=none",
        "/job-logs",
        "/job-logs?limit=1",
        "/assets/a%7C1/job-logs",
        "/assets/a%7C1/job-logs?archived=true",
    ]);
    let of = prop_oneof![3 => 0..3_usize, 1 => 0..CALLERS];
    let below_job = prop::sample::select(vec!["", "/log", "/log?perPage=1", "/events"]);
    prop_oneof![
        8 => of_company.prop_map(Target::Company),
        1 => Just(Target::Companies),
        1 => Just(Target::CompanyByName),
        4 => (of.clone(), below_job).prop_map(|(of, path)| Target::Job { of, path }),
        1 => of.prop_map(|of| Target::NextPage { of }),
        1 => Just(Target::Events),
        1 => Just(Target::EventsByTicket),
        1 => Just(Target::Submit),
        1 => Just(Target::Stop),
    ]
}

fn variation() -> impl Strategy<Value = Variation> {
    prop_oneof![
        4 => Just(Variation::Plain),
        2 => Just(Variation::Gzip),
        1 => Just(Variation::Header("Cache-Control", "no-cache")),
        1 => Just(Variation::Header("Cache-Control", "only-if-cached")),
        1 => Just(Variation::Header("Cache-Control", "max-age=5")),
        1 => Just(Variation::Header("Accept-Language", "de-DE")),
        3 => prop_oneof![3 => 0..3_usize, 1 => 0..CALLERS].prop_map(|of| Variation::IfNoneMatch { of }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (vec((mark(), ask(), variation()), 1..16), prop::bool::weighted(0.2)).prop_map(|(asks, down)| Step::Target { asks, down }),
        1 => prop_oneof![3 => 100..1_500_i64, 2 => 3_000..20_000_i64, 1 => 30_000..90_000_i64].prop_map(Step::Wait),

    ]
}

/// What each caller has received.
#[derive(Default)]
struct Received {
    ids: HashMap<usize, Vec<String>>,
    /// By caller and request.
    tags: HashMap<(usize, String), Vec<String>>,
    cursors: HashMap<usize, Vec<String>>,
    answers: usize,
    hits: usize,
    not_modified: usize,
}

struct World {
    ips: MarkingUpstream,
    gateway: Gateway,
    clock: Clock,
    received: Mutex<Received>,
}

impl World {
    async fn start() -> Self {
        let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
        let ips = MarkingUpstream::start().await;
        let gateway = ips.upstream.gateway(&clock, &[("UPSTREAM_FAILURES", "0")]);
        Self { ips, gateway, clock, received: Mutex::default() }
    }

    async fn run(&self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Target { asks, down } => {
                    self.ips.down.store(*down, Ordering::Relaxed);
                    join_all(asks.iter().map(|ask| self.ask(ask))).await;
                }
                Step::Wait(milliseconds) => self.clock.advance(TimeDelta::milliseconds(*milliseconds)),
            }
        }
    }

    /// The last item of this kind that a caller has received.
    fn last(&self, of: usize, kind: fn(&Received) -> &HashMap<usize, Vec<String>>) -> Option<String> {
        kind(&self.received.lock().expect("no panic")).get(&of)?.last().cloned()
    }

    async fn ask(&self, step @ (mark, ask, variation): &(Mark, Target, Variation)) {
        let (user, password) = login(mark.caller);
        let gateway = self.gateway.with_password(&user, &password);
        let company = mark.handle().replace('|', "%7C");
        let within = |path: &str| {
            let separator = if path.contains('?') { '&' } else { '?' };
            format!("{path}{separator}companyHandle={company}")
        };
        let request = match ask {
            Target::Company(path) => gateway.get(&within(path)),
            Target::Companies => gateway.get("/companies"),
            Target::CompanyByName => gateway.get(&format!("/companies/{}", mark.text())),
            Target::Job { of, path } => {
                let Some(id) = self.last(*of, |received| &received.ids) else { return };
                if *path == "/events" {
                    return self.listen(step, gateway.get(&format!("/jobs/{id}/events"))).await;
                }
                gateway.get(&format!("/jobs/{id}{path}"))
            }
            Target::NextPage { of } => {
                let Some(cursor) = self.last(*of, |received| &received.cursors) else { return };
                let path = "/jobs?phase=active,scheduled,completed&sort=name&limit=1";
                gateway.get(&within(&format!("{path}&cursor={cursor}")))
            }
            Target::Events => return self.listen(step, gateway.get(&within("/jobs/events"))).await,
            Target::EventsByTicket => {
                let ticket = gateway.post("/jobs/events/tickets").await.json()["ticket"].clone();
                let ticket = ticket.as_str().unwrap_or_else(|| panic!("no ticket for {step:?}"));
                let path = within(&format!("/jobs/events?ticket={ticket}"));
                return self.listen(step, self.gateway.unauthenticated().get(&path)).await;
            }
            Target::Submit => gateway.post_json(&within("/jobs"), &any_job(&format!("submitted{}", mark.text()))),
            Target::Stop => gateway.post(&within(&format!("/jobs/j%7Cactive%7C{}/stop", mark.text()))),
        };
        let (request, tag) = match variation {
            Variation::Plain => (request, None),
            Variation::Gzip => (request.header("Accept-Encoding", "gzip"), None),
            Variation::Header(name, value) => (request.header(name, value), None),
            Variation::IfNoneMatch { of } => match self.tag(*of, request.line()) {
                Some(tag) => (request.header("If-None-Match", &tag), Some(tag)),
                None => (request, None),
            },
        };
        self.check(step, &request.await, tag.as_ref());
    }

    /// The last entity tag that a caller has received for a request.
    fn tag(&self, of: usize, request: &str) -> Option<String> {
        self.received.lock().expect("no panic").tags.get(&(of, request.to_owned()))?.last().cloned()
    }

    /// Asserts that every mark in a response is of its caller and the requested company.
    fn check(&self, step: &(Mark, Target, Variation), answer: &Answer, tag: Option<&String>) {
        let (mark, ask, _) = step;
        for found in marks(answer) {
            assert_eq!(found.caller, mark.caller, "{step:?} got data of another caller{answer}");
            let any_company = matches!(ask, Target::Companies | Target::Job { .. });
            assert!(any_company || found.company == mark.company, "{step:?} got data of another company{answer}");
        }
        let mut received = self.received.lock().expect("no panic");
        received.answers += 1;
        received.hits += usize::from(answer.find_header("cache-status").is_some_and(|status| status.contains("hit")));
        if answer.status == 304 {
            received.not_modified += 1;
            let tag = tag.unwrap_or_else(|| panic!("{step:?} sent no tag{answer}"));
            let own = received.tags.get(&(mark.caller, answer.request.clone())).is_some_and(|own| own.contains(tag));
            assert!(own, "{step:?}: an entity tag of another caller must not match{answer}");
        }
        // The id of a submit holds its name, so that any caller with the id gets that much while the job may be on its way.
        if answer.status != 200 {
            return;
        }
        if let Some(tag) = answer.find_header("etag") {
            // Empty selections are equal for all callers.
            if !marks(answer).is_empty() {
                received.tags.entry((mark.caller, answer.request.clone())).or_default().push(tag.into());
            }
        }
        if answer.find_header("content-encoding").is_none() && !answer.body.is_empty() {
            let body = answer.json();
            let jobs = ["jobs", "logs"].into_iter().filter_map(|member| body[member].as_array()).flatten();
            let ids = jobs.chain([&body]).filter_map(|job| job["id"].as_str()).map(Into::into);
            received.ids.entry(mark.caller).or_default().extend(ids);
            received.cursors.entry(mark.caller).or_default().extend(body["next"].as_str().map(Into::into));
        }
    }

    /// Reads a stream up to its snapshot.
    async fn listen(&self, step: &(Mark, Target, Variation), request: Request) {
        let mut response = request.open().await;
        let (status, mut received) = (response.status(), String::new());
        // There is no snapshot if IPS is down.
        while let Ok(Ok(Some(chunk))) = timeout(SNAPSHOT_TIMEOUT, response.chunk()).await {
            received += &String::from_utf8_lossy(&chunk);
            if received.contains("event: snapshot") && received.ends_with("\n\n") {
                break;
            }
        }
        for found in marks_in(&received) {
            assert_eq!(found.caller, step.0.caller, "{step:?} got data of another caller: {status}\n{received}");
        }
        self.received.lock().expect("no panic").answers += 1;
    }
}

#[test]
fn no_caller_gets_data_of_another() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let totals = Mutex::new([0; 3]);
    let config =
        ProptestConfig { cases: 5, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() };
    let tried = TestRunner::new(config).run(&vec(step(), 60..80), |steps| {
        let received = runtime.block_on(async {
            let world = World::start().await;
            world.run(&steps).await;
            world.received.into_inner().expect("no panic")
        });
        let mut totals = totals.lock().expect("no panic");
        for (total, count) in totals.iter_mut().zip([received.answers, received.hits, received.not_modified]) {
            *total += count;
        }
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
    let [answers, hits, not_modified] = totals.into_inner().expect("no panic");
    println!("{answers} answers, {hits} of them cache hits, and {not_modified} not modified");
    assert!(answers > 700 && hits > 30 && not_modified > 5, "too little was tested");
}
