//! Event stream responses: server-sent events (WHATWG HTML §9.2).

use std::time::Duration;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, HttpResponseBuilder};
use futures_util::stream;

use crate::http::AppState;
use crate::http::auth::StreamPermit;
use crate::http::extract::FINAL_ID_SUFFIX;
use crate::http::problem::Problem;
use crate::http::request_context::{RequestContext, RequestId};
use crate::jobs::{StreamMessage, Subscription};
use crate::runtime::lifecycle::Lifecycle;
use crate::telemetry::gauge::GaugeGuard;
use crate::telemetry::metrics::names;

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
/// Time after which a browser reconnects.
const RECONNECTION_TIME: Duration = Duration::from_secs(2);

/// Responds with the events of a subscription. `quota` is held until the stream ends.
pub fn event_stream(state: &AppState, subscription: Subscription, quota: StreamPermit) -> HttpResponse {
    let stream = EventStream {
        subscription,
        lifecycle: state.lifecycle.clone(),
        path_prefix: state.settings.path_prefix.clone(),
        heartbeat: state.settings.heartbeat,
        request_id: RequestContext::current().request_id,
        progress: Progress::Opening,
        _gauge: GaugeGuard::new(metrics::gauge!(names::EVENT_STREAMS)),
        _quota: quota,
    };
    response_head().streaming(stream::unfold(stream, |mut stream| async move {
        let chunk = stream.next_chunk().await?;
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

/// Body of an event stream. Chunks are produced on demand, when the client has read the earlier ones.
struct EventStream {
    subscription: Subscription,
    lifecycle: Lifecycle,
    path_prefix: String,
    heartbeat: Duration,
    /// Request id of the stream, for `error` events.
    request_id: RequestId,
    progress: Progress,
    _gauge: GaugeGuard,
    _quota: StreamPermit,
}

/// Progress of an event stream.
enum Progress {
    /// Nothing has been sent.
    Opening,
    /// Events are sent.
    Open,
    /// The last chunk has been sent.
    Closed,
}

/// Cause of the next chunk.
enum Cause {
    Message(Option<StreamMessage>),
    Heartbeat,
    Shutdown,
}

impl EventStream {
    async fn next_chunk(&mut self) -> Option<Bytes> {
        match self.progress {
            Progress::Opening => {
                self.progress = Progress::Open;
                return Some(retry_field());
            }
            Progress::Open => {}
            Progress::Closed => return None,
        }
        let cause = tokio::select! {
            message = self.subscription.next() => Cause::Message(message),
            () = tokio::time::sleep(self.heartbeat) => Cause::Heartbeat,
            () = self.lifecycle.stopping() => Cause::Shutdown,
        };
        match cause {
            Cause::Message(message) => message.map(|message| self.format(message)),
            Cause::Heartbeat => tokio::select! {
                () = self.subscription.check_inactive_job() => Some(Bytes::from_static(b": heartbeat\n\n")),
                () = self.lifecycle.stopping() => Some(self.close()),
            },
            Cause::Shutdown => Some(self.close()),
        }
    }

    /// Closes the stream and returns its last chunk.
    fn close(&mut self) -> Bytes {
        self.progress = Progress::Closed;
        retry_field()
    }

    fn format(&self, message: StreamMessage) -> Bytes {
        match message {
            StreamMessage::Snapshot { cursor, body } => format_event("snapshot", &cursor.to_string(), &body),
            StreamMessage::Event { cursor, event } => {
                let suffix = if self.subscription.has_ended() { FINAL_ID_SUFFIX } else { "" };
                format_event(event.change.name(), &format!("{cursor}{suffix}"), &event.data)
            }
            StreamMessage::Failed(error) => {
                let problem = Problem::from(error);
                let document = serde_json::to_vec(&problem.document(self.request_id.as_str(), &self.path_prefix))
                    .unwrap_or_default();
                // The empty id makes the browser forget the last one: a reconnection gets a new snapshot.
                format_event("error", "", &document)
            }
        }
    }
}

/// Formats the `retry` field, in milliseconds.
fn retry_field() -> Bytes {
    format!("retry: {}\n\n", RECONNECTION_TIME.as_millis()).into()
}

/// Formats an event. `data` is JSON without line breaks.
fn format_event(name: &str, id: &str, data: &[u8]) -> Bytes {
    let mut event = format!("id: {id}\nevent: {name}\ndata: ").into_bytes();
    event.extend_from_slice(data);
    event.extend_from_slice(b"\n\n");
    event.into()
}
