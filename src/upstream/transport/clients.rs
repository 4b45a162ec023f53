//! HTTP clients of reads: a connection pool for each runtime.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::Client;
use tokio::runtime::{Handle, Id};

use super::builder;
use crate::upstream::config::ClientConfig;

/// Idle timeout of pooled connections. It is shorter than the keep-alive timeout of usual servers, because a call on a connection that the
/// server is closing fails.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// Clients with a connection pool for each runtime. The task of a connection runs on the runtime that opened it: a call from another one
/// would change threads for each part of its answer, and would fail when that runtime ends.
#[derive(Debug)]
pub(super) struct RuntimeClients {
    config: Arc<ClientConfig>,
    /// Client of the runtime that created the transport, if that was within one.
    first: (Option<Id>, Client),
    others: RwLock<Vec<(Id, Client)>>,
}

impl RuntimeClients {
    /// Creates the client of the current runtime; connects to nothing.
    ///
    /// # Errors
    /// The certificate authorities can't be read, or TLS can't be set up.
    pub(super) fn new(config: Arc<ClientConfig>) -> Result<Self, reqwest::Error> {
        let runtime = Handle::try_current().ok().map(|runtime| runtime.id());
        Ok(Self { first: (runtime, client(&config)?), config, others: RwLock::default() })
    }

    /// Returns the client of the current runtime, which is created at its first call.
    pub(super) fn of_current_runtime(&self) -> Client {
        let runtime = Handle::current().id();
        let (first_runtime, first) = &self.first;
        if *first_runtime == Some(runtime) {
            return first.clone();
        }
        let find = |clients: &[(Id, Client)]| {
            clients.iter().find(|(known, _)| *known == runtime).map(|(_, client)| client.clone())
        };
        let known = find(&self.others.read().unwrap_or_else(PoisonError::into_inner));
        known.unwrap_or_else(|| {
            // Fails only if certificates of the system became unreadable after the start.
            let client = client(&self.config).unwrap_or_else(|_| first.clone());
            self.others.write().unwrap_or_else(PoisonError::into_inner).push((runtime, client.clone()));
            client
        })
    }
}

fn client(config: &ClientConfig) -> Result<Client, reqwest::Error> {
    builder(config)?.pool_idle_timeout(POOL_IDLE_TIMEOUT).build()
}
