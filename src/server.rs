//! From settings to a running gateway: `main` and every test walk the same road.

use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

use actix_web::web::Data;
use actix_web::{App, HttpServer, dev, middleware};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::{Config, ServiceAccount};
use crate::http::{
    self, Access, Api, ApiKeys, DemoUser, Documents, InvalidKeys, PageConfig, Pages, SignIn, Tickets, openapi,
};
use crate::ips::client::{ClientConfig, IpsClient};
use crate::jobs::upstream::Credentials;
use crate::jobs::{Freshness, Jobs, Settings};
use crate::telemetry::Metrics;

/// A client gets this many seconds to send the head of its first request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How often metrics are summed up.
const METRICS_INTERVAL: Duration = Duration::from_secs(5);
/// So long requests that are under way may take to finish when the server stops.
const GRACE_SECONDS: u64 = 10;
/// A connection to IPS that takes longer than this won't come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The gateway, bound to its address and not yet serving.
pub struct Server {
    address: SocketAddr,
    http: dev::Server,
    /// Tells streams and long polls to end.
    drain: watch::Sender<bool>,
}

/// What a server is built from besides the settings.
pub struct Surroundings {
    /// Tells the time.
    pub clock: Clock,
    /// Added to the description in the OpenAPI document: what is special here.
    pub note: Option<String>,
    /// Whoever anybody may sign in as: with them this is the demo.
    pub users: Vec<DemoUser>,
}

impl Default for Surroundings {
    fn default() -> Self {
        Self { clock: Clock::system(), note: None, users: Vec::new() }
    }
}

/// Why a server can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address can't be bound.
    #[error("can't listen on {address}: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        error: io::Error,
    },
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
    /// A setting asks for something that this version of the gateway doesn't have.
    #[error("{0} is not supported by this version")]
    Unsupported(&'static str),
}

/// Makes a gateway of `config` and binds it. To be called within a tokio runtime: work that must outlive its request runs there.
///
/// # Errors
/// The address can't be bound, or the client for IPS can't be made.
pub fn build(config: &Config, surroundings: Surroundings) -> Result<Server, StartError> {
    if config.shared_cache_url.is_some() {
        return Err(StartError::Unsupported("a shared cache (shared_cache_url)"));
    }
    let Surroundings { clock, note, users } = surroundings;
    let client = IpsClient::new(ClientConfig {
        url: config.upstream.url.clone(),
        version: config.api_version.clone(),
        authorities: authorities(config)?,
        timeout: config.upstream_timeout,
        // What can't be reached is tried again in time.
        connect_timeout: (config.upstream_timeout / 2).min(CONNECT_TIMEOUT),
        max_calls: config.upstream_calls,
        patience: config.upstream_wait,
        failures_before_rest: config.upstream_failures,
        max_answer_bytes: config.upstream_answer_limit,
        clock: clock.clone(),
        app_name: env!("CARGO_PKG_NAME").into(),
        app_version: env!("CARGO_PKG_VERSION").into(),
    })
    .map_err(|error| StartError::Client(error.into()))?;
    let runtime = Handle::current();
    let freshness = Freshness {
        fresh: config.fresh,
        stale_while_revalidate: config.stale_while_revalidate,
        stale_if_error: config.stale_if_error,
    };
    let settings =
        Settings { company: config.company.clone(), freshness, clock: clock.clone(), runtime: runtime.clone() };
    let document = openapi::document_for(&config.path_prefix, note.as_deref());
    let (drain, drained) = watch::channel(false);
    let access = access_of(config)?;
    let metrics = Metrics::collected();
    let sign_in = if config.service.is_some() { SignIn::ApiKey } else { SignIn::Ips };
    let pages = Pages::new(&PageConfig::of(&config.upstream, sign_in, config.company.clone(), users));
    runtime.spawn(keep_up(metrics.clone(), drained.clone()));
    let api = Data::new(Api {
        jobs: Jobs::new(Arc::new(client), settings),
        fresh: config.fresh,
        prefix: config.path_prefix.clone(),
        clock,
        runtime,
        access,
        submits: config.submits,
        tickets: Tickets::default(),
        draining: drained,
        metrics,
        documents: Documents::new(&document),
        pages,
    });
    let origins = config.cors_origins.clone();
    let http = HttpServer::new(move || {
        App::new()
            .configure(|routes| http::configure(routes, api.clone()))
            .wrap(middleware::Compress::default())
            .wrap(middleware::from_fn(http::finish))
            .wrap(http::cors(&origins))
            .wrap(middleware::from_fn(http::trail))
    });
    let bound = http
        .client_request_timeout(HEAD_TIMEOUT)
        .h1_allow_half_closed(false)
        .shutdown_timeout(GRACE_SECONDS)
        .disable_signals()
        .bind(config.listen);
    let http = bound.map_err(|error| StartError::Bind { address: config.listen, error })?;
    let address = http.addrs().first().copied().unwrap_or(config.listen);
    Ok(Server { address, http: http.run(), drain })
}

/// Histograms gather what was recorded until somebody sums it up, scraped or not.
async fn keep_up(metrics: Metrics, mut drained: watch::Receiver<bool>) {
    while tokio::time::timeout(METRICS_INTERVAL, drained.wait_for(|drained| *drained)).await.is_err() {
        metrics.run_upkeep();
    }
}

fn authorities(config: &Config) -> Result<Vec<Vec<u8>>, StartError> {
    let read = |path: &PathBuf| fs::read(path).map_err(|error| StartError::Authorities { path: path.clone(), error });
    config.upstream_ca_file.iter().map(read).collect()
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

impl Server {
    /// The address in use.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready, then lets the requests that are under way finish.
    ///
    /// # Errors
    /// The listening socket fails.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let handle = self.http.handle();
        let mut http = self.http;
        tokio::select! {
            ended = &mut http => return ended,
            () = shutdown => {}
        }
        self.drain.send_replace(true);
        // The server must go on being polled, and not be dropped: it is what lets requests finish.
        let ((), ended) = tokio::join!(handle.stop(true), http);
        ended
    }
}
