//! Writes of the dispatcher, of bodies that it did not get and of event streams.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::TimeoutIo;
use crate::server::head::Head;
use crate::telemetry::metrics::names;

/// Minimum number of bytes that a client has to read within the write timeout.
const MIN_WRITE_PROGRESS: usize = 4 * 1024;

impl TimeoutIo {
    /// Writes bytes of the dispatcher, and of a body that it did not get. Fails if the client reads too slowly.
    fn poll_send(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(result) = self.connection.poll_write(context, bytes) {
            let result = match result {
                Ok((_, 0)) => Err(io::ErrorKind::WriteZero.into()),
                result => result,
            };
            if let (Some((_, taken)), Ok((_, written))) = (&mut self.blocked, &result) {
                *taken += written;
            }
            self.progressed_at = Instant::now();
            return Poll::Ready(result.map(|(own, _)| own));
        }
        let now = Instant::now();
        let (since, taken) = self.blocked.get_or_insert((now, 0));
        if *taken >= MIN_WRITE_PROGRESS {
            (*since, *taken) = (now, 0);
        }
        let deadline = *since + self.connection.settings.timeouts.write;
        ready!(self.write_deadline.poll(deadline, context));
        metrics::counter!(names::CONNECTIONS_REFUSED, "reason" => "slow_reader").increment(1);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    /// Marks the connection as idle after a response, or closes it after the last one.
    fn response_sent(&mut self, context: &mut Context<'_>) {
        let (requests, io) = (&self.connection.requests, &self.connection.io);
        self.answered = requests.started();
        if requests.is_last() {
            let has_unread_input = !self.received.is_empty() || !requests.is_body_complete();
            io.close(has_unread_input);
            return;
        }
        (self.head, self.body_bytes, self.idle_since) = (Head::default(), 0, self.progressed_at);
        let has_input = !self.received.is_empty() || self.is_half_closed;
        if has_input || self.poll_idle(context).is_ready() {
            context.waker().wake_by_ref();
        }
    }
}

impl AsyncWrite for TimeoutIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let io = self.get_mut();
        if !io.is_request_open() {
            // Discards the dispatcher's response without a body to a head that it can't parse; an early response replaces it.
            return Poll::Ready(Ok(bytes.len()));
        }
        io.poll_send(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let io = self.get_mut();
        // The dispatcher flushes after it has written all of its buffer, which contains the head.
        while io.connection.io.has_body() {
            ready!(io.poll_send(context, &[]))?;
        }
        io.blocked = None;
        io.connection.io.flushed();
        if io.is_request_open() && !io.connection.requests.is_in_flight() {
            io.response_sent(context);
        }
        Poll::Ready(Ok(()))
    }

    /// Does nothing: the connection is closed after the dispatcher has ended.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
