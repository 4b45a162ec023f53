//! In-flight requests: one at a time on each connection, from the end of its head to the last byte of its response.
//!
//! [`track`] wraps the routes. It decides which response is the last of its connection, adds `Connection: close` to it, and suppresses later
//! requests. It reads a request body from the socket on demand, and passes a large response body to the socket without a copy of it.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::error::PayloadError;
use actix_http::header::{CONTENT_LENGTH, CONTENT_TYPE, UPGRADE};
use actix_http::{ConnectionType, HttpMessage, Method, Payload, Request, Response, StatusCode, Version};
use actix_service::Service;
use bytes::Bytes;
use futures_util::Stream;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::connection::{BodyLength, Connection, DetachedBody, Framing};

/// Minimum size in bytes of a body that is written to the socket from where it is. The dispatcher copies smaller ones behind their head: it
/// keeps a buffer of 16 KiB anyway.
const MIN_DIRECT_BYTES: usize = 8 * 1024;
/// Maximum number of bytes of a body that are discarded if the routes have not read them, so that the connection can be kept alive. Beyond
/// that, and beyond [`MAX_DISCARD_TIME`], the connection is closed after the response.
const MAX_DISCARDED_BYTES: u64 = 256 * 1024;
/// Maximum time in which the rest of a body is discarded.
const MAX_DISCARD_TIME: Duration = Duration::from_millis(250);

/// Calls `service` with a request, and tracks the request until its response is sent.
pub fn track<S, B>(
    mut request: Request,
    service: &S,
) -> impl Future<Output = Result<Response<ResponseBody>, S::Error>> + use<S, B>
where
    S: Service<Request>,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody + 'static,
{
    let started = InFlight::start(&mut request).map(|in_flight| (in_flight, service.call(request)));
    async move {
        let Some((in_flight, response)) = started else {
            // The request is neither carried out nor answered: the connection is closed when the last response is sent.
            return pending().await;
        };
        Ok(match response.await {
            Ok(response) => in_flight.respond(response.into()).await,
            Err(error) => in_flight.respond(error.into()).await,
        })
    }
}

/// Guard of a request in flight.
struct InFlight {
    connection: Rc<Connection>,
    body: Option<Rc<RequestBody>>,
    version: Version,
    is_head: bool,
    tracked: Option<TaskTrackerToken>,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.connection.requests.complete();
    }
}

impl InFlight {
    /// Starts a request. `None` after the last request of its connection.
    fn start(request: &mut Request) -> Option<Self> {
        let connection = request.conn_data::<Rc<Connection>>().map(Rc::clone)?;
        let state = &connection.requests;
        if state.is_last() {
            return None;
        }
        let length = body_length(request);
        let head = request.head();
        // The end of a body of unknown length is known to actix only, which may have read beyond it by then. A refused client that expects
        // 100 may or may not send its body.
        let (version, is_head) = (head.version, head.method == Method::HEAD);
        let is_last =
            head.connection_type() != ConnectionType::KeepAlive || head.expect() || length == BodyLength::Unknown;
        let body = (length != BodyLength::Known(0)).then(|| RequestBody::take(request, &connection));
        state.start(length, is_last);
        let tracked = connection.settings.requests.token();
        Some(Self { connection, body, version, is_head, tracked: Some(tracked) })
    }

    /// Prepares the response for the dispatcher.
    async fn respond<B: MessageBody + 'static>(self, mut response: Response<B>) -> Response<ResponseBody> {
        let state = &self.connection.requests;
        if response.status() == StatusCode::REQUEST_TIMEOUT || self.connection.settings.lifecycle.is_draining() {
            state.mark_last();
        }
        if let Some(body) = &self.body
            && !state.is_last()
            && !body.discard().await
        {
            state.mark_last();
        }
        if self.version < Version::HTTP_11 && response.body().size() == BodySize::Stream {
            // HTTP/1.0 has no chunks (RFC 9112 §6.1): the end of the connection ends the body.
            response.head_mut().no_chunking(true);
            state.mark_last();
        }
        let is_event_stream = !self.is_head && is_event_stream(&response);
        if state.is_last() {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        if is_event_stream {
            return response.map_body(|_, body| self.detach(body));
        }
        response.map_body(|head, body| {
            let body = TrackedBody::new(body, head.status, self);
            if let BodyContent::Direct(content) = &body.content {
                // Framed by its length, which the dispatcher does not see.
                head.no_chunking(true);
                head.headers_mut().insert(CONTENT_LENGTH, content.len().into());
            }
            ResponseBody::Tracked(body)
        })
    }

    /// Detaches the body of an event stream from the dispatcher, which sends the head only.
    fn detach(self, body: impl MessageBody + 'static) -> ResponseBody {
        let connection = Rc::clone(&self.connection);
        let framing = if self.version < Version::HTTP_11 { Framing::UntilClose } else { Framing::Chunked };
        let content = BodyContent::Stream(body.boxed());
        let body = TrackedBody { content, size: BodySize::Stream, in_flight: self };
        connection.io.detach(DetachedBody { content: body.boxed(), framing });
        ResponseBody::Detached
    }
}

/// Body of a request, shared by the routes and the guard of the request.
struct RequestBody {
    connection: Rc<Connection>,
    payload: RefCell<Payload>,
    has_failed: Cell<bool>,
}

/// Stream of a request's body for the routes.
struct RequestBodyStream(Rc<RequestBody>);

impl RequestBody {
    /// Takes the body out of a request, and puts a [`RequestBodyStream`] in its place.
    fn take(request: &mut Request, connection: &Rc<Connection>) -> Rc<Self> {
        let payload = RefCell::new(request.take_payload());
        let body = Rc::new(Self { connection: Rc::clone(connection), payload, has_failed: Cell::new(false) });
        *request.payload() = Payload::Stream { payload: Box::pin(RequestBodyStream(Rc::clone(&body))) };
        body
    }

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let state = &self.connection.requests;
        let next = Pin::new(&mut *self.payload.borrow_mut()).poll_next(context);
        let was_pending = state.set_body_read_pending(next.is_pending());
        if next.is_pending() && !was_pending {
            // The dispatcher has polled the socket before this: wake it to poll again.
            context.waker().wake_by_ref();
        }
        match next {
            Poll::Ready(Some(Err(_))) => self.has_failed.set(true),
            // actix returns `None` after an error, too.
            Poll::Ready(None) if !self.has_failed.get() => state.complete_body(),
            _ => {}
        }
        next
    }

    /// Discards the rest of the body. Returns whether it was complete within the limits.
    async fn discard(&self) -> bool {
        let state = &self.connection.requests;
        let mut left = MAX_DISCARDED_BYTES;
        if state.is_body_complete() {
            return true;
        }
        if matches!(state.body_length(), BodyLength::Known(length) if length > left) {
            return false;
        }
        let discard = async {
            while let Some(Ok(chunk)) = poll_fn(|context| self.poll_next(context)).await {
                left = left.saturating_sub(chunk.len() as u64);
                if left == 0 {
                    return;
                }
            }
        };
        let _ = tokio::time::timeout(MAX_DISCARD_TIME, discard).await;
        state.is_body_complete()
    }
}

impl Stream for RequestBodyStream {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(context)
    }
}

/// Body of a response, for the dispatcher.
pub enum ResponseBody {
    /// Body that the dispatcher sends.
    Tracked(TrackedBody),
    /// Body of an event stream, which is sent after the dispatcher has sent the head.
    Detached,
}

impl MessageBody for ResponseBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        match self {
            Self::Tracked(body) => body.size(),
            Self::Detached => BodySize::Stream,
        }
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        match self.get_mut() {
            Self::Tracked(body) => Pin::new(body).poll_next(context),
            Self::Detached => Poll::Pending,
        }
    }
}

/// Body of a response. A panic in it is an error of the body, which closes the connection.
pub struct TrackedBody {
    content: BodyContent,
    size: BodySize,
    in_flight: InFlight,
}

enum BodyContent {
    /// Body that the dispatcher copies behind the head.
    Whole(Bytes),
    /// Body that is written to the socket from where it is.
    Direct(Bytes),
    Stream(BoxBody),
}

impl TrackedBody {
    fn new(body: impl MessageBody + 'static, status: StatusCode, in_flight: InFlight) -> Self {
        let size = body.size();
        let content = match body.try_into_bytes() {
            Ok(body) if body.len() >= MIN_DIRECT_BYTES && status == StatusCode::OK && !in_flight.is_head => {
                return Self { content: BodyContent::Direct(body), size: BodySize::Stream, in_flight };
            }
            Ok(body) => BodyContent::Whole(body),
            Err(body) => BodyContent::Stream(body.boxed()),
        };
        Self { content, size, in_flight }
    }
}

impl MessageBody for TrackedBody {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { content, in_flight, .. } = self.get_mut();
        if let BodyContent::Direct(body) = content {
            in_flight.connection.io.set_body(mem::take(body), in_flight.tracked.take());
            *content = BodyContent::Whole(Bytes::new());
        }
        let state = &in_flight.connection.requests;
        match content {
            BodyContent::Whole(body) if !body.is_empty() => Poll::Ready(Some(Ok(mem::take(body)))),
            BodyContent::Whole(_) if state.is_last() => {
                // The body is complete. `Pending` keeps the dispatcher from the requests that it may have parsed after the last one: the
                // connection is closed when the response is sent.
                state.complete();
                Poll::Pending
            }
            BodyContent::Whole(_) | BodyContent::Direct(_) => Poll::Ready(None),
            BodyContent::Stream(body) => catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_next(context)))
                .unwrap_or_else(|_: Box<dyn Any + Send>| Poll::Ready(Some(Err("a panic in the body".into())))),
        }
    }
}

/// Returns whether a response is an event stream (WHATWG HTML §9.2), which waits for most of the time.
fn is_event_stream(response: &Response<impl MessageBody>) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    response.body().size() == BodySize::Stream
        && content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

/// Returns the length of a request's body by the rules of the dispatcher.
fn body_length(request: &mut Request) -> BodyLength {
    if matches!(request.payload(), Payload::None) {
        return BodyLength::Known(0);
    }
    let headers = request.headers();
    if request.method() == Method::CONNECT || headers.contains_key(UPGRADE) {
        // actix reads the input after CONNECT, and after an offer to upgrade that was left in a malformed head, as a tunnel and ignores
        // `Content-Length`.
        return BodyLength::Unknown;
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    length.map_or(BodyLength::Unknown, BodyLength::Known)
}
