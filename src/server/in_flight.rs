//! In-flight requests: one at a time on each connection, from its head to the last byte of its response.
//!
//! [`track`] wraps the routes. It decides which response is the last of its connection, says `Connection: close` in it, and keeps actix
//! from carrying out anything behind it. Bodies pass through it in both directions: a request's is only read from the socket when it is
//! asked for, a response's leaves in pieces.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::error::PayloadError;
use actix_http::header::{CONTENT_LENGTH, UPGRADE};
use actix_http::{ConnectionType, HttpMessage, Method, Payload, Request, Response, StatusCode};
use actix_service::Service;
use bytes::Bytes;
use futures_util::Stream;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::connection::{BodyLength, Connection};

/// Size in bytes of the pieces that a response leaves in. What a client doesn't read stays in its one shared copy. A head and a piece fit
/// into a buffer of 16 KiB. Each piece is a write of its own: smaller ones make responses slower.
const PIECE: usize = 15 * 1024;
/// Maximum number of body bytes, and maximum time, that are spent on a body that the routes have not read, so that the connection can be
/// kept alive. Beyond that the connection is closed after the response.
const MAX_DISCARDED_BYTES: u64 = 256 * 1024;
const MAX_DISCARD_TIME: Duration = Duration::from_millis(250);

/// Tracks a request on its way through `service`.
pub fn track<S, B>(
    mut request: Request,
    service: &S,
) -> impl Future<Output = Result<Response<TrackedBody>, S::Error>> + use<S, B>
where
    S: Service<Request>,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody + 'static,
{
    let started = InFlight::start(&mut request).map(|in_flight| (in_flight, service.call(request)));
    async move {
        let Some((in_flight, response)) = started else {
            // Neither carried out nor answered: the connection is closed as soon as the last response is sent.
            return pending().await;
        };
        Ok(match response.await {
            Ok(response) => in_flight.respond(response.into()).await,
            Err(error) => in_flight.respond(error.into()).await,
        })
    }
}

/// A request in flight, until this is dropped.
struct InFlight {
    connection: Rc<Connection>,
    body: Option<Rc<RequestBody>>,
    _tracked: TaskTrackerToken,
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
        // Where a body of unknown length ends only actix knows, which may have read beyond that by then. A client that expects 100 may
        // send the body or not once it is refused.
        let is_last =
            head.connection_type() != ConnectionType::KeepAlive || head.expect() || length == BodyLength::Unknown;
        let body = (length != BodyLength::Known(0)).then(|| RequestBody::take(request, &connection));
        state.start(length, is_last);
        let tracked = connection.settings.requests.token();
        Some(Self { connection, body, _tracked: tracked })
    }

    /// Prepares the response for the dispatcher.
    async fn respond<B: MessageBody + 'static>(self, mut response: Response<B>) -> Response<TrackedBody> {
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
        if state.is_last() {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        response.map_body(|_, body| TrackedBody::new(body, self))
    }
}

/// Body of a request, shared by the routes and the request in flight.
struct RequestBody {
    connection: Rc<Connection>,
    payload: RefCell<Payload>,
    has_failed: Cell<bool>,
}

/// The routes' handle of a request's body.
struct RequestBodyStream(Rc<RequestBody>);

impl RequestBody {
    /// Takes the body out of a request, and leaves a handle of it there.
    fn take(request: &mut Request, connection: &Rc<Connection>) -> Rc<Self> {
        let payload = RefCell::new(request.take_payload());
        let body = Rc::new(Self { connection: Rc::clone(connection), payload, has_failed: Cell::new(false) });
        *request.payload() = Payload::Stream { payload: Box::pin(RequestBodyStream(Rc::clone(&body))) };
        body
    }

    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        let state = &self.connection.requests;
        let next = Pin::new(&mut *self.payload.borrow_mut()).poll_next(context);
        let was_wanted = state.set_body_wanted(next.is_pending());
        if next.is_pending() && !was_wanted {
            // The dispatcher has read from the socket before it came here: it is to do so again.
            context.waker().wake_by_ref();
        }
        match next {
            Poll::Ready(Some(Err(_))) => self.has_failed.set(true),
            // actix ends a body with this after an error, too.
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
            while let Some(Ok(piece)) = poll_fn(|context| self.poll_next(context)).await {
                left = left.saturating_sub(piece.len() as u64);
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

/// Body of a response. A panic in it ends the connection as any other error of a body does.
pub struct TrackedBody {
    content: BodyContent,
    size: BodySize,
    in_flight: InFlight,
}

enum BodyContent {
    Whole(Bytes),
    Stream(BoxBody),
}

impl TrackedBody {
    fn new(body: impl MessageBody + 'static, in_flight: InFlight) -> Self {
        let size = body.size();
        let content = body.try_into_bytes().map_or_else(|body| BodyContent::Stream(body.boxed()), BodyContent::Whole);
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
        let state = &in_flight.connection.requests;
        match content {
            BodyContent::Whole(rest) if !rest.is_empty() => Poll::Ready(Some(Ok(rest.split_to(rest.len().min(PIECE))))),
            BodyContent::Whole(_) if state.is_last() => {
                // Complete, but the dispatcher is kept from going on to what it may have parsed behind the last request: the connection
                // is closed as soon as the response is sent.
                state.complete();
                Poll::Pending
            }
            BodyContent::Whole(_) => Poll::Ready(None),
            BodyContent::Stream(body) => catch_unwind(AssertUnwindSafe(|| Pin::new(body).poll_next(context)))
                .unwrap_or_else(|_: Box<dyn Any + Send>| Poll::Ready(Some(Err("a panic in the body".into())))),
        }
    }
}

/// Returns the length of a request's body as the dispatcher has understood it.
fn body_length(request: &mut Request) -> BodyLength {
    if matches!(request.payload(), Payload::None) {
        return BodyLength::Known(0);
    }
    let headers = request.headers();
    if request.method() == Method::CONNECT || headers.contains_key(UPGRADE) {
        // actix takes what follows an offer of WebSocket for a tunnel, whatever its length is said to be.
        return BodyLength::Unknown;
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    length.map_or(BodyLength::Unknown, BodyLength::Known)
}
