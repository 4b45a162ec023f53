//! GET /jobs: phases, filters, sort orders.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{START, World, names};

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn values(list: &Value, field: &str) -> BTreeSet<String> {
    let jobs = list["jobs"].as_array().expect("jobs");
    jobs.iter().filter_map(|job| job[field].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_default_list_holds_all_active_jobs_with_status_and_fields_of_ips() {
    let World { gateway, .. } = &World::seeded();
    let list = gateway.get("/jobs").await.ok();
    let expected = [
        "3e41464dce942449a9e5b",
        "Rendering nightly",
        "Reprocess footwear",
        "Spring catalogue",
        "campaign-videos",
        "drag-and-drop",
    ];
    assert_eq!(sorted(names(&list)), expected);
    assert_eq!(list["observedAt"], START, "{list:#}");
    for absent in ["stale", "staleReason", "next", "badItems"] {
        assert!(list[absent].is_null(), "{absent}: {list:#}");
    }
    let job = list["jobs"].as_array().expect("jobs").iter().find(|job| job["originalName"] == "3e41464dce942449a9e5b");
    let job = job.expect("it is there");
    assert_eq!((&job["phase"], &job["status"]), (&"active".into(), &"running".into()), "{job:#}");
    assert_eq!((&job["state"], &job["type"]), (&"Running".into(), &"UrlUpload".into()), "{job:#}");
    assert_eq!(job["uploadUrlsJob"]["urlArray"].as_array().map(Vec::len), Some(2), "a plain array: {job:#}");
    assert!(job["totalSize"].is_i64() && job["uploadUrlsJob"]["overwrite"] == true, "typed: {job:#}");
    assert!(!list.to_string().contains("null"), "absent means absent: {list:#}");
}

#[tokio::test]
async fn a_finished_task_beside_a_pending_one_is_not_100_percent() {
    let World { gateway, .. } = &World::seeded();
    let list = gateway.get("/jobs?originalName=3e41464dce942449a9e5b").await.ok();
    let job = &list["jobs"][0];
    let progress: Vec<_> =
        job["taskProgressArray"].as_array().expect("tasks").iter().map(|task| &task["progress"]).collect();
    assert_eq!((&job["progress"], progress), (&0.into(), vec![&1.0.into(), &0.0.into()]), "{job:#}");
    assert_eq!(job["percent"], 50, "{job:#}");
}

#[tokio::test]
async fn phases_add_scheduled_and_completed_jobs() {
    let World { gateway, sandbox, .. } = &World::seeded();
    for (query, expected) in [
        ("active", &["active"][..]),
        ("scheduled", &["scheduled"]),
        ("completed", &["completed"]),
        ("active,scheduled", &["active", "scheduled"]),
        ("active,scheduled,completed", &["active", "completed", "scheduled"]),
        ("completed%2Cscheduled", &["completed", "scheduled"]),
    ] {
        let list = gateway.get(&format!("/jobs?phase={query}")).await.ok();
        assert_eq!(values(&list, "phase").into_iter().collect::<Vec<_>>(), expected, "{query}");
    }
    let counts = ["getActiveJobs", "getScheduledJobs", "getJobLogs"].map(|operation| sandbox.calls(operation));
    assert_eq!(counts, [1, 1, 1], "each list was asked for once");
}

#[tokio::test]
async fn filters_select_jobs() {
    let World { gateway, .. } = &World::seeded();
    let all = "phase=active,scheduled,completed";
    for (query, expected) in [
        ("status=waiting".to_owned(), vec!["Rendering nightly", "Reprocess footwear"]),
        ("status=waiting,running&type=VideoPublish".into(), vec!["campaign-videos"]),
        ("type=videopublish".into(), vec!["campaign-videos"]),
        ("type=VideoPublish,UrlUpload".into(), vec!["3e41464dce942449a9e5b", "campaign-videos"]),
        ("originalName=campaign-videos".into(), vec!["campaign-videos"]),
        ("originalName=campaign".into(), vec![]),
        ("q=CAMPAIGN".into(), vec!["campaign-videos"]),
        ("q=agency@".into(), vec!["Rendering nightly", "Spring catalogue"]),
        ("submittedBy=Agency@example.com".into(), vec!["Rendering nightly", "Spring catalogue"]),
        ("submittedBy=agency".into(), vec![]),
        (format!("{all}&status=paused"), vec!["Weekly metadata"]),
        (format!("{all}&originalName=Spring+catalogue"), vec!["Spring catalogue", "Spring catalogue"]),
        (format!("{all}&q=publish"), vec!["Nightly publish"]),
    ] {
        let list = gateway.get(&format!("/jobs?{query}")).await.ok();
        assert_eq!(sorted(names(&list)), expected, "{query}");
    }
}

#[tokio::test]
async fn completed_jobs_are_filtered_by_log_type_and_sub_type() {
    let World { gateway, .. } = &World::seeded();
    let completed = gateway.get("/jobs?phase=completed").await.ok();
    for job in completed["jobs"].as_array().expect("jobs") {
        let log_type = job["logType"].as_str().expect("a log type").trim_start_matches("Begin");
        for kind in [Some(log_type), job["jobSubType"].as_str()].into_iter().flatten() {
            let list = gateway.get("/jobs").query(&[("phase", "completed"), ("type", kind)]).await.ok();
            let found = list["jobs"].as_array().expect("jobs").iter().any(|other| other["id"] == job["id"]);
            assert!(found, "{kind} finds {job:#}");
        }
    }
}

#[tokio::test]
async fn lists_are_sorted_by_each_field_in_both_directions() {
    let World { gateway, .. } = &World::seeded();
    for (sort, field) in [
        ("startDate", "startDate"),
        ("name", "name"),
        ("type", "type"),
        ("status", "status"),
        ("percent", "percent"),
        ("submittedBy", "submitUserEmail"),
    ] {
        let sorted_by = async |sort: &str| {
            let list = gateway.get(&format!("/jobs?sort={sort}")).await.ok();
            let jobs = list["jobs"].as_array().expect("jobs").clone();
            jobs.iter().map(|job| job[field].clone()).filter(|value| !value.is_null()).collect::<Vec<_>>()
        };
        let (up, mut down) = (sorted_by(sort).await, sorted_by(&format!("-{sort}")).await);
        down.reverse();
        assert_eq!(up, down, "{sort}");
        let rank = |value: &Value| match (sort, value) {
            ("status", value) => i64::from(value != "waiting").to_string(),
            (_, Value::Number(number)) => format!("{:03}", number.as_i64().expect("whole")),
            (_, value) => value.as_str().expect("text").to_lowercase(),
        };
        assert!(up.is_sorted_by_key(rank), "{sort}: {up:?}");
    }
}

#[tokio::test]
async fn a_limit_without_an_order_selects_the_newest() {
    let World { gateway, .. } = &World::seeded();
    let start = |job: &Value| job["startDate"].as_str().expect("a date").to_owned();
    let all = gateway.get("/jobs?phase=completed").await.ok();
    let mut newest: Vec<_> = all["jobs"].as_array().expect("jobs").iter().map(start).collect();
    newest.sort_by(|a, b| b.cmp(a));
    let two = gateway.get("/jobs?phase=completed&limit=2").await.ok();
    let shown: Vec<_> = two["jobs"].as_array().expect("jobs").iter().map(start).collect();
    assert_eq!(shown, newest[..2]);
}

#[tokio::test]
async fn misspelt_and_invalid_parameters_are_refused_by_name() {
    let world = World::seeded();
    for (query, parameter) in [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=-1", "limit"),
        ("sort=colour", "sort"),
        ("cursor=nonsense", "cursor"),
        ("phase=active,done", "phase"),
        ("status=Running", "status"),
        ("colour=red", "colour"),
        ("Status=running", "Status"),
        ("limit=1&limit=2", "limit"),
        ("companyHandle=c%7C110&company=Example+Outfitters", "company"),
    ] {
        let answer = world.gateway.get(&format!("/jobs?{query}")).await;
        let detail = answer.invalid_parameter(parameter).await;
        assert!(
            detail.contains("expected") || detail.contains("unknown") || ["company", "limit"].contains(&parameter),
            "{query}: {detail}"
        );
    }
    assert_eq!(world.calls(), 0);
}
