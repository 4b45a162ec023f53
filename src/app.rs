//! Composition root: builds the gateway from its configuration and dependencies.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use actix_web::web::Data;
use actix_web::{App, middleware};
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::{Config, ServiceAccount, SharedCache};
use crate::http::{
    self, Access, Api, ApiKeys, BodyBudget, DemoUser, Documents, InvalidKeys, Limits, SignInMethod, Tickets, UiAssets,
    UiConfig, openapi,
};
use crate::jobs::{Freshness, Jobs, JobsConfig, UrlPolicy};
use crate::lifecycle::Lifecycle;
use crate::replicas::Coordinator;
use crate::replicas::redis::{InvalidAddress, RedisCoordinator};
use crate::server::{EarlyError, Server, ServerError, ServerSettings};
use crate::telemetry::Metrics;
use crate::upstream::{ClientConfig, IpsClient};
use crate::upstream::{Credentials, IpsApi};

/// How often metrics are summed up.
const METRICS_INTERVAL: Duration = Duration::from_secs(5);
/// A connection to IPS that takes longer than this won't come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a server is built from besides the settings.
pub struct Dependencies {
    /// Tells the time.
    pub clock: Clock,
    /// Added to the description in the OpenAPI document: what is special here.
    pub note: Option<String>,
    /// Whoever anybody may sign in as: with them this is the demo.
    pub users: Vec<DemoUser>,
    /// Asked in place of the IPS that the settings name.
    pub upstream: Option<Arc<dyn IpsApi>>,
}

impl Default for Dependencies {
    fn default() -> Self {
        Self { clock: Clock::system(), note: None, users: Vec::new(), upstream: None }
    }
}

/// Why a server can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The server can't start.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The client for IPS can't be made.
    #[error("can't prepare calls to IPS: {0}")]
    Client(#[source] Box<dyn Error + Send + Sync>),
    /// The file with certificate authorities can't be read.
    #[error("can't read {}: {error}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// The API keys can't be read.
    #[error(transparent)]
    Keys(#[from] InvalidKeys),
    /// What replicas share can't be opened.
    #[error(transparent)]
    Shared(#[from] InvalidAddress),
}

/// Makes a gateway of `config` and binds it. To be called within a tokio runtime: work that must outlive its request runs there.
///
/// # Errors
/// The address can't be bound, or the client for IPS can't be made.
pub fn build(config: &Config, surroundings: Dependencies) -> Result<Server, StartError> {
    let Dependencies { clock, note, users, upstream } = surroundings;
    let upstream = match upstream {
        Some(upstream) => upstream,
        None => Arc::new(client(config, clock.clone())?),
    };
    let runtime = Handle::current();
    // Before anything is measured.
    let metrics = Metrics::collected();
    let fleet = fleet_of(config)?;
    let freshness = Freshness {
        fresh: config.fresh,
        stale_while_revalidate: config.stale_while_revalidate,
        stale_if_error: config.stale_if_error,
    };
    let settings = JobsConfig {
        default_company: config.company.clone(),
        url_policy: url_policy(config),
        freshness,
        clock: clock.clone(),
        runtime: runtime.clone(),
        coordinator: fleet.clone(),
    };
    let document = openapi::for_deployment(http::openapi_document(), &config.path_prefix, note.as_deref());
    let lifecycle = Lifecycle::default();
    let background = TaskTracker::new();
    let access = access_of(config)?;
    let sign_in = if config.service.is_some() { SignInMethod::ApiKey } else { SignInMethod::Ips };
    let ui = UiAssets::new(&UiConfig::of(&config.upstream, sign_in, config.company.clone(), users));
    runtime.spawn(keep_up(metrics.clone(), lifecycle.clone()));
    let api = Data::new(Api {
        jobs: Jobs::new(upstream, settings),
        fresh: config.fresh,
        prefix: config.path_prefix.clone(),
        clock,
        runtime,
        access,
        submits: config.submits,
        limits: Limits::new(config.callers),
        tickets: Tickets::new(fleet),
        lifecycle: lifecycle.clone(),
        effects: background.clone(),
        body_timeout: config.timeouts.request,
        body_budget: BodyBudget::new(config.request_body_budget),
        metrics,
        documents: Documents::new(&document),
        ui,
    });
    let origins = config.cors_origins.clone();
    let app = move || {
        App::new()
            .configure(|routes| http::configure(routes, api.clone()))
            .wrap(middleware::from_fn(http::limit_target_length))
            .wrap(middleware::from_fn(http::limit))
            .wrap(middleware::Compress::default())
            .wrap(middleware::from_fn(http::finish))
            .wrap(http::cors(&origins))
            .wrap(middleware::from_fn(http::trail))
    };
    let prefix = config.path_prefix.clone();
    let early_response = Arc::new(move |error: EarlyError, received: Instant| {
        http::respond_to_unparsed(error.status(), &prefix, received.into_std())
    });
    let settings = ServerSettings {
        listen: config.listen,
        connections: config.connections,
        timeouts: config.timeouts,
        shutdown: config.shutdown,
        early_response,
        lifecycle,
        background,
    };
    Ok(Server::bind(settings, app)?)
}

fn url_policy(config: &Config) -> UrlPolicy {
    UrlPolicy { schemes: config.url_schemes.clone(), hosts: config.url_hosts.clone() }
}

fn client(config: &Config, clock: Clock) -> Result<IpsClient, StartError> {
    IpsClient::new(ClientConfig {
        url: config.upstream.url.clone(),
        version: config.api_version.clone(),
        authorities: config.upstream_ca_file.iter().map(authorities_in).collect::<Result<_, _>>()?,
        timeout: config.upstream_timeout,
        // What can't be reached is tried again in time.
        connect_timeout: (config.upstream_timeout / 2).min(CONNECT_TIMEOUT),
        max_calls: config.upstream_calls,
        max_queue_time: config.upstream_wait,
        min_failures: config.upstream_failures,
        max_answer_bytes: config.upstream_answer_limit,
        clock,
        app_name: env!("CARGO_PKG_NAME").into(),
        app_version: env!("CARGO_PKG_VERSION").into(),
    })
    .map_err(|error| StartError::Client(error.into()))
}

/// Histograms gather what was recorded until somebody sums it up, scraped or not.
async fn keep_up(metrics: Metrics, lifecycle: Lifecycle) {
    while tokio::time::timeout(METRICS_INTERVAL, lifecycle.stopping()).await.is_err() {
        metrics.run_upkeep();
    }
}

fn authorities_in(path: &PathBuf) -> Result<Vec<u8>, StartError> {
    fs::read(path).map_err(|error| StartError::Authorities { path: path.clone(), error })
}

/// What replicas share, if they do: each upstream and version apart.
fn fleet_of(config: &Config) -> Result<Option<Arc<dyn Coordinator>>, StartError> {
    let Some(SharedCache { url, key, ca_file }) = &config.shared_cache else { return Ok(None) };
    let (upstream, version) = (config.upstream.url.as_str(), config.api_version.to_string());
    let authorities = ca_file.as_ref().map(authorities_in).transpose()?;
    let store = RedisCoordinator::open(url, authorities, key, &[upstream, &version])?;
    Ok(Some(Arc::new(store)))
}

fn access_of(config: &Config) -> Result<Access, InvalidKeys> {
    match (&config.service, &config.api_keys_file) {
        (Some(ServiceAccount { user, password }), Some(file)) => {
            let account = Credentials::Password { user: user.clone(), password: password.clone() };
            Ok(Access::ApiKeys { keys: ApiKeys::read(file)?, account })
        }
        _ => Ok(Access::PassThrough),
    }
}
