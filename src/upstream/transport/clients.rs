//! HTTP clients: one of changes, and one of reads for each runtime.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder};
use tokio::runtime::{Handle, Id};

use crate::ips::types::Effect;
use crate::upstream::config::ClientConfig;

/// Idle timeout of pooled connections for reads. It is shorter than the keep-alive timeout of usual servers, because a call on a
/// connection that the server is closing fails.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// Maximum number of headers of an answer; the library keeps their sum below 400 KiB.
const MAX_HEADERS: usize = 100;

/// HTTP clients with the same settings.
///
/// Each runtime has its own client of reads, with a connection pool. The task of a connection runs on the runtime that opened it: a call from
/// another one would change threads for each part of its answer, and would fail when that runtime ends.
#[derive(Debug)]
pub(super) struct Clients {
    config: Arc<ClientConfig>,
    /// Client of changes. Each uses a new connection, because a call that fails on a pooled connection that the server was closing can't be
    /// distinguished from one that was processed.
    changes: Client,
    /// Clients of reads, by runtime.
    reads: Mutex<HashMap<Id, Client>>,
}

impl Clients {
    /// Creates the client of changes; connects to nothing.
    ///
    /// # Errors
    /// The certificate authorities can't be read, or TLS can't be set up.
    pub(super) fn new(config: Arc<ClientConfig>) -> Result<Self, reqwest::Error> {
        let changes = builder(&config)?.pool_max_idle_per_host(0).build()?;
        Ok(Self { config, changes, reads: Mutex::default() })
    }

    /// Returns the client of calls with this effect, in the current runtime.
    pub(super) fn of(&self, effect: Effect) -> Client {
        match effect {
            Effect::Reads => self.of_reads(),
            Effect::Changes => self.changes.clone(),
        }
    }

    /// Returns the client of reads of the current runtime, which is created at its first call.
    fn of_reads(&self) -> Client {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let client = reads.entry(Handle::current().id()).or_insert_with(|| {
            let client = builder(&self.config).and_then(|client| client.pool_idle_timeout(POOL_IDLE_TIMEOUT).build());
            // Fails only if certificates of the system became unreadable after the start.
            client.unwrap_or_else(|_| self.changes.clone())
        });
        client.clone()
    }
}

/// Makes ring the TLS implementation of the process, unless it has another one. Clients of reqwest need one before they are created: those of
/// this module and the trace exporter.
pub fn install_tls_provider() {
    // An error says that there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

fn builder(config: &ClientConfig) -> Result<ClientBuilder, reqwest::Error> {
    install_tls_provider();
    let authorities = config.authorities.iter().map(|pem| Certificate::from_pem_bundle(pem));
    let authorities = authorities.collect::<Result<Vec<_>, _>>()?.concat();
    let client = Client::builder()
        .connect_timeout(config.connect_timeout)
        // A redirect, or a proxy of the environment, would send the password in the body to another host.
        .redirect(Policy::none())
        .no_proxy()
        .http1_only()
        .http1_max_headers(MAX_HEADERS)
        .retry(reqwest::retry::never())
        .user_agent(format!("{}/{}", config.app_name, config.app_version));
    // The certificates of the system are often hundreds of files. A client that never uses TLS does not read them.
    Ok(if config.url.scheme() == "https" {
        client.tls_certs_merge(authorities)
    } else {
        client.tls_certs_only(authorities)
    })
}
