//! Worker threads: each serves its share of the connections with an actix service of its own.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, apply_fn_factory, map_config};
use actix_web::dev::AppConfig;
use futures_util::future::LocalBoxFuture;
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::connection::{self, ConnectionSettings};
use super::connection_limit::ConnectionPermit;
use super::in_flight;
use super::timeout_io::TimeoutIo;

/// Size in bytes from which the dispatcher flushes what it has of a response: above that of a head, so that a small response is one
/// write, and small, since every client that doesn't read holds it.
const WRITE_BUFFER: usize = 2 * 1024;

/// Factory of the service of a worker; `None` if the routes can't be set up.
pub type Application = Arc<dyn Fn() -> LocalBoxFuture<'static, Option<Dispatch>> + Send + Sync>;

/// Service of a worker: runs actix's HTTP/1.1 dispatcher on one connection, to its end.
pub type Dispatch = Rc<dyn Fn(TimeoutIo, SocketAddr) -> LocalBoxFuture<'static, Result<(), DispatchError>>>;

/// Makes the factory of the workers' services from that of an actix `App`.
pub fn application<F, I, S, B>(app: F) -> Application
where
    F: Fn() -> I + Send + Sync + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    Arc::new(move || {
        let app = app().into_factory().map_err(|error| error.error_response());
        let app = map_config(app, |()| AppConfig::default());
        // Timeouts, the end of the connection and half-closed clients are the business of `TimeoutIo`.
        let service = HttpService::build()
            .keep_alive(KeepAlive::Os)
            .client_request_timeout(Duration::ZERO)
            .client_disconnect_timeout(Duration::ZERO)
            .h1_allow_half_closed(true)
            .h1_write_buffer_size(WRITE_BUFFER)
            .on_connect_ext(|io: &TimeoutIo, data| {
                data.insert(Rc::clone(io.connection()));
            })
            .h1(apply_fn_factory(app, |request, service: &_| in_flight::track(request, service)))
            .new_service(());
        Box::pin(async move {
            let service = service.await.ok()?;
            let dispatch: Dispatch = Rc::new(move |io, peer| Box::pin(service.call((io, Some(peer)))));
            Some(dispatch)
        })
    })
}

/// Pool of worker threads.
pub struct Workers {
    workers: Vec<Worker>,
    connections: TaskTracker,
}

struct Worker {
    queue: UnboundedSender<Assigned>,
    load: Arc<AtomicUsize>,
}

/// An accepted connection on its way to its worker.
struct Assigned {
    socket: std::net::TcpStream,
    peer: SocketAddr,
    guards: Guards,
}

/// What a connection holds until it ends.
struct Guards {
    _permit: ConnectionPermit,
    _tracked: TaskTrackerToken,
    load: Arc<AtomicUsize>,
}

impl Drop for Guards {
    fn drop(&mut self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// Starts a thread for each processor. A worker ends when the pool is dropped and its last connection has ended, or with `abort`.
    /// `connections` tracks the open connections.
    ///
    /// # Errors
    /// The operating system has no threads left.
    pub fn start(
        application: &Application,
        settings: &Arc<ConnectionSettings>,
        connections: &TaskTracker,
        abort: &CancellationToken,
    ) -> io::Result<Self> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let start = |number| {
            let (queue, assigned) = unbounded_channel();
            let (application, settings) = (Arc::clone(application), Arc::clone(settings));
            let (connections, abort) = (connections.clone(), abort.clone());
            std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
                let serving = run(application, settings, connections, assigned);
                actix_web::rt::System::new().block_on(abort.run_until_cancelled(serving));
            })?;
            Ok(Worker { queue, load: Arc::default() })
        };
        let workers = (0..threads).map(start).collect::<io::Result<_>>()?;
        Ok(Self { workers, connections: connections.clone() })
    }

    /// Assigns a connection to the worker with the fewest.
    pub fn assign(&self, socket: std::net::TcpStream, peer: SocketAddr, permit: ConnectionPermit) {
        let Some(worker) = self.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed)) else { return };
        worker.load.fetch_add(1, Ordering::Relaxed);
        let load = Arc::clone(&worker.load);
        let guards = Guards { _permit: permit, _tracked: self.connections.token(), load };
        // The queue is only closed when the workers were aborted: the connection is dropped then.
        let _ = worker.queue.send(Assigned { socket, peer, guards });
    }
}

/// Serves the connections that are assigned to this worker.
async fn run(
    application: Application,
    settings: Arc<ConnectionSettings>,
    connections: TaskTracker,
    mut assigned: UnboundedReceiver<Assigned>,
) {
    let Some(dispatch) = application().await else {
        tracing::error!("the routes can't be set up");
        return;
    };
    while let Some(Assigned { socket, peer, guards }) = assigned.recv().await {
        let Ok(socket) = TcpStream::from_std(socket) else { continue };
        let (dispatch, settings) = (Rc::clone(&dispatch), Arc::clone(&settings));
        tokio::task::spawn_local(async move {
            connection::serve(socket, peer, settings, dispatch).await;
            drop(guards);
        });
    }
    connections.wait().await;
}
