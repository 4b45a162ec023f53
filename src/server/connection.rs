//! State of one connection, shared by its socket ([`TimeoutIo`](super::timeout_io)) and the requests on it
//! ([`in_flight`](super::in_flight)). All run on the same thread.

use std::cell::{Cell, RefCell};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::body::BoxBody;
use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::early_response::{EarlyError, EarlyResponse};
use crate::config::Timeouts;
use crate::runtime::lifecycle::Lifecycle;

/// Settings and state that all connections of a server share.
pub struct ConnectionSettings {
    /// Timeouts of clients.
    pub timeouts: Timeouts,
    /// Renders responses to requests that never reach the routes.
    pub early_response: Arc<EarlyResponse>,
    /// Phase of the shutdown.
    pub lifecycle: Lifecycle,
    /// Tracks the requests in flight.
    pub requests: TaskTracker,
}

/// State of a connection.
pub struct Connection {
    /// Settings and state that all connections share.
    pub settings: Arc<ConnectionSettings>,
    /// State of the requests on it, written by [`in_flight`](super::in_flight).
    pub requests: RequestState,
    /// State of its socket, written by [`TimeoutIo`](super::timeout_io).
    pub io: IoState,
    socket: RefCell<TcpStream>,
}

impl Connection {
    /// Creates the state of a connection that was accepted.
    pub fn new(socket: TcpStream, settings: Arc<ConnectionSettings>) -> Rc<Self> {
        let (requests, io) = (RequestState::default(), IoState::default());
        Rc::new(Self { settings, requests, io, socket: RefCell::new(socket) })
    }

    /// Reads from the socket.
    pub fn poll_read(&self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket.borrow_mut()).poll_read(context, buffer)
    }

    /// Reads from the socket without waiting.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.borrow().try_read(buffer)
    }

    /// Writes `bytes` and the body of the latest response after them to the socket, in one system call. Returns how many of `bytes` were
    /// written, and how many bytes in all.
    pub fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<(usize, usize)>> {
        let mut body = self.io.body.borrow_mut();
        let mut socket = self.socket.borrow_mut();
        let socket = Pin::new(&mut *socket);
        let written = if body.is_empty() {
            socket.poll_write(context, bytes)
        } else {
            socket.poll_write_vectored(context, &[IoSlice::new(bytes), IoSlice::new(&body)])
        };
        written.map_ok(|written| {
            let own = written.min(bytes.len());
            body.advance(written - own);
            if body.is_empty() {
                *body = Bytes::new();
                self.io.request.take();
            }
            (own, written)
        })
    }

    /// Writes to the socket without waiting. Returns the number of bytes that the send buffer took.
    pub fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.socket.borrow().try_write(bytes)
    }

    /// Closes the sending direction of the socket.
    pub fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket.borrow_mut()).poll_shutdown(context)
    }
}

/// Length of a request's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// Value of `Content-Length`, in bytes; 0 without a body.
    Known(u64),
    /// Length of a chunked body, or of a tunnel that ends when the client closes it.
    Unknown,
}

/// State of the requests on a connection.
pub struct RequestState {
    started: Cell<u64>,
    in_flight: Cell<bool>,
    last: Cell<bool>,
    body_length: Cell<BodyLength>,
    body_read_pending: Cell<bool>,
    body_complete: Cell<bool>,
}

impl Default for RequestState {
    fn default() -> Self {
        Self {
            started: Cell::new(0),
            in_flight: Cell::new(false),
            last: Cell::new(false),
            body_length: Cell::new(BodyLength::Known(0)),
            body_read_pending: Cell::new(false),
            body_complete: Cell::new(true),
        }
    }
}

impl RequestState {
    /// Number of requests that were started on this connection.
    pub fn started(&self) -> u64 {
        self.started.get()
    }

    /// Whether the latest request is in flight: its response is not complete.
    pub fn is_in_flight(&self) -> bool {
        self.in_flight.get()
    }

    /// Whether the latest request is the last one that is carried out.
    pub fn is_last(&self) -> bool {
        self.last.get()
    }

    /// Length of the latest request's body.
    pub fn body_length(&self) -> BodyLength {
        self.body_length.get()
    }

    /// Whether a read of the body is pending: all received bytes of it were read.
    pub fn is_body_read_pending(&self) -> bool {
        self.body_read_pending.get()
    }

    /// Whether the body was read completely.
    pub fn is_body_complete(&self) -> bool {
        self.body_complete.get()
    }

    /// Starts a request.
    pub fn start(&self, body_length: BodyLength, is_last: bool) {
        self.started.set(self.started.get() + 1);
        self.in_flight.set(true);
        self.last.set(is_last);
        self.body_length.set(body_length);
        self.body_read_pending.set(false);
        self.body_complete.set(body_length == BodyLength::Known(0));
    }

    /// Sets whether a read of the body is pending. Returns the previous value.
    pub fn set_body_read_pending(&self, pending: bool) -> bool {
        self.body_read_pending.replace(pending)
    }

    /// Marks the body as read completely.
    pub fn complete_body(&self) {
        self.body_complete.set(true);
    }

    /// Marks the latest request as the last of the connection.
    pub fn mark_last(&self) {
        self.last.set(true);
    }

    /// Marks the response as complete.
    pub fn complete(&self) {
        self.in_flight.set(false);
    }
}

/// Body of an event stream, which [`event_stream`](super::event_stream) sends after the dispatcher has sent the head.
pub struct DetachedBody {
    /// Content.
    pub content: BoxBody,
    /// Framing of the content.
    pub framing: Framing,
}

/// Framing of a body of unknown length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Chunks (RFC 9112 §7.1).
    Chunked,
    /// The end of the connection ends the body (HTTP/1.0).
    UntilClose,
}

/// Input of a connection that was received and not read.
#[derive(Default)]
pub struct UnreadInput {
    /// The bytes.
    pub bytes: BytesMut,
    /// Whether the client has closed its sending direction after them.
    pub is_half_closed: bool,
}

/// State of the socket of a connection.
#[derive(Default)]
pub struct IoState {
    closed: Cell<bool>,
    unread_input: Cell<bool>,
    head_started: Cell<Option<Instant>>,
    early_error: Cell<Option<EarlyError>>,
    /// Rest of the latest response's body, which is written to the socket after the bytes of the dispatcher. It shares its memory with all
    /// responses with this body, so that a client that does not read costs no copy of it.
    body: RefCell<Bytes>,
    /// Entry of its request in the tracker of requests.
    request: RefCell<Option<TaskTrackerToken>>,
    /// Input that the last [`TimeoutIo`](super::timeout_io) has received.
    unread: RefCell<UnreadInput>,
    /// Body of the latest response if that is an event stream.
    detached: RefCell<Option<DetachedBody>>,
    /// Whether the head of that response was sent.
    is_detached_head_sent: Cell<bool>,
}

impl IoState {
    /// Whether the last response was sent: no more bytes are read or written for the dispatcher.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether the connection was closed with input that the dispatcher has not read, or that is still to come.
    pub fn has_unread_input(&self) -> bool {
        self.unread_input.get()
    }

    /// Time of the first byte of the latest head.
    pub fn head_started(&self) -> Option<Instant> {
        self.head_started.get()
    }

    /// Sets the time of the first byte of the latest head.
    pub fn start_head(&self, started: Instant) {
        self.head_started.set(Some(started));
    }

    /// Reason why the latest head is refused.
    pub fn early_error(&self) -> Option<EarlyError> {
        self.early_error.get()
    }

    /// Sets the body that is written after the bytes of the dispatcher. `request` is its request, which is in flight until then.
    pub fn set_body(&self, body: Bytes, request: Option<TaskTrackerToken>) {
        *self.body.borrow_mut() = body;
        *self.request.borrow_mut() = request;
    }

    /// Whether a rest of the body remains to be written.
    pub fn has_body(&self) -> bool {
        !self.body.borrow().is_empty()
    }

    /// Keeps input for the next reader of the connection.
    pub fn keep_unread(&self, input: UnreadInput) {
        *self.unread.borrow_mut() = input;
    }

    /// Takes the input that the last reader of the connection has left.
    pub fn take_unread(&self) -> UnreadInput {
        self.unread.take()
    }

    /// Sets the body of the latest response, an event stream.
    pub fn detach(&self, body: DetachedBody) {
        *self.detached.borrow_mut() = Some(body);
    }

    /// Marks everything that the dispatcher has written as sent: with it the head of an event stream, if there is one.
    pub fn flushed(&self) {
        self.is_detached_head_sent.set(self.detached.borrow().is_some());
    }

    /// Whether the head of an event stream was sent, whose body is to follow.
    pub fn is_detached(&self) -> bool {
        self.is_detached_head_sent.get()
    }

    /// Takes the body of the event stream whose head was sent.
    pub fn take_detached(&self) -> Option<DetachedBody> {
        if self.is_detached_head_sent.take() { self.detached.take() } else { None }
    }

    /// Drops the body of an event stream whose head was not sent: it refers to its connection.
    pub fn drop_detached(&self) {
        self.detached.take();
    }

    /// Marks the connection as closed after the last response.
    pub fn close(&self, has_unread_input: bool) {
        self.closed.set(true);
        self.unread_input.set(has_unread_input);
    }

    /// Refuses the latest head.
    pub fn refuse(&self, error: EarlyError) {
        self.early_error.set(Some(error));
    }
}
