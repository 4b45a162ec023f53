//! A connection before, between and after its requests: here it costs a socket and the bytes that have come, and little else.
//!
//! The server library sets two buffers aside for each connection it serves, and waits for ever for the rest of what has begun. So it gets
//! whole requests only, and has to give a connection back that is idle: whoever drips, or keeps connections for later, waits here.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::extent::Extent;
use crate::config::Patience;
use crate::http::{self, Connection, LARGEST_HEAD, Refusal};

/// So much is read at once.
const CHUNK: usize = 8 * 1024;
/// When the server ends, clients that were not told so get this long to begin with another request. A proxy sends one on whatever
/// connection looks idle, the one that a stream just left above all, and can't send it again when it crosses with the end.
const LAST_CALL: Duration = Duration::from_millis(200);
/// A client that still sends when it is told that its connection ends gets this long to read why.
pub const LINGER: Duration = Duration::from_secs(1);

/// What all connections of a server have in common.
pub struct House {
    /// How long clients are waited for.
    pub patience: Patience,
    /// What the paths of the gateway begin with.
    pub prefix: String,
    /// Cancelled when connections are to end as soon as they are idle.
    pub closing: CancellationToken,
}

/// The socket of a connection, and what was read of it too early.
pub struct Line {
    socket: RefCell<TcpStream>,
    kept: RefCell<BytesMut>,
    given_back: Cell<bool>,
}

impl Line {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(socket: TcpStream) -> Self {
        Self { socket: RefCell::new(socket), kept: RefCell::default(), given_back: Cell::new(false) }
    }

    /// Reads from the socket.
    pub fn poll_read(&self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket.borrow_mut()).poll_read(context, buffer)
    }

    /// Writes to the socket.
    pub fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.socket.borrow_mut()).poll_write(context, bytes)
    }

    /// Tells the client that no more will come, unless the server library is to believe so only because it gives the connection back.
    pub fn poll_shutdown(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.given_back.get() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut *self.socket.borrow_mut()).poll_shutdown(context)
    }

    /// Keeps bytes for later.
    pub fn keep(&self, bytes: &[u8]) {
        self.kept.borrow_mut().extend_from_slice(bytes);
    }

    /// How many bytes are kept.
    pub fn kept(&self) -> usize {
        self.kept.borrow().len()
    }

    /// What the kept bytes begin with.
    pub fn extent(&self) -> Extent {
        Extent::of(&self.kept.borrow())
    }

    /// Moves so many of the kept bytes into `buffer`, or as many as there are and as it has room for; says how many.
    pub fn take(&self, most: usize, buffer: &mut ReadBuf<'_>) -> usize {
        let mut kept = self.kept.borrow_mut();
        let count = most.min(kept.len()).min(buffer.remaining());
        buffer.put_slice(&kept[..count]);
        kept.advance(count);
        if kept.is_empty() {
            *kept = BytesMut::new();
        }
        count
    }

    /// The server library is done with the connection, which goes on.
    pub fn give_back(&self) {
        self.given_back.set(true);
    }

    /// Whether it was given back since it was asked last.
    pub fn is_back(&self) -> bool {
        self.given_back.take()
    }

    /// Waits for a request that the server library can answer. `false` when the connection is over instead.
    pub async fn brings_request(&self, connection: &Connection, house: &House) -> bool {
        let mut arrival = Arrival::default();
        loop {
            if self.kept() > 0 {
                arrival.began.get_or_insert_with(Instant::now);
            }
            if self.kept() >= arrival.worth_a_look {
                match self.extent() {
                    Extent::Request(_) | Extent::Unknown => return true,
                    Extent::Head if self.kept() > LARGEST_HEAD => {
                        self.refuse(Refusal::LargeHead, arrival.began, house).await;
                        return false;
                    }
                    Extent::Head => arrival.worth_a_look = self.kept() + 1,
                    Extent::Body(whole) => {
                        arrival.head_ended.get_or_insert_with(Instant::now);
                        arrival.worth_a_look = whole;
                    }
                }
            }
            let (deadline, refusal) = arrival.deadline(connection, house.patience);
            tokio::select! {
                // What has come in time is in time, whenever somebody gets round to it.
                biased;
                read = self.read() => if !matches!(read, Ok(1..)) { return false },
                () = tokio::time::sleep_until(deadline.into()) => {
                    if let Some(refusal) = refusal {
                        self.refuse(refusal, arrival.began, house).await;
                    }
                    return false;
                }
                () = house.closing.cancelled(), if arrival.closing_since.is_none() => arrival.closing_since = Some(Instant::now()),
            }
        }
    }

    /// Reads what is there, once something is.
    async fn read(&self) -> io::Result<usize> {
        poll_fn(|context| {
            let mut chunk = [0; CHUNK];
            let mut buffer = ReadBuf::new(&mut chunk);
            self.poll_read(context, &mut buffer).map_ok(|()| {
                self.keep(buffer.filled());
                buffer.filled().len()
            })
        })
        .await
    }

    /// Says why the connection ends, and listens for a moment: a client whose words nobody heard may lose the answer.
    async fn refuse(&self, refusal: Refusal, began: Option<Instant>, house: &House) {
        self.tell(refusal, began.unwrap_or_else(Instant::now), house);
        let end = async {
            poll_fn(|context| self.poll_shutdown(context)).await?;
            while self.read().await? > 0 {
                self.kept.borrow_mut().clear();
            }
            io::Result::Ok(())
        };
        let _ = tokio::time::timeout(LINGER, end).await;
    }

    /// Says why the connection ends. Whoever doesn't take even this is not told.
    pub fn tell(&self, refusal: Refusal, began: Instant, house: &House) {
        let reason = match refusal {
            Refusal::SlowHead => "slow_head",
            Refusal::SlowBody => "slow_body",
            Refusal::LargeHead => "large_head",
            Refusal::MalformedHead => "malformed_head",
        };
        metrics::counter!("ips_gateway_connections_refused_total", "reason" => reason).increment(1);
        let _ = self.socket.borrow().try_write(&http::last_words(refusal, &house.prefix, began));
    }
}

/// A request as far as it has come.
#[derive(Default)]
struct Arrival {
    /// With fewer bytes there is nothing new to be seen.
    worth_a_look: usize,
    began: Option<Instant>,
    head_ended: Option<Instant>,
    /// Since when connections are to end.
    closing_since: Option<Instant>,
}

impl Arrival {
    /// How long it is waited for, and what is said then. To silence there is nothing to say.
    fn deadline(&self, connection: &Connection, patience: Patience) -> (Instant, Option<Refusal>) {
        let idle_since = connection.idle_since();
        match (self.head_ended, self.began, self.closing_since) {
            (Some(ended), _, _) => (ended + patience.request, Some(Refusal::SlowBody)),
            (None, Some(began), _) => (began + patience.request, Some(Refusal::SlowHead)),
            (None, None, Some(closing)) => (idle_since.max(closing) + LAST_CALL.min(patience.request), None),
            (None, None, None) if connection.requests() == 0 => (idle_since + patience.request, None),
            (None, None, None) => (idle_since + patience.idle, None),
        }
    }
}
