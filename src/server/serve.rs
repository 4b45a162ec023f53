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
use super::timeout_io::TimeoutIo;
use crate::telemetry::metrics::names;

/// Maximum time that input is discarded for before a connection is closed on a client that may still be sending: if the socket were
/// closed with unread input, the client would get a reset, and might lose the response.
const LINGER: Duration = Duration::from_secs(1);

/// Serves a connection until it is to be closed.
pub async fn serve(socket: TcpStream, peer: SocketAddr, settings: Arc<ConnectionSettings>, dispatch: Dispatch) {
    let connection = Connection::new(socket, settings);
    let result = run(&connection, peer, dispatch).await;
    let malformed = result.err().as_ref().and_then(EarlyError::of).filter(|_| !connection.requests.is_last());
    let refused = malformed.map(|error| (error, Instant::now())).or(connection.io.early_error());
    if let Some((error, received)) = refused {
        send_early_response(&connection, error, received);
        linger(&connection).await;
    } else if connection.io.is_closed() && has_unread_input(&connection) {
        linger(&connection).await;
    }
}

/// Receives the first head, then runs the dispatcher until it ends or the last response of the connection is sent.
async fn run(connection: &Rc<Connection>, peer: SocketAddr, dispatch: Dispatch) -> Result<(), DispatchError> {
    let mut serving = pin!(async {
        let mut io = TimeoutIo::new(Rc::clone(connection));
        io.receive_head().await?;
        dispatch(io, peer).await
    });
    let mut stopping = pin!(connection.settings.lifecycle.stopping());
    let mut is_registered = false;
    poll_fn(|context| {
        if let Poll::Ready(result) = serving.as_mut().poll(context) {
            return Poll::Ready(result);
        }
        if connection.io.is_closed() {
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
fn send_early_response(connection: &Connection, error: EarlyError, received: Instant) {
    metrics::counter!(names::CONNECTIONS_REFUSED, "reason" => error.reason()).increment(1);
    let _ = connection.try_write(&(connection.settings.early_response)(error, received));
}

/// Returns whether input has arrived that nobody read.
fn has_unread_input(connection: &Connection) -> bool {
    connection.io.has_unread_input() || matches!(connection.try_read(&mut [0; 64]), Ok(1..))
}

/// Closes the sending direction, and discards input until the client closes its own, or [`LINGER`] is over.
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
