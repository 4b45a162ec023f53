//! HTTP server: accepts connections, serves them with actix's HTTP/1.1 dispatcher under timeouts, and shuts down gracefully.
//!
//! actix-server isn't used: when it stops it drops connections that the kernel has queued and checks only once a second for the end of the last
//! connection, and it gives no access to the socket.

mod accept;
mod connection;
mod connection_limit;
mod dispatch;
mod early_response;
mod error;
mod event_stream;
mod head;
mod in_flight;
mod serve;
mod signals;
mod timeout_io;
mod worker;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_http::body::MessageBody;
use actix_http::{Request, Response};
use actix_service::{IntoServiceFactory, ServiceFactory};
use actix_web::dev::AppConfig;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::config::{ConnectionLimits, ShutdownConfig, Timeouts, TrustedProxies};
use crate::runtime::lifecycle::{Lifecycle, StopGuard};
use connection::ConnectionSettings;
use connection_limit::ConnectionLimit;
pub use early_response::{EarlyError, EarlyResponse};
pub use error::{ServerError, ShutdownIncomplete};
pub use signals::Signals;
use worker::Workers;

/// Settings of a server.
pub struct ServerSettings {
    /// Address and port to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Connection limits.
    pub connections: ConnectionLimits,
    /// Peers to which the limit for each address does not apply.
    pub trusted_proxies: TrustedProxies,
    /// Timeouts of clients.
    pub timeouts: Timeouts,
    /// Durations of the shutdown.
    pub shutdown: ShutdownConfig,
    /// Renders responses to requests that never reach the routes.
    pub early_response: Arc<EarlyResponse>,
    /// Phase of the shutdown; the server advances it.
    pub lifecycle: Lifecycle,
    /// Background tasks that outlive their request, and that the shutdown waits for.
    pub background: TaskTracker,
}

/// HTTP server, bound to its address. It serves while [`Server::run_until`] runs, and aborts all connections when it is dropped.
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    workers: Workers,
    limit: Arc<ConnectionLimit>,
    connections: TaskTracker,
    requests: TaskTracker,
    background: TaskTracker,
    shutdown: ShutdownConfig,
    lifecycle: Lifecycle,
    _abort_on_drop: DropGuard,
    _stop_on_drop: StopGuard,
}

impl Server {
    /// Binds the address and starts the worker threads, each with a service of `app`.
    ///
    /// # Errors
    /// The address can't be bound, there are no threads, or the service can't be built.
    pub fn bind<F, I, S, B>(settings: ServerSettings, app: F) -> Result<Self, ServerError>
    where
        F: Fn() -> I + Send + Sync + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        B: MessageBody + 'static,
    {
        let ServerSettings { listen, connections, trusted_proxies, timeouts, shutdown, early_response, .. } = settings;
        let (lifecycle, background) = (settings.lifecycle, settings.background);
        let listener = accept::bind(listen).map_err(|error| ServerError::Bind { address: listen, error })?;
        let address = listener.local_addr().unwrap_or(listen);
        let limit = ConnectionLimit::new(connections, trusted_proxies);
        let (connections, requests) = (TaskTracker::new(), TaskTracker::new());
        let settings = Arc::new(ConnectionSettings {
            timeouts,
            early_response,
            lifecycle: lifecycle.clone(),
            requests: requests.clone(),
        });
        let abort = CancellationToken::new();
        let abort_on_drop = abort.clone().drop_guard();
        let workers = Workers::start(&dispatch::application(app), &settings, &connections, &background, &abort);
        Ok(Self {
            address,
            listener,
            workers: workers?,
            limit,
            connections,
            requests,
            background,
            shutdown,
            _abort_on_drop: abort_on_drop,
            _stop_on_drop: lifecycle.stop_on_drop(),
            lifecycle,
        })
    }

    /// Returns the address in use.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` completes, then shuts down gracefully: drains for the drain delay, stops accepting connections, ends event
    /// streams and long polls, and waits up to the grace period for requests and background tasks in flight.
    ///
    /// # Errors
    /// Requests or background tasks were in flight at the end of the grace period.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<(), ShutdownIncomplete> {
        let Self { listener, workers, limit, connections, requests, background, lifecycle, .. } = self;
        let accept = accept::accept(listener, &workers, &limit, &lifecycle);
        let stop = async {
            shutdown.await;
            lifecycle.drain();
            tokio::time::sleep(self.shutdown.drain_delay).await;
            lifecycle.stop();
        };
        tokio::join!(accept, stop);
        drop(workers);
        let finish = async {
            for tasks in [&connections, &background] {
                tasks.close();
                tasks.wait().await;
            }
        };
        // At a timeout, connections of clients that are slow to close may be open without a request in flight: those are no error.
        let _ = tokio::time::timeout(self.shutdown.grace, finish).await;
        match (requests.len(), background.len()) {
            (0, 0) => Ok(()),
            (requests, background_tasks) => Err(ShutdownIncomplete { requests, background_tasks }),
        }
    }
}
