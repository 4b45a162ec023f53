//! Chains: an upload and the publish that it requested, as one.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::follow_ons::{RUN, Script, by_handle, list, publish, upload, upload_with_publish};
use crate::support::{World, any_job, id, upload as plain_upload};

fn chain(job: &Value) -> (&Value, Option<&Value>, Option<&Value>) {
    let chain = &job["chain"];
    (&chain["status"], chain.get("outcome"), chain.get("percent"))
}

#[tokio::test]
async fn a_chain_is_completed_when_its_publish_is() {
    let world = World::empty();
    let submitted = world.gateway.submit(&upload_with_publish("spring")).await;
    assert_eq!(chain(&submitted), (&json!("waiting"), None, Some(&json!(0))), "{submitted:#}");
    let id = id(&submitted);
    let mut percents = Vec::new();
    let mut seen = Vec::new();
    loop {
        // Reloaded, or the job would be stale for as many steps as the load of its list takes.
        let answer = world.gateway.get(&format!("/jobs/{id}")).header("Cache-Control", "no-cache").await.expect(200);
        let job = answer.json();
        let is_completed = job["chain"]["status"] == "completed";
        assert_eq!(answer.find_header("retry-after").is_none(), is_completed, "{answer}");
        assert_eq!(job["chain"].get("outcome").is_some(), is_completed, "{job:#}");
        percents.push(job["chain"]["percent"].as_u64().unwrap_or_else(|| panic!("no percent: {job:#}")));
        let step = (job["status"].clone(), job["chain"]["status"].clone());
        if seen.last() != Some(&step) {
            seen.push(step);
        }
        if is_completed {
            assert_eq!(
                (&job["chain"]["outcome"], job["followOns"][0]["percent"].as_u64()),
                (&json!("succeeded"), Some(100))
            );
            break;
        }
        assert!(percents.len() < 200, "{job:#}");
        world.advance(3_000);
    }
    assert!(percents.is_sorted() && percents.last() == Some(&100), "{percents:?}");
    let running = (json!("completed"), json!("running"));
    assert!(seen.contains(&running), "the chain runs after the upload has ended: {seen:?}");
    // Other jobs have none.
    for body in [any_job("plain"), plain_upload("plain", &["https://example.com/a.tif"])] {
        let plain = world.gateway.submit(&body).await;
        assert_eq!(plain.get("chain"), None, "{plain:#}");
        let plain = world.finish(&self::id(&plain)).await;
        assert_eq!(plain.get("chain"), None, "{plain:#}");
    }
}

#[tokio::test]
async fn the_outcome_of_a_chain_is_the_worst_one_in_lists_reads_and_logs() {
    for (uploaded, published, outcome) in [
        ((0, 1), (3, 0), "failed"),
        ((3, 0), (0, 3), "failed"),
        ((2, 1), (3, 0), "succeededWithWarnings"),
        ((3, 0), (3, 0), "succeeded"),
    ] {
        let script = Script::start().await;
        let submitted = script.gateway().submit(&upload_with_publish("spring")).await;
        let name = submitted["originalName"].as_str().expect("a name");
        let more = format!("{RUN}_publish");
        script.set(name, vec![upload(name, "Upload", Some(uploaded)), publish(name, &more, Some(published))]);
        // A replica that did not submit the job.
        let gateway = script.gateway();
        let expected = (&json!("completed"), Some(&json!(outcome)), Some(&json!(100)));
        let read = gateway.job(&id(&submitted)).await;
        assert_eq!(chain(&read), expected, "{read:#}");
        let jobs = list(&gateway).await;
        assert_eq!(chain(by_handle(&jobs, "j|110||u")), expected, "{jobs:#?}");
        assert_eq!(by_handle(&jobs, "j|110||p").get("chain"), None, "{jobs:#?}");
        let logs = gateway.get("/job-logs").await.ok();
        assert_eq!(chain(by_handle(logs["logs"].as_array().expect("logs"), "j|110||u")), expected, "{logs:#}");
    }
}

#[tokio::test]
async fn a_publish_that_does_not_appear_is_waited_for_and_then_unknown() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let submitted = gateway.submit(&upload_with_publish("spring")).await;
    let (id, name) = (id(&submitted), submitted["originalName"].as_str().expect("a name"));
    script.set(name, vec![upload(name, "Upload", Some((3, 0)))]);
    for gateway in [&gateway, &script.gateway()] {
        let read = gateway.job(&id).await;
        assert_eq!(chain(&read), (&json!("waiting"), None, Some(&json!(50))), "{read:#}");
        let jobs = list(gateway).await;
        assert_eq!(chain(by_handle(&jobs, "j|110||u")), (&json!("waiting"), None, Some(&json!(50))), "{jobs:#?}");
    }
    let before = gateway.get(&format!("/jobs/{id}")).await.expect(200);
    script.clock.advance(TimeDelta::minutes(5));
    for gateway in [&gateway, &script.gateway()] {
        let read = gateway.get(&format!("/jobs/{id}")).await.expect(200);
        assert_eq!(chain(&read.json()), (&json!("completed"), Some(&json!("unknown")), None), "{read}");
        assert_ne!(read.header("etag"), before.header("etag"), "a change of the chain is a change of the job");
        assert_eq!(read.find_header("retry-after"), None);
        let jobs = list(gateway).await;
        assert_eq!(
            chain(by_handle(&jobs, "j|110||u")),
            (&json!("completed"), Some(&json!("unknown")), None),
            "{jobs:#?}"
        );
    }
    // It appears after all.
    script.set(name, vec![upload(name, "Upload", Some((3, 0))), publish(name, &format!("{RUN}_publish"), None)]);
    let jobs = list(&gateway).await;
    assert_eq!(chain(by_handle(&jobs, "j|110||u")).0, "running", "{jobs:#?}");
    let read = gateway.job(&id).await;
    assert_eq!(chain(&read), (&json!("running"), None, Some(&json!(70))), "{read:#}");
}

#[tokio::test]
async fn the_chain_of_a_deleted_publish_ends_with_an_unknown_outcome() {
    let script = Script::start().await;
    let gateway = script.gateway();
    let submitted = gateway.submit(&upload_with_publish("spring")).await;
    let (id, name) = (id(&submitted), submitted["originalName"].as_str().expect("a name"));
    let more = format!("{RUN}_publish");
    script.set(name, vec![upload(name, "Upload", None), publish(name, &more, None)]);
    assert_eq!(chain(&gateway.job(&id).await), (&json!("running"), None, Some(&json!(40))));
    script.set(name, vec![upload(name, "Upload", Some((3, 0))), publish(name, &more, None)]);
    let jobs = list(&gateway).await;
    let publish_id = self::id(by_handle(&jobs, "j|110||p"));
    gateway.delete(&format!("/jobs/{publish_id}")).await.expect(204);
    script.set(name, vec![upload(name, "Upload", Some((3, 0)))]);
    script.clock.advance(TimeDelta::minutes(6));
    let read = gateway.job(&id).await;
    assert_eq!(chain(&read), (&json!("completed"), Some(&json!("unknown")), None), "{read:#}");
}
