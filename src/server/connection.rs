//! State of one connection, shared by its socket ([`TimeoutIo`](super::timeout_io)) and the requests on it
//! ([`in_flight`](super::in_flight)). All run on the same thread.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

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
    /// What it shares with the other connections.
    pub settings: Arc<ConnectionSettings>,
    /// State of its requests. Only [`in_flight`](super::in_flight) changes it.
    pub requests: RequestState,
    /// State of its socket. Only [`TimeoutIo`](super::timeout_io) changes it.
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

    /// Reads what the socket has, without waiting.
    pub fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.borrow().try_read(buffer)
    }

    /// Writes to the socket.
    pub fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.socket.borrow_mut()).poll_write(context, bytes)
    }

    /// Writes what the socket takes, without waiting.
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
    /// As `Content-Length` says, in bytes; 0 without a body.
    Known(u64),
    /// A chunked body, or a tunnel that lasts until the client closes it.
    Unknown,
}

/// State of the requests on a connection.
pub struct RequestState {
    started: Cell<u64>,
    in_flight: Cell<bool>,
    last: Cell<bool>,
    body_length: Cell<BodyLength>,
    body_wanted: Cell<bool>,
    body_complete: Cell<bool>,
}

impl Default for RequestState {
    fn default() -> Self {
        Self {
            started: Cell::new(0),
            in_flight: Cell::new(false),
            last: Cell::new(false),
            body_length: Cell::new(BodyLength::Known(0)),
            body_wanted: Cell::new(false),
            body_complete: Cell::new(true),
        }
    }
}

impl RequestState {
    /// Number of requests that were started on this connection.
    pub fn started(&self) -> u64 {
        self.started.get()
    }

    /// Whether the newest request is in flight: its response is not complete yet.
    pub fn is_in_flight(&self) -> bool {
        self.in_flight.get()
    }

    /// Whether no request is carried out after the newest one.
    pub fn is_last(&self) -> bool {
        self.last.get()
    }

    /// Length of the newest request's body.
    pub fn body_length(&self) -> BodyLength {
        self.body_length.get()
    }

    /// Whether the body is being read and nothing of it has arrived that was not read.
    pub fn is_body_wanted(&self) -> bool {
        self.body_wanted.get()
    }

    /// Whether the body was read to its end.
    pub fn is_body_complete(&self) -> bool {
        self.body_complete.get()
    }

    /// Starts a request.
    pub fn start(&self, body_length: BodyLength, is_last: bool) {
        self.started.set(self.started.get() + 1);
        self.in_flight.set(true);
        self.last.set(is_last);
        self.body_length.set(body_length);
        self.body_wanted.set(false);
        self.body_complete.set(body_length == BodyLength::Known(0));
    }

    /// Sets whether the body is wanted. Returns whether it was before.
    pub fn set_body_wanted(&self, wanted: bool) -> bool {
        self.body_wanted.replace(wanted)
    }

    /// The body was read to its end.
    pub fn complete_body(&self) {
        self.body_complete.set(true);
    }

    /// The newest request is the last of the connection.
    pub fn mark_last(&self) {
        self.last.set(true);
    }

    /// The response is complete.
    pub fn complete(&self) {
        self.in_flight.set(false);
    }
}

/// State of the socket of a connection.
#[derive(Default)]
pub struct IoState {
    closed: Cell<bool>,
    unread_input: Cell<bool>,
    early_error: Cell<Option<(EarlyError, Instant)>>,
}

impl IoState {
    /// Whether the last response was sent: nothing goes through the socket any more.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Whether the connection was closed with input that was not handed over, or that is still to come.
    pub fn has_unread_input(&self) -> bool {
        self.unread_input.get()
    }

    /// Why the head that was arriving is refused, and since when it was arriving.
    pub fn early_error(&self) -> Option<(EarlyError, Instant)> {
        self.early_error.get()
    }

    /// The last response was sent.
    pub fn close(&self, has_unread_input: bool) {
        self.closed.set(true);
        self.unread_input.set(has_unread_input);
    }

    /// The head that is arriving since `started` is refused.
    pub fn refuse(&self, error: EarlyError, started: Instant) {
        self.early_error.set(Some((error, started)));
    }
}
