//! Composition root: builds the gateway from its configuration and dependencies.

mod checks;
mod error;
mod parts;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::App;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::Data;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::config::{AuthConfig, Config, ConnectionLimits, IdempotencyMode, UpstreamConfig};
use crate::http::{
    self, AppState, Auditor, Auth, Authenticator, BackgroundTasks, BodyBudget, ContextProvider, DemoUser, Documents,
    HttpSettings, KnownCallers, RateLimiter, RequestChecks, SignInMethod, StreamQuota, Tickets, UiAssets, UiConfig,
    openapi,
};
use crate::jobs::{Jobs, JobsConfig, UnsharedKeys, UrlPolicy};
use crate::replicas::Coordinator;
use crate::runtime::clock::Clock;
use crate::runtime::lifecycle::Lifecycle;
use crate::runtime::timing::Timing;
use crate::server::{EarlyError, Server, ServerSettings};
use crate::telemetry::metrics::Metrics;
pub use crate::upstream::install_tls_provider;
use crate::upstream::{AdmissionControl, IpsApi, UnknownFields};
pub use checks::check;
pub use error::StartError;
pub use parts::ips_client;
use parts::{auditor, authenticator, coordinator, freshness, sessions};

/// File descriptors that are kept for the shared store, worker threads, standard streams and files of certificates, besides those of calls.
const RESERVED_FILES: usize = 128;

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
    /// Number of requests to read the API keys again and to open the audit log again; `None` if there are none.
    pub reload_requests: Option<watch::Receiver<usize>>,
    /// Check of the credentials of the service account.
    pub account_check: AccountCheck,
}

/// Time at which the credentials of the service account are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountCheck {
    /// At the start.
    AtStart,
    /// By the first call for a caller.
    WithFirstCall,
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
        Self {
            clock: Clock::system(),
            upstream: None,
            timing: Timing::default(),
            demo: None,
            reload_requests: None,
            account_check: AccountCheck::AtStart,
        }
    }
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
    let (account_check, timing) = (dependencies.account_check, dependencies.timing);
    let reload_requests = dependencies.reload_requests.clone();
    let authenticator = Arc::new(authenticator(config, timing, reload_requests.as_ref())?);
    let auditor = auditor(config, &clock, reload_requests)?;
    let process = Process { metrics, lifecycle, background };
    let state = app_state(config, dependencies, &authenticator, &process)?;
    if let (Some(account), AccountCheck::AtStart) = (authenticator.service_account(), account_check) {
        let interval = timing.account_check;
        checks::check_service_account(account.clone(), state.jobs.clone(), &process.lifecycle, interval);
    }
    let parts = AppParts::new(config, authenticator, auditor, state);
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
    let Dependencies { clock, upstream, timing, demo, .. } = dependencies;
    let (note, demo_users) = demo.map(|Demo { note, users }| (note, users)).unzip();
    let upstream = match upstream {
        Some(upstream) => upstream,
        None => Arc::new(ips_client(&config.upstream, clock.clone(), timing)?),
    };
    let UpstreamConfig { max_calls, max_queue_time, .. } = config.upstream;
    let upstream = Arc::new(AdmissionControl::new(upstream, max_calls, max_queue_time, clock.clone()));
    let coordinator = coordinator(config)?;
    let runtime = Handle::current();
    let jobs_config = jobs_config(config, clock.clone(), timing, runtime.clone(), coordinator.clone());
    let sessions = sessions(config, &clock, coordinator.clone())?;
    let background = || BackgroundTasks::new(runtime.clone(), process.background.clone());
    Ok(AppState {
        jobs: Jobs::new(upstream, jobs_config),
        auth: Auth {
            authenticator: Arc::clone(authenticator),
            sessions,
            tickets: Tickets::new(authenticator.service_account().cloned(), coordinator, clock.clone(), background()),
            stream_quota: StreamQuota::new(config.rate_limits.streams),
        },
        settings: HttpSettings {
            freshness_lifetime: config.cache.fresh,
            path_prefix: config.listen.path_prefix.clone(),
            body_timeout: config.timeouts.request,
            heartbeat: timing.heartbeat,
            idempotency_keys: config.submits.idempotency_key,
        },
        clock,
        lifecycle: process.lifecycle.clone(),
        background: background(),
        body_budget: BodyBudget::new(config.request_body_budget),
        metrics: process.metrics.clone(),
        documents: Documents::new(move || openapi::for_deployment(openapi::committed(), note.as_deref())),
        ui: UiAssets::new(&ui_config(config, demo_users)),
    })
}

/// Parts of the actix app, which the workers share.
struct AppParts {
    state: Data<AppState>,
    checks: Arc<RequestChecks>,
    contexts: Arc<ContextProvider>,
}

impl AppParts {
    fn new(config: &Config, authenticator: Arc<Authenticator>, auditor: Option<Auditor>, state: AppState) -> Self {
        let path_prefix = &config.listen.path_prefix;
        let rate_limiter = RateLimiter::new(
            config.rate_limits,
            config.trusted_proxies.clone(),
            path_prefix,
            Arc::clone(&authenticator),
        );
        let sessions = state.auth.sessions.clone();
        Self {
            state: Data::new(state),
            checks: Arc::new(RequestChecks { rate_limiter, origins: config.cors_origins.clone() }),
            contexts: Arc::new(ContextProvider::new(path_prefix, http::API_PATHS, authenticator, sessions, auditor)),
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
    let (state, checks, contexts) = (parts.state.clone(), Arc::clone(&parts.checks), Arc::clone(&parts.contexts));
    let known = Rc::new(KnownCallers::default());
    // The middleware, from the innermost to the outermost.
    App::new()
        .configure(|routes| http::configure(routes, state))
        .wrap(from_fn(move |request, next: Next<_>| Arc::clone(&checks).check(request, next)))
        // Answers preflights, which need neither credentials nor a token of the rate limit.
        .wrap(http::cors(&parts.checks.origins))
        // Assigns the request id, which the others need, writes the access log, renders error responses of the others, and adds the security
        // headers.
        .wrap(from_fn(move |request, next: Next<_>| Arc::clone(&contexts).provide(Rc::clone(&known), request, next)))
}

/// Returns the limits of connections, lowered so far that file descriptors are left for IPS, the shared store and the gateway itself.
fn connection_limits(config: &Config) -> ConnectionLimits {
    let connections = config.connections;
    // The soft limit of shells and containers is often 1,024. It stays as it is if it can't be raised.
    let Ok(files) = rlimit::increase_nofile_limit(u64::MAX) else { return connections };
    let reserve = 2 * config.upstream.max_calls + RESERVED_FILES;
    let available = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(reserve).max(1);
    if available < connections.total {
        tracing::warn!(files, connections = available, "fewer connections than configured: each is a file descriptor");
    }
    ConnectionLimits { total: connections.total.min(available), ..connections }
}

fn server_settings(config: &Config, clock: Clock, process: Process) -> ServerSettings {
    let path_prefix = config.listen.path_prefix.clone();
    let early_response = move |error: EarlyError, received: Instant| {
        http::respond_to_unparsed(error.status(), &path_prefix, received, clock.now())
    };
    ServerSettings {
        listen: config.listen.address,
        connections: connection_limits(config),
        trusted_proxies: config.trusted_proxies.clone(),
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
        freshness: freshness(config),
        cache_bytes: config.cache.max_bytes,
        clock,
        timing,
        runtime,
        coordinator,
        api_version: config.upstream.api_version.clone(),
        unknown_fields: if config.upstream.try_unknown_fields { UnknownFields::Try } else { UnknownFields::Omit },
    }
}

fn ui_config(config: &Config, demo_users: Option<Vec<DemoUser>>) -> UiConfig {
    let sign_in = match config.auth {
        AuthConfig::IpsCredentials => SignInMethod::Ips,
        AuthConfig::ApiKeys { .. } => SignInMethod::ApiKey,
    };
    let company = config.default_company.clone();
    UiConfig::of(&config.upstream.url, sign_in, config.board_sessions, company, demo_users)
}
