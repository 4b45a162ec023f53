//! A socket that loses patience: with heads that never end or make no sense, with clients that read nothing, and with silence.
//!
//! actix limits only the time for the first head of a connection; a half-sent second one, or an answer that nobody reads, would hold
//! its socket for ever. What happens between a request and its answer is the business of the requests: see [`crate::http::Connection`].

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::admission::Permit;
use crate::config::Patience;
use crate::http::{self, Connection, LARGEST_HEAD, Refusal};

/// So much of an answer a client takes at least, in the time that there is for it.
const LEAST_PROGRESS: usize = 4 * 1024;
/// When the server ends, clients that were not told so get this long to begin with another request. A proxy sends one on whatever
/// connection looks idle, the one that a stream just left above all, and can't send it again when it crosses with the end.
const LAST_CALL: Duration = Duration::from_millis(200);

/// A client that sends a body which nobody wants gets this long to read why.
pub const LINGER: Duration = Duration::from_secs(1);

/// What all sockets of a server have in common.
pub struct House {
    /// How long clients are waited for.
    pub patience: Patience,
    /// What the paths of the gateway begin with.
    pub prefix: String,
    /// Cancelled when connections are to end as soon as they are idle.
    pub closing: CancellationToken,
}

/// A socket under guard.
pub struct Guarded {
    socket: TcpStream,
    connection: Rc<Connection>,
    house: Arc<House>,
    head: Head,
    reading: Alarm,
    writing: Alarm,
    /// Since when the client is behind, and how much it took since.
    behind: Option<(Instant, usize)>,
    /// How many requests were answered to the last byte when the client said something.
    answered: u64,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
    /// Since when connections are to end.
    closing_since: Option<Instant>,
    _permit: Permit,
}

impl Guarded {
    /// Guards the socket of a connection.
    pub fn new(socket: TcpStream, connection: Rc<Connection>, house: Arc<House>, permit: Permit) -> Self {
        let closing = Box::pin(house.closing.clone().cancelled_owned());
        let (reading, writing) = (Alarm::default(), Alarm::default());
        Self {
            socket,
            connection,
            house,
            head: Head::default(),
            reading,
            writing,
            behind: None,
            answered: 0,
            closing,
            closing_since: None,
            _permit: permit,
        }
    }

    /// What its requests know of it.
    pub fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// Nothing more has come: waits for it, or ends the connection, which looks as if the client had.
    fn wait(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.connection.wake_when_idle(context.waker());
        let (patience, now) = (self.house.patience, Instant::now());
        // Its task is the only one that ever polls a connection: to be registered once lasts.
        if self.house.closing.is_cancelled() || self.closing.as_mut().poll(context).is_ready() {
            self.closing_since.get_or_insert(now);
        }
        if self.connection.is_attended() {
            // Nobody tells when the answer is made: it is looked at from time to time.
            let _ = self.reading.poll_at(now + patience.request.min(patience.idle), context);
            return Poll::Pending;
        }
        self.head.belong_to(self.connection.requests());
        let idle_since = self.connection.idle_since();
        let is_new = self.connection.requests() == 0;
        let deadline = match (self.head.began, self.closing_since) {
            _ if self.connection.is_over() => idle_since + LINGER,
            (Some(began), _) => began + patience.request,
            (None, Some(closing)) => idle_since.max(closing) + LAST_CALL.min(patience.request),
            (None, None) if is_new => idle_since + patience.request,
            (None, None) => idle_since + patience.idle,
        };
        // A task that has read much is made to pause before it knows that there is no more.
        if !tokio::task::coop::has_budget_remaining() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.reading.poll_at(deadline, context));
        if self.head.began.is_some() && !self.connection.is_over() {
            self.give_up(Refusal::SlowHead);
        }
        Poll::Ready(Ok(()))
    }

    /// Ends a connection whose head can't be waited for. What follows a first request may be the rest of its body: then nothing is said.
    fn give_up(&self, refusal: Refusal) {
        count(refusal);
        if self.connection.requests() == 0 {
            self.tell(refusal);
        }
    }

    /// Says why the connection ends. Whoever doesn't take even this is not told.
    fn tell(&self, refusal: Refusal) {
        let began = self.head.began.unwrap_or_else(Instant::now);
        let _ = self.socket.try_write(&http::last_words(refusal, &self.house.prefix, began));
    }

    /// Whether what is written now answers no request: the library found a head that it can't read, and says so in its own bare words.
    fn is_without_request(&self) -> bool {
        !self.connection.is_attended() && self.connection.requests() == self.answered
    }
}

fn count(refusal: Refusal) {
    let reason = match refusal {
        Refusal::SlowHead => "slow_head",
        Refusal::LargeHead => "large_head",
        Refusal::MalformedHead => "malformed_head",
    };
    metrics::counter!("ips_gateway_connections_refused_total", "reason" => reason).increment(1);
}

impl AsyncRead for Guarded {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let guarded = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut guarded.socket).poll_read(context, buffer) {
            Poll::Ready(Ok(())) if !guarded.connection.is_attended() => {
                if guarded.behind.is_none() {
                    guarded.answered = guarded.connection.requests();
                }
                guarded.head.belong_to(guarded.connection.requests());
                if guarded.head.take(&buffer.filled()[before..]).is_err() {
                    guarded.give_up(Refusal::LargeHead);
                    buffer.set_filled(before);
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => guarded.wait(context),
            ready @ Poll::Ready(_) => ready,
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let guarded = self.get_mut();
        if guarded.is_without_request() {
            let refusal = Refusal::meant_by(bytes);
            count(refusal);
            guarded.tell(refusal);
            return Poll::Ready(Ok(bytes.len()));
        }
        if let Poll::Ready(result) = Pin::new(&mut guarded.socket).poll_write(context, bytes) {
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
        // All that was to be written is.
        guarded.behind = None;
        Pin::new(&mut guarded.socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
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

/// The head of a request as far as it has come.
#[derive(Default)]
struct Head {
    /// How many requests came before it.
    after: u64,
    began: Option<Instant>,
    bytes: usize,
    /// How much of [`Head::END`] the last bytes are.
    matched: usize,
}

/// The head is too large.
struct TooLarge;

impl Head {
    const END: &[u8] = b"\r\n\r\n";

    /// Begins anew when there was another request meanwhile.
    fn belong_to(&mut self, requests: u64) {
        if self.after != requests {
            *self = Self { after: requests, ..Self::default() };
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if !bytes.is_empty() {
            self.began.get_or_insert_with(Instant::now);
        }
        for byte in bytes {
            if self.matched == Self::END.len() {
                return Ok(());
            }
            self.bytes += 1;
            self.matched = match *byte {
                byte if byte == Self::END[self.matched] => self.matched + 1,
                b'\r' => 1,
                _ => 0,
            };
        }
        if self.bytes > LARGEST_HEAD && self.matched < Self::END.len() { Err(TooLarge) } else { Ok(()) }
    }
}
