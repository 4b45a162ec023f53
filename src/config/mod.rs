//! Configuration: one struct per concern, read from a TOML file, environment variables and flags. All errors are reported at once.

mod flags;
mod parse;
mod read;
mod region;
mod settings;
mod sources;
mod toml_file;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use url::Url;

use crate::ips::types::ApiVersion;
pub use flags::arguments;
pub use read::changed_settings;
pub use region::{Region, System};
pub use settings::{Group, SETTINGS, Setting, ValueKind};
pub use sources::{CLIENT_VARIABLES, ConfigErrors, Sources};
pub use toml_file::parse_toml;

/// Maximum size of a request body in bytes, both compressed and decompressed.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Configuration of the gateway. Its `Debug` output shows no secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and path prefix of the gateway.
    pub listen: Listen,
    /// Address of IPS, and limits of calls to it.
    pub upstream: UpstreamConfig,
    /// Freshness of the snapshot cache.
    pub cache: CacheConfig,
    /// Authentication of callers.
    pub auth: AuthConfig,
    /// Name or handle of the company of requests that name none.
    pub default_company: Option<String>,
    /// Origins (`https://app.example.com`) that CORS allows; `*`, for any, is the only one then.
    pub cors_origins: Vec<String>,
    /// Whether pages of the gateway can have sessions.
    pub board_sessions: SessionMode,
    /// Validation of submits.
    pub submits: SubmitConfig,
    /// Rate limits of a caller.
    pub rate_limits: RateLimits,
    /// Proxies that name the client address.
    pub trusted_proxies: TrustedProxies,
    /// Limits of open connections.
    pub connections: ConnectionLimits,
    /// Timeouts of clients.
    pub timeouts: Timeouts,
    /// Memory budget of the bodies of all requests in flight, in bytes.
    pub request_body_budget: usize,
    /// Durations of the graceful shutdown.
    pub shutdown: ShutdownConfig,
    /// Cache that replicas share; `None` without replicas.
    pub replicas: Option<ReplicasConfig>,
    /// Format of log lines.
    pub log_format: LogFormat,
    /// Destination of the audit log; `None` for no audit log.
    pub audit_log: Option<AuditTarget>,
    /// Key of the hash by which logs name IPS users; `None` for a random one.
    pub principal_key: Option<SecretString>,
}

/// Destination of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditTarget {
    /// File to append to.
    File(PathBuf),
    /// Standard error.
    Stderr,
}

/// Address and path prefix of the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Address and port to bind; port 0 picks a free one.
    pub address: SocketAddr,
    /// Prefix of every path: empty, or like `/ips`.
    pub path_prefix: String,
}

/// Address of IPS, and limits of calls to it.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// URL of the `IpsApiService`.
    pub url: Url,
    /// API version of the requests.
    pub api_version: ApiVersion,
    /// Whether the gateway sends fields of its own that the API version may lack, until IPS refuses them.
    pub try_unknown_fields: bool,
    /// PEM file with certificate authorities to trust in addition to those of the system.
    pub ca_file: Option<PathBuf>,
    /// Timeout of a call, retries included.
    pub timeout: Duration,
    /// Maximum time that a call queues for a free slot.
    pub max_queue_time: Duration,
    /// Maximum number of calls in flight.
    pub max_calls: usize,
    /// Minimum number of failures that opens the circuit breaker; `None` disables it.
    pub min_failures: Option<NonZeroU32>,
    /// Maximum size of a response in bytes, compressed and decompressed.
    pub max_answer_bytes: usize,
}

/// Part of the configuration that a command needs to call IPS by itself. Its `Debug` output shows no secrets.
#[derive(Debug, Clone)]
pub struct UpstreamAccess {
    /// Address of IPS, and limits of calls to it.
    pub upstream: UpstreamConfig,
    /// Name or handle of the company.
    pub company: Option<String>,
    /// IPS account of the calls.
    pub account: Option<ServiceAccount>,
}

/// Freshness of the snapshot cache (RFC 9111, RFC 5861).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheConfig {
    /// Maximum age of a snapshot that is served without a call to IPS.
    pub fresh: Duration,
    /// Time after `fresh` in which a snapshot is served while it is revalidated in the background.
    pub stale_while_revalidate: Duration,
    /// Time after `fresh` in which a snapshot is served if IPS fails.
    pub stale_if_error: Duration,
    /// Maximum approximate memory of all snapshots, in bytes.
    pub max_bytes: u64,
}

/// Authentication of callers.
#[derive(Debug, Clone)]
pub enum AuthConfig {
    /// Callers send their own IPS credentials.
    IpsCredentials,
    /// Callers send an API key; calls to IPS use the service account.
    ApiKeys {
        /// IPS account of the gateway.
        account: ServiceAccount,
        /// TOML file with the hashed API keys.
        keys_file: PathBuf,
    },
}

/// IPS account of the gateway.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// E-mail address of the IPS user.
    pub user: String,
    /// Password of the IPS user.
    pub password: SecretString,
}

/// Whether pages of the gateway can have sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionMode {
    /// A page can sign in for 8 hours.
    On,
    /// Each request has to have credentials.
    Off,
}

/// Validation of submits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitConfig {
    /// Whether submits need an `Idempotency-Key`.
    pub idempotency_key: IdempotencyKeyRequirement,
    /// What happens to a submit whose idempotency key can't be shared with other replicas.
    pub idempotency: IdempotencyMode,
    /// Allowed schemes of URLs that IPS requests for a job, in lower case.
    pub url_schemes: Vec<String>,
    /// Allowed hosts of these URLs; if empty, all but loopback, private and local ones.
    pub url_hosts: Vec<String>,
}

/// What happens to a submit whose idempotency key can't be shared with other replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdempotencyMode {
    /// It is refused.
    Strict,
    /// It is sent; only this replica knows the key.
    BestEffort,
}

/// Whether submits need an `Idempotency-Key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdempotencyKeyRequirement {
    /// Submits without a key are rejected.
    Required,
    /// Submits without a key are accepted.
    Optional,
}

/// Rate limits of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Sustained requests per second; `None` for no limit.
    pub rate: Option<NonZeroU32>,
    /// Burst size: maximum number of requests at once.
    pub burst: NonZeroU32,
    /// Maximum number of open event streams.
    pub streams: usize,
}

/// Networks of the proxies whose `X-Forwarded-For` or `Forwarded` names the client address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    /// Whether this address, in canonical form, is that of a trusted proxy.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// Limits of open connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Maximum number in total.
    pub total: usize,
    /// Maximum number per client address; `None` for no limit.
    pub per_address: Option<usize>,
}

/// Timeouts of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Maximum time in which the head of a request has to arrive, from its first byte on, and again its body.
    pub request: Duration,
    /// Maximum time in which a client has to read 4 KiB of a response that is blocked on it.
    pub write: Duration,
    /// Maximum time that an idle connection is kept open.
    pub idle: Duration,
}

/// Durations of the graceful shutdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShutdownConfig {
    /// Time in which requests are still accepted while readiness fails.
    pub drain_delay: Duration,
    /// Grace period: time after that in which requests in flight may finish.
    pub grace: Duration,
}

/// Cache that replicas share.
#[derive(Debug, Clone)]
pub struct ReplicasConfig {
    /// `redis://` or `rediss://` URL; it may hold a password.
    pub url: SecretString,
    /// Secret from which all replicas derive the keys for names and contents in the cache.
    pub key: SecretString,
    /// PEM file with certificate authorities to trust instead of those of the system.
    pub ca_file: Option<PathBuf>,
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// Text.
    Text,
    /// One JSON object per line.
    Json,
}
