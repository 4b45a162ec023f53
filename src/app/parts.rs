//! Parts of the gateway that both its start and its check build from the configuration.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::error::StartError;
use crate::config::{AuthConfig, Config, ReplicasConfig, ServiceAccount, SessionMode, UpstreamConfig};
use crate::http::{Auditor, Authenticator, InvalidKeys, KeyStore, PrincipalNames, Sessions};
use crate::jobs::Freshness;
use crate::replicas::Coordinator;
use crate::replicas::redis::RedisCoordinator;
use crate::runtime::clock::Clock;
use crate::runtime::timing::Timing;
use crate::telemetry::audit::AuditLog;
use crate::upstream::{ClientConfig, Credentials, IpsClient};

/// Maximum timeout of a connection attempt to IPS; half of the timeout of a call if that is shorter, so that there is time for a retry.
const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for which an invalidation epoch is kept longer than a load and its snapshot.
const EPOCH_MARGIN: Duration = Duration::from_mins(1);

pub(super) fn freshness(config: &Config) -> Freshness {
    Freshness {
        fresh: config.cache.fresh,
        stale_while_revalidate: config.cache.stale_while_revalidate,
        stale_if_error: config.cache.stale_if_error,
    }
}

/// Builds the client for the configured IPS; connects to nothing.
///
/// # Errors
/// The certificate authorities can't be read, or TLS can't be set up.
pub fn ips_client(config: &UpstreamConfig, clock: Clock, timing: Timing) -> Result<IpsClient, StartError> {
    IpsClient::new(ClientConfig {
        url: config.url.clone(),
        version: config.api_version.clone(),
        authorities: config.ca_file.iter().map(|path| read_authorities(path)).collect::<Result<_, _>>()?,
        timeout: config.timeout,
        connect_timeout: (config.timeout / 2).min(MAX_CONNECT_TIMEOUT),
        read_retry: timing.read_retry,
        max_calls: config.max_calls,
        max_queue_time: config.max_queue_time,
        min_failures: config.min_failures,
        max_answer_bytes: config.max_answer_bytes,
        clock,
        app_name: env!("CARGO_PKG_NAME").into(),
        app_version: env!("CARGO_PKG_VERSION").into(),
    })
    .map_err(|error| StartError::Client(error.into()))
}

/// Builds the coordinator of the replicas, if there are any. Replicas share data only with those of the same upstream and API version.
pub(super) fn coordinator(config: &Config) -> Result<Option<Arc<dyn Coordinator>>, StartError> {
    let Some(ReplicasConfig { url, key, ca_file }) = &config.replicas else { return Ok(None) };
    let (upstream, version) = (config.upstream.url.as_str(), config.upstream.api_version.to_string());
    let authorities = ca_file.as_deref().map(read_authorities).transpose()?;
    let epoch_ttl = freshness(config).shared_retention() + config.upstream.timeout + EPOCH_MARGIN;
    let coordinator = RedisCoordinator::open(url, authorities, key, &[upstream, &version], epoch_ttl)?;
    Ok(Some(Arc::new(coordinator)))
}

fn read_authorities(path: &Path) -> Result<Vec<u8>, StartError> {
    fs::read(path).map_err(|error| StartError::CertificateAuthorities { path: path.to_owned(), error })
}

/// Builds the authenticator. Its API keys are read again when their file changes, on a task that ends with the authenticator.
pub(super) fn authenticator(
    config: &Config,
    timing: Timing,
    reload_requests: Option<&watch::Receiver<usize>>,
) -> Result<Authenticator, InvalidKeys> {
    match &config.auth {
        AuthConfig::IpsCredentials => {
            Ok(Authenticator::IpsCredentials(PrincipalNames::new(config.principal_key.as_ref())))
        }
        AuthConfig::ApiKeys { account: ServiceAccount { user, password }, keys_file } => {
            let account = Credentials::Password { user: user.clone(), password: password.clone() };
            let keys = Arc::new(KeyStore::open(keys_file.clone())?);
            let requests = reload_requests.cloned().unwrap_or_else(|| watch::channel(0).1);
            Handle::current().spawn(KeyStore::keep_current(Arc::downgrade(&keys), timing.key_file_poll, requests));
            Ok(Authenticator::ApiKeys { keys, account })
        }
    }
}

/// Creates the sessions, if they are switched on; with a coordinator, those of all replicas.
pub(super) fn sessions(
    config: &Config,
    clock: &Clock,
    coordinator: Option<Arc<dyn Coordinator>>,
) -> Result<Option<Arc<Sessions>>, StartError> {
    match config.board_sessions {
        SessionMode::Off => Ok(None),
        SessionMode::On => {
            let (prefix, proxies) = (config.listen.path_prefix.clone(), config.trusted_proxies.clone());
            let sessions = Sessions::new(coordinator, prefix, proxies, clock.clone());
            Ok(Some(Arc::new(sessions.map_err(StartError::RandomBytes)?)))
        }
    }
}

/// Opens the audit log, if one is configured, and opens it again on each request.
pub(super) fn auditor(
    config: &Config,
    clock: &Clock,
    reload_requests: Option<watch::Receiver<usize>>,
) -> Result<Option<Auditor>, StartError> {
    let Some(target) = &config.audit_log else { return Ok(None) };
    let log = Arc::new(AuditLog::open(target).map_err(StartError::AuditLog)?);
    if let Some(mut requests) = reload_requests {
        let log = Arc::downgrade(&log);
        Handle::current().spawn(async move {
            while requests.changed().await.is_ok()
                && let Some(log) = log.upgrade()
            {
                log.reopen();
            }
        });
    }
    Ok(Some(Auditor { log, clock: clock.clone() }))
}
