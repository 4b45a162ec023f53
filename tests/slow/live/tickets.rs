//! Tickets: for clients that can't send an `Authorization` header.

use ips_gateway::sandbox::users::{INACTIVE, OTHER_COMPANY};

use crate::support::event_stream::Stream;
use crate::support::{Gateway, Reply, ScriptedUpstream, World, id};

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
    let nobody = world.gateway.called_by_nobody();
    let job = id(&world.gateway.get("/jobs").await.ok()["jobs"][0]);
    for path in ["/jobs/events".to_owned(), format!("/jobs/{job}/events")] {
        let ticket = ticket(&world.gateway).await;
        let mut stream = Stream::open(nobody.get(&path).query(&[("ticket", &ticket)])).await;
        stream.expect("snapshot").await;
        nobody.get(&path).query(&[("ticket", &ticket)]).await.problem(401, "unauthenticated").await;
    }
}

#[tokio::test]
async fn of_many_who_hold_the_same_ticket_one_gets_in() {
    let world = World::seeded();
    let (nobody, ticket) = (world.gateway.called_by_nobody(), ticket(&world.gateway).await);
    let open = || nobody.get("/jobs/events").query(&[("ticket", &ticket)]).open();
    let answers = futures_util::future::join_all((0..20).map(|_| open())).await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], &statuses[1..]), (200, &[401; 19][..]));
}

#[tokio::test]
async fn a_ticket_is_worthless_after_a_minute() {
    let world = World::seeded();
    let nobody = world.gateway.called_by_nobody();
    let tickets = [ticket(&world.gateway).await, ticket(&world.gateway).await];
    world.pass(59_000);
    Stream::open(nobody.get("/jobs/events").query(&[("ticket", &tickets[0])])).await;
    world.pass(1_000);
    nobody.get("/jobs/events").query(&[("ticket", &tickets[1])]).await.problem(401, "unauthenticated").await;
}

#[tokio::test]
async fn a_ticket_shows_what_its_owner_may_see_and_opens_nothing_else() {
    let world = World::seeded();
    let nobody = world.gateway.called_by_nobody();
    let theirs = ticket(&world.gateway.called_by(&OTHER_COMPANY)).await;
    let other = nobody.get("/jobs/events").query(&[("ticket", &theirs), ("companyHandle", "c|110")]).await;
    assert!([403, 404].contains(&other.status), "{other}");
    for wrong in ["", "nonsense", &theirs] {
        nobody.get("/jobs/events").query(&[("ticket", wrong)]).await.problem(401, "unauthenticated").await;
    }
    let good = ticket(&world.gateway).await;
    nobody.get("/jobs").query(&[("ticket", &good)]).await.expect(401);
    nobody.post("/jobs/events/tickets").await.problem(401, "unauthenticated").await;
}

#[tokio::test]
async fn no_browser_asks_for_a_password_when_a_script_is_refused() {
    let nobody = World::seeded().gateway.called_by_nobody();
    for mode in ["cors", "same-origin", "no-cors"] {
        let refused = nobody.get("/jobs/events?ticket=used").header("Sec-Fetch-Mode", mode).await.expect(401);
        assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"IPS\"", "{refused}");
    }
    let opened = nobody.get("/jobs").header("Sec-Fetch-Mode", "navigate").await.expect(401);
    assert!(opened.header("www-authenticate").starts_with("Basic"), "{opened}");
}

#[tokio::test]
async fn wrong_credentials_get_no_ticket_and_an_outage_of_ips_is_no_reason_to_refuse_one() {
    let world = World::seeded();
    let answer = world.gateway.called_by(&INACTIVE).post("/jobs/events/tickets").await;
    answer.problem(401, "credentials-rejected").await;
    let upstream = ScriptedUpstream::start().await;
    upstream.reply("getCompanyMembership", Reply::HangUp);
    upstream.plain_gateway().post("/jobs/events/tickets").await.expect(201);
}
