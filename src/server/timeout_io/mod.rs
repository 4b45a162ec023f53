//! IO of actix's dispatcher with timeouts.
//!
//! The dispatcher has no timeout for the head of a later request, for a client that does not read, or for an idle connection. It also parses
//! pipelined requests ahead and then loses the `Connection` header of the one in flight, and it closes the connection after an offer to upgrade.
//! `TimeoutIo` therefore passes one complete head at a time, without such offers, and body bytes on demand. It does not parse: a head ends with
//! its first empty line, a body at the length in [`RequestState`](super::connection::RequestState).

mod deadline;
mod write;

use std::future::poll_fn;
use std::io;
use std::mem::{self, MaybeUninit};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;

use self::deadline::Deadline;
use super::connection::{BodyLength, Connection, UnreadInput};
use super::early_response::EarlyError;
use super::head::{Head, Part, without_upgrade};

/// Maximum size of a request's head, in bytes. Larger ones are refused with 431.
const MAX_HEAD_BYTES: usize = 32 * 1024;
/// Maximum number of bytes that are read ahead while a request is in flight, to detect a disconnect of the client.
const READ_AHEAD: usize = 1024;
/// Maximum time until the response to a client that has closed its sending direction, since the request or the last write. Most such clients
/// have disconnected; some wait for the response.
const HALF_CLOSED_TIMEOUT: Duration = Duration::from_millis(500);
/// Time in which an idle connection accepts one more request after the server starts stopping: a proxy may have sent a request that crosses
/// with the close.
const LAST_REQUEST_WINDOW: Duration = Duration::from_millis(200);

/// Socket with timeouts.
pub struct TimeoutIo {
    connection: Rc<Connection>,
    /// Received bytes that the dispatcher has not read.
    received: BytesMut,
    head: Head,
    /// Whether `received` begins with a head that is complete, or malformed.
    is_head_received: bool,
    /// Number of bytes of a complete head that the dispatcher has not read; `None` while there is no complete head.
    head_left: Option<usize>,
    /// Number of bytes of `received` that were measured as part of a head that is not complete.
    measured: usize,
    /// Number of bytes of the current request's body that the dispatcher has read.
    body_bytes: u64,
    /// Whether the next read returns `Pending` once, so that the dispatcher decodes what it has.
    is_paused: bool,
    /// Number of requests whose response was sent.
    answered: u64,
    idle_since: Instant,
    stopping_since: Option<Instant>,
    /// Whether the client has closed its sending direction.
    is_half_closed: bool,
    /// Time of the last bytes of the current request that were received, or of its response that were written.
    progressed_at: Instant,
    /// Start of the time in which writes block, and the number of bytes that the client has read since.
    blocked: Option<(Instant, usize)>,
    read_deadline: Deadline,
    write_deadline: Deadline,
}

impl TimeoutIo {
    /// Wraps the socket of a connection that is new, or whose latest request is in flight.
    pub fn new(connection: Rc<Connection>) -> Self {
        let UnreadInput { bytes: received, is_half_closed } = connection.io.take_unread();
        Self {
            connection,
            received,
            head: Head::default(),
            is_head_received: false,
            head_left: None,
            measured: 0,
            body_bytes: 0,
            is_paused: false,
            answered: 0,
            idle_since: Instant::now(),
            stopping_since: None,
            is_half_closed,
            progressed_at: Instant::now(),
            blocked: None,
            read_deadline: Deadline::default(),
            write_deadline: Deadline::default(),
        }
    }

    /// Receives the first head. The dispatcher, which allocates 16 KiB for a connection, is started after that.
    ///
    /// # Errors
    /// The head is not complete in time, is too large, or the client disconnects before its end.
    pub async fn receive_head(&mut self) -> io::Result<()> {
        poll_fn(|context| self.poll_receive_head(context)).await?;
        // The dispatcher refuses a malformed head.
        if self.is_half_closed && !self.is_head_received { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Receives a head into `received`, completely unless it is malformed or the client closes its sending direction, and removes its offers
    /// to upgrade.
    fn poll_receive_head(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let input = &self.received[self.measured..];
            self.is_head_received = self.head.is_malformed_by(input);
            self.measured += self.head.measure(input, Part::Head);
            if self.measured > 0 {
                ready!(self.check_head())?;
            }
            self.is_head_received |= self.head.is_complete;
            if self.is_head_received || self.is_half_closed {
                break;
            }
            let Poll::Ready(read) = self.poll_read_ahead(context) else { return self.poll_idle(context) };
            read?;
        }
        if let Some(head) = without_upgrade(&self.received[..self.measured]) {
            let rest = self.received.split_off(self.measured);
            self.received = BytesMut::from(&*head);
            self.received.unsplit(rest);
            self.measured = head.len();
        }
        self.head_left = self.head.is_complete.then_some(self.measured);
        // One that is not complete is measured again when the dispatcher reads it.
        let started = self.head.started;
        (self.head, self.measured) = (Head::default(), 0);
        self.head.started = started;
        Poll::Ready(Ok(()))
    }

    /// Returns the state of the connection.
    pub fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// Whether a request was started whose response is not sent completely.
    fn is_request_open(&self) -> bool {
        self.connection.requests.started() > self.answered
    }

    /// Passes the next part of a head to the dispatcher, up to the empty line that ends it.
    fn poll_head(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if !self.is_head_received {
            ready!(self.poll_receive_head(context))?;
        }
        let part = self.head_left.map_or(Part::Head, |left| Part::AtMost(left as u64));
        let Poll::Ready(bytes) = self.poll_part(context, buffer, part) else { return self.poll_idle(context) };
        let bytes = bytes?;
        if bytes == 0 {
            return Poll::Ready(Ok(()));
        }
        if let Some(left) = &mut self.head_left {
            *left -= bytes;
            if *left == 0 {
                (self.is_paused, self.is_head_received, self.head_left) = (true, false, None);
            }
            return Poll::Ready(Ok(()));
        }
        if mem::take(&mut self.head.is_complete) {
            (self.is_paused, self.is_head_received) = (true, false);
        }
        self.check_head()
    }

    /// Refuses a head that is too large.
    fn check_head(&mut self) -> Poll<io::Result<()>> {
        self.progressed_at = self.start_head();
        if self.head.bytes > MAX_HEAD_BYTES {
            return self.refuse(EarlyError::HeadTooLarge);
        }
        Poll::Ready(Ok(()))
    }

    /// Returns the time of the head's first byte: now, unless it was set before.
    fn start_head(&mut self) -> Instant {
        let started = *self.head.started.get_or_insert_with(Instant::now);
        self.connection.io.start_head(started);
        started
    }

    /// Waits for the rest of a head, or for a request. At the deadline the connection is closed.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // tokio's cooperative budget makes an exhausted task's reads return `Pending` although data may be there: poll again before a
        // deadline decides.
        if !tokio::task::coop::has_budget_remaining() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let (timeouts, lifecycle) = (self.connection.settings.timeouts, &self.connection.settings.lifecycle);
        if lifecycle.is_stopping() && self.stopping_since.is_none() {
            self.stopping_since = Some(Instant::now());
        }
        let deadline = match (self.head.started, self.stopping_since) {
            (Some(started), _) => started + timeouts.request,
            (None, Some(since)) => self.idle_since.max(since) + LAST_REQUEST_WINDOW.min(timeouts.request),
            (None, None) if self.answered == 0 => self.idle_since + timeouts.request,
            (None, None) => self.idle_since + timeouts.idle,
        };
        ready!(self.read_deadline.poll(deadline, context));
        match self.head.started {
            Some(_) => self.refuse(EarlyError::HeadTimeout),
            None => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Ends the dispatcher with an error; the early response is sent after that.
    fn refuse(&self, error: EarlyError) -> Poll<io::Result<()>> {
        self.connection.io.refuse(error);
        Poll::Ready(Err(io::ErrorKind::InvalidData.into()))
    }

    /// Passes the next part of the current request's body to the dispatcher if a read of it is pending. After its end: detects the client's
    /// disconnect.
    fn poll_body(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let requests = &self.connection.requests;
        let left = match requests.body_length() {
            _ if requests.is_body_complete() => 0,
            BodyLength::Known(length) => length - self.body_bytes,
            BodyLength::Unknown => u64::MAX,
        };
        if left > 0 {
            if !requests.is_body_read_pending() {
                return Poll::Pending;
            }
            let bytes = ready!(self.poll_part(context, buffer, Part::AtMost(left)))?;
            self.body_bytes += bytes as u64;
            self.progressed_at = Instant::now();
            self.is_paused = bytes > 0;
            return Poll::Ready(Ok(()));
        }
        self.poll_disconnect(context).map(Err)
    }

    /// Waits for the client's disconnect while a response is in flight. Input is read ahead to detect it.
    pub fn poll_disconnect(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        while self.received.len() < READ_AHEAD && !self.is_half_closed {
            if let Err(error) = ready!(self.poll_read_ahead(context)) {
                return Poll::Ready(error);
            }
        }
        if !self.is_half_closed {
            return Poll::Pending;
        }
        ready!(self.read_deadline.poll(self.progressed_at + HALF_CLOSED_TIMEOUT, context));
        Poll::Ready(io::ErrorKind::ConnectionAborted.into())
    }

    /// Returns `Pending` once, so that the dispatcher decodes what it has, and wakes it if more can be read.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_head = !self.is_request_open();
        if is_head && self.received.is_empty() && !self.is_half_closed {
            if let Poll::Ready(Err(error)) = self.poll_read_ahead(context) {
                return Poll::Ready(Err(error));
            }
            if self.received.is_empty() && !self.is_half_closed {
                // The head is complete: the request has no deadline before its response.
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Moves the input that belongs to `part` into `buffer`, and keeps the rest. Returns the number of bytes; 0 at the end of the input.
    fn poll_part(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
        part: Part,
    ) -> Poll<io::Result<usize>> {
        let bytes = if self.received.is_empty() {
            if self.is_half_closed {
                return Poll::Ready(Ok(0));
            }
            let before = buffer.filled().len();
            ready!(self.connection.poll_read(context, buffer))?;
            let input = &buffer.filled()[before..];
            if input.is_empty() {
                self.is_half_closed = true;
            }
            let bytes = self.head.measure(input, part);
            self.received.extend_from_slice(&input[bytes..]);
            buffer.set_filled(before + bytes);
            bytes
        } else {
            let input = &self.received[..self.received.len().min(buffer.remaining())];
            let bytes = self.head.measure(input, part);
            buffer.put_slice(&input[..bytes]);
            self.received.advance(bytes);
            if self.received.is_empty() {
                self.received = BytesMut::new();
            }
            bytes
        };
        Poll::Ready(Ok(bytes))
    }

    /// Reads up to [`READ_AHEAD`] bytes into `received`.
    fn poll_read_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scratch = [const { MaybeUninit::uninit() }; READ_AHEAD];
        let mut input = ReadBuf::uninit(&mut scratch);
        ready!(self.connection.poll_read(context, &mut input))?;
        if input.filled().is_empty() {
            self.is_half_closed = true;
        }
        self.received.extend_from_slice(input.filled());
        Poll::Ready(Ok(()))
    }
}

impl Drop for TimeoutIo {
    fn drop(&mut self) {
        let unread = UnreadInput { bytes: mem::take(&mut self.received), is_half_closed: self.is_half_closed };
        self.connection.io.keep_unread(unread);
    }
}

impl AsyncRead for TimeoutIo {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let io = self.get_mut();
        if io.connection.io.is_closed() {
            Poll::Pending
        } else if mem::take(&mut io.is_paused) {
            io.poll_pause(context)
        } else if io.is_request_open() {
            io.poll_body(context, buffer)
        } else {
            io.poll_head(context, buffer)
        }
    }
}
