//! One connection, from its first byte to its close.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::error::DispatchError;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::early_response::{EarlyError, EarlyResponse};
use super::in_flight::RequestState;
use super::timeout_io::{IoState, TimeoutIo};
use super::worker::Dispatch;
use crate::config::Timeouts;
use crate::lifecycle::Lifecycle;
use crate::telemetry::metrics::names;

/// Maximum time that input is discarded for before a connection is closed on a client that may still be sending: if the socket were
/// closed with unread input, the client would get a reset, and might lose the response.
const LINGER: Duration = Duration::from_secs(1);

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

/// State of a connection. Its socket and the requests on it, which run on the same thread, each write their own part and read the other's.
pub struct Connection {
    /// What it shares with the other connections.
    pub settings: Arc<ConnectionSettings>,
    /// Written by [`super::in_flight`].
    pub requests: RequestState,
    /// Written by [`TimeoutIo`].
    pub io: IoState,
    socket: RefCell<TcpStream>,
}

impl Connection {
    /// Reads from the socket.
    pub fn poll_read(&self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket.borrow_mut()).poll_read(context, buffer)
    }

    /// Writes to the socket.
    pub fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.socket.borrow_mut()).poll_write(context, bytes)
    }

    /// Receives the first head, then runs the dispatcher until it ends or the last response of the connection is sent.
    async fn run(self: &Rc<Self>, peer: SocketAddr, dispatch: Dispatch) -> Result<(), DispatchError> {
        let mut serving = pin!(async {
            let mut io = TimeoutIo::new(Rc::clone(self));
            io.receive_head().await?;
            dispatch(io, peer).await
        });
        let mut stopping = pin!(self.settings.lifecycle.stopping());
        let mut is_registered = false;
        poll_fn(|context| {
            if let Poll::Ready(result) = serving.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            if self.io.is_closed() {
                return Poll::Ready(Ok(()));
            }
            if !is_registered {
                is_registered = true;
                // Only to be polled again when the server stops: `TimeoutIo` looks at the lifecycle itself.
                let _ = stopping.as_mut().poll(context);
            }
            Poll::Pending
        })
        .await
    }

    /// Sends an early response. A client that doesn't take even that little at once gets none.
    fn send_early_response(&self, error: EarlyError, received: Instant) {
        metrics::counter!(names::CONNECTIONS_REFUSED, "reason" => error.reason()).increment(1);
        let _ = self.socket.borrow().try_write(&(self.settings.early_response)(error, received));
    }

    /// Closes the sending direction, and discards input until the client closes its own, or [`LINGER`] is over.
    async fn linger(&self) {
        let discard = async {
            poll_fn(|context| Pin::new(&mut *self.socket.borrow_mut()).poll_shutdown(context)).await?;
            while poll_fn(|context| self.poll_discard(context)).await? > 0 {}
            io::Result::Ok(())
        };
        let _ = tokio::time::timeout(LINGER, discard).await;
    }

    /// Reads some input and discards it. Returns the number of bytes, 0 at the end.
    fn poll_discard(&self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut scratch = [0; 8 * 1024];
        let mut buffer = ReadBuf::new(&mut scratch);
        self.poll_read(context, &mut buffer).map_ok(|()| buffer.filled().len())
    }

    /// Whether input has arrived that nobody read.
    fn has_unread_input(&self) -> bool {
        self.io.has_unread_input() || matches!(self.socket.borrow().try_read(&mut [0; 64]), Ok(1..))
    }
}

/// Serves a connection from its first byte to its close.
pub async fn serve(socket: TcpStream, peer: SocketAddr, settings: Arc<ConnectionSettings>, dispatch: Dispatch) {
    let requests = RequestState::default();
    let connection = Rc::new(Connection { settings, requests, io: IoState::default(), socket: RefCell::new(socket) });
    let result = connection.run(peer, dispatch).await;
    let malformed = result.err().as_ref().and_then(EarlyError::of).filter(|_| !connection.requests.is_last());
    let refused = malformed.map(|error| (error, Instant::now())).or(connection.io.early_error());
    if let Some((error, received)) = refused {
        connection.send_early_response(error, received);
        connection.linger().await;
    } else if connection.io.is_closed() && connection.has_unread_input() {
        connection.linger().await;
    }
}
