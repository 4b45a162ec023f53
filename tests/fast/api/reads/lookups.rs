//! GET /jobs/{job}: the cache of completed jobs, `only-if-cached`, and ids of several jobs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::support::{ScriptedUpstream, World, any_job, id, job_log};

#[tokio::test]
async fn a_completed_job_from_the_cache_has_its_age_and_is_loaded_again_for_a_smaller_max_age() {
    let world = World::empty();
    let job = id(&world.gateway.submit(&any_job("nightly")).await);
    world.finish(&job).await;
    world.advance(30_000);
    let path = format!("/jobs/{job}");
    let before = world.sandbox.calls("getJobLogDetails");
    let cached = world.gateway.get(&path).await.expect(200);
    assert_eq!(cached.header("age"), "30", "{cached}");
    let cached = world.gateway.get(&path).header("Cache-Control", "max-age=40").await.expect(200);
    assert_eq!(cached.header("age"), "30", "{cached}");
    let cached = world.gateway.get(&path).header("Cache-Control", "only-if-cached").await.expect(200);
    assert_eq!((cached.header("age"), world.sandbox.calls("getJobLogDetails")), ("30", before), "{cached}");
    for directive in ["max-age=20", "no-cache"] {
        let loaded = world.gateway.get(&path).header("Cache-Control", directive).await.expect(200);
        assert_eq!(loaded.header("age"), "0", "{directive}{loaded}");
        world.advance(30_000);
    }
    assert_eq!(world.sandbox.calls("getJobLogDetails"), before + 2);
}

#[tokio::test]
async fn only_if_cached_never_calls_ips_for_the_id_of_a_schedule() {
    let world = World::seeded();
    world.gateway.get("/jobs?phase=active,scheduled").await.expect(200);
    let before = world.calls();
    world.advance(10_000);
    let gone = URL_SAFE_NO_PAD.encode("1sc|110\u{1f}gone");
    let answer = world.gateway.get(&format!("/jobs/{gone}")).header("Cache-Control", "only-if-cached").await;
    answer.problem(504, "not-cached").await;
    assert_eq!(world.calls(), before);
}

#[tokio::test]
async fn an_id_of_many_jobs_has_at_most_20_candidates() {
    let upstream = ScriptedUpstream::start().await;
    let logs: String = (0..300)
        .map(|number| job_log("nightly", "").replace("_2026-03-02-06:00:00.000<", &format!("_{number}<")))
        .collect();
    upstream.answer("getJobLogDetails", &format!("<jobLogArray>{logs}</jobLogArray>"));
    let gateway = upstream.plain_gateway();
    let shared = URL_SAFE_NO_PAD.encode("1oc|110\u{1f}nightly");
    let answer = gateway.get(&format!("/jobs/{shared}")).await;
    let problem = answer.problem(409, "ambiguous-job").await;
    assert_eq!(problem["candidates"].as_array().map(Vec::len), Some(20), "{answer}");
}
