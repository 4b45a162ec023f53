//! Properties of every list: its pages add up to it, and entity tags are equal exactly for equal content.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::{Gateway, START, ScriptedUpstream, id};

/// The fields of a job by which lists are sorted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Job {
    name: String,
    kind: Option<&'static str>,
    state: &'static str,
    progress: Option<u8>,
    submitter: Option<&'static str>,
    start: Option<u8>,
}

/// Few different values, so that many jobs are equal in their sort keys.
fn job() -> impl Strategy<Value = Job> {
    let text = |values: &[&'static str]| prop::sample::select(values.to_vec());
    let name = "[a-cA-C]{1,2}";
    let kind = option::of(text(&["UrlUpload", "VideoPublish"]));
    let state = text(&["New", "Running", "Stopping", "Odd"]);
    let submitter = option::of(text(&["a@example.com", "B@example.com"]));
    (name, kind, state, option::of(0..3u8), submitter, option::of(0..3u8)).prop_map(
        |(name, kind, state, progress, submitter, start)| Job { name, kind, state, progress, submitter, start },
    )
}

fn document(jobs: &[Job]) -> String {
    let element =
        |name: &str, text: Option<String>| text.map_or_else(String::new, |text| format!("<{name}>{text}</{name}>"));
    let items = jobs.iter().enumerate().map(|(number, job)| {
        let Job { name, state, .. } = job;
        format!(
            "<items><companyHandle>c|110</companyHandle><jobHandle>j|{number}</jobHandle><name>{name}_{number}</name>\
             <originalName>{name}</originalName>{}<state>{state}</state>{}{}{}</items>",
            element("type", job.kind.map(Into::into)),
            element("submitUserEmail", job.submitter.map(Into::into)),
            element("startDate", job.start.map(|second| format!("2026-03-02T11:00:0{second}Z"))),
            element("progress", job.progress.map(|progress| progress.to_string())),
        )
    });
    format!("<jobArray>{}</jobArray>", items.collect::<String>())
}

/// An upstream whose list is replaced, and a gateway that loads it on every request.
struct ListFixture {
    runtime: Runtime,
    upstream: ScriptedUpstream,
    gateway: Gateway,
    clock: Clock,
}

impl ListFixture {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let clock = Clock::manual(START.parse().expect("a time"));
        let (upstream, gateway) = runtime.block_on(async {
            let upstream = ScriptedUpstream::start().await;
            let gateway = upstream.gateway(&clock, &[]);
            (upstream, gateway)
        });
        Self { runtime, upstream, gateway, clock }
    }

    /// Replaces the list; returns the gateway's response body and entity tag.
    fn at(&self, jobs: &[Job]) -> (Value, String) {
        self.upstream.answer("getActiveJobs", &document(jobs));
        self.clock.advance(TimeDelta::minutes(10));
        let answer = self.runtime.block_on(self.gateway.get("/jobs?companyHandle=c%7C110").into_future()).expect(200);
        (answer.json(), answer.header("etag").to_owned())
    }

    fn get(&self, path: &str) -> crate::support::Answer {
        self.runtime.block_on(self.gateway.get(path).into_future())
    }
}

/// The jobs of a list without `observedAt`.
fn content(list: &Value) -> Vec<Value> {
    let mut jobs = list["jobs"].as_array().expect("jobs").clone();
    for job in &mut jobs {
        job.as_object_mut().expect("a job").remove("observedAt");
    }
    jobs
}

fn try_all<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: std::fmt::Debug,
{
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    TestRunner::new(config).run(strategy, test).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn pages_of_any_order_and_size_add_up_to_the_list() {
    let lists = ListFixture::new();
    let sorts = prop::sample::select(vec!["startDate", "name", "type", "status", "percent", "submittedBy"]);
    try_all(48, &(vec(job(), 0..12), sorts, any::<bool>(), 1..5_usize), |(jobs, sort, descending, limit)| {
        let (list, _) = lists.at(&jobs);
        let ids = |list: &Value| list["jobs"].as_array().expect("jobs").iter().map(id).collect::<Vec<_>>();
        let order = format!("{}{sort}", if descending { "-" } else { "" });
        let whole = ids(&lists.get(&format!("/jobs?companyHandle=c%7C110&sort={order}")).ok());
        let set = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
        prop_assert_eq!(set(&whole), set(&ids(&list)));

        let (mut paged, mut next) = (Vec::new(), None::<String>);
        loop {
            let cursor = next.map_or_else(String::new, |next| format!("&cursor={next}"));
            let page = lists.get(&format!("/jobs?companyHandle=c%7C110&sort={order}&limit={limit}{cursor}")).ok();
            paged.extend(ids(&page));
            next = page["next"].as_str().map(Into::into);
            if next.is_none() {
                break;
            }
            prop_assert!(ids(&page).len() == limit && paged.len() < whole.len(), "{page:#}");
        }
        prop_assert_eq!(paged, whole);
        Ok(())
    });
}

#[test]
fn entity_tags_are_equal_exactly_for_equal_content() {
    let lists = ListFixture::new();
    let change = prop_oneof![Just(None), (any::<prop::sample::Index>(), job()).prop_map(Some),];
    try_all(96, &(vec(job(), 1..5), change), |(jobs, change)| {
        let mut later = jobs.clone();
        if let Some((at, job)) = change {
            let at = at.index(later.len());
            later[at] = job;
        }
        // Jobs of the case before are finalizing in the first list, and gone in the next.
        lists.at(&[]);
        let ((before, tag_before), (after, tag_after)) = (lists.at(&jobs), lists.at(&later));
        let same = content(&before) == content(&after);
        prop_assert!(same || jobs != later, "{:#} and {:#}", before, after);
        prop_assert_eq!(tag_before == tag_after, same, "{:#} {} and {:#} {}", before, tag_before, after, tag_after);
        let answer = lists.runtime.block_on(
            lists.gateway.get("/jobs?companyHandle=c%7C110").header("If-None-Match", &tag_before).into_future(),
        );
        prop_assert_eq!(answer.status, if same { 304 } else { 200 }, "{}", answer);
        Ok(())
    });
}

#[test]
fn an_arbitrary_cursor_is_a_page_or_a_problem() {
    let lists = ListFixture::new();
    let json = "\\{\"s\":\"(name|-startDate|x)\",\"k\":(null|-?[0-9]{1,25}|\"[a-z]{0,5}\"|\\[\\]),\"i\":(\"[A-Za-z0-9]{0,9}\"|3)\\}";
    let texts = prop_oneof![
        "[A-Za-z0-9_-]{0,60}".prop_map(String::from),
        json.prop_map(|json| {
            use base64::Engine;
            base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json)
        }),
    ];
    try_all(128, &texts, |cursor| {
        let answer = lists.get(&format!("/jobs?companyHandle=c%7C110&sort=name&limit=1&cursor={cursor}"));
        prop_assert!(matches!(answer.status, 200 | 422), "{}", answer);
        Ok(())
    });
}
