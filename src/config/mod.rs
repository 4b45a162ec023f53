//! The configuration: a value for each setting of one table, read from a TOML file, the environment and flags (in rising
//! precedence), and all that is wrong with them said at once.

mod parse;
mod region;
mod settings;
mod values;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::ips::types::ApiVersion;
pub use region::{Region, System};
use settings::{
    API_KEYS_FILE, API_VERSION, COMPANY, CORS_ORIGINS, DRAIN_DELAY, FRESH, GRACE, KEEP_ALIVE, LISTEN, LOG_FORMAT,
    MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS, MAX_STREAMS, PATH_PREFIX, RATE_BURST, RATE_LIMIT, REGION,
    REQUEST_BODY_BUDGET, REQUEST_TIMEOUT, REQUIRE_IDEMPOTENCY_KEY, SERVICE_PASSWORD, SERVICE_USER,
    SHARED_CACHE_CA_FILE, SHARED_CACHE_KEY, SHARED_CACHE_URL, STAGING, STALE_IF_ERROR, STALE_WHILE_REVALIDATE,
    UPSTREAM_ANSWER_LIMIT, UPSTREAM_CA_FILE, UPSTREAM_CALLS, UPSTREAM_FAILURES, UPSTREAM_TIMEOUT, UPSTREAM_URL,
    UPSTREAM_WAIT, URL_HOSTS, URL_SCHEMES, WRITE_TIMEOUT,
};
pub use settings::{Group, Kind, SETTINGS, Setting, arguments};
pub use values::{Complaints, Origin, Sources};
use values::{Noted, Values};

/// What the gateway runs with. Its `Debug` shows no secrets.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port to bind; port 0 picks a free one.
    pub listen: SocketAddr,
    /// What every path begins with: empty, or like `/ips`.
    pub path_prefix: String,
    /// The IPS to ask.
    pub upstream: Upstream,
    /// The API version to speak.
    pub api_version: ApiVersion,
    /// A file with certificate authorities (PEM) to trust besides those of the system.
    pub upstream_ca_file: Option<PathBuf>,
    /// How long a whole call to IPS may take, retries included.
    pub upstream_timeout: Duration,
    /// How long a call may wait for its turn.
    pub upstream_wait: Duration,
    /// How many calls to IPS may be under way at once.
    pub upstream_calls: usize,
    /// IPS is given a rest after so many failed calls; `None`: never.
    pub upstream_failures: Option<NonZeroU32>,
    /// How large an answer of IPS may be, in bytes.
    pub upstream_answer_limit: usize,
    /// The company, by name or handle, of requests that name none.
    pub company: Option<String>,
    /// The IPS account of callers with an API key; without it callers pass their own credentials.
    pub service: Option<ServiceAccount>,
    /// The file with the hashed API keys; there is one exactly if there is a service account.
    pub api_keys_file: Option<PathBuf>,
    /// Which submits are taken.
    pub submits: Submits,
    /// The origins (`https://app.example.com`) whose pages may call the gateway; the only one may be `*`.
    pub cors_origins: Vec<String>,
    /// How old a snapshot may be to be served without asking IPS.
    pub fresh: Duration,
    /// How long after that it may be served while IPS is asked in the background.
    pub stale_while_revalidate: Duration,
    /// How long it may be served when IPS fails.
    pub stale_if_error: Duration,
    /// Timeouts of clients.
    pub timeouts: Timeouts,
    /// Memory budget of the bodies of all requests in flight, in bytes.
    pub request_body_budget: usize,
    /// How many connections may be open.
    pub connections: Connections,
    /// How much one caller may ask for.
    pub callers: CallerLimits,
    /// Schemes of the URLs that a submit may make IPS call; empty: the usual ones.
    pub url_schemes: Vec<String>,
    /// The only hosts of these; empty: every public one.
    pub url_hosts: Vec<String>,
    /// How it ends.
    pub shutdown: Shutdown,
    /// What replicas share, if they do.
    pub shared_cache: Option<SharedCache>,
    /// How log lines are written.
    pub log_format: LogFormat,
}

/// The IPS to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// The `IpsApiService` URL.
    pub url: Url,
}

/// The cache that replicas share.
#[derive(Debug, Clone)]
pub struct SharedCache {
    /// Its `redis://` or `rediss://` URL; it may hold a password.
    pub url: SecretString,
    /// Of this all replicas make the keys that name and seal what they share.
    pub key: SecretString,
    /// A file with the certificate authorities (PEM) to trust in place of those of the system.
    pub ca_file: Option<PathBuf>,
}

/// The IPS account that the gateway uses for its callers.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    /// The e-mail address of the IPS user.
    pub user: String,
    /// Its password.
    pub password: SecretString,
}

/// Where the gateway answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Address and port to bind.
    pub listen: SocketAddr,
    /// What every path begins with: empty, or like `/ips`.
    pub path_prefix: String,
}

/// Which submits are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Submits {
    /// Only those with an `Idempotency-Key`.
    OnlyWithKey,
    /// Those without one, too.
    WithOrWithoutKey,
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

/// How many connections may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// In all.
    pub total: usize,
    /// From one address; `None` for any number.
    pub per_address: Option<usize>,
}

/// How much one caller may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallerLimits {
    /// Requests a second in the long run; `None` for any number.
    pub rate: Option<NonZeroU32>,
    /// Requests at once, after a while without any.
    pub burst: NonZeroU32,
    /// Event streams at a time.
    pub streams: usize,
}

/// How the gateway ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shutdown {
    /// How long it goes on serving after it has said that it is not ready.
    pub drain_delay: Duration,
    /// How long requests that are under way may take after that.
    pub grace: Duration,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    Auto,
    /// Text for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads what `serve` needs.
    ///
    /// # Errors
    /// Everything that is wrong with the settings.
    pub fn read(sources: &Sources) -> Result<Self, Complaints> {
        let mut values = Values::collect(sources);
        let upstream = upstream(&mut values);
        let api_version = values.value(&API_VERSION, parse::api_version);
        let config = read(&mut values, upstream, api_version);
        values.finish(config)
    }

    /// Reads the same for a given IPS, whatever is set about its address and version.
    ///
    /// # Errors
    /// Everything else that is wrong with the settings.
    pub fn read_for(sources: &Sources, upstream: Upstream, api_version: ApiVersion) -> Result<Self, Complaints> {
        let mut values = Values::collect(sources);
        let config = read(&mut values, Ok(upstream), Ok(api_version));
        values.finish(config)
    }
}

impl Address {
    /// Reads only where the gateway answers.
    ///
    /// # Errors
    /// Everything that is wrong with these settings, and unknown ones.
    pub fn read(sources: &Sources) -> Result<Self, Complaints> {
        let mut values = Values::collect(sources);
        let address = address(&mut values);
        values.finish(address)
    }
}

fn address(values: &mut Values) -> Result<Address, Noted> {
    let listen = values.value(&LISTEN, parse::socket_address);
    let path_prefix = values.value(&PATH_PREFIX, parse::path_prefix);
    Ok(Address { listen: listen?, path_prefix: path_prefix? })
}

/// Reads every value before it gives up on one, so that all complaints come at once.
fn read(
    values: &mut Values,
    upstream: Result<Upstream, Noted>,
    api_version: Result<ApiVersion, Noted>,
) -> Result<Config, Noted> {
    let address = address(values);
    let upstream_ca_file = values.optional(&UPSTREAM_CA_FILE, parse::text);
    let upstream_timeout = values.value(&UPSTREAM_TIMEOUT, parse::timeout);
    let upstream_wait = values.value(&UPSTREAM_WAIT, parse::timeout);
    let upstream_calls = values.value(&UPSTREAM_CALLS, parse::count);
    let upstream_failures = values.value(&UPSTREAM_FAILURES, parse::failures);
    let upstream_answer_limit = values.value(&UPSTREAM_ANSWER_LIMIT, parse::answer_limit);
    let company = values.optional(&COMPANY, parse::text);
    let submits = values.value(&REQUIRE_IDEMPOTENCY_KEY, parse::submits);
    let service = service_account(values);
    let cors_origins = cors_origins(values);
    let fresh = values.value(&FRESH, parse::freshness);
    let stale_while_revalidate = values.value(&STALE_WHILE_REVALIDATE, parse::staleness);
    let stale_if_error = values.value(&STALE_IF_ERROR, parse::staleness);
    let timeouts = timeouts(values);
    let request_body_budget = values.value(&REQUEST_BODY_BUDGET, parse::body_budget);
    let connections = connections(values);
    let callers = callers(values);
    let url_schemes = values.list(&URL_SCHEMES, parse::url_scheme);
    let url_hosts = values.list(&URL_HOSTS, parse::url_host);
    let shutdown = shutdown(values);
    let shared_cache = shared_cache(values);
    let log_format = values.value(&LOG_FORMAT, parse::log_format);

    let Address { listen, path_prefix } = address?;
    let (service, api_keys_file) = service?.unzip();
    Ok(Config {
        listen,
        path_prefix,
        upstream: upstream?,
        api_version: api_version?,
        upstream_ca_file: upstream_ca_file?.map(Into::into),
        upstream_timeout: upstream_timeout?,
        upstream_wait: upstream_wait?,
        upstream_calls: upstream_calls?,
        upstream_failures: upstream_failures?,
        upstream_answer_limit: upstream_answer_limit?,
        company: company?,
        service,
        api_keys_file,
        submits: submits?,
        cors_origins: cors_origins?,
        fresh: fresh?,
        stale_while_revalidate: stale_while_revalidate?,
        stale_if_error: stale_if_error?,
        timeouts: timeouts?,
        request_body_budget: request_body_budget?,
        connections: connections?,
        callers: callers?,
        url_schemes: url_schemes?,
        url_hosts: url_hosts?,
        shutdown: shutdown?,
        shared_cache: shared_cache?,
        log_format: log_format?,
    })
}

fn timeouts(values: &mut Values) -> Result<Timeouts, Noted> {
    let request = values.value(&REQUEST_TIMEOUT, parse::timeout);
    let write = values.value(&WRITE_TIMEOUT, parse::timeout);
    let idle = values.value(&KEEP_ALIVE, parse::timeout);
    Ok(Timeouts { request: request?, write: write?, idle: idle? })
}

fn connections(values: &mut Values) -> Result<Connections, Noted> {
    let total = values.value(&MAX_CONNECTIONS, parse::connections);
    let per_address = values.optional(&MAX_CONNECTIONS_PER_ADDRESS, parse::connections);
    Ok(Connections { total: total?, per_address: per_address? })
}

fn callers(values: &mut Values) -> Result<CallerLimits, Noted> {
    let rate = values.value(&RATE_LIMIT, parse::rate);
    let burst = values.value(&RATE_BURST, parse::burst);
    let streams = values.value(&MAX_STREAMS, parse::connections);
    Ok(CallerLimits { rate: rate?, burst: burst?, streams: streams? })
}

fn shutdown(values: &mut Values) -> Result<Shutdown, Noted> {
    let drain_delay = values.value(&DRAIN_DELAY, parse::pause);
    let grace = values.value(&GRACE, parse::pause);
    Ok(Shutdown { drain_delay: drain_delay?, grace: grace? })
}

/// The URL as such, or that of a region.
fn upstream(values: &mut Values) -> Result<Upstream, Noted> {
    let url = values.optional(&UPSTREAM_URL, parse::service_url);
    let region = values.optional(&REGION, parse::region);
    let system = values.value(&STAGING, parse::staging);
    let url = match (url?, region?, system?) {
        (Some(url), None, System::Production) => url,
        (None, Some(region), system) => region.url(system),
        (url, region, _) => {
            let (setting, problem) = match (url, region) {
                (Some(_), Some(_)) => {
                    (&REGION, format!("also given by {}; expected one of the two", values.place(&UPSTREAM_URL)))
                }
                (Some(_), None) => (&STAGING, format!("means nothing without {}", values.place(&REGION))),
                (None, _) => (&UPSTREAM_URL, format!("is missing; expected it or {}", values.place(&REGION))),
            };
            return Err(values.complain(values.place(setting), problem));
        }
    };
    Ok(Upstream { url })
}

fn cors_origins(values: &mut Values) -> Result<Vec<String>, Noted> {
    let origins = values.list(&CORS_ORIGINS, parse::origin)?;
    if origins.len() > 1 && origins.iter().any(|origin| origin == "*") {
        return Err(values.complain(values.place(&CORS_ORIGINS), "expected origins, or * alone"));
    }
    Ok(origins)
}

/// Both or none: what replicas share is never without a seal.
fn shared_cache(values: &mut Values) -> Result<Option<SharedCache>, Noted> {
    let url = values.secret(&SHARED_CACHE_URL, parse::redis_url);
    let key = values.secret(&SHARED_CACHE_KEY, parse::shared_key);
    let ca_file = values.optional(&SHARED_CACHE_CA_FILE, parse::text);
    let (url, key, ca_file) = (url?, key?, ca_file?.map(PathBuf::from));
    if ca_file.is_some() && !url.as_ref().is_some_and(|url| url.expose_secret().starts_with("rediss://")) {
        let without = format!("means nothing without a rediss:// URL in {}", SHARED_CACHE_URL.variable());
        return Err(values.complain(values.place(&SHARED_CACHE_CA_FILE), without));
    }
    let (missing, given) = match (url, key) {
        (None, None) => return Ok(None),
        (Some(url), Some(key)) => return Ok(Some(SharedCache { url, key, ca_file })),
        (Some(_), None) => (&SHARED_CACHE_KEY, &SHARED_CACHE_URL),
        (None, Some(_)) => (&SHARED_CACHE_URL, &SHARED_CACHE_KEY),
    };
    let given = values.place(given);
    Err(values.complain(values.place(missing), format_args!("is missing; needed with {given}")))
}

/// All of it or nothing: an account without API keys would let anybody in.
fn service_account(values: &mut Values) -> Result<Option<(ServiceAccount, PathBuf)>, Noted> {
    let user = values.optional(&SERVICE_USER, parse::text);
    let password = values.secret(&SERVICE_PASSWORD, parse::text);
    let api_keys_file = values.optional(&API_KEYS_FILE, parse::text);
    match (user?, password?, api_keys_file?) {
        (None, None, None) => Ok(None),
        (Some(user), Some(password), Some(file)) => Ok(Some((ServiceAccount { user, password }, file.into()))),
        _ => {
            let (given, missing): (Vec<_>, Vec<_>) =
                [&SERVICE_USER, &SERVICE_PASSWORD, &API_KEYS_FILE].into_iter().partition(|setting| values.has(setting));
            let given: Vec<_> = given.into_iter().map(|setting| values.place(setting)).collect();
            for setting in missing {
                values.complain(values.place(setting), format_args!("is missing; needed with {}", given.join(" and ")));
            }
            Err(Noted)
        }
    }
}
