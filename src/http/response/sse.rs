//! Event stream responses: server-sent events (WHATWG HTML §9.2).

use std::rc::Rc;
use std::time::Duration;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::stream;

use super::event_format::{EventFields, format_event};
use super::viewer;
use crate::http::AppState;
use crate::http::auth::{AccessWatch, StreamPermit, TicketUse};
use crate::http::extract::FINAL_ID_SUFFIX;
use crate::http::problem::Problem;
use crate::http::request_context::{RequestContext, Role};
use crate::jobs::{StreamMessage, Subscription};
use crate::runtime::lifecycle::Lifecycle;
use crate::telemetry::gauge::GaugeGuard;
use crate::telemetry::metrics::names;

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// Time after which a browser reconnects.
const RECONNECTION_TIME: Duration = Duration::from_secs(2);
/// Type of the event of a list that became stale.
const STALE_EVENT: &str = "upstream.stale";
/// Type of the event of a list that is no longer stale.
const RECOVERED_EVENT: &str = "upstream.recovered";

/// Sign of life of an event stream, sent when it was silent for this time.
#[derive(Debug, Clone, Copy)]
pub enum Heartbeat {
    /// A comment, which keeps the connection open and which clients don't expose.
    Comment(Duration),
    /// An event, for clients that watch over their stream.
    Event(Duration),
}

impl Heartbeat {
    fn interval(self) -> Duration {
        match self {
            Self::Comment(interval) | Self::Event(interval) => interval,
        }
    }

    /// Returns the text of the heartbeat. The event has no id: it is no position.
    fn text(self) -> Bytes {
        Bytes::from_static(match self {
            Self::Comment(_) => b": heartbeat\n\n",
            Self::Event(_) => b"event: heartbeat\ndata: {}\n\n",
        })
    }
}

/// Responds with the events of a subscription. `guards` are held until the stream ends.
pub fn event_stream(
    state: &AppState,
    subscription: Subscription,
    heartbeat: Heartbeat,
    guards: StreamGuards,
) -> HttpResponse {
    let StreamGuards { quota, ticket, access, role } = guards;
    let stream = EventStream {
        subscription,
        lifecycle: state.lifecycle.clone(),
        heartbeat,
        context: RequestContext::current(),
        has_events: false,
        access,
        role,
        _gauge: GaugeGuard::new(metrics::gauge!(names::EVENT_STREAMS)),
        _quota: quota,
        _ticket: ticket,
    };
    response_head().streaming(stream::unfold(stream, |mut stream| async move {
        let chunk = stream.next_block().await?;
        Some((Ok::<_, actix_web::Error>(chunk), stream))
    }))
}

/// Responds to HEAD with the head of an event stream. The empty stream as the body, not no body, keeps the framing headers those of GET.
pub fn event_stream_head() -> HttpResponse {
    response_head().streaming(stream::empty::<Result<Bytes, actix_web::Error>>())
}

fn response_head() -> HttpResponseBuilder {
    let mut head = HttpResponse::Ok();
    head.content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Compression and buffering proxies would delay events until a block is full.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header((X_ACCEL_BUFFERING, "no"));
    head
}

/// What an open event stream depends on: its place in the quota of its caller, the ticket that opened it, and the access of its caller.
pub struct StreamGuards {
    /// Place in the stream quota.
    pub quota: StreamPermit,
    /// Ticket; `None` for a stream that was opened with credentials.
    pub ticket: Option<TicketUse>,
    /// Access of its caller; the stream ends with it.
    pub access: AccessWatch,
    /// Role of its caller.
    pub role: Role,
}

/// Body of an event stream. Chunks are produced on demand, when the client has read the earlier ones.
struct EventStream {
    subscription: Subscription,
    lifecycle: Lifecycle,
    heartbeat: Heartbeat,
    /// Context of the request, for `error` events.
    context: Rc<RequestContext>,
    /// Whether an event was sent. The first one has the reconnection time.
    has_events: bool,
    access: AccessWatch,
    role: Role,
    _gauge: GaugeGuard,
    _quota: StreamPermit,
    _ticket: Option<TicketUse>,
}

/// Cause of the next chunk.
enum Cause {
    Message(Option<StreamMessage>),
    Heartbeat,
    /// The server shuts down, or the access of the caller ended: a client that reconnects gets what is true then.
    End,
}

impl EventStream {
    /// Returns the next event or heartbeat; `None` at the end. Every block has data: some clients report one without as an empty event.
    async fn next_block(&mut self) -> Option<Bytes> {
        let cause = tokio::select! {
            message = self.subscription.next() => Cause::Message(message),
            () = tokio::time::sleep(self.heartbeat.interval()) => Cause::Heartbeat,
            () = self.lifecycle.stopping() => Cause::End,
            () = self.access.ended() => Cause::End,
        };
        match cause {
            Cause::Message(message) => message.map(|message| self.format(message)),
            Cause::Heartbeat => tokio::select! {
                () = self.subscription.check_inactive_job() => Some(self.heartbeat.text()),
                () = self.lifecycle.stopping() => None,
                () = self.access.ended() => None,
            },
            Cause::End => None,
        }
    }

    fn format(&mut self, message: StreamMessage) -> Bytes {
        let retry = (!std::mem::replace(&mut self.has_events, true)).then_some(RECONNECTION_TIME);
        let event = |name, id: &str, data: &[u8]| format_event(EventFields { name, id, retry }, data);
        match message {
            StreamMessage::Snapshot { position, body } => {
                event("snapshot", &position.to_string(), &viewer::visible_to(self.role, body))
            }
            StreamMessage::Staleness { position, body } => {
                let name = if position.stale.is_some() { STALE_EVENT } else { RECOVERED_EVENT };
                event(name, &position.to_string(), &viewer::visible_to(self.role, body))
            }
            StreamMessage::Event { position, event: change } => {
                let suffix = if self.subscription.has_ended() { FINAL_ID_SUFFIX } else { "" };
                let data = viewer::visible_to(self.role, change.data.clone());
                event(change.change.name(), &format!("{position}{suffix}"), &data)
            }
            StreamMessage::Failed(error) => {
                let problem = Problem::from(error);
                let document = serde_json::to_vec(&problem.document(&self.context)).unwrap_or_default();
                // The empty id makes the browser forget the last one: a reconnection gets a new snapshot.
                event("error", "", &document)
            }
        }
    }
}
