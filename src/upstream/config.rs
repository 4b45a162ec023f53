//! Configuration of the IPS client.

use std::num::NonZeroU32;
use std::time::Duration;

use url::Url;

use crate::ips::types::ApiVersion;
use crate::runtime::backoff::Backoff;
use crate::runtime::clock::Clock;

/// Configuration of the IPS client.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// URL of the `IpsApiService`.
    pub url: Url,
    /// API version of the requests.
    pub version: ApiVersion,
    /// Certificate authorities trusted besides those of the system, each a PEM bundle.
    pub authorities: Vec<Vec<u8>>,
    /// Timeout of a whole call, with all its attempts and the pauses between them.
    pub timeout: Duration,
    /// Connect timeout, TLS included.
    pub connect_timeout: Duration,
    /// Back-off between the attempts of a read.
    pub read_retry: Backoff,
    /// Maximum number of concurrent calls.
    pub max_calls: usize,
    /// Maximum time that a call queues for a free slot.
    pub max_queue_time: Duration,
    /// Minimum number of failures that opens the circuit breaker, if they are at least half of the calls of the last 15 to 30 s; `None`: it never
    /// opens.
    pub min_failures: Option<NonZeroU32>,
    /// Maximum size of an answer in bytes, compressed and decompressed.
    pub max_answer_bytes: usize,
    /// Name of the calling application in the `authHeader`.
    pub app_name: String,
    /// Version of the calling application in the `authHeader`.
    pub app_version: String,
    /// Clock of the circuit breaker.
    pub clock: Clock,
}
