//! Worker threads: each serves its share of the connections with an actix service of its own.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::connection::ConnectionSettings;
use super::connection_limit::ConnectionPermit;
use super::dispatch::Application;
use super::serve::serve;

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
            serve(socket, peer, settings, dispatch).await;
            drop(guards);
        });
    }
    connections.wait().await;
}
