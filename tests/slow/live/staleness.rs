//! Staleness during an outage of IPS, on event streams and for long polls.

use chrono::TimeDelta;
use ips_gateway::runtime::clock::Clock;
use serde_json::json;

use crate::support::event_stream::{Event, Stream};
use crate::support::{Gateway, Reply, Request, START, ScriptedUpstream, active_job, id};

const JOBS: &str = "/jobs?companyHandle=c%7C110";

/// A gateway with a short refresh interval, an upstream that can fail, and their clock.
struct Outage {
    upstream: ScriptedUpstream,
    gateway: Gateway,
    clock: Clock,
}

impl Outage {
    async fn new() -> Self {
        let clock = Clock::manual(START.parse().expect("a time"));
        let upstream = ScriptedUpstream::start().await;
        let gateway = upstream.gateway(&clock, &[("FRESH", "50ms"), ("UPSTREAM_FAILURES", "0")]);
        let outage = Self { upstream, gateway, clock };
        outage.end("");
        outage
    }

    /// Lets IPS fail.
    fn begin(&self) {
        self.upstream.reply("getActiveJobs", Reply::Close);
        self.clock.advance(TimeDelta::seconds(10));
    }

    /// Lets IPS answer with a job that has these further elements.
    fn end(&self, elements: &str) {
        self.upstream.answer("getActiveJobs", &format!("<jobArray>{}</jobArray>", active_job("nightly", elements)));
        self.clock.advance(TimeDelta::seconds(10));
    }

    fn events(&self, path: &str, last_event_id: &str) -> Request {
        self.gateway.get(path).header("Last-Event-ID", last_event_id)
    }

    async fn job(&self) -> String {
        id(&self.gateway.get(JOBS).await.ok()["jobs"][0])
    }
}

fn assert_stale(event: &Event) {
    assert_eq!((event.name.as_str(), &event.data["stale"]), ("upstream.stale", &json!(true)), "{event:?}");
    assert_eq!(event.data["staleReason"], "upstreamFailed", "{event:?}");
    assert!(event.data["observedAt"].is_string(), "{event:?}");
}

#[tokio::test]
async fn streams_say_when_the_list_becomes_stale_and_when_it_is_current_again() {
    let outage = Outage::new().await;
    let job = outage.job().await;
    for path in ["/jobs/events".to_owned(), format!("/jobs/{job}/events")] {
        let mut stream = Stream::open(outage.gateway.get(&path)).await;
        let snapshot = stream.expect("snapshot").await;
        assert!(snapshot.data["stale"].is_null(), "{snapshot:?}");
        outage.begin();
        assert_stale(&stream.next().await.expect("an event"));
        outage.end("<progress>0.7</progress>");
        stream.expect("job.progress").await;
        let recovered = stream.expect("upstream.recovered").await;
        assert_eq!(recovered.data["stale"], false, "{recovered:?}");
        outage.begin();
        assert_stale(&stream.next().await.expect("an event"));
        outage.end("");
        stream.until(|event| event.name == "upstream.recovered").await;
    }
}

#[tokio::test]
async fn a_stream_that_begins_during_an_outage_is_marked_as_stale() {
    let outage = Outage::new().await;
    let job = outage.job().await;
    outage.begin();
    for path in ["/jobs/events".to_owned(), format!("/jobs/{job}/events")] {
        outage.gateway.get(JOBS).header("Cache-Control", "no-cache").await.expect(200);
        let mut stream = Stream::open(outage.gateway.get(&path)).await;
        let snapshot = stream.expect("snapshot").await;
        assert_eq!(snapshot.data["stale"], true, "{snapshot:?}");
        assert_stale(&stream.next().await.expect("an event"));
    }
}

#[tokio::test]
async fn a_resumed_stream_begins_with_the_staleness_that_its_reader_does_not_know() {
    let outage = Outage::new().await;
    for path in ["/jobs/events".to_owned(), format!("/jobs/{}/events", outage.job().await)] {
        let mut stream = Stream::open(outage.gateway.get(&path)).await;
        let fresh = stream.expect("snapshot").await;
        drop(stream);

        outage.begin();
        let mut stream = Stream::open(outage.events(&path, &fresh.id)).await;
        let stale = stream.next().await.expect("an event");
        assert_stale(&stale);
        drop(stream);

        outage.end("");
        outage.gateway.get(JOBS).header("Cache-Control", "no-cache").await.expect(200);
        let mut stream = Stream::open(outage.events(&path, &stale.id)).await;
        let recovered = stream.expect("upstream.recovered").await;
        assert_eq!(recovered.id, fresh.id, "the position in the event log is the same");
    }
}

#[tokio::test]
async fn a_long_poll_ends_when_the_list_becomes_stale_and_when_it_is_current_again() {
    let outage = Outage::new().await;
    let job = outage.job().await;
    for path in [JOBS.to_owned(), format!("{JOBS}&limit=1"), format!("/jobs/{job}")] {
        let fresh = outage.gateway.get(&path).header("Cache-Control", "no-cache").await.expect(200);
        let wait = |etag: &str| outage.gateway.get(&path).header("Prefer", "wait=20").header("If-None-Match", etag);
        let poll = tokio::spawn(wait(fresh.header("etag")).into_future());
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(!poll.is_finished(), "nothing has changed yet: {path}");
        outage.begin();
        let stale = poll.await.expect("it ends").expect(200);
        assert_eq!(stale.json()["stale"], true, "{stale}");
        let poll = tokio::spawn(wait(stale.header("etag")).into_future());
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert!(!poll.is_finished(), "nothing has changed yet: {path}");
        outage.end("");
        let recovered = poll.await.expect("it ends").expect(200);
        assert!(recovered.json()["stale"].is_null(), "{recovered}");
        assert_eq!(recovered.header("etag"), fresh.header("etag"), "{recovered}");
    }
}

#[tokio::test]
async fn a_stream_has_heartbeat_events_for_clients_that_ask_for_them() {
    let outage = Outage::new().await;
    let mut response = outage.gateway.get("/jobs/events?heartbeat=1").open().await;
    let mut received = String::new();
    while !received.contains("\n\nevent: heartbeat\ndata: {}\n\n") {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(20), response.chunk()).await.expect("in time");
        received += std::str::from_utf8(&chunk.expect("no error").expect("no end")).expect("whole characters");
    }
    for invalid in ["0", "61", "x"] {
        let answer = outage.gateway.get(&format!("/jobs/events?heartbeat={invalid}")).await;
        answer.invalid_parameter("heartbeat").await;
    }
}
