//! A stand-in until the server comes.

use std::io;
use std::net::{SocketAddr, TcpListener};

use crate::config::Config;

/// The gateway, bound to its address.
pub struct Server(TcpListener);

/// Binds.
///
/// # Errors
/// The address can't be bound.
pub fn build(config: &Config) -> io::Result<Server> {
    TcpListener::bind(config.listen).map(Server)
}

impl Server {
    /// The address in use.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("a bound listener has an address")
    }

    /// Waits.
    ///
    /// # Errors
    /// None yet.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        shutdown.await;
        Ok(())
    }
}
