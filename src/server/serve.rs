//! Task of one connection, from its first byte to its close.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::error::DispatchError;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::connection::{Connection, ConnectionSettings};
use super::dispatch::Dispatch;
use super::early_response::EarlyError;
use super::event_stream;
use super::timeout_io::TimeoutIo;
use crate::telemetry::metrics::names;

/// Maximum time in which input of the client is discarded before the connection is closed: closing a socket with unread input resets the
/// connection, and the client may lose the response.
const LINGER: Duration = Duration::from_secs(1);

/// Serves a connection until it is closed: by the dispatcher, after its last response, or after an early response.
pub async fn serve(socket: TcpStream, peer: SocketAddr, settings: Arc<ConnectionSettings>, dispatch: Dispatch) {
    let connection = Connection::new(socket, settings);
    let _unsent = UnsentBody(&connection);
    let mut io = TimeoutIo::new(Rc::clone(&connection));
    let result = loop {
        let result = run(&connection, io, peer, &dispatch).await;
        let Some(body) = connection.io.take_detached() else { break result };
        io = TimeoutIo::new(Rc::clone(&connection));
        if event_stream::send(&mut io, body).await.is_err() || connection.io.is_closed() {
            break result;
        }
    };
    let malformed = result.err().as_ref().and_then(EarlyError::of).filter(|_| !connection.requests.is_last());
    if let Some(error) = malformed.or(connection.io.early_error()) {
        send_early_response(&connection, error);
        linger(&connection).await;
    } else if connection.io.is_closed() && has_unread_input(&connection) {
        linger(&connection).await;
    }
}

/// Guard that drops the body of an event stream whose head could not be sent.
struct UnsentBody<'a>(&'a Connection);

impl Drop for UnsentBody<'_> {
    fn drop(&mut self) {
        self.0.io.drop_detached();
    }
}

/// Receives a head, then runs the dispatcher until it ends, the last response of the connection is sent, or the head of an event stream.
async fn run(
    connection: &Connection,
    mut io: TimeoutIo,
    peer: SocketAddr,
    dispatch: &Dispatch,
) -> Result<(), DispatchError> {
    let mut serving = pin!(async {
        io.receive_head().await?;
        dispatch(io, peer).await
    });
    let mut stopping = pin!(connection.settings.lifecycle.stopping());
    let mut is_registered = false;
    poll_fn(|context| {
        if let Poll::Ready(result) = serving.as_mut().poll(context) {
            return Poll::Ready(result);
        }
        if connection.io.is_closed() || connection.io.is_detached() {
            return Poll::Ready(Ok(()));
        }
        if !is_registered {
            is_registered = true;
            // Wakes the task when the server starts stopping; `TimeoutIo` checks the lifecycle when it is polled. It may have started since
            // `serving` was polled.
            if stopping.as_mut().poll(context).is_ready() {
                context.waker().wake_by_ref();
            }
        }
        Poll::Pending
    })
    .await
}

/// Sends an early response if it fits into the socket's send buffer.
fn send_early_response(connection: &Connection, error: EarlyError) {
    let received = connection.io.head_started().unwrap_or_else(Instant::now);
    metrics::counter!(names::CONNECTIONS_REFUSED, "reason" => error.reason()).increment(1);
    let _ = connection.try_write(&(connection.settings.early_response)(error, received));
}

/// Returns whether input has arrived that was not read.
fn has_unread_input(connection: &Connection) -> bool {
    connection.io.has_unread_input() || matches!(connection.try_read(&mut [0; 64]), Ok(1..))
}

/// Closes the sending direction, and discards input until the client closes its own, for at most [`LINGER`].
async fn linger(connection: &Connection) {
    let discard = async {
        poll_fn(|context| connection.poll_shutdown(context)).await?;
        while poll_fn(|context| poll_discard(connection, context)).await? > 0 {}
        io::Result::Ok(())
    };
    let _ = tokio::time::timeout(LINGER, discard).await;
}

/// Reads some input and discards it. Returns the number of bytes, 0 at the end.
fn poll_discard(connection: &Connection, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
    let mut scratch = [0; 8 * 1024];
    let mut buffer = ReadBuf::new(&mut scratch);
    connection.poll_read(context, &mut buffer).map_ok(|()| buffer.filled().len())
}
