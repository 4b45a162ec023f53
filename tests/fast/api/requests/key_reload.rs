//! Changes of the file of API keys while the gateway runs.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use ips_gateway::http::{Role, new_key};
use ips_gateway::sandbox::Population;
use ips_gateway::sandbox::users::BOTH_COMPANIES;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::World;
use crate::support::event_stream::Stream;

/// The longest wait for a change of the file to be noticed.
const LIMIT: Duration = Duration::from_secs(20);

/// A gateway with a file of API keys.
struct Keys {
    world: World,
    file: PathBuf,
}

impl Keys {
    fn new(name: &str, entries: &[&str]) -> Self {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("keys-reload-{name}.toml"));
        std::fs::write(&file, entries.join("\n")).expect("a file");
        let path = file.to_str().expect("a path in UTF-8");
        let settings = [
            ("SERVICE_USER", BOTH_COMPANIES.email),
            ("SERVICE_PASSWORD", BOTH_COMPANIES.password),
            ("API_KEYS_FILE", path),
            ("COMPANY", "c|110"),
        ];
        Self { world: World::with(Population::Seeded, &settings), file }
    }

    fn write(&self, content: &str) {
        std::fs::write(&self.file, content).expect("a file");
    }

    async fn status(&self, key: &str) -> u16 {
        self.world.gateway.with_token(key).get("/jobs").await.status
    }

    async fn valid(&self) -> Value {
        self.world.gateway.get("/readyz?verbose").await.ok()["checks"]["apiKeys"]["valid"].clone()
    }
}

/// Waits until the check succeeds.
async fn until<F: Future<Output = bool>>(check: impl Fn() -> F) {
    let waiting = async {
        while !check().await {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, waiting).await.expect("the change is noticed");
}

fn operator(name: &str) -> (String, String) {
    new_key(name, Role::Operator, &[]).expect("random bytes")
}

#[tokio::test]
async fn a_revoked_key_stops_with_its_streams_polls_and_tickets_and_the_others_go_on() {
    let ((revoked, revoked_entry), (kept, kept_entry)) = (operator("revoked"), operator("kept"));
    let keys = Keys::new("revoked", &[&revoked_entry, &kept_entry]);
    let (theirs, ours) = (keys.world.gateway.with_token(&revoked), keys.world.gateway.with_token(&kept));
    let mut their_stream = Stream::open(theirs.get("/jobs/events")).await;
    let mut our_stream = Stream::open(ours.get("/jobs/events")).await;
    their_stream.next().await.expect("a snapshot");
    our_stream.next().await.expect("a snapshot");
    let etag = theirs.get("/jobs").await.expect(200).header("etag").to_owned();
    let poll = theirs.get("/jobs").header("If-None-Match", &etag).header("Prefer", "wait=50");
    let poll = tokio::spawn(async move { poll.await });
    let ticket = theirs.post("/jobs/events/tickets").await.expect(201).json()["ticket"].clone();

    keys.write(&kept_entry);
    until(|| async { keys.status(&revoked).await == 401 }).await;
    assert_eq!(their_stream.next().await, None, "the stream has ended");
    timeout(LIMIT, poll).await.expect("the poll has ended").expect("no panic").problem(401, "unauthenticated").await;
    let by_ticket = format!("/jobs/events?ticket={}", ticket.as_str().expect("a ticket"));
    keys.world.gateway.unauthenticated().get(&by_ticket).await.problem(401, "unauthenticated").await;

    assert_eq!(keys.status(&kept).await, 200);
    ours.submit(&crate::support::any_job("after")).await;
    assert!(our_stream.next().await.is_some(), "the other stream goes on");
}

#[tokio::test]
async fn a_key_whose_companies_change_starts_its_stream_anew() {
    let (key, entry) = operator("narrowed");
    let keys = Keys::new("narrowed", &[&entry]);
    let client = keys.world.gateway.with_token(&key);
    let mut stream = Stream::open(client.get("/jobs/events?companyHandle=c%7C47")).await;
    stream.next().await.expect("a snapshot");
    keys.write(&format!("{entry}companies = [\"c|110\"]\n"));
    assert_eq!(timeout(LIMIT, stream.next()).await.expect("it ends"), None);
    client.get("/jobs/events?companyHandle=c%7C47").await.problem(404, "company-not-found").await;
}

#[tokio::test]
async fn an_added_key_is_accepted() {
    let ((_, first), (added, entry)) = (operator("first"), operator("added"));
    let keys = Keys::new("added", &[&first]);
    assert_eq!(keys.status(&added).await, 401);
    keys.write(&format!("{first}\n{entry}"));
    until(|| async { keys.status(&added).await == 200 }).await;
}

#[tokio::test]
async fn a_broken_file_keeps_the_keys_and_is_reported_until_it_is_mended() {
    let (key, entry) = operator("steady");
    let keys = Keys::new("broken", &[&entry]);
    assert_eq!(keys.valid().await, json!(true));
    for broken in [format!("{entry}colour = 1\n"), format!("{entry}\n{}", entry.replace("steady", "twin"))] {
        keys.write(&broken);
        until(|| async { keys.valid().await == json!(false) }).await;
        assert_eq!(keys.status(&key).await, 200, "{broken}");
        keys.write(&entry);
        until(|| async { keys.valid().await == json!(true) }).await;
    }
    std::fs::remove_file(&keys.file).expect("it exists");
    until(|| async { keys.valid().await == json!(false) }).await;
    assert_eq!(keys.status(&key).await, 200);
    assert!(keys.world.gateway.get("/metrics").await.text().contains("ips_gateway_api_keys_valid"), "it is a metric");
}
