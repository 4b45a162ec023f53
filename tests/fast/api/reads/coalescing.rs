//! Request coalescing: equal concurrent reads are one call, of every read operation.

use std::future::IntoFuture;

use futures_util::future::join_all;

use crate::support::World;
use ips_gateway::sandbox::users::BOTH_COMPANIES;

const READS: [(&str, &str); 5] = [
    ("/companies", "getCompanyMembership"),
    ("/job-logs?companyHandle=c%7C110", "getJobLogs"),
    ("/assets/a%7C11001/job-logs?companyHandle=c%7C110", "getAssetJobLogs"),
    ("/companies/Nobody", "getCompanyInfo"),
    // A unique name, as submits make it, of a job that doesn't exist.
    ("/jobs/MW9jfDExMB9uaWdodGx5LTFtODViZXYxbmhjN2Z3aw", "getJobLogDetails"),
];

#[tokio::test]
async fn a_hundred_equal_concurrent_reads_are_one_call() {
    for (path, operation) in READS {
        let world = World::seeded();
        let answers = join_all((0..100).map(|_| async { world.gateway.get(path).await })).await;
        let first = answers[0].json();
        let without_id = |mut body: serde_json::Value| {
            body.as_object_mut().expect("an object").remove("requestId");
            body
        };
        for answer in &answers {
            assert_eq!(without_id(answer.json()), without_id(first.clone()), "{answer}");
        }
        assert_eq!(world.sandbox.calls(operation), 1, "{operation} for {path}");
    }
}

#[tokio::test]
async fn after_a_second_a_read_is_a_new_call() {
    let world = World::seeded();
    for (passed, calls) in [(0, 1), (900, 1), (200, 2)] {
        world.advance(passed);
        world.gateway.get("/job-logs").await.expect(200);
        assert_eq!(world.sandbox.calls("getJobLogs"), calls, "after {passed} ms more");
    }
}

#[tokio::test]
async fn a_mutation_invalidates_earlier_reads() {
    let world = World::seeded();
    world.gateway.get("/job-logs").await.expect(200);
    let jobs = world.gateway.get("/jobs").await.ok();
    let job = crate::support::id(&jobs["jobs"][0]);
    let before = world.sandbox.calls("getJobLogs");
    world.gateway.post(&format!("/jobs/{job}/stop")).await.expect(202);
    world.gateway.get("/job-logs").await.expect(200);
    assert!(world.sandbox.calls("getJobLogs") > before, "the log may have changed");
}

#[tokio::test]
async fn reads_of_different_callers_are_not_coalesced() {
    let world = World::seeded();
    let (one, both) = (&world.gateway, &world.gateway.as_user(&BOTH_COMPANIES));
    let (one, both) = tokio::join!(one.get("/companies").into_future(), both.get("/companies").into_future());
    assert_ne!(one.ok(), both.ok());
    assert_eq!(world.sandbox.calls("getCompanyMembership"), 2);
}
