//! A reader of server-sent events (WHATWG HTML §9.2.6).

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use crate::support::{Request, id};

/// The longest wait for an event: longer than every interval in the tests.
const TIMEOUT: Duration = Duration::from_secs(8);

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: String,
    pub data: Value,
}

impl Event {
    /// The id of the job of the event.
    pub fn job(&self) -> String {
        id(&self.data)
    }

    /// The position of the event in its id: event log and sequence number.
    pub fn position(&self) -> (String, u64) {
        let (history, number) = self.id.split_once('-').unwrap_or_else(|| panic!("no position: {self:?}"));
        (history.to_owned(), number.trim_end_matches("-end").parse().unwrap_or_else(|_| panic!("no number: {self:?}")))
    }
}

/// An open event stream.
pub struct Stream {
    pub response: Response,
    received: String,
    has_events: bool,
    /// The number of received heartbeats.
    pub heartbeats: usize,
}

impl Stream {
    pub async fn open(request: Request) -> Self {
        let response = request.header("Accept", "text/event-stream").header("Accept-Encoding", "gzip").open().await;
        let (status, headers) = (response.status(), response.headers().clone());
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!((status.as_u16(), header("content-type")), (200, "text/event-stream"), "{headers:?}");
        assert_eq!((header("x-accel-buffering"), header("cache-control")), ("no", "no-store"), "{headers:?}");
        Self { response, received: String::new(), has_events: false, heartbeats: 0 }
    }

    /// The next event; `None` at the end of the stream.
    pub async fn next(&mut self) -> Option<Event> {
        self.next_within(TIMEOUT).await
    }

    pub async fn next_within(&mut self, limit: Duration) -> Option<Event> {
        loop {
            if let Some((block, rest)) = self.received.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.received = rest;
                match self.read(&block) {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let chunk = timeout(limit, self.response.chunk()).await.expect("an event in time");
            self.received += std::str::from_utf8(&chunk.expect("no error")?).expect("whole characters");
        }
    }

    fn read(&mut self, block: &str) -> Option<Event> {
        let mut fields = BTreeMap::<_, String>::new();
        for line in block.lines() {
            let (field, value) = line.split_once(':').unwrap_or_else(|| panic!("no field: {line}"));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match fields.get_mut(field) {
                Some(data) if field == "data" => *data = format!("{data}\n{value}"),
                before => {
                    assert!(before.is_none(), "one {field} per event: {block}");
                    fields.insert(field, value.to_owned());
                }
            }
        }
        if fields.contains_key("") {
            assert_eq!(fields.len(), 1, "a heartbeat is a comment only: {block}");
            self.heartbeats += 1;
            return None;
        }
        assert_eq!(
            fields.remove("retry").as_deref(),
            (!self.has_events).then_some("2000"),
            "first event only: {block}"
        );
        self.has_events = true;
        let field = |name| fields.get(name).unwrap_or_else(|| panic!("no {name}: {block}")).clone();
        let data = serde_json::from_str(&field("data")).unwrap_or_else(|error| panic!("{error}: {block}"));
        Some(Event { name: field("event"), id: field("id"), data })
    }

    /// The next event, which has to be of this type.
    pub async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.unwrap_or_else(|| panic!("expected {name}, not the end"));
        assert_eq!(event.name, name, "{event:?}");
        event
    }

    /// Asserts the end of the stream.
    pub async fn expect_end(&mut self) {
        let event = self.next().await;
        assert!(event.is_none(), "expected the end, not {event:?}");
    }

    /// The events up to and including the first for which `last` holds.
    pub async fn until(&mut self, mut last: impl FnMut(&Event) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended after {events:?}"));
            events.push(event);
            if last(&events[events.len() - 1]) {
                return events;
            }
        }
    }
}

/// A list kept up to date by folding events into it: the content of jobs by id.
#[derive(Debug, Default, PartialEq)]
pub struct Folded(pub BTreeMap<String, Value>);

impl Folded {
    /// The jobs of a list.
    pub fn of(list: &Value) -> Self {
        let jobs = list["jobs"].as_array().unwrap_or_else(|| panic!("no list: {list:#}"));
        Self(jobs.iter().map(|job| (id(job), content(job))).collect())
    }

    pub fn fold(&mut self, event: &Event) {
        match event.name.as_str() {
            "snapshot" => *self = Self::of(&event.data),
            "job.created" => {
                assert_eq!(self.0.insert(event.job(), content(&event.data)), None, "created twice: {event:?}");
            }
            "job.progress" | "job.status" => {
                assert!(self.0.insert(event.job(), content(&event.data)).is_some(), "never created: {event:?}");
            }
            "job.finished" | "job.removed" => {
                assert!(self.0.remove(&event.job()).is_some(), "never created: {event:?}");
            }
            _ => panic!("unknown event: {event:?}"),
        }
    }
}

fn content(job: &Value) -> Value {
    let mut job = job.clone();
    let members = job.as_object_mut().unwrap_or_else(|| panic!("no job"));
    members.remove("observedAt");
    members.remove("restarted");
    job
}
