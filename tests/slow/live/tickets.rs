//! Tickets for clients that can't send an `Authorization` header.

use std::time::Duration;

use ips_gateway::sandbox::users::{INACTIVE, OTHER_COMPANY};

use crate::support::event_stream::Stream;
use crate::support::{Gateway, Reply, ScriptedUpstream, World, any_job, id};

async fn ticket(gateway: &Gateway) -> String {
    let issued = gateway.post("/jobs/events/tickets").await.expect(201);
    assert_eq!(issued.header("cache-control"), "no-store", "{issued}");
    let issued = issued.json();
    assert_eq!(issued["expiresAt"], "2026-03-02T12:01:00Z", "{issued:#}");
    issued["ticket"].as_str().unwrap_or_else(|| panic!("no ticket: {issued:#}")).to_owned()
}

#[tokio::test]
async fn a_ticket_opens_one_stream() {
    let world = World::seeded();
    let anonymous = world.gateway.unauthenticated();
    let job = id(&world.gateway.get("/jobs").await.ok()["jobs"][0]);
    for path in ["/jobs/events".to_owned(), format!("/jobs/{job}/events")] {
        let ticket = ticket(&world.gateway).await;
        let mut stream = Stream::open(anonymous.get(&path).query(&[("ticket", &ticket)])).await;
        stream.expect("snapshot").await;
        anonymous.get(&path).query(&[("ticket", &ticket)]).await.problem(401, "unauthenticated").await;
    }
}

#[tokio::test]
async fn concurrent_uses_of_a_ticket_open_one_stream() {
    let world = World::seeded();
    let (anonymous, ticket) = (world.gateway.unauthenticated(), ticket(&world.gateway).await);
    let open = || anonymous.get("/jobs/events").query(&[("ticket", &ticket)]).open();
    let answers = futures_util::future::join_all((0..20).map(|_| open())).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[401; 19][..]));
}

#[tokio::test]
async fn a_ticket_opens_its_stream_again_within_a_minute_after_it_was_dropped() {
    let world = World::seeded();
    let (anonymous, ticket) = (world.gateway.unauthenticated(), ticket(&world.gateway).await);
    let open = |last_id: &str| {
        Stream::open(anonymous.get("/jobs/events").query(&[("ticket", &*ticket), ("lastEventId", last_id)]))
    };
    let mut last_id = String::new();
    for _ in 0..3 {
        let mut stream = open(&last_id).await;
        if last_id.is_empty() {
            last_id = stream.expect("snapshot").await.id;
        } else {
            world.gateway.submit(&any_job("nightly")).await;
            let events = stream.until(|event| event.name == "job.created").await;
            last_id = events[events.len() - 1].id.clone();
        }
        // Longer than a ticket is valid that has opened none.
        world.advance(70_000);
        drop(stream);
        anonymous.head("/jobs/events").query(&[("ticket", &ticket)]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.advance(59_000);
    }
    drop(open("").await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    anonymous.head("/jobs/events").query(&[("ticket", &ticket)]).await.expect(200);
    world.advance(60_000);
    anonymous.head("/jobs/events").query(&[("ticket", &ticket)]).await.expect(401);
    anonymous.get("/jobs/events").query(&[("ticket", &ticket)]).await.problem(401, "unauthenticated").await;
}

#[tokio::test]
async fn a_client_that_reconnects_at_once_waits_for_the_end_of_its_stream() {
    let world = World::seeded();
    let (anonymous, ticket) = (world.gateway.unauthenticated(), ticket(&world.gateway).await);
    for _ in 0..3 {
        let mut stream = Stream::open(anonymous.get("/jobs/events").query(&[("ticket", &ticket)])).await;
        stream.expect("snapshot").await;
    }
}

#[tokio::test]
async fn a_refused_stream_does_not_use_its_ticket_up() {
    let world = World::seeded();
    let (anonymous, ticket) = (world.gateway.unauthenticated(), ticket(&world.gateway).await);
    let query = [("ticket", &*ticket), ("company", "nowhere")];
    anonymous.get("/jobs/events").query(&query).await.expect(404);
    Stream::open(anonymous.get("/jobs/events").query(&[("ticket", &ticket)])).await.expect("snapshot").await;
}

#[tokio::test]
async fn a_ticket_expires_after_a_minute() {
    let world = World::seeded();
    let anonymous = world.gateway.unauthenticated();
    let tickets = [ticket(&world.gateway).await, ticket(&world.gateway).await];
    world.advance(59_000);
    Stream::open(anonymous.get("/jobs/events").query(&[("ticket", &tickets[0])])).await;
    world.advance(1_000);
    anonymous.get("/jobs/events").query(&[("ticket", &tickets[1])]).await.problem(401, "unauthenticated").await;
}

#[tokio::test]
async fn a_ticket_has_the_permissions_of_its_owner_for_event_streams_only() {
    let world = World::seeded();
    let anonymous = world.gateway.unauthenticated();
    let theirs = ticket(&world.gateway.as_user(&OTHER_COMPANY)).await;
    let other = anonymous.get("/jobs/events").query(&[("ticket", &theirs), ("companyHandle", "c|110")]).await;
    assert!([403, 404].contains(&other.status), "{other}");
    for wrong in ["", "nonsense"] {
        anonymous.get("/jobs/events").query(&[("ticket", wrong)]).await.problem(401, "unauthenticated").await;
    }
    let good = ticket(&world.gateway).await;
    anonymous.get("/jobs").query(&[("ticket", &good)]).await.expect(401);
    anonymous.post("/jobs/events/tickets").await.problem(401, "unauthenticated").await;
}

#[tokio::test]
async fn a_refused_script_triggers_no_password_prompt() {
    let anonymous = World::seeded().gateway.unauthenticated();
    for mode in ["cors", "same-origin", "no-cors"] {
        let refused = anonymous.get("/jobs/events?ticket=used").header("Sec-Fetch-Mode", mode).await.expect(401);
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"IPS\"", "{refused}");
    }
    let opened = anonymous.get("/jobs").header("Sec-Fetch-Mode", "navigate").await.expect(401);
    assert!(opened.header("www-authenticate").starts_with("Basic"), "{opened}");
}

#[tokio::test]
async fn a_ticket_needs_valid_credentials_but_no_available_ips() {
    let world = World::seeded();
    let answer = world.gateway.as_user(&INACTIVE).post("/jobs/events/tickets").await;
    answer.problem(401, "credentials-rejected").await;
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("getCompanyMembership", Reply::Close);
    upstream.plain_gateway().post("/jobs/events/tickets").await.expect(201);
}
