//! Pages of a list that changes between requests.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::{Value, json};

use crate::support::{Reply, START, ScriptedUpstream, World, active_job, any_job, id};

/// Reads all pages by their links and calls `between` after each; returns the number of occurrences of each id.
async fn walk(world: &World, query: &str, between: impl AsyncFn(usize)) -> BTreeMap<String, u32> {
    let (mut seen, mut next, mut page) = (BTreeMap::new(), format!("?{query}"), 0);
    loop {
        let answer = world.gateway.get(&format!("/jobs{next}")).header("Cache-Control", "no-cache").await.expect(200);
        let list = answer.json();
        let jobs = list["jobs"].as_array().expect("jobs");
        for job in jobs {
            *seen.entry(id(job)).or_default() += 1;
        }
        let Some(link) = answer.next_link() else {
            assert!(list["next"].is_null(), "{answer}");
            return seen;
        };
        let cursor = list["next"].as_str().unwrap_or_else(|| panic!("no next{answer}"));
        assert!(link.contains(&format!("cursor={cursor}")), "the link says the same{answer}");
        assert!(!jobs.is_empty(), "{answer}");
        next = link;
        page += 1;
        assert!(page < 100, "it never ends");
        between(page).await;
    }
}

fn twice(seen: &BTreeMap<String, u32>) -> Vec<&String> {
    seen.iter().filter(|(_, times)| **times > 1).map(|(id, _)| id).collect()
}

#[tokio::test]
async fn a_page_that_is_asked_for_again_is_of_the_current_list_and_says_that_it_is_stale() {
    let upstream = ScriptedUpstream::start().await;
    let clock = Clock::manual(START.parse().expect("a time"));
    let list = |names: &[&str]| {
        let jobs: String = names.iter().map(|name| active_job(name, "")).collect();
        upstream.answer("getActiveJobs", &format!("<jobArray>{jobs}</jobArray>"));
    };
    let gateway = upstream.gateway(&clock, &[("UPSTREAM_FAILURES", "0")]);
    let page = || gateway.get("/jobs?companyHandle=c%7C110&status=running&sort=name&limit=2");
    let names = |page: &Value| [0, 1].map(|index| page["jobs"][index]["originalName"].clone());
    list(&["a", "b", "c", "d", "e"]);
    let (first, again) = (page().await.expect(200), page().await.expect(200));
    assert_eq!((first.header("etag"), &first.body), (again.header("etag"), &again.body));
    assert_eq!(names(&first.json()), ["a", "b"]);

    list(&["b", "c", "d", "e", "f"]);
    clock.advance(TimeDelta::seconds(5));
    let changed = page().header("Cache-Control", "no-cache").await.expect(200);
    assert_eq!(names(&changed.json()), ["b", "c"]);
    assert_ne!(changed.header("etag"), first.header("etag"));

    for operation in ["getActiveJobs", "getScheduledJobs", "getJobLogs"] {
        upstream.reply(operation, Reply::Close);
    }
    clock.advance(TimeDelta::seconds(40));
    let stale = page().await.expect(200);
    assert_eq!((names(&stale.json()), &stale.json()["stale"]), (["b", "c"].map(Value::from), &json!(true)), "{stale}");
    assert_ne!(stale.header("etag"), changed.header("etag"));
}

#[tokio::test]
async fn every_job_is_on_exactly_one_page() {
    let world = World::seeded();
    let all = world.gateway.get("/jobs?phase=active,scheduled,completed").await.ok();
    let ids: Vec<_> = all["jobs"].as_array().expect("jobs").iter().map(id).collect();
    for query in
        ["limit=1", "limit=3", "limit=4&sort=name", "limit=2&sort=-percent", "limit=3&sort=submittedBy", "limit=1000"]
    {
        let seen = walk(&world, &format!("phase=active,scheduled,completed&{query}"), async |_| {}).await;
        assert_eq!(seen.len(), ids.len(), "{query}");
        assert!(twice(&seen).is_empty(), "{query}: {:?}", twice(&seen));
        assert!(ids.iter().all(|id| seen.contains_key(id)), "{query}");
    }
}

#[tokio::test]
async fn paging_a_changing_list_repeats_no_job_and_loses_none() {
    for sort in ["name", "-name", "startDate", "-startDate", "submittedBy"] {
        let world = World::empty();
        let mut staying = Vec::new();
        let mut leaving = Vec::new();
        for number in 0..12 {
            let mut job = any_job(&format!("job {}", (number * 7) % 12));
            job["execTime"] = "2026-03-05T12:00:00Z".into();
            let submitted = id(&world.gateway.submit(&job).await);
            let list = if number % 3 == 0 { &mut leaving } else { &mut staying };
            list.push(submitted);
            world.advance(1);
        }
        let seen = walk(&world, &format!("phase=scheduled&limit=2&sort={sort}"), async |page| {
            // Longer than the minimum interval between two loads.
            world.advance(1_100);
            if let Some(gone) = leaving.get(page - 1) {
                world.gateway.delete(&format!("/jobs/{gone}")).await.expect(204);
            }
            if page < 5 {
                let mut job = any_job(&format!("job {page} more"));
                job["execTime"] = "2026-03-05T12:00:00Z".into();
                world.gateway.submit(&job).await;
            }
        })
        .await;
        assert!(twice(&seen).is_empty(), "{sort}: {:?}", twice(&seen));
        let lost: Vec<_> = staying.iter().filter(|id| !seen.contains_key(*id)).collect();
        assert!(lost.is_empty(), "{sort}: {lost:?}");
    }
}

#[tokio::test]
async fn a_next_link_keeps_the_other_parameters() {
    let world = World::seeded();
    let answer = world.gateway.get("/jobs?phase=completed&q=e%26x%2B&limit=1&q2").await;
    answer.invalid_parameter("q2").await;
    let answer = world.gateway.get("/jobs?phase=completed&q=at&sort=-name&limit=1").await.expect(200);
    let link = answer.next_link().unwrap_or_else(|| panic!("no link{answer}"));
    for kept in ["phase=completed", "q=at", "sort=-name", "limit=1"] {
        assert!(link.contains(kept), "{link}");
    }
    let next: Value = world.gateway.get(&format!("/jobs{link}")).await.ok();
    assert_eq!(next["jobs"].as_array().map(Vec::len), Some(1), "{next:#}");
}

#[tokio::test]
async fn a_cursor_of_another_sort_order_is_refused() {
    let world = World::seeded();
    let first = world.gateway.get("/jobs?sort=name&limit=1").await.ok();
    let cursor = first["next"].as_str().expect("a next");
    world.gateway.get(&format!("/jobs?sort=-name&limit=1&cursor={cursor}")).await.invalid_parameter("cursor").await;
}

#[tokio::test]
async fn each_page_has_its_own_entity_tag() {
    let world = World::seeded();
    let first = world.gateway.get("/jobs?sort=name&limit=1").await.expect(200);
    let link = first.next_link().expect("a next page");
    let second = world.gateway.get(&format!("/jobs{link}")).await.expect(200);
    assert_ne!(first.header("etag"), second.header("etag"));
    let again =
        world.gateway.get("/jobs?sort=name&limit=1").header("If-None-Match", first.header("etag")).await.expect(304);
    assert_eq!(again.next_link(), first.next_link(), "a 304 carries the link too{again}");
}
