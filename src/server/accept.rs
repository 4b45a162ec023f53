//! Accept loop.
//!
//! actix-server drops connections that the kernel has queued when it stops. This loop accepts and serves them, so that a restart under load
//! resets no established connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};

use super::connection_limit::ConnectionLimit;
use super::worker::Workers;
use crate::runtime::lifecycle::Lifecycle;
use crate::telemetry::metrics::names;

/// Maximum number of connections that the kernel queues until they are accepted.
const BACKLOG: u32 = 2048;
/// Pause after an error of the listener, such as no file descriptors left: the next accept would fail, too, until connections end.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

/// Binds a listener to `address`, also if connections of an earlier process are in `TIME_WAIT` on it.
///
/// # Errors
/// Another process listens there, or it is not an address of this machine.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until the server stops, then those that the kernel has queued until then.
pub async fn accept(listener: TcpListener, workers: &Workers, limit: &Arc<ConnectionLimit>, lifecycle: &Lifecycle) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = lifecycle.stopping() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, peer)) => assign(socket.into_std(), peer, workers, limit),
            Err(error) if concerns_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }
    // The runtime accepts only what epoll has reported; the kernel's queue may contain more connections.
    let Ok(listener) = listener.into_std() else { return };
    // The bound ends the loop when every accept fails.
    for _ in 0..=BACKLOG {
        match listener.accept() {
            Ok((socket, peer)) => assign(socket.set_nonblocking(true).map(|()| socket), peer, workers, limit),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(_) => {}
        }
    }
}

/// Returns whether an accept failed because of the connection itself, which its client has closed: the next one may succeed at once.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}

/// Assigns a connection to a worker, or closes it at the connection limit.
fn assign(socket: io::Result<std::net::TcpStream>, peer: SocketAddr, workers: &Workers, limit: &Arc<ConnectionLimit>) {
    let Some(permit) = limit.try_acquire(peer.ip()) else {
        metrics::counter!(names::CONNECTIONS_REFUSED, "reason" => "too_many").increment(1);
        return;
    };
    // An error here means that the client has disconnected.
    if let Ok(socket) = socket.and_then(|socket| socket.set_nodelay(true).map(|()| socket)) {
        workers.assign(socket, peer, permit);
    }
}
