//! Table of settings: names, kinds of value, defaults and help texts. Sources, flags, errors and the documentation are derived from it.

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// Key in the settings file; the names of the environment variable and the flag are derived from it.
    pub key: &'static str,
    /// Kind of value.
    pub kind: ValueKind,
    /// Heading in `--help`, and the commands that take it.
    pub group: Group,
    /// Default value, as text.
    pub default: Option<&'static str>,
    /// Meaning, for `--help` and the documentation.
    pub help: &'static str,
}

/// Kind of value of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// One value; holds its placeholder in `--help`.
    One(&'static str),
    /// `true` or `false`; the flag alone means `true`.
    Switch,
    /// Any number of values, separated by commas or as an array in the settings file; holds the placeholder of one.
    List(&'static str),
    /// A secret: never displayed. It may be in a file that the key with `_file` appended names. There is no flag for the secret itself,
    /// since other users of the machine could read it.
    Secret,
}

/// Group of settings: a heading in `--help`. Commands take all settings of a group or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Address and path prefix of the gateway.
    Listen,
    /// Address and version of IPS.
    Upstream,
    /// Limits of calls to IPS.
    Calls,
    /// Freshness of the snapshot cache.
    Cache,
    /// Company and IPS account of calls that bring none.
    Account,
    /// Authentication and authorization of callers.
    Callers,
    /// Validation of submits.
    Submits,
    /// Rate limits of callers.
    RateLimits,
    /// Timeouts and limits of connections.
    Connections,
    /// Graceful shutdown.
    Shutdown,
    /// Cache shared by replicas.
    Replicas,
    /// Logs.
    Logging,
}

impl Setting {
    /// Returns the name of the environment variable.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(self.key)
    }

    /// Returns the flag; that of a secret names a file.
    #[must_use]
    pub fn flag(&self) -> String {
        flag(&self.flag_key())
    }

    /// Returns the key that names the file of a secret; `None` for other kinds.
    pub(super) fn file_key(&self) -> Option<String> {
        (self.kind == ValueKind::Secret).then(|| format!("{}_file", self.key))
    }

    /// Returns the key that the flag sets.
    pub(super) fn flag_key(&self) -> String {
        self.file_key().unwrap_or_else(|| self.key.to_owned())
    }
}

impl Group {
    /// All groups, in the order of the table.
    pub const ALL: [Self; 12] = [
        Self::Listen,
        Self::Upstream,
        Self::Calls,
        Self::Cache,
        Self::Account,
        Self::Callers,
        Self::Submits,
        Self::RateLimits,
        Self::Connections,
        Self::Shutdown,
        Self::Replicas,
        Self::Logging,
    ];

    /// Returns the heading in `--help`.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Listen => "Listen",
            Self::Upstream => "Upstream",
            Self::Calls => "Calls to IPS",
            Self::Cache => "Cache",
            Self::Account => "Company and service account",
            Self::Callers => "Callers",
            Self::Submits => "Submits",
            Self::RateLimits => "Rate limits",
            Self::Connections => "Connections",
            Self::Shutdown => "Shutdown",
            Self::Replicas => "Replicas",
            Self::Logging => "Logging",
        }
    }
}

/// Prefix of the environment variables.
pub(super) const PREFIX: &str = "IPS_GATEWAY_";

/// Key of the path of the settings file. It isn't in the table, since the file can't name itself.
pub(super) const CONFIG: &str = "config";

/// Returns the environment variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase())
}

/// Returns the flag of a key.
pub(super) fn flag(key: &str) -> String {
    format!("--{}", flag_name(key))
}

/// Returns the flag of a key, without the leading dashes.
pub(super) fn flag_name(key: &str) -> String {
    key.replace('_', "-")
}

/// Declares the settings: a constant for each, and the table `SETTINGS` in the same order.
macro_rules! settings {
    ($($constant:ident: $key:literal, $group:ident, $kind:expr, $default:expr, $help:literal;)+) => {
        $(pub(super) const $constant: Setting = Setting {
            key: $key,
            kind: $kind,
            group: Group::$group,
            default: $default,
            help: $help,
        };)+

        /// Every setting, in the order of the documentation.
        pub const SETTINGS: &[&Setting] = &[$(&$constant),+];
    };
}

use ValueKind::{List, One, Secret, Switch};

settings! {
    LISTEN: "listen", Listen, One("ADDRESS"), Some("127.0.0.1:8080"),
        "address and port to listen on; port 0 picks a free port, which the first line on stdout names";
    PATH_PREFIX: "path_prefix", Listen, One("PATH"), Some("/"),
        "path prefix of all routes, such as /ips";

    UPSTREAM_URL: "upstream_url", Upstream, One("URL"), None,
        "URL of the IpsApiService; `serve` requires it or a region";
    REGION: "region", Upstream, One("REGION"), None,
        "region of Adobe's IPS, instead of a URL: na (North America), emea (Europe, Middle East, Africa) or apac (Asia Pacific)";
    STAGING: "staging", Upstream, Switch, Some("false"),
        "use the staging system of the region";
    UPSTREAM_CA_FILE: "upstream_ca_file", Upstream, One("FILE"), None,
        "PEM file with certificate authorities to trust in addition to those of the system";
    API_VERSION: "api_version", Upstream, One("VERSION"), Some("2014-04-03"),
        "IPS API version; later versions have more fields; none for the API without a version";
    TRY_UNKNOWN_FIELDS: "try_unknown_fields", Upstream, Switch, Some("false"),
        "send also fields of the gateway's own that the API version may lack, such as includeWaitingJobs, until IPS refuses them";

    UPSTREAM_TIMEOUT: "upstream_timeout", Calls, One("DURATION"), Some("15s"),
        "timeout of a call to IPS, retries included";
    UPSTREAM_WAIT: "upstream_wait", Calls, One("DURATION"), Some("1s"),
        "maximum time that a call to IPS queues for a free slot";
    UPSTREAM_CALLS: "upstream_calls", Calls, One("NUMBER"), Some("64"),
        "concurrency limit: maximum number of calls to IPS in flight";
    UPSTREAM_FAILURES: "upstream_failures", Calls, One("NUMBER"), Some("5"),
        "failures within the last 15 to 30 s that open the circuit breaker if they are at least half of the calls; 0 disables it";
    UPSTREAM_ANSWER_LIMIT: "upstream_answer_limit", Calls, One("BYTES"), Some("64MiB"),
        "maximum size of an IPS response, compressed and decompressed";

    FRESH: "fresh", Cache, One("DURATION"), Some("2s"),
        "maximum age of a cached list that is served without asking IPS";
    STALE_WHILE_REVALIDATE: "stale_while_revalidate", Cache, One("DURATION"), Some("30s"),
        "time after `fresh` in which a cached list is served while it is revalidated in the background";
    STALE_IF_ERROR: "stale_if_error", Cache, One("DURATION"), Some("5m"),
        "time after `fresh` in which a cached list is served, marked as stale, if IPS fails";
    CACHE_SIZE: "cache_size", Cache, One("BYTES"), Some("88MiB"),
        "maximum memory of the cached lists; beyond it the least recently used ones are evicted";

    COMPANY: "company", Account, One("COMPANY"), None,
        "default company, by name or handle, of requests that name none";
    SERVICE_USER: "service_user", Account, One("EMAIL"), None,
        "IPS user of the service account, used for callers with an API key; without one callers send their own IPS credentials";
    SERVICE_PASSWORD: "service_password", Account, Secret, None,
        "password of the service account";
    API_KEYS_FILE: "api_keys_file", Callers, One("FILE"), None,
        "TOML file with the hashed API keys of callers, their roles and companies";
    CORS_ORIGINS: "cors_origins", Callers, List("ORIGIN"), None,
        "origins that CORS allows, such as https://app.example.com, or * for any";
    BOARD_SESSIONS: "board_sessions", Callers, One("MODE"), Some("on"),
        "on or off: whether the board can keep its users signed in for 8 hours, with their credentials encrypted in a cookie";

    REQUIRE_IDEMPOTENCY_KEY: "require_idempotency_key", Submits, Switch, Some("false"),
        "reject submits without an Idempotency-Key";
    IDEMPOTENCY: "idempotency", Submits, One("MODE"), Some("best-effort"),
        "what happens to a submit with an Idempotency-Key whose record can't be shared, because the store of the replicas is down or slow: best-effort sends it and says so in Idempotency-Status, strict refuses it with 503";
    URL_SCHEMES: "url_schemes", Submits, List("SCHEME"), Some("http,https"),
        "allowed schemes of the URLs in a submit that IPS will request";
    URL_HOSTS: "url_hosts", Submits, List("HOST"), None,
        "allowed hosts of these URLs, such as cdn.example.com or *.example.com; unless set, all but loopback, private and local ones";

    RATE_LIMIT: "rate_limit", RateLimits, One("NUMBER"), Some("1000"),
        "sustained requests per second and caller; callers not seen in the last 10 minutes share the limit of their address, unless many users were accepted from it; none disables it";
    RATE_BURST: "rate_burst", RateLimits, One("NUMBER"), Some("2000"),
        "burst size: requests that a caller may send at once after a pause";
    TRUSTED_PROXIES: "trusted_proxies", RateLimits, List("CIDR"), None,
        "networks of proxies, such as 10.0.0.0/8, whose X-Forwarded-For, or Forwarded without it, names the client address; of others it is ignored";
    MAX_STREAMS: "max_streams", RateLimits, One("NUMBER"), Some("2000"),
        "maximum number of open event streams per caller, on each replica";

    REQUEST_TIMEOUT: "request_timeout", Connections, One("DURATION"), Some("10s"),
        "timeout for the head of a request, and again for its body";
    WRITE_TIMEOUT: "write_timeout", Connections, One("DURATION"), Some("30s"),
        "time in which a client that is slow to read must take at least 4 KiB of a response";
    KEEP_ALIVE: "keep_alive", Connections, One("DURATION"), Some("75s"),
        "idle timeout of client connections; must be longer than that of the load balancer";
    MAX_CONNECTIONS: "max_connections", Connections, One("NUMBER"), Some("10000"),
        "maximum number of open connections; further ones are closed at once";
    MAX_CONNECTIONS_PER_ADDRESS: "max_connections_per_address", Connections, One("NUMBER"), None,
        "maximum number of open connections per client address; does not apply to trusted proxies";
    REQUEST_BODY_BUDGET: "request_body_budget", Connections, One("BYTES"), Some("64MiB"),
        "memory budget of the bodies of all requests in flight; beyond it requests with a body get 503";

    DRAIN_DELAY: "drain_delay", Shutdown, One("DURATION"), Some("0s"),
        "time after SIGTERM in which requests are served while /readyz answers 503, so that load balancers stop sending them";
    GRACE: "grace", Shutdown, One("DURATION"), Some("10s"),
        "grace period: time after that in which requests in flight may finish";

    SHARED_CACHE_URL: "shared_cache_url", Replicas, Secret, None,
        "redis:// or rediss:// URL of a Valkey or Redis that replicas share";
    SHARED_CACHE_KEY: "shared_cache_key", Replicas, Secret, None,
        "secret from which replicas derive the keys that encrypt the shared store: at least 32 characters, such as from `openssl rand -base64 32`";
    SHARED_CACHE_CA_FILE: "shared_cache_ca_file", Replicas, One("FILE"), None,
        "PEM file with certificate authorities to trust for a rediss:// URL, instead of those of the system";

    LOG_FORMAT: "log_format", Logging, One("FORMAT"), Some("auto"),
        "text, json, or auto: text on a terminal, else json; RUST_LOG sets the level";
    AUDIT_LOG: "audit_log", Logging, One("FILE"), None,
        "file that one line of JSON is appended to for each request that changes jobs, or stderr; SIGHUP opens it again";
    PRINCIPAL_KEY: "principal_key", Logging, Secret, None,
        "secret of the hash by which logs name IPS users: at least 32 characters; unless set, that of the shared store, else a random one at each start";
}
