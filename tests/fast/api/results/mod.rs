//! GET /jobs/{job}/results and POST /jobs/{job}/retry: what became of the items of a job.

mod retry;
mod rows;

use serde_json::{Value, json};

use crate::support::{World, id, upload};

/// URLs of which the sandbox uploads the first and the last, the second with a warning, and can't download the third.
const MIXED: [&str; 4] = [
    "https://images.example.com/a.tif",
    "https://images.example.com/setup.exe",
    "https://gone.invalid/c.tif",
    "https://images.example.com/=d.tif",
];

async fn completed(world: &World, body: &Value) -> String {
    let id = id(&world.gateway.submit(body).await);
    world.finish(&id).await;
    id
}

fn export(handles: &[&str]) -> Value {
    json!({
        "jobName": "press-kit",
        "exportJob": { "assetHandleArray": handles, "fmt": "orig", "emailSetting": "None" }
    })
}

fn fields<'a>(results: &'a Value, field: &str) -> Vec<&'a str> {
    let assets = results["assets"].as_array().unwrap_or_else(|| panic!("no assets: {results:#}"));
    assets.iter().map(|asset| asset[field].as_str().unwrap_or_default()).collect()
}

#[tokio::test]
async fn results_have_the_assets_of_the_log_with_their_status_and_reasons() {
    let world = World::empty();
    let job = completed(&world, &upload("feed", &MIXED)).await;
    let results = world.gateway.get(&format!("/jobs/{job}/results")).await.ok();
    assert_eq!(fields(&results, "status"), ["ok", "warning", "error", "ok"], "{results:#}");
    assert_eq!(fields(&results, "assetName"), ["a", "setup", "c", "=d"], "{results:#}");
    assert_eq!(results["counts"], json!({"ok": 2, "warning": 1, "error": 1, "canceled": 0}));
    assert_eq!((&results["total"], &results["complete"], &results["links"]), (&json!(4), &json!(true), &json!([])));
    let failed = &results["assets"][2];
    assert!(failed["reasons"][0].as_str().is_some_and(|reason| reason.contains("gone.invalid")), "{failed:#}");
    assert_eq!((failed.get("assetHandle"), &failed["logType"]), (None, &json!("UploadError")), "{failed:#}");

    let filtered = world.gateway.get(&format!("/jobs/{job}/results?status=error,warning")).await.ok();
    assert_eq!(fields(&filtered, "assetName"), ["setup", "c"], "{filtered:#}");
    assert_eq!((&filtered["total"], &filtered["counts"]), (&json!(2), &results["counts"]));
    world.gateway.get(&format!("/jobs/{job}/results?status=good")).await.invalid_parameter("status").await;
}

#[tokio::test]
async fn results_are_paged_by_their_links() {
    let world = World::empty();
    let job = completed(&world, &upload("feed", &MIXED)).await;
    let path = format!("/jobs/{job}/results");
    for per_page in [1, 3, 4, 1000] {
        let (mut names, mut next) = (Vec::new(), format!("?perPage={per_page}"));
        loop {
            let answer = world.gateway.get(&format!("{path}{next}")).await.expect(200);
            names.extend(fields(&answer.json(), "assetName").into_iter().map(str::to_owned));
            match answer.next_link() {
                Some(link) => next = link,
                None => break,
            }
        }
        assert_eq!(names, ["a", "setup", "c", "=d"], "{per_page} a page");
    }
}

#[tokio::test]
async fn an_export_has_the_link_of_its_archive_on_every_page() {
    let world = World::empty();
    let job = completed(&world, &export(&["a|11000", "a|11001", "a|nowhere"])).await;
    for query in ["", "?perPage=1&page=2", "?status=error"] {
        let results = world.gateway.get(&format!("/jobs/{job}/results{query}")).await.ok();
        let links = results["links"].as_array().expect("links");
        assert_eq!(links.len(), 1, "{results:#}");
        assert!(
            links[0]["url"].as_str().is_some_and(|url| url.starts_with("https://sandbox.example.com/export/")),
            "{results:#}"
        );
        assert_eq!(
            results["counts"],
            json!({"ok": 2, "warning": 0, "error": 1, "canceled": 0}),
            "the archive is no asset"
        );
    }
}

#[tokio::test]
async fn a_stopped_job_shows_what_it_did_not_handle_and_a_running_one_what_it_did() {
    let world = World::empty();
    let job = id(&world.gateway.submit(&upload("feed", &MIXED)).await);
    let waiting = world.gateway.get(&format!("/jobs/{job}/results")).await.ok();
    assert_eq!((&waiting["complete"], &waiting["total"]), (&json!(false), &json!(0)), "{waiting:#}");
    let mut job_now = world.gateway.job(&job).await;
    while job_now["status"] != "running" {
        world.advance(1_000);
        job_now = world.gateway.job(&job).await;
    }
    world.gateway.post(&format!("/jobs/{job}/stop")).await.expect(202);
    world.finish(&job).await;
    let results = world.gateway.get(&format!("/jobs/{job}/results")).await.ok();
    assert!(fields(&results, "status").ends_with(&["canceled"]), "{results:#}");
    assert_eq!(results["counts"]["canceled"].as_u64().map(|count| count > 0), Some(true), "{results:#}");
}

#[tokio::test]
async fn results_of_an_unknown_job_are_a_problem_in_every_format() {
    let world = World::empty();
    for query in ["", "?format=csv", "?format=ndjson"] {
        let unknown = world.gateway.get(&format!("/jobs/j%7C110%7Cnowhere%7C%7C/results{query}"));
        unknown.await.problem(404, "job-not-found").await;
    }
}
