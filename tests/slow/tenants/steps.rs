//! Random interleavings of what callers may do.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use ips_gateway::clock::Clock;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::timeout;

use super::mark::{CALLERS, COMPANIES, Mark, marks, marks_in};
use super::upstream::{MarkingUpstream, login};
use crate::support::{Answer, Gateway, Request, START, any_job};

/// How long the beginning of a stream is waited for.
const LISTENING: Duration = Duration::from_millis(200);

/// What a caller asks for.
#[derive(Debug, Clone)]
enum Ask {
    /// A path below which everything is about one company.
    Company(&'static str),
    /// The companies, by themselves or one of them by its name.
    Companies,
    CompanyByName,
    /// A job whose id was given to the caller with this number: to the asker, or to another.
    Job {
        of: usize,
        path: &'static str,
    },
    /// A page after one that was given to the caller with this number.
    NextPage {
        of: usize,
    },
    Events,
    /// The events, with a ticket of the caller by who has no credentials.
    EventsByTicket,
    Submit,
    /// A stop of a job that is active.
    Stop,
}

/// How.
#[derive(Debug, Clone)]
enum How {
    Plainly,
    Zipped,
    With(&'static str, &'static str),
    /// Only if it is not what was given to the caller with this number for the same.
    UnlessTagged {
        of: usize,
    },
}

#[derive(Debug, Clone)]
enum Step {
    /// These ask at once, of an IPS that may be down.
    Ask { asks: Vec<(Mark, Ask, How)>, down: bool },
    /// So many milliseconds go by.
    Wait(i64),
}

/// A few ask about a few companies again and again, the rest now and then.
fn mark() -> impl Strategy<Value = Mark> {
    let few = (0..3_usize, 0..2_usize);
    let any = (0..CALLERS, 0..COMPANIES);
    prop_oneof![6 => few, 1 => any].prop_map(|(caller, company)| Mark { caller, company })
}

fn ask() -> impl Strategy<Value = Ask> {
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
        8 => of_company.prop_map(Ask::Company),
        1 => Just(Ask::Companies),
        1 => Just(Ask::CompanyByName),
        4 => (of.clone(), below_job).prop_map(|(of, path)| Ask::Job { of, path }),
        1 => of.prop_map(|of| Ask::NextPage { of }),
        1 => Just(Ask::Events),
        1 => Just(Ask::EventsByTicket),
        1 => Just(Ask::Submit),
        1 => Just(Ask::Stop),
    ]
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        4 => Just(How::Plainly),
        2 => Just(How::Zipped),
        1 => Just(How::With("Cache-Control", "no-cache")),
        1 => Just(How::With("Cache-Control", "only-if-cached")),
        1 => Just(How::With("Cache-Control", "max-age=5")),
        1 => Just(How::With("Accept-Language", "de-DE")),
        3 => prop_oneof![3 => 0..3_usize, 1 => 0..CALLERS].prop_map(|of| How::UnlessTagged { of }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (vec((mark(), ask(), how()), 1..16), prop::bool::weighted(0.2)).prop_map(|(asks, down)| Step::Ask { asks, down }),
        1 => prop_oneof![3 => 100..1_500_i64, 2 => 3_000..20_000_i64, 1 => 30_000..90_000_i64].prop_map(Step::Wait),

    ]
}

/// What was given to whom.
#[derive(Default)]
struct Given {
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
    given: Mutex<Given>,
}

impl World {
    async fn start() -> Self {
        let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
        let ips = MarkingUpstream::start().await;
        let gateway = ips.upstream.gateway(&clock, &[("UPSTREAM_FAILURES", "0")]);
        Self { ips, gateway, clock, given: Mutex::default() }
    }

    async fn run(&self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Ask { asks, down } => {
                    self.ips.down.store(*down, Ordering::Relaxed);
                    join_all(asks.iter().map(|ask| self.ask(ask))).await;
                }
                Step::Wait(milliseconds) => self.clock.advance(TimeDelta::milliseconds(*milliseconds)),
            }
        }
    }

    /// The last thing of this kind that was given to a caller.
    fn last(&self, of: usize, kind: fn(&Given) -> &HashMap<usize, Vec<String>>) -> Option<String> {
        kind(&self.given.lock().expect("no panic")).get(&of)?.last().cloned()
    }

    async fn ask(&self, step @ (mark, ask, how): &(Mark, Ask, How)) {
        let (user, password) = login(mark.caller);
        let gateway = self.gateway.called_with_password(&user, &password);
        let company = mark.handle().replace('|', "%7C");
        let within = |path: &str| {
            let separator = if path.contains('?') { '&' } else { '?' };
            format!("{path}{separator}companyHandle={company}")
        };
        let request = match ask {
            Ask::Company(path) => gateway.get(&within(path)),
            Ask::Companies => gateway.get("/companies"),
            Ask::CompanyByName => gateway.get(&format!("/companies/{}", mark.text())),
            Ask::Job { of, path } => {
                let Some(id) = self.last(*of, |given| &given.ids) else { return };
                if *path == "/events" {
                    return self.listen(step, gateway.get(&format!("/jobs/{id}/events"))).await;
                }
                gateway.get(&format!("/jobs/{id}{path}"))
            }
            Ask::NextPage { of } => {
                let Some(cursor) = self.last(*of, |given| &given.cursors) else { return };
                let path = "/jobs?phase=active,scheduled,completed&sort=name&limit=1";
                gateway.get(&within(&format!("{path}&cursor={cursor}")))
            }
            Ask::Events => return self.listen(step, gateway.get(&within("/jobs/events"))).await,
            Ask::EventsByTicket => {
                let ticket = gateway.post("/jobs/events/tickets").await.json()["ticket"].clone();
                let ticket = ticket.as_str().unwrap_or_else(|| panic!("no ticket for {step:?}"));
                let path = within(&format!("/jobs/events?ticket={ticket}"));
                return self.listen(step, self.gateway.called_by_nobody().get(&path)).await;
            }
            Ask::Submit => gateway.post_json(&within("/jobs"), &any_job(&format!("submitted{}", mark.text()))),
            Ask::Stop => gateway.post(&within(&format!("/jobs/j%7Cactive%7C{}/stop", mark.text()))),
        };
        let (request, tag) = match how {
            How::Plainly => (request, None),
            How::Zipped => (request.header("Accept-Encoding", "gzip"), None),
            How::With(name, value) => (request.header(name, value), None),
            How::UnlessTagged { of } => match self.tag(*of, request.line()) {
                Some(tag) => (request.header("If-None-Match", &tag), Some(tag)),
                None => (request, None),
            },
        };
        self.check(step, &request.await, tag.as_ref());
    }

    /// The last tag of what was given to a caller for a request.
    fn tag(&self, of: usize, request: &str) -> Option<String> {
        self.given.lock().expect("no panic").tags.get(&(of, request.to_owned()))?.last().cloned()
    }

    /// Everything in an answer is its caller's, and of the company that was asked for.
    fn check(&self, step: &(Mark, Ask, How), answer: &Answer, tag: Option<&String>) {
        let (mark, ask, _) = step;
        for found in marks(answer) {
            assert_eq!(found.caller, mark.caller, "{step:?} got what is another caller's{answer}");
            let any_company = matches!(ask, Ask::Companies | Ask::Job { .. });
            assert!(any_company || found.company == mark.company, "{step:?} got what is another company's{answer}");
        }
        let mut given = self.given.lock().expect("no panic");
        given.answers += 1;
        given.hits += usize::from(answer.find_header("cache-status").is_some_and(|status| status.contains("hit")));
        if answer.status == 304 {
            given.not_modified += 1;
            let tag = tag.unwrap_or_else(|| panic!("{step:?} sent no tag{answer}"));
            let own = given.tags.get(&(mark.caller, answer.request.clone())).is_some_and(|own| own.contains(tag));
            assert!(own, "{step:?}: another's tag is as good as none{answer}");
        }
        // The id of a submit tells its name: who has it is told no more than that, for as long as it may be on its way.
        if answer.status != 200 {
            return;
        }
        if let Some(tag) = answer.find_header("etag") {
            // An empty selection says the same of everybody.
            if !marks(answer).is_empty() {
                given.tags.entry((mark.caller, answer.request.clone())).or_default().push(tag.into());
            }
        }
        if answer.find_header("content-encoding").is_none() && !answer.body.is_empty() {
            let body = answer.json();
            let jobs = ["jobs", "logs"].into_iter().filter_map(|member| body[member].as_array()).flatten();
            let ids = jobs.chain([&body]).filter_map(|job| job["id"].as_str()).map(Into::into);
            given.ids.entry(mark.caller).or_default().extend(ids);
            given.cursors.entry(mark.caller).or_default().extend(body["next"].as_str().map(Into::into));
        }
    }

    /// The beginning of a stream: what was so far.
    async fn listen(&self, step: &(Mark, Ask, How), request: Request) {
        let mut response = request.open().await;
        let (status, mut received) = (response.status(), String::new());
        // An IPS that is down tells nothing.
        while let Ok(Ok(Some(chunk))) = timeout(LISTENING, response.chunk()).await {
            received += &String::from_utf8_lossy(&chunk);
            if received.contains("event: snapshot") && received.ends_with("\n\n") {
                break;
            }
        }
        for found in marks_in(&received) {
            assert_eq!(found.caller, step.0.caller, "{step:?} heard what is another caller's: {status}\n{received}");
        }
        self.given.lock().expect("no panic").answers += 1;
    }
}

#[test]
fn nobody_gets_a_byte_of_anybody_else() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let totals = Mutex::new([0; 3]);
    let config =
        ProptestConfig { cases: 5, max_shrink_iters: 40, failure_persistence: None, ..ProptestConfig::default() };
    let tried = TestRunner::new(config).run(&vec(step(), 60..80), |steps| {
        let given = runtime.block_on(async {
            let world = World::start().await;
            world.run(&steps).await;
            world.given.into_inner().expect("no panic")
        });
        let mut totals = totals.lock().expect("no panic");
        for (total, count) in totals.iter_mut().zip([given.answers, given.hits, given.not_modified]) {
            *total += count;
        }
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
    let [answers, hits, not_modified] = totals.into_inner().expect("no panic");
    println!(
        "{answers} answers, {hits} of them as they were remembered, and {not_modified} that what the caller has is still so"
    );
    assert!(answers > 700 && hits > 30 && not_modified > 5, "that is no test");
}
