//! The life of a job under one id, from submit to log.

use serde_json::Value;

use crate::support::{World, any_job, id, upload};

/// Follows a job to its end in small steps; returns each status once, in order.
async fn statuses_of(world: &World, id: &str) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..400 {
        let job = world.gateway.job(id).await;
        assert_eq!(job["id"], id, "the id stays: {job:#}");
        let status = job["status"].as_str().expect("a status").to_owned();
        if seen.last() != Some(&status) {
            seen.push(status.clone());
        }
        if status == "completed" {
            return seen;
        }
        world.advance(600);
    }
    panic!("it never finished: {seen:?}")
}

#[tokio::test]
async fn a_submit_is_a_202_with_the_location_of_the_job() {
    let World { gateway, .. } = &World::empty();
    let answer = gateway.post_json("/jobs", &any_job("nightly")).await.expect(202);
    let job = answer.json();
    assert_eq!(answer.header("location"), format!("jobs/{}", id(&job)), "{answer}");
    assert_eq!(answer.header("retry-after"), "2", "{answer}");
    assert_eq!((&job["phase"], &job["status"]), (&"active".into(), &"waiting".into()), "{answer}");
    assert_eq!(job["jobName"], job["originalName"], "{answer}");
    assert!(job["jobName"].as_str().is_some_and(|name| name.starts_with("nightly-")), "made unique{answer}");
    assert_eq!(job["jobHandle"], format!("j|110|{}||", job["jobName"].as_str().unwrap_or_default()), "{answer}");
    assert_eq!(job["companyHandle"], "c|110", "{answer}");
}

#[tokio::test]
async fn a_job_keeps_its_id_through_waiting_running_finalizing_and_completed() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    let seen = statuses_of(&world, &id).await;
    assert_eq!(seen, ["waiting", "running", "finalizing", "completed"]);
}

#[tokio::test]
async fn a_job_without_a_unique_name_is_never_missing_either() {
    let world = World::empty();
    let job = world.gateway.post_json("/jobs?uniqueName=false", &any_job("nightly")).await.expect(202).json();
    assert_eq!(job["jobName"], "nightly");
    let (first, mut statuses) = (id(&job), Vec::new());
    for _ in 0..400 {
        let answer = world.gateway.get(&format!("/jobs/{first}")).header("Cache-Control", "no-cache").await.expect(200);
        let status = answer.json()["status"].as_str().map(str::to_owned);
        if statuses.last() != Some(&status) {
            statuses.push(status.clone());
        }
        if status.as_deref() == Some("completed") {
            break;
        }
        world.advance(600);
    }
    let expected = ["waiting", "running", "finalizing", "completed"].map(|status| Some(status.to_owned()));
    assert_eq!(statuses, expected);
}

#[tokio::test]
async fn a_job_in_no_list_is_finalizing_even_for_a_restarted_gateway() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    let other = crate::support::Gateway::start(&world.sandbox.url(), world.sandbox.version(), &world.clock, &[]);
    for _ in 0..400 {
        let known = world.gateway.job(&id).await;
        let there = other.get(&format!("/jobs/{id}")).header("Cache-Control", "no-cache").await;
        if known["status"] == "finalizing" && known["state"].is_null() {
            assert_eq!(there.status, 200, "{there}");
        }
        if known["status"] == "completed" {
            let there = other.job(&id).await;
            assert_eq!((&there["id"], &there["outcome"]), (&known["id"], &known["outcome"]));
            return;
        }
        world.advance(600);
    }
    panic!("it never finished")
}

#[tokio::test]
async fn lists_show_a_job_under_the_id_of_its_submit() {
    let world = World::seeded();
    let submitted = id(&world.gateway.submit(&any_job("nightly")).await);
    let ids = |list: &Value| -> Vec<String> { list["jobs"].as_array().expect("jobs").iter().map(id).collect() };
    let active = world.gateway.get("/jobs").await.ok();
    assert!(ids(&active).contains(&submitted), "{active:#}");
    world.finish(&submitted).await;
    let completed = world.gateway.get("/jobs?phase=completed").await.ok();
    assert!(ids(&completed).contains(&submitted), "{completed:#}");
    let history = world.gateway.get("/job-logs").await.ok();
    assert!(history["logs"].as_array().expect("logs").iter().any(|log| id(log) == submitted), "{history:#}");
}

#[tokio::test]
async fn percent_is_monotonic_and_100_only_at_the_end() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&upload("boots", &["https://images.example.com/trail_boot_brown.tif"])).await);
    let (mut last, mut rose) = (0, 0);
    loop {
        let job = world.gateway.job(&id).await;
        let Some(percent) = job["percent"].as_u64() else { panic!("no percent: {job:#}") };
        assert!(percent >= last || job["status"] == "running", "{last} → {job:#}");
        rose += u32::from(percent > last);
        last = percent;
        match job["status"].as_str() {
            Some("completed") => break,
            Some("waiting" | "running") => assert!(percent < 100, "{job:#}"),
            _ => {}
        }
        world.advance(900);
    }
    assert!(rose > 5, "it was seen to rise {rose} times");
    assert_eq!(last, 100);
}

#[tokio::test]
async fn outcomes_are_succeeded_warnings_and_failed() {
    let world = World::empty();
    let good = "https://images.example.com/trail_boot_brown.tif";
    let cases: [(&[&str], &str); 4] = [
        (&[good], "succeeded"),
        (&[good, "https://images.example.com/setup.exe"], "succeededWithWarnings"),
        (&[good, "https://gone.invalid/a.tif"], "succeededWithWarnings"),
        (&["https://gone.invalid/a.tif"], "failed"),
    ];
    for (urls, outcome) in cases {
        let submitted = world.gateway.submit(&upload("feed", urls)).await;
        let job = world.finish(&id(&submitted)).await;
        assert_eq!(job["outcome"], outcome, "{urls:?}: {job:#}");
        assert_eq!(job["fatalError"], outcome == "failed", "{job:#}");
        assert_eq!(job["phase"], "completed", "{job:#}");
        assert_eq!(job["actions"], serde_json::json!([]), "{job:#}");
    }
}

#[tokio::test]
async fn an_unfinished_job_has_retry_after_and_a_finished_one_does_not() {
    let world = World::empty();
    let id = id(&world.gateway.submit(&any_job("nightly")).await);
    let path = format!("/jobs/{id}");
    assert_eq!(world.gateway.get(&path).await.expect(200).header("retry-after"), "2");
    world.finish(&id).await;
    let answer = world.gateway.get(&path).await.expect(200);
    assert_eq!(answer.find_header("retry-after"), None, "{answer}");
}
