//! Composition root: builds the gateway from its configuration and dependencies.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use actix_web::App;
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::web::Data;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::config::{AuthConfig, Config, Replicas, ServiceAccount};
use crate::http::{
    self, ApiKeys, AppState, Auth, Authenticator, BackgroundTasks, BodyBudget, ContextProvider, DemoUser, Documents,
    HttpSettings, InvalidKeys, RateLimiter, SignInMethod, StreamQuota, Tickets, UiAssets, UiConfig, openapi,
};
use crate::jobs::{Freshness, Jobs, JobsConfig, UrlPolicy};
use crate::replicas::Coordinator;
use crate::replicas::redis::{InvalidAddress, RedisCoordinator};
use crate::runtime::clock::Clock;
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::timing::Timing;
use crate::server::{EarlyError, Server, ServerError, ServerSettings};
use crate::telemetry::metrics::Metrics;
use crate::upstream::{ClientConfig, Credentials, IpsApi, IpsClient, UnknownFields};

/// Maximum timeout of a connection attempt to IPS; half of the timeout of a call if that is shorter, so that there is time for a retry.
const MAX_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Dependencies of the gateway besides its configuration.
pub struct Dependencies {
    /// Wall clock.
    pub clock: Clock,
    /// Replacement of the client for the configured IPS.
    pub upstream: Option<Arc<dyn IpsApi>>,
    /// Intervals that have no setting.
    pub timing: Timing,
    /// Additions of the demo; `None` for other gateways.
    pub demo: Option<Demo>,
}

/// Additions of the demo to documents and pages.
pub struct Demo {
    /// Markdown that is added to the description of the OpenAPI document.
    pub note: String,
    /// Users that the sign-in page offers.
    pub users: Vec<DemoUser>,
}

impl Default for Dependencies {
    fn default() -> Self {
        Self { clock: Clock::system(), upstream: None, timing: Timing::default(), demo: None }
    }
}

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
    /// The client for the cache that replicas share can't be built.
    #[error(transparent)]
    Replicas(#[from] InvalidAddress),
}

/// Builds the gateway and binds its address. Background tasks run on the tokio runtime of the caller.
///
/// # Errors
/// The address can't be bound, or one of the files in the configuration can't be read.
pub fn build(config: &Config, dependencies: Dependencies) -> Result<Server, StartError> {
    let Dependencies { clock, upstream, timing, demo } = dependencies;
    let (note, users) = demo.map(|Demo { note, users }| (note, users)).unzip();
    // The recorder has to be installed before the first metric is recorded.
    let metrics = Metrics::install();
    let upstream = match upstream {
        Some(upstream) => upstream,
        None => Arc::new(ips_client(config, clock.clone(), timing)?),
    };
    let runtime = Handle::current();
    let lifecycle = Lifecycle::default();
    let background = TaskTracker::new();
    runtime.spawn({
        let (metrics, lifecycle) = (metrics.clone(), lifecycle.clone());
        async move { metrics.run_upkeep(lifecycle.stopping()).await }
    });
    let coordinator = coordinator(config)?;
    let settings = jobs_config(config, clock.clone(), timing, runtime.clone(), coordinator.clone());
    let path_prefix = config.listen.path_prefix.clone();
    let documents = Documents::new({
        let path_prefix = path_prefix.clone();
        move || openapi::for_deployment(http::openapi_document(), &path_prefix, note.as_deref())
    });
    let authenticator = Arc::new(authenticator(config)?);
    let state = Data::new(AppState {
        jobs: Jobs::new(upstream, settings),
        auth: Auth {
            authenticator: Arc::clone(&authenticator),
            tickets: Tickets::new(authenticator.service_account().cloned(), coordinator),
            stream_quota: StreamQuota::new(config.rate_limits.streams),
        },
        settings: HttpSettings {
            fresh: config.cache.fresh,
            path_prefix: path_prefix.clone(),
            body_timeout: config.timeouts.request,
            heartbeat: timing.heartbeat,
            idempotency_keys: config.submits.idempotency_key,
        },
        clock,
        lifecycle: lifecycle.clone(),
        background: BackgroundTasks::new(runtime, background.clone()),
        body_budget: BodyBudget::new(config.request_body_budget),
        metrics,
        documents,
        ui: UiAssets::new(&ui_config(config, users.unwrap_or_default())),
    });
    let rate_limiter = RateLimiter::new(config.rate_limits, &path_prefix, Arc::clone(&authenticator)).map(Arc::new);
    let contexts = Arc::new(ContextProvider::new(&path_prefix, authenticator));
    let origins = config.cors_origins.clone();
    let app = move || {
        let (contexts, rate_limiter) = (Arc::clone(&contexts), rate_limiter.clone());
        // The last middleware is the outermost.
        App::new()
            .configure(|routes| http::configure(routes, state.clone()))
            .wrap(from_fn(http::limit_target_length))
            .wrap(from_fn(move |request, next: Next<_>| http::limit_rate(rate_limiter.clone(), request, next)))
            .wrap(Compress::default())
            .wrap(from_fn(http::render_foreign_errors))
            .wrap(http::security_headers())
            .wrap(http::cors(&origins))
            .wrap(from_fn(http::log_access))
            .wrap(from_fn(move |request, next: Next<_>| Arc::clone(&contexts).provide(request, next)))
    };
    let early_response = Arc::new(move |error: EarlyError, received: Instant| {
        http::respond_to_unparsed(error.status(), &path_prefix, received)
    });
    let settings = ServerSettings {
        listen: config.listen.address,
        connections: config.connections,
        timeouts: config.timeouts,
        shutdown: config.shutdown,
        early_response,
        lifecycle,
        background,
    };
    Ok(Server::bind(settings, app)?)
}

fn jobs_config(
    config: &Config,
    clock: Clock,
    timing: Timing,
    runtime: Handle,
    coordinator: Option<Arc<dyn Coordinator>>,
) -> JobsConfig {
    JobsConfig {
        default_company: config.default_company.clone(),
        url_policy: UrlPolicy { schemes: config.submits.url_schemes.clone(), hosts: config.submits.url_hosts.clone() },
        freshness: Freshness {
            fresh: config.cache.fresh,
            stale_while_revalidate: config.cache.stale_while_revalidate,
            stale_if_error: config.cache.stale_if_error,
        },
        clock,
        timing,
        runtime,
        coordinator,
        api_version: config.upstream.api_version.clone(),
        unknown_fields: if config.upstream.try_unknown_fields { UnknownFields::Try } else { UnknownFields::Omit },
    }
}

fn ips_client(config: &Config, clock: Clock, timing: Timing) -> Result<IpsClient, StartError> {
    let config = &config.upstream;
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
fn coordinator(config: &Config) -> Result<Option<Arc<dyn Coordinator>>, StartError> {
    let Some(Replicas { url, key, ca_file }) = &config.replicas else { return Ok(None) };
    let (upstream, version) = (config.upstream.url.as_str(), config.upstream.api_version.to_string());
    let authorities = ca_file.as_deref().map(read_authorities).transpose()?;
    let coordinator = RedisCoordinator::open(url, authorities, key, &[upstream, &version])?;
    Ok(Some(Arc::new(coordinator)))
}

fn read_authorities(path: &Path) -> Result<Vec<u8>, StartError> {
    fs::read(path).map_err(|error| StartError::CertificateAuthorities { path: path.to_owned(), error })
}

fn authenticator(config: &Config) -> Result<Authenticator, InvalidKeys> {
    match &config.auth {
        AuthConfig::IpsCredentials => Ok(Authenticator::IpsCredentials),
        AuthConfig::ApiKeys { account: ServiceAccount { user, password }, keys_file } => {
            let account = Credentials::Password { user: user.clone(), password: password.clone() };
            Ok(Authenticator::ApiKeys { keys: ApiKeys::read(keys_file)?, account })
        }
    }
}

fn ui_config(config: &Config, users: Vec<DemoUser>) -> UiConfig {
    let sign_in = match config.auth {
        AuthConfig::IpsCredentials => SignInMethod::Ips,
        AuthConfig::ApiKeys { .. } => SignInMethod::ApiKey,
    };
    UiConfig::of(&config.upstream.url, sign_in, config.default_company.clone(), users)
}
