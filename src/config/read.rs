//! Reading of the configuration. All values are parsed before an error is returned, so that all errors are reported at once.

use std::path::PathBuf;

use secrecy::ExposeSecret;
use url::Url;

use super::settings::{
    API_KEYS_FILE, API_VERSION, AUDIT_LOG, BOARD_SESSIONS, CACHE_SIZE, COMPANY, CORS_ORIGINS, DRAIN_DELAY, FRESH,
    GRACE, IDEMPOTENCY, KEEP_ALIVE, LISTEN, LOG_FORMAT, MAX_CONNECTIONS, MAX_CONNECTIONS_PER_ADDRESS, MAX_STREAMS,
    PATH_PREFIX, PRINCIPAL_KEY, RATE_BURST, RATE_LIMIT, REGION, REQUEST_BODY_BUDGET, REQUEST_TIMEOUT,
    REQUIRE_IDEMPOTENCY_KEY, SERVICE_PASSWORD, SERVICE_USER, SHARED_CACHE_CA_FILE, SHARED_CACHE_KEY, SHARED_CACHE_URL,
    STAGING, STALE_IF_ERROR, STALE_WHILE_REVALIDATE, TRUSTED_PROXIES, TRY_UNKNOWN_FIELDS, UPSTREAM_ANSWER_LIMIT,
    UPSTREAM_CA_FILE, UPSTREAM_CALLS, UPSTREAM_FAILURES, UPSTREAM_TIMEOUT, UPSTREAM_URL, UPSTREAM_WAIT, URL_HOSTS,
    URL_SCHEMES, WRITE_TIMEOUT,
};
use super::sources::{ConfigErrors, Reported, Sources, Values};
use super::{
    AuthConfig, CacheConfig, Config, ConnectionLimits, IdempotencyKeyRequirement, IdempotencyMode, Listen, LogFormat,
    RateLimits, Region, ReplicasConfig, ServiceAccount, SessionMode, ShutdownConfig, SubmitConfig, System, Timeouts,
    TrustedProxies, UpstreamAccess, UpstreamConfig, parse,
};
use crate::ips::types::ApiVersion;

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// All errors in the settings.
    pub fn read(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut values = Values::collect(sources);
        let url = upstream_url(&mut values);
        let api_version = values.required(&API_VERSION, parse::api_version);
        let config = config(&mut values, url, api_version);
        values.finish(config)
    }

    /// Reads the configuration for the IPS at `url` with `api_version`; the settings of both are ignored.
    ///
    /// # Errors
    /// All errors in the other settings.
    pub fn read_for(sources: &Sources, url: Url, api_version: ApiVersion) -> Result<Self, ConfigErrors> {
        let mut values = Values::collect(sources);
        let config = config(&mut values, Ok(url), Ok(api_version));
        values.finish(config)
    }
}

impl UpstreamAccess {
    /// Reads the settings of IPS, the company and the service account only.
    ///
    /// # Errors
    /// All errors in these settings, and unknown settings.
    pub fn read(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut values = Values::collect(sources);
        let access = upstream_access(&mut values);
        values.finish(access)
    }
}

fn upstream_access(values: &mut Values) -> Result<UpstreamAccess, Reported> {
    let url = upstream_url(values);
    let api_version = values.required(&API_VERSION, parse::api_version);
    let upstream = upstream(values, url, api_version);
    let company = values.optional(&COMPANY, parse::text);
    let user = values.optional(&SERVICE_USER, parse::text);
    let password = values.secret(&SERVICE_PASSWORD, parse::text);
    let account = match (user?, password?) {
        (Some(user), Some(password)) => Some(ServiceAccount { user, password }),
        (None, None) => None,
        (user, _) => {
            let missing = if user.is_some() { &SERVICE_PASSWORD } else { &SERVICE_USER };
            return Err(values.report(missing.variable(), "is missing; user and password are required together"));
        }
    };
    Ok(UpstreamAccess { upstream: upstream?, company: company?, account })
}

/// Returns the settings with another value than their default, as `key=value`; secrets, and values that may contain credentials, as
/// `key=[redacted]`.
#[must_use]
pub fn changed_settings(sources: &Sources) -> Vec<String> {
    Values::collect(sources).changed()
}

impl Listen {
    /// Reads the address and the path prefix only.
    ///
    /// # Errors
    /// All errors in these two settings, and unknown settings.
    pub fn read(sources: &Sources) -> Result<Self, ConfigErrors> {
        let mut values = Values::collect(sources);
        let listen = listen(&mut values);
        values.finish(listen)
    }
}

fn config(
    values: &mut Values,
    url: Result<Url, Reported>,
    api_version: Result<ApiVersion, Reported>,
) -> Result<Config, Reported> {
    let listen = listen(values);
    let upstream = upstream(values, url, api_version);
    let cache = cache(values);
    let default_company = values.optional(&COMPANY, parse::text);
    let auth = auth(values);
    let cors_origins = cors_origins(values);
    let modes = [("on", SessionMode::On), ("off", SessionMode::Off)];
    let board_sessions = values.required(&BOARD_SESSIONS, parse::one_of(&modes));
    let submits = submits(values);
    let rate_limits = rate_limits(values);
    let trusted_proxies = values.list(&TRUSTED_PROXIES, parse::network).map(TrustedProxies);
    let timeouts = timeouts(values);
    let connections = connections(values);
    let request_body_budget = values.required(&REQUEST_BODY_BUDGET, parse::body_budget);
    let shutdown = shutdown(values);
    let replicas = replicas(values);
    let formats = [("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];
    let log_format = values.required(&LOG_FORMAT, parse::one_of(&formats));
    let audit_log = values.optional(&AUDIT_LOG, parse::audit_target);
    let principal_key = values.secret(&PRINCIPAL_KEY, parse::shared_key);
    let replicas = replicas?;
    let shared_key = replicas.as_ref().map(|replicas| replicas.key.clone());
    Ok(Config {
        audit_log: audit_log?,
        principal_key: principal_key?.or(shared_key),
        listen: listen?,
        upstream: upstream?,
        cache: cache?,
        auth: auth?,
        default_company: default_company?,
        cors_origins: cors_origins?,
        board_sessions: board_sessions?,
        submits: submits?,
        rate_limits: rate_limits?,
        trusted_proxies: trusted_proxies?,
        connections: connections?,
        timeouts: timeouts?,
        request_body_budget: request_body_budget?,
        shutdown: shutdown?,
        replicas,
        log_format: log_format?,
    })
}

fn listen(values: &mut Values) -> Result<Listen, Reported> {
    let address = values.required(&LISTEN, parse::socket_address);
    let path_prefix = values.required(&PATH_PREFIX, parse::path_prefix);
    Ok(Listen { address: address?, path_prefix: path_prefix? })
}

/// Returns the URL of `upstream_url`, or that of the region.
fn upstream_url(values: &mut Values) -> Result<Url, Reported> {
    let url = values.optional(&UPSTREAM_URL, parse::service_url);
    let region = values.optional(&REGION, parse::one_of(&Region::ALL.map(|region| (region.name(), region))));
    let systems = [("true", System::Staging), ("false", System::Production)];
    let system = values.required(&STAGING, parse::one_of(&systems));
    match (url?, region?, system?) {
        (Some(url), None, System::Production) => Ok(url),
        (None, Some(region), system) => Ok(region.url(system)),
        (url, region, _) => {
            let (setting, error) = match (url, region) {
                (Some(_), Some(_)) => {
                    (&REGION, format!("also given by {}; expected one of the two", values.place(&UPSTREAM_URL)))
                }
                (Some(_), None) => (&STAGING, format!("requires {}", values.place(&REGION))),
                (None, _) => (&UPSTREAM_URL, format!("is missing; expected it or {}", values.place(&REGION))),
            };
            Err(values.report(values.place(setting), error))
        }
    }
}

fn upstream(
    values: &mut Values,
    url: Result<Url, Reported>,
    api_version: Result<ApiVersion, Reported>,
) -> Result<UpstreamConfig, Reported> {
    let try_unknown_fields = values.required(&TRY_UNKNOWN_FIELDS, parse::one_of(&[("true", true), ("false", false)]));
    let ca_file = values.optional(&UPSTREAM_CA_FILE, parse::text);
    let timeout = values.required(&UPSTREAM_TIMEOUT, parse::timeout);
    let max_queue_time = values.required(&UPSTREAM_WAIT, parse::timeout);
    let max_calls = values.required(&UPSTREAM_CALLS, parse::max_calls);
    let min_failures = values.required(&UPSTREAM_FAILURES, parse::min_failures);
    let max_answer_bytes = values.required(&UPSTREAM_ANSWER_LIMIT, parse::answer_limit);
    Ok(UpstreamConfig {
        url: url?,
        api_version: api_version?,
        try_unknown_fields: try_unknown_fields?,
        ca_file: ca_file?.map(Into::into),
        timeout: timeout?,
        max_queue_time: max_queue_time?,
        max_calls: max_calls?,
        min_failures: min_failures?,
        max_answer_bytes: max_answer_bytes?,
    })
}

fn cache(values: &mut Values) -> Result<CacheConfig, Reported> {
    let fresh = values.required(&FRESH, parse::freshness);
    let stale_while_revalidate = values.required(&STALE_WHILE_REVALIDATE, parse::staleness);
    let stale_if_error = values.required(&STALE_IF_ERROR, parse::staleness);
    let max_bytes = values.required(&CACHE_SIZE, parse::cache_size);
    Ok(CacheConfig {
        fresh: fresh?,
        stale_while_revalidate: stale_while_revalidate?,
        stale_if_error: stale_if_error?,
        max_bytes: max_bytes?,
    })
}

/// Requires all three settings or none: a service account without API keys would serve unauthenticated callers.
fn auth(values: &mut Values) -> Result<AuthConfig, Reported> {
    let user = values.optional(&SERVICE_USER, parse::text);
    let password = values.secret(&SERVICE_PASSWORD, parse::text);
    let keys_file = values.optional(&API_KEYS_FILE, parse::text);
    match (user?, password?, keys_file?) {
        (None, None, None) => Ok(AuthConfig::IpsCredentials),
        (Some(user), Some(password), Some(keys_file)) => {
            Ok(AuthConfig::ApiKeys { account: ServiceAccount { user, password }, keys_file: keys_file.into() })
        }
        _ => {
            let (given, missing): (Vec<_>, Vec<_>) =
                [&SERVICE_USER, &SERVICE_PASSWORD, &API_KEYS_FILE].into_iter().partition(|setting| values.has(setting));
            let given: Vec<_> = given.into_iter().map(|setting| values.place(setting)).collect();
            for setting in missing {
                values.report(values.place(setting), format_args!("is missing; required with {}", given.join(" and ")));
            }
            Err(Reported)
        }
    }
}

fn cors_origins(values: &mut Values) -> Result<Vec<String>, Reported> {
    let origins = values.list(&CORS_ORIGINS, parse::origin)?;
    if origins.len() > 1 && origins.iter().any(|origin| origin == "*") {
        return Err(values.report(values.place(&CORS_ORIGINS), "expected origins, or * alone"));
    }
    Ok(origins)
}

fn submits(values: &mut Values) -> Result<SubmitConfig, Reported> {
    let options = [("true", IdempotencyKeyRequirement::Required), ("false", IdempotencyKeyRequirement::Optional)];
    let idempotency_key = values.required(&REQUIRE_IDEMPOTENCY_KEY, parse::one_of(&options));
    let modes = [("best-effort", IdempotencyMode::BestEffort), ("strict", IdempotencyMode::Strict)];
    let idempotency = values.required(&IDEMPOTENCY, parse::one_of(&modes));
    let url_schemes = values.list(&URL_SCHEMES, parse::url_scheme);
    let url_hosts = values.list(&URL_HOSTS, parse::url_host);
    Ok(SubmitConfig {
        idempotency_key: idempotency_key?,
        idempotency: idempotency?,
        url_schemes: url_schemes?,
        url_hosts: url_hosts?,
    })
}

fn rate_limits(values: &mut Values) -> Result<RateLimits, Reported> {
    let rate = values.required(&RATE_LIMIT, parse::rate);
    let burst = values.required(&RATE_BURST, parse::burst);
    let streams = values.required(&MAX_STREAMS, parse::limit);
    Ok(RateLimits { rate: rate?, burst: burst?, streams: streams? })
}

fn timeouts(values: &mut Values) -> Result<Timeouts, Reported> {
    let request = values.required(&REQUEST_TIMEOUT, parse::timeout);
    let write = values.required(&WRITE_TIMEOUT, parse::timeout);
    let idle = values.required(&KEEP_ALIVE, parse::timeout);
    Ok(Timeouts { request: request?, write: write?, idle: idle? })
}

fn connections(values: &mut Values) -> Result<ConnectionLimits, Reported> {
    let total = values.required(&MAX_CONNECTIONS, parse::limit);
    let per_address = values.optional(&MAX_CONNECTIONS_PER_ADDRESS, parse::limit);
    Ok(ConnectionLimits { total: total?, per_address: per_address? })
}

fn shutdown(values: &mut Values) -> Result<ShutdownConfig, Reported> {
    let drain_delay = values.required(&DRAIN_DELAY, parse::delay);
    let grace = values.required(&GRACE, parse::delay);
    Ok(ShutdownConfig { drain_delay: drain_delay?, grace: grace? })
}

/// Requires both the URL and the key or neither: the contents of the shared store are always encrypted.
fn replicas(values: &mut Values) -> Result<Option<ReplicasConfig>, Reported> {
    let url = values.secret(&SHARED_CACHE_URL, parse::redis_url);
    let key = values.secret(&SHARED_CACHE_KEY, parse::shared_key);
    let ca_file = values.optional(&SHARED_CACHE_CA_FILE, parse::text);
    let (url, key, ca_file) = (url?, key?, ca_file?.map(PathBuf::from));
    if ca_file.is_some() && !url.as_ref().is_some_and(|url| url.expose_secret().starts_with("rediss://")) {
        let error = format!("requires a rediss:// URL in {}", SHARED_CACHE_URL.variable());
        return Err(values.report(values.place(&SHARED_CACHE_CA_FILE), error));
    }
    let (missing, given) = match (url, key) {
        (None, None) => return Ok(None),
        (Some(url), Some(key)) => return Ok(Some(ReplicasConfig { url, key, ca_file })),
        (Some(_), None) => (&SHARED_CACHE_KEY, &SHARED_CACHE_URL),
        (None, Some(_)) => (&SHARED_CACHE_URL, &SHARED_CACHE_KEY),
    };
    let given = values.place(given);
    Err(values.report(values.place(missing), format_args!("is missing; required with {given}")))
}
