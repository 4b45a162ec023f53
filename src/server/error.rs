//! Errors of the server: its start, and an incomplete shutdown.

use std::io;
use std::net::SocketAddr;

/// Error of a server's start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address can't be bound.
    #[error("can't listen on {address}: {error}")]
    Bind {
        /// Address.
        address: SocketAddr,
        /// Cause.
        #[source]
        error: io::Error,
    },
    /// The worker threads can't be started.
    #[error("can't start threads: {0}")]
    Threads(#[source] io::Error),
    /// A worker can't build its service: the routes or the middleware are invalid.
    #[error("can't build the routes")]
    Application,
}

/// Error of a shutdown that ended before everything in flight was finished.
#[derive(Debug, thiserror::Error)]
#[error("ended with {requests} requests and {background_tasks} background tasks in flight")]
pub struct ShutdownIncomplete {
    /// Number of requests without a complete response.
    pub requests: usize,
    /// Number of background tasks, such as submits, that were aborted.
    pub background_tasks: usize,
}
