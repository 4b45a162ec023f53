//! A socket as the server library sees it: whole requests come from it, and then, when it is idle, its end. A client that reads nothing
//! makes it break.
//!
//! What happens between a request and its answer is the business of the requests: see [`crate::http::Connection`].

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::extent::Extent;
use super::line::{House, LINGER, Line};
use crate::http::{Connection, More, Refusal};

/// So much of an answer a client takes at least, in the time that there is for it.
const LEAST_PROGRESS: usize = 4 * 1024;
/// A connection on which nothing happens is given back after this time. Sooner, and those who ask again at once would pay for it.
const IDLE: Duration = Duration::from_secs(1);
/// So much is read ahead of a client that asks again before it is answered.
const MOST_KEPT: usize = 8 * 1024;

/// A socket under guard.
pub struct Guarded {
    line: Rc<Line>,
    connection: Rc<Connection>,
    house: Arc<House>,
    /// How many requests were handed over.
    handed: u64,
    /// How many bytes of the last one are still to come.
    owed: usize,
    /// Whether all that was written is on its way.
    flushed: bool,
    /// Since when the client is behind, and how much it took since.
    behind: Option<(Instant, usize)>,
    reading: Alarm,
    writing: Alarm,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Guarded {
    /// Guards a connection on which a request has come.
    #[must_use]
    pub fn new(line: Rc<Line>, connection: Rc<Connection>, house: Arc<House>) -> Self {
        Self {
            handed: connection.requests(),
            owed: 0,
            flushed: true,
            behind: None,
            reading: Alarm::default(),
            writing: Alarm::default(),
            closing: Box::pin(house.closing.clone().cancelled_owned()),
            line,
            connection,
            house,
        }
    }

    /// What its requests know of it.
    pub fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// Whether the library has something to do: until then it gets nothing new.
    fn is_busy(&self) -> bool {
        self.connection.is_attended() || self.handed > self.connection.requests() || !self.flushed
    }

    /// Hands over the next request, as far as it is there. `false` when there is only part of one.
    fn hand_over(&mut self, extent: Extent) -> bool {
        self.owed = match extent {
            Extent::Head | Extent::Body(_) => return false,
            Extent::Request(bytes) => bytes,
            Extent::Unknown => {
                self.connection.end_after_this();
                usize::MAX
            }
        };
        self.handed += 1;
        true
    }

    /// To the library it looks as if the client had left.
    fn leave(&self) -> Poll<io::Result<()>> {
        self.line.give_back();
        Poll::Ready(Ok(()))
    }

    /// Nothing more has come: waits for it, gives the connection back, or ends it.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let more = if self.line.kept() > 0 { More::Here } else { More::ToCome };
        self.connection.wake_when_idle(context.waker(), more);
        let (patience, now) = (self.house.patience, Instant::now());
        // Its task is the only one that ever polls a connection: to be registered once lasts.
        let closing = self.house.closing.is_cancelled() || self.closing.as_mut().poll(context).is_ready();
        if self.is_busy() {
            // Nobody tells when the answer is made: it is looked at from time to time.
            let _ = self.reading.poll_at(now + patience.request.min(patience.idle), context);
            return Poll::Pending;
        }
        let idle_since = self.connection.idle_since();
        let stays = !self.connection.is_over() && self.owed == 0;
        let deadline = match (stays, closing) {
            (true, true) => now,
            (true, false) => idle_since + IDLE,
            (false, _) if self.connection.is_over() => idle_since + LINGER,
            (false, _) => idle_since + patience.idle,
        };
        // A task that has read much is made to pause before it knows that there is no more.
        if !tokio::task::coop::has_budget_remaining() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.reading.poll_at(deadline, context));
        if stays { self.leave() } else { Poll::Ready(Ok(())) }
    }

    /// Whether what is written now answers no request: the library found a head that it can't read, and says so in its own bare words.
    fn is_without_request(&self) -> bool {
        !self.connection.is_attended() && self.handed > self.connection.requests()
    }
}

impl AsyncRead for Guarded {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guarded = self.get_mut();
        let before = buffer.filled().len();
        loop {
            let is_next = guarded.owed == 0 && !guarded.is_busy();
            if is_next && guarded.line.kept() > 0 && !guarded.hand_over(guarded.line.extent()) {
                return guarded.leave();
            }
            let taken = guarded.line.take(guarded.owed, buffer);
            if taken > 0 {
                guarded.owed -= taken;
                return Poll::Ready(Ok(()));
            }
            if guarded.line.kept() >= MOST_KEPT {
                return guarded.wait(context);
            }
            let Poll::Ready(read) = guarded.line.poll_read(context, buffer) else { return guarded.wait(context) };
            read?;
            let new = &buffer.filled()[before..];
            if is_next && Extent::of(new) == Extent::Request(new.len()) {
                guarded.handed += 1;
                return Poll::Ready(Ok(()));
            }
            let passed = new.len().min(guarded.owed);
            if passed == new.len() {
                guarded.owed -= passed;
                return Poll::Ready(Ok(()));
            }
            guarded.line.keep(&new[passed..]);
            buffer.set_filled(before + passed);
            if passed > 0 {
                guarded.owed = 0;
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let guarded = self.get_mut();
        if guarded.is_without_request() {
            guarded.line.tell(Refusal::meant_by(bytes), Instant::now(), &guarded.house);
            return Poll::Ready(Ok(bytes.len()));
        }
        guarded.flushed = false;
        if let Poll::Ready(result) = guarded.line.poll_write(context, bytes) {
            if let (Some((_, taken)), Ok(more)) = (&mut guarded.behind, &result) {
                *taken += more;
            }
            return Poll::Ready(result);
        }
        let now = Instant::now();
        let patience = guarded.house.patience.write;
        let (since, taken) = guarded.behind.get_or_insert((now, 0));
        if *taken >= LEAST_PROGRESS {
            (*since, *taken) = (now, 0);
        }
        let deadline = *since + patience;
        ready!(guarded.writing.poll_at(deadline, context));
        metrics::counter!("ips_gateway_connections_refused_total", "reason" => "slow_reader").increment(1);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let guarded = self.get_mut();
        // All that was to be written is: nothing is held back below this.
        guarded.behind = None;
        if !std::mem::replace(&mut guarded.flushed, true) && guarded.line.kept() > 0 {
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.poll_shutdown(context)
    }
}

/// Wakes a task at a time that may change; most often it only gets later, which costs nothing.
#[derive(Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready from `deadline` on.
    fn poll_at(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
        while Instant::now() < deadline {
            let alarm = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
            if alarm.deadline() > deadline.into() || alarm.is_elapsed() {
                alarm.as_mut().reset(deadline.into());
            }
            ready!(alarm.as_mut().poll(context));
        }
        Poll::Ready(())
    }
}
