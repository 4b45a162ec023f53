//! Filters and sort orders of `GET /jobs` by the members that have one name in every phase.

use super::{every_phase, titles};
use crate::support::ScriptedUpstream;

const ALL: &str = "/jobs?phase=active,scheduled,completed";

#[tokio::test]
async fn from_and_to_compare_the_start_else_the_planned_one() {
    let (_upstream, gateway) = every_phase().await;
    let found = async |filter: &str| {
        let list = gateway.get(&format!("{ALL}&sort=title{filter}")).await.ok();
        titles(&list).join(" ")
    };
    // 6:00 in the zone of IPS is 12:00 UTC.
    assert_eq!(found("").await, "broken done planned runs waits");
    assert_eq!(found("&from=2026-03-02T12:00:00Z").await, "planned runs waits");
    assert_eq!(found("&to=2026-03-02T12:00:00Z").await, "broken done runs");
    assert_eq!(found("&from=2026-03-02T06:30:00-06:00&to=2026-03-02T07:30:00-06:00").await, "waits");
    assert_eq!(found("&from=2026-03-02T14:00:00.001Z").await, "");
}

#[tokio::test]
async fn a_job_without_start_is_filtered_by_its_trigger_time_and_matches_no_period_without_one() {
    let upstream = ScriptedUpstream::start().await;
    let job =
        |name: &str, more: &str| format!("<items><name>{name}</name><originalName>{name}</originalName>{more}</items>");
    let triggered = job("triggered", "<triggerTime>2026-03-02T06:00:00-06:00</triggerTime>");
    upstream.answer("getActiveJobs", &format!("<jobArray>{triggered}{}</jobArray>", job("timeless", "")));
    let gateway = upstream.plain_gateway();
    assert_eq!(titles(&gateway.get("/jobs?from=2000-01-01T00:00:00Z").await.ok()), ["triggered"]);
    assert_eq!(titles(&gateway.get("/jobs?to=2000-01-01T00:00:00Z").await.ok()), [""; 0]);
}

#[tokio::test]
async fn an_outcome_selects_completed_jobs_also_without_a_phase() {
    let (_upstream, gateway) = every_phase().await;
    for (query, expected) in [
        ("/jobs?outcome=failed", &["broken"][..]),
        ("/jobs?phase=completed&outcome=succeeded", &["done"]),
        ("/jobs?outcome=failed,succeeded&sort=title", &["broken", "done"]),
        ("/jobs?outcome=stopped", &[]),
        ("/jobs?phase=active&outcome=failed", &[]),
        ("/jobs?phase=active,completed&outcome=unknown", &[]),
    ] {
        assert_eq!(titles(&gateway.get(query).await.ok()), expected, "{query}");
    }
}

#[tokio::test]
async fn submitter_kind_and_text_select_jobs_of_every_phase() {
    let (_upstream, gateway) = every_phase().await;
    for (filter, expected) in [
        ("submittedBy=heron@example.com", &["waits"][..]),
        ("submittedBy=KATLYN@example.com", &["broken", "done", "planned", "runs"]),
        ("kind=uploadUrls", &["done", "runs", "waits"]),
        ("q=PLAN", &["planned"]),
        ("q=heron", &["waits"]),
    ] {
        assert_eq!(titles(&gateway.get(&format!("{ALL}&sort=title&{filter}")).await.ok()), expected, "{filter}");
    }
}

#[tokio::test]
async fn every_member_is_a_sort_field() {
    let (_upstream, gateway) = every_phase().await;
    let first = async |sort: &str| titles(&gateway.get(&format!("{ALL}&sort={sort}")).await.ok())[0].to_owned();
    for (sort, expected) in [
        ("startedAt", ["broken", "done"]),
        ("endedAt", ["broken", "done"]),
        ("nextRunAt", ["planned", "planned"]),
        ("title", ["broken", "broken"]),
        ("-title", ["waits", "waits"]),
        ("kind", ["broken", "broken"]),
        ("submittedBy", ["waits", "waits"]),
        ("startDate", ["broken", "done"]),
        ("-startDate", ["planned", "planned"]),
    ] {
        assert!(expected.contains(&&*first(sort).await), "{sort}");
    }
    let page = gateway.get(&format!("{ALL}&sort=endedAt&limit=1")).await.ok();
    let next =
        gateway.get(&format!("{ALL}&sort=endedAt&limit=4&cursor={}", page["next"].as_str().expect("more"))).await.ok();
    assert_eq!(titles(&next).len(), 4, "{next:#}");
}

#[tokio::test]
async fn times_and_outcomes_that_are_none_are_refused() {
    let (_upstream, gateway) = every_phase().await;
    for (query, parameter) in [
        ("from=yesterday", "from"),
        ("from=2026-03-02T06:00:00", "from"),
        ("to=2026-03-02", "to"),
        ("from=2026-03-02T06:00:00Z&to=2026-03-01T06:00:00Z", "to"),
        ("outcome=aborted", "outcome"),
    ] {
        gateway.get(&format!("/jobs?{query}")).await.invalid_parameter(parameter).await;
    }
}
