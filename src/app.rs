//! Composition root: builds the gateway from its configuration and dependencies.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::web::Data;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::config::{AuthConfig, Config, IdempotencyMode, ReplicasConfig, ServiceAccount};
use crate::http::{
    self, ApiKeys, AppState, Auth, Authenticator, BackgroundTasks, BodyBudget, ContextProvider, DemoUser, Documents,
    HttpSettings, InvalidKeys, RateLimiter, SignInMethod, StreamQuota, Tickets, UiAssets, UiConfig, openapi,
};
use crate::jobs::{Freshness, Jobs, JobsConfig, UnsharedKeys, UrlPolicy};
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
    // The recorder has to be installed before the first metric is recorded.
    let metrics = Metrics::install();
    let (lifecycle, background) = (Lifecycle::default(), TaskTracker::new());
    Handle::current().spawn({
        let (metrics, lifecycle) = (metrics.clone(), lifecycle.clone());
        async move { metrics.run_upkeep(lifecycle.stopping()).await }
    });
    let clock = dependencies.clock.clone();
    let authenticator = Arc::new(authenticator(config)?);
    let process = Process { metrics, lifecycle, background };
    let state = app_state(config, dependencies, &authenticator, &process)?;
    let parts = AppParts::new(config, authenticator, state);
    Ok(Server::bind(server_settings(config, clock, process), move || application(&parts))?)
}

/// State of the process that the application and the server share.
struct Process {
    metrics: Metrics,
    lifecycle: Lifecycle,
    background: TaskTracker,
}

fn app_state(
    config: &Config,
    dependencies: Dependencies,
    authenticator: &Arc<Authenticator>,
    process: &Process,
) -> Result<AppState, StartError> {
    let Dependencies { clock, upstream, timing, demo } = dependencies;
    let (note, demo_users) = demo.map(|Demo { note, users }| (note, users)).unzip();
    let upstream = match upstream {
        Some(upstream) => upstream,
        None => Arc::new(ips_client(config, clock.clone(), timing)?),
    };
    let coordinator = coordinator(config)?;
    let runtime = Handle::current();
    let jobs_config = jobs_config(config, clock.clone(), timing, runtime.clone(), coordinator.clone());
    let path_prefix = config.listen.path_prefix.clone();
    let background = || BackgroundTasks::new(runtime.clone(), process.background.clone());
    Ok(AppState {
        jobs: Jobs::new(upstream, jobs_config),
        auth: Auth {
            authenticator: Arc::clone(authenticator),
            tickets: Tickets::new(authenticator.service_account().cloned(), coordinator, clock.clone(), background()),
            stream_quota: StreamQuota::new(config.rate_limits.streams),
        },
        settings: HttpSettings {
            freshness_lifetime: config.cache.fresh,
            path_prefix: path_prefix.clone(),
            body_timeout: config.timeouts.request,
            heartbeat: timing.heartbeat,
            idempotency_keys: config.submits.idempotency_key,
        },
        clock,
        lifecycle: process.lifecycle.clone(),
        background: background(),
        body_budget: BodyBudget::new(config.request_body_budget),
        metrics: process.metrics.clone(),
        documents: Documents::new(move || {
            openapi::for_deployment(http::openapi_document(), &path_prefix, note.as_deref())
        }),
        ui: UiAssets::new(&ui_config(config, demo_users)),
    })
}

/// Parts of the actix app, which the workers share.
struct AppParts {
    state: Data<AppState>,
    rate_limiter: Option<Arc<RateLimiter>>,
    contexts: Arc<ContextProvider>,
    cors_origins: Vec<String>,
}

impl AppParts {
    fn new(config: &Config, authenticator: Arc<Authenticator>, state: AppState) -> Self {
        let path_prefix = &config.listen.path_prefix;
        let rate_limiter = RateLimiter::new(config.rate_limits, path_prefix, Arc::clone(&authenticator));
        Self {
            state: Data::new(state),
            rate_limiter: rate_limiter.map(Arc::new),
            contexts: Arc::new(ContextProvider::new(path_prefix, authenticator)),
            cors_origins: config.cors_origins.clone(),
        }
    }
}

/// Returns the actix app of a worker: the routes within their middleware.
fn application(
    parts: &AppParts,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    let (state, rate_limiter, contexts) =
        (parts.state.clone(), parts.rate_limiter.clone(), Arc::clone(&parts.contexts));
    // The middleware, from the innermost to the outermost.
    App::new()
        .configure(|routes| http::configure(routes, state))
        .wrap(from_fn(http::limit_target_length))
        .wrap(from_fn(move |request, next: Next<_>| http::limit_rate(rate_limiter.clone(), request, next)))
        // Refuses requests that accept no content coding of it, with 406.
        .wrap(Compress::default())
        // Answers preflights, which need neither credentials nor a token of the rate limit.
        .wrap(http::cors(&parts.cors_origins))
        // Replaces error responses of the routing, `Compress` and CORS.
        .wrap(from_fn(http::render_framework_errors))
        // Assigns the request id, which the others need, writes the access log and adds the security headers.
        .wrap(from_fn(move |request, next: Next<_>| Arc::clone(&contexts).provide(request, next)))
}

fn server_settings(config: &Config, clock: Clock, process: Process) -> ServerSettings {
    let path_prefix = config.listen.path_prefix.clone();
    let early_response = move |error: EarlyError, received: Instant| {
        http::respond_to_unparsed(error.status(), &path_prefix, received, clock.now())
    };
    ServerSettings {
        listen: config.listen.address,
        connections: config.connections,
        timeouts: config.timeouts,
        shutdown: config.shutdown,
        early_response: Arc::new(early_response),
        lifecycle: process.lifecycle,
        background: process.background,
    }
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
        unshared_keys: match config.submits.idempotency {
            IdempotencyMode::Strict => UnsharedKeys::Refuse,
            IdempotencyMode::BestEffort => UnsharedKeys::Send,
        },
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
    let Some(ReplicasConfig { url, key, ca_file }) = &config.replicas else { return Ok(None) };
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

fn ui_config(config: &Config, demo_users: Option<Vec<DemoUser>>) -> UiConfig {
    let sign_in = match config.auth {
        AuthConfig::IpsCredentials => SignInMethod::Ips,
        AuthConfig::ApiKeys { .. } => SignInMethod::ApiKey,
    };
    UiConfig::of(&config.upstream.url, sign_in, config.default_company.clone(), demo_users)
}
