//! `If-Match`: changes of a job that is still as it was read.

use ips_gateway::sandbox::Population;

use crate::support::{World, any_job, id};

#[tokio::test]
async fn a_change_with_an_entity_tag_of_another_state_is_a_412_and_nothing_is_done() {
    let world = World::with(Population::Empty, &[]);
    let path = format!("/jobs/{}", id(&world.gateway.submit(&any_job("guarded")).await));
    let old = world.gateway.get(&path).await.expect(200).header("etag").to_owned();
    world.advance(5_000);
    let current = world.gateway.get(&path).header("Cache-Control", "no-cache").await.expect(200);
    assert_ne!(current.header("etag"), old, "{current}");
    let actions = ["stop", "pause", "resume", "execute"].map(|action| world.gateway.post(&format!("{path}/{action}")));
    for request in actions.into_iter().chain([world.gateway.delete(&path)]) {
        let refused = request.header("If-Match", &old).await;
        assert_eq!(refused.problem(412, "precondition-failed").await["outcome"], "not_sent", "{refused}");
    }
    for tag in ["\"something-else\"", "W/\"x\", \"y\"", "nonsense", ""] {
        world.gateway.delete(&path).header("If-Match", tag).await.problem(412, "precondition-failed").await;
    }
    assert_eq!(world.changes().iter().map(|(_, calls)| calls).sum::<u64>(), 1, "{:?}", world.changes());
    let tags = format!("\"other\", {}", current.header("etag"));
    world.gateway.post(&format!("{path}/stop")).header("If-Match", &tags).await.expect(202);
    world.gateway.delete(&path).header("If-Match", "*").await.expect(204);
}

#[tokio::test]
async fn a_request_that_creates_something_accepts_only_an_asterisk() {
    let world = World::empty();
    let submit = |tag: &str| world.gateway.post_json("/jobs", &any_job("guarded")).header("If-Match", tag);
    submit("W/\"list\"").await.problem(412, "precondition-failed").await;
    assert_eq!(world.sandbox.calls("submitJob"), 0);
    submit("*").await.expect(202);
    let ticket = world.gateway.post("/jobs/events/tickets").header("If-Match", "\"x\"").await;
    ticket.problem(412, "precondition-failed").await;
}
