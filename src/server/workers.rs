//! Accepts connections and serves each on one of a few threads.
//!
//! actix brings a server of its own. It looks only once a second whether the last connection has ended, hangs up on connections that it
//! accepted and did not get round to, and gives nobody the socket: this one is for a gateway that is restarted under load.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_http::body::MessageBody;
use actix_http::{HttpService, KeepAlive, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::dev::AppConfig;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::admission::{Admission, Permit};
use super::guarded::Guarded;
use super::line::{House, LINGER, Line};
use crate::http::Connection;

/// So many connections may wait to be accepted.
const BACKLOG: u32 = 2048;
/// What waits to be written is written first once there is this much of it, in bytes: more than a head, so that a small answer
/// leaves in one piece, and little, since it is held for every client that doesn't read.
const WRITE_BUFFER: usize = 2 * 1024;
/// When there are no sockets left, some of those in use have to end first.
const PAUSE: Duration = Duration::from_millis(50);

/// Binds `address`; one that connections of an earlier process still use is taken, too.
///
/// # Errors
/// It is taken by a process that runs, or not this machine's.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// What is under way.
#[derive(Clone, Default)]
pub struct Traffic {
    /// The connections.
    pub connections: TaskTracker,
    /// The requests that are being answered.
    pub requests: TaskTracker,
}

/// Threads that serve connections.
pub struct Workers {
    workers: Vec<Worker>,
    connections: TaskTracker,
}

struct Worker {
    arrivals: UnboundedSender<Arrival>,
    busy: Arc<AtomicUsize>,
}

struct Arrival {
    socket: std::net::TcpStream,
    address: SocketAddr,
    permit: Permit,
    /// It is waited for, though nobody has got round to it yet.
    open: TaskTrackerToken,
}

impl Workers {
    /// Starts a thread for each processor. They end when these workers were dropped and the last connection has ended, or with `abort`.
    ///
    /// # Errors
    /// The operating system has no threads left.
    pub fn start<F, I, S, B>(
        app: F,
        house: &Arc<House>,
        traffic: &Traffic,
        abort: &CancellationToken,
    ) -> io::Result<Self>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
        S::InitError: fmt::Debug,
        S::Response: Into<Response<B>> + 'static,
        B: MessageBody + 'static,
    {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let worker = |number| {
            let (arrivals, arriving) = unbounded_channel();
            let busy = Arc::new(AtomicUsize::new(0));
            let (app, house, traffic, abort) = (app.clone(), Arc::clone(house), traffic.clone(), abort.clone());
            let counter = Arc::clone(&busy);
            std::thread::Builder::new().name(format!("worker-{number}")).spawn(move || {
                let serving = serve(app, house, traffic, arriving, counter);
                actix_web::rt::System::new().block_on(abort.run_until_cancelled(serving));
            })?;
            Ok(Worker { arrivals, busy })
        };
        let workers = (0..threads).map(worker).collect::<io::Result<_>>()?;
        Ok(Self { workers, connections: traffic.connections.clone() })
    }

    /// Accepts connections until `closing`, and then those that have come already.
    pub async fn accept(&self, listener: TcpListener, admission: Arc<Admission>, closing: CancellationToken) {
        while let Some(accepted) = closing.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((socket, address)) => self.welcome(socket.into_std(), address, &admission),
                Err(error) => {
                    tracing::warn!(%error, "connections can't be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        // The runtime knows only of those that it was told about, the system of all.
        let Ok(listener) = listener.into_std() else { return };
        for _ in 0..BACKLOG {
            let Ok((socket, address)) = listener.accept() else { return };
            self.welcome(socket.set_nonblocking(true).map(|()| socket), address, &admission);
        }
    }

    /// Gives a connection to the worker with the fewest, if there is room.
    fn welcome(&self, socket: io::Result<std::net::TcpStream>, address: SocketAddr, admission: &Arc<Admission>) {
        let Some(permit) = Admission::admit(admission, address.ip()) else {
            metrics::counter!("ips_gateway_connections_refused_total", "reason" => "too_many").increment(1);
            return;
        };
        // Whoever hung up meanwhile is not missed.
        let Ok(socket) = socket.and_then(|socket| socket.set_nodelay(true).map(|()| socket)) else { return };
        if let Some(worker) = self.workers.iter().min_by_key(|worker| worker.busy.load(Ordering::Relaxed)) {
            worker.busy.fetch_add(1, Ordering::Relaxed);
            let open = self.connections.token();
            let _ = worker.arrivals.send(Arrival { socket, address, permit, open });
        }
    }
}

/// Serves the connections that arrive.
async fn serve<F, I, S, B>(
    app: F,
    house: Arc<House>,
    traffic: Traffic,
    mut arriving: UnboundedReceiver<Arrival>,
    busy: Arc<AtomicUsize>,
) where
    F: Fn() -> I,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let app = app().into_factory().map_err(|error| error.error_response());
    // Time is kept by the guard of the socket alone.
    let service = HttpService::build()
        .keep_alive(KeepAlive::Os)
        .client_request_timeout(Duration::ZERO)
        .client_disconnect_timeout(LINGER)
        .h1_allow_half_closed(false)
        .h1_write_buffer_size(WRITE_BUFFER)
        .on_connect_ext(|socket: &Guarded, data| {
            data.insert(Rc::clone(socket.connection()));
        })
        .h1(map_config(app, |()| AppConfig::default()));
    let Ok(service) = service.new_service(()).await else {
        tracing::error!("the routes can't be served");
        return;
    };
    let service = Rc::new(service);
    while let Some(Arrival { socket, address, permit, open }) = arriving.recv().await {
        let (service, house, busy) = (Rc::clone(&service), Arc::clone(&house), Arc::clone(&busy));
        let Ok(socket) = TcpStream::from_std(socket) else { continue };
        let connection = Connection::open(house.closing.clone(), traffic.requests.clone());
        tokio::task::spawn_local(async move {
            let line = Rc::new(Line::new(socket));
            while line.brings_request(&connection, &house).await {
                let guarded = Guarded::new(Rc::clone(&line), Rc::clone(&connection), Arc::clone(&house));
                // In a box, since it is large, and not there most of the time.
                let served = Box::pin(service.call((guarded, Some(address)))).await;
                // Why a connection broke is told where it happened, if it matters.
                if served.is_err() || !line.is_back() {
                    break;
                }
            }
            busy.fetch_sub(1, Ordering::Relaxed);
            drop((permit, open));
        });
    }
    traffic.connections.wait().await;
}
