//! Worker threads: each serves the connections that are assigned to it, with its own actix service.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::connection::ConnectionSettings;
use super::connection_limit::ConnectionPermit;
use super::dispatch::Application;
use super::error::ServerError;
use super::serve::serve;

/// Pool of worker threads.
pub struct Workers {
    workers: Vec<Worker>,
    connections: TaskTracker,
}

struct Worker {
    queue: UnboundedSender<AssignedConnection>,
    load: Arc<AtomicUsize>,
}

/// Accepted connection in the queue of its worker.
struct AssignedConnection {
    socket: std::net::TcpStream,
    peer: SocketAddr,
    guards: ConnectionGuards,
}

/// Guards that an open connection holds: its permit, its entry in the tracker, and its share of the worker's load.
struct ConnectionGuards {
    _permit: ConnectionPermit,
    _tracked: TaskTrackerToken,
    load: Arc<AtomicUsize>,
}

impl Drop for ConnectionGuards {
    fn drop(&mut self) {
        self.load.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    /// Starts a thread for each processor, and waits until each has built its service. A worker ends when the pool is dropped and the last
    /// connection and the last task in `background` have ended, which may wait for tasks of a worker; or with `abort`. `connections` tracks
    /// the open connections.
    ///
    /// # Errors
    /// The operating system has no threads left, or the service can't be built.
    pub fn start(
        application: &Application,
        settings: &Arc<ConnectionSettings>,
        connections: &TaskTracker,
        background: &TaskTracker,
        abort: &CancellationToken,
    ) -> Result<Self, ServerError> {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let start = |number| {
            let (queue, assigned) = unbounded_channel();
            let (built, is_built) = sync_channel(1);
            let (application, settings) = (Arc::clone(application), Arc::clone(settings));
            let (connections, background, abort) = (connections.clone(), background.clone(), abort.clone());
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            let spawned = thread.spawn(move || {
                let serving = async {
                    run(application, built, settings, assigned).await;
                    connections.wait().await;
                    background.wait().await;
                };
                actix_web::rt::System::new().block_on(abort.run_until_cancelled(serving));
            });
            spawned.map_err(ServerError::Threads)?;
            Ok((Worker { queue, load: Arc::default() }, is_built))
        };
        let started = (0..threads).map(start).collect::<Result<Vec<_>, _>>()?;
        let await_service = |(worker, is_built): (Worker, Receiver<()>)| match is_built.recv() {
            Ok(()) => Ok(worker),
            Err(_) => Err(ServerError::Application),
        };
        let workers = started.into_iter().map(await_service).collect::<Result<_, _>>()?;
        Ok(Self { workers, connections: connections.clone() })
    }

    /// Assigns a connection to the worker with the fewest open connections.
    pub fn assign(&self, socket: std::net::TcpStream, peer: SocketAddr, permit: ConnectionPermit) {
        let Some(worker) = self.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed)) else { return };
        worker.load.fetch_add(1, Ordering::Relaxed);
        let load = Arc::clone(&worker.load);
        let guards = ConnectionGuards { _permit: permit, _tracked: self.connections.token(), load };
        // The queue is only closed after an abort of the workers; the connection is dropped then.
        let _ = worker.queue.send(AssignedConnection { socket, peer, guards });
    }
}

/// Builds the service, reports it to `built`, and serves the connections that are assigned to this worker. If the service can't be built,
/// `built` is dropped.
async fn run(
    application: Application,
    built: SyncSender<()>,
    settings: Arc<ConnectionSettings>,
    mut assigned: UnboundedReceiver<AssignedConnection>,
) {
    let Some(dispatch) = application().await else { return };
    // The receiver is only dropped when another worker failed to start, with which this one is aborted.
    let _ = built.send(());
    while let Some(AssignedConnection { socket, peer, guards }) = assigned.recv().await {
        let Ok(socket) = TcpStream::from_std(socket) else { continue };
        let (dispatch, settings) = (Rc::clone(&dispatch), Arc::clone(&settings));
        tokio::task::spawn_local(async move {
            serve(socket, peer, settings, dispatch).await;
            drop(guards);
        });
    }
}
