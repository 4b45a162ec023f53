//! GET /jobs/{job}/log: the log entries of a job.

mod open;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Reply, ScriptedUpstream, World, any_job, envelope, id, job_log, upload};

/// The id of a completed job with a success, a warning and an error among its eight log entries.
async fn mixed(world: &World) -> String {
    let urls = [
        "https://images.example.com/a.tif",
        "https://images.example.com/b.tif",
        "https://images.example.com/setup.exe",
        "https://images.example.com/disk.iso",
        "https://gone.invalid/c.tif",
        "https://images.example.com/d.tif",
    ];
    let id = id(&world.gateway.submit(&upload("feed", &urls)).await);
    world.finish(&id).await;
    id
}

fn fields(log: &Value, field: &str) -> Vec<String> {
    let entries = log["entries"].as_array().unwrap_or_else(|| panic!("no entries: {log:#}"));
    entries
        .iter()
        .map(|entry| entry[field].as_str().unwrap_or_else(|| panic!("no {field}: {entry:#}")).into())
        .collect()
}

#[tokio::test]
async fn a_log_lists_level_and_type_of_each_entry_in_order() {
    let world = World::empty();
    let job = mixed(&world).await;
    let log = world.gateway.get(&format!("/jobs/{job}/log")).await.ok();
    assert_eq!((&log["total"], &log["page"], &log["perPage"]), (&8.into(), &1.into(), &100.into()), "{log:#}");
    let expected = [
        "BeginUploadUrls",
        "UploadSuccess",
        "UploadSuccess",
        "UploadWarning",
        "UploadWarning",
        "UploadError",
        "UploadSuccess",
        "EndUploadUrls",
    ];
    assert_eq!(fields(&log, "logType"), expected);
    assert_eq!(fields(&log, "level"), ["info", "info", "info", "warning", "warning", "error", "info", "info"]);
    assert!(
        log["entries"][5]["auxArray"][0]["logMessage"].as_str().is_some_and(|m| m.contains("gone.invalid")),
        "{log:#}"
    );
}

#[tokio::test]
async fn a_log_is_paged_by_its_links() {
    let world = World::empty();
    let job = mixed(&world).await;
    let path = format!("/jobs/{job}/log");
    let whole = fields(&world.gateway.get(&path).await.ok(), "logMessage");
    for per_page in [1, 3, 4, 7, 8, 1000] {
        let (mut messages, mut next) = (Vec::new(), format!("?perPage={per_page}"));
        loop {
            let answer = world.gateway.get(&format!("{path}{next}")).await.expect(200);
            let page = answer.json();
            assert_eq!((&page["total"], &page["perPage"]), (&8.into(), &per_page.into()), "{answer}");
            messages.extend(fields(&page, "logMessage"));
            match answer.next_link() {
                Some(link) => next = link,
                None => break,
            }
        }
        assert_eq!(messages, whole, "{per_page} a page");
    }
    let beyond = world.gateway.get(&format!("{path}?page=99")).await.ok();
    assert_eq!((&beyond["entries"], &beyond["total"]), (&json!([]), &8.into()), "{beyond:#}");
}

#[tokio::test]
async fn entries_are_filtered_by_level_and_type_before_they_are_counted() {
    let world = World::empty();
    let job = mixed(&world).await;
    for (query, total, types) in [
        ("level=error", 1, &["UploadError"][..]),
        ("level=warning", 2, &["UploadWarning"]),
        ("level=info", 5, &["BeginUploadUrls", "EndUploadUrls", "UploadSuccess"]),
        ("logType=UploadSuccess", 3, &["UploadSuccess"]),
        ("logType=UploadSuccess,UploadError", 4, &["UploadError", "UploadSuccess"]),
        ("logType=UploadSuccess,UploadError&level=error", 1, &["UploadError"]),
        ("logType=Nothing", 0, &[]),
        ("level=info&perPage=2&page=3", 5, &["EndUploadUrls"]),
    ] {
        let answer = world.gateway.get(&format!("/jobs/{job}/log?{query}")).await.expect(200);
        let log = answer.json();
        assert_eq!(log["total"], total, "{answer}");
        let found: BTreeSet<_> = fields(&log, "logType").into_iter().collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), types, "{answer}");
    }
    let first = world.gateway.get(&format!("/jobs/{job}/log?level=info&perPage=2")).await.expect(200);
    let link = first.next_link().unwrap_or_else(|| panic!("no link{first}"));
    assert!(link.contains("level=info") && link.contains("page=2"), "{link}");
}

#[tokio::test]
async fn entries_are_sorted_by_date_or_type_in_both_directions() {
    let world = World::empty();
    let job = mixed(&world).await;
    let sorted = async |sort: &str, field: &str| {
        fields(&world.gateway.get(&format!("/jobs/{job}/log?sort={sort}")).await.ok(), field)
    };
    for (sort, field) in [("date", "dateCreated"), ("logType", "logType")] {
        let (up, down) = (sorted(sort, field).await, sorted(&format!("-{sort}"), field).await);
        assert!(up.is_sorted(), "{sort}: {up:?}");
        assert!(down.is_sorted_by(|a, b| a >= b), "-{sort}: {down:?}");
    }
}

#[tokio::test]
async fn an_unfinished_job_has_no_entries_and_an_unknown_job_is_a_404() {
    let world = World::empty();
    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let status = world.gateway.job(&job).await["status"].as_str().expect("a status").to_owned();
        let log = world.gateway.get(&format!("/jobs/{job}/log")).await.ok();
        if status == "completed" {
            assert_ne!(log["entries"], json!([]), "{log:#}");
            assert_eq!(log["complete"], true, "{log:#}");
            break;
        }
        seen.insert(status);
        if log["total"] == 0 {
            assert_eq!(log["entries"], json!([]), "{log:#}");
            assert_eq!(log["complete"], false, "{log:#}");
        }
        world.advance(900);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["finalizing", "running", "waiting"]);
    world.advance(3 * 60_000);
    let stranger = id(&world.gateway.submit(&any_job("stranger")).await);
    world.gateway.delete(&format!("/jobs/{stranger}")).await.expect(204);
    world.gateway.get(&format!("/jobs/{stranger}/log")).await.problem(404, "job-not-found").await;
}

#[tokio::test]
async fn logs_are_found_for_jobs_of_other_users_and_for_raw_handles() {
    let world = World::seeded();
    let completed = world.gateway.get("/jobs?phase=completed&originalName=Import+boots").await.ok()["jobs"][0].clone();
    let by_id = world.gateway.get(&format!("/jobs/{}/log", id(&completed))).await.ok();
    let handle = completed["jobHandle"].as_str().expect("a handle").replace('|', "%7C").replace(' ', "%20");
    let by_handle = world.gateway.get(&format!("/jobs/{handle}/log?companyHandle=c%7C110")).await.ok();
    assert_eq!(by_id, by_handle);
    assert!(fields(&by_id, "logType").contains(&"FatalError".to_owned()), "{by_id:#}");
    let errors = world.gateway.get(&format!("/jobs/{}/log?level=error", id(&completed))).await.ok();
    assert_eq!(fields(&errors, "logType"), ["FatalError"], "{errors:#}");
}

#[tokio::test]
async fn an_archived_log_is_read_on_demand_by_its_handle() {
    let world = World::empty();
    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    let handle = world.finish(&job).await["jobHandle"].as_str().expect("a handle").replace('|', "%7C");
    world.advance(31 * 24 * 60 * 60_000);
    let log = world.gateway.get(&format!("/jobs/{handle}/log?archived=true&companyHandle=c%7C110")).await.ok();
    assert_eq!(fields(&log, "logType")[0], "BeginReoptimize", "{log:#}");
    assert!(world.sandbox.calls("getArchivedJobLogDetails") > 0);
}

#[tokio::test]
async fn invalid_parameters_of_a_log_are_refused_by_name() {
    let world = World::empty();
    let job = mixed(&world).await;
    let before = world.calls();
    for (query, parameter) in [
        ("page=0", "page"),
        ("page=3000000000", "page"),
        ("perPage=0", "perPage"),
        ("perPage=1001", "perPage"),
        ("perPage=x", "perPage"),
        ("level=fatal", "level"),
        ("sort=message", "sort"),
        ("archived=yes", "archived"),
        ("limit=3", "limit"),
    ] {
        let answer = world.gateway.get(&format!("/jobs/{job}/log?{query}")).await;
        let detail = answer.invalid_parameter(parameter).await;
        assert!(detail.contains("expected"), "it says what would be right{answer}");
    }
    assert_eq!(world.calls(), before);
}

/// An upstream whose log has this many entries, and no `detailTotalRows`.
async fn upstream_without_totals(entries: usize) -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start().await;
    upstream.script("getJobLogDetails", move |request| {
        let number = |element: &str| -> usize {
            let text = request.split(&format!("{element}>")).nth(1).and_then(|rest| rest.split('<').next());
            text.and_then(|text| text.parse().ok()).unwrap_or(1)
        };
        let (per_page, page) = (number("recordsPerPage"), number("resultsPage"));
        let shown = entries.saturating_sub((page - 1) * per_page).min(per_page);
        let item = |kind: &str| format!("<items><logType>{kind}</logType><logMessage>m</logMessage></items>");
        let items = [item("UploadError"), item("UploadSuccess")].concat().repeat(shown.div_ceil(2));
        let items = if shown % 2 == 0 { items } else { items[..items.len() - item("UploadSuccess").len()].to_owned() };
        let details = format!("<detailArray>{items}</detailArray>");
        // Beyond the last page there is no log at all.
        let log = if shown == 0 {
            String::new()
        } else {
            job_log("nightly", "").replace("</items>", &format!("{details}</items>"))
        };
        Reply::Xml(200, envelope("getJobLogDetails", &format!("<jobLogArray>{log}</jobLogArray>")))
    });
    upstream
}

#[tokio::test]
async fn without_a_total_a_full_page_has_a_next_page() {
    let upstream = upstream_without_totals(20).await;
    let gateway = upstream.plain_gateway();
    let path = "/jobs/j%7C110%7C%7Cnightly_2026-03-02-06:00:00.000/log?companyHandle=c%7C110";
    for (page, has_next) in [(1, true), (2, true), (3, false)] {
        let answer = gateway.get(&format!("{path}&perPage=8&page={page}")).await.expect(200);
        assert_eq!(
            answer.find_header("link").is_some_and(|link| link.contains("next")),
            has_next,
            "page {page}{answer}"
        );
    }
}

#[tokio::test]
async fn a_filter_by_level_without_a_total_reads_all_pages_and_keeps_their_entries() {
    for (entries, errors) in [(1_500, 750), (2_000, 1_000)] {
        let upstream = upstream_without_totals(entries).await;
        let gateway = upstream.plain_gateway();
        let path =
            "/jobs/j%7C110%7C%7Cnightly_2026-03-02-06:00:00.000/log?companyHandle=c%7C110&level=error&perPage=1000";
        let log = gateway.get(path).await.ok();
        assert_eq!(log["total"], errors, "of {entries}");
        assert_eq!(log["entries"].as_array().map(Vec::len), Some(errors));
    }
}
