//! Error of the gateway's start.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::http::InvalidKeys;
use crate::replicas::redis::InvalidAddress;
use crate::server::ServerError;

/// Error of the gateway's start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The server can't start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The client for IPS can't be built.
    #[error("can't build the client for IPS: {0}")]
    Client(#[source] Box<dyn Error + Send + Sync>),
    /// A file with certificate authorities can't be read.
    #[error("can't read {}: {error}", path.display())]
    CertificateAuthorities {
        /// Path of the file.
        path: PathBuf,
        /// Cause.
        #[source]
        error: io::Error,
    },
    /// The API keys can't be read.
    #[error(transparent)]
    ApiKeys(#[from] InvalidKeys),
    /// The audit log can't be opened.
    #[error("can't open the audit log: {0}")]
    AuditLog(#[source] io::Error),
    /// The operating system has no random bytes.
    #[error("the operating system has no random bytes: {0}")]
    RandomBytes(#[source] getrandom::Error),
    /// The client for the cache that replicas share can't be built.
    #[error(transparent)]
    Replicas(#[from] InvalidAddress),
}
