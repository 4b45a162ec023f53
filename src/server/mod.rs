//! From settings to a running gateway: `main` and every test walk the same road.

pub(crate) mod admission;
mod extent;
mod guarded;
pub(crate) mod line;
pub(crate) mod workers;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::config::Shutdown;
use crate::http::Stage;
use admission::Admission;
use workers::{Traffic, Workers};

/// The gateway, bound to its address and not yet serving.
pub struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) listener: TcpListener,
    pub(crate) workers: Workers,
    pub(crate) admission: Arc<Admission>,
    pub(crate) traffic: Traffic,
    /// Work that goes on without the request that began it.
    pub(crate) effects: TaskTracker,
    pub(crate) shutdown: Shutdown,
    pub(crate) stage: watch::Sender<Stage>,
    /// Tells connections to end when they are idle.
    pub(crate) closing: CancellationToken,
    /// Ends everything with the server.
    pub(crate) _abort: DropGuard,
}

/// The time that there was for requests to finish was not enough.
#[derive(Debug, thiserror::Error)]
#[error("ended with {requests} requests and {effects} pieces of work under way")]
pub struct CutOff {
    /// Requests that got no whole answer.
    pub requests: usize,
    /// Work whose end nobody saw, such as submits.
    pub effects: usize,
}

impl Server {
    /// The address in use.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is ready. From then on it isn't ready and asks clients to go elsewhere, but serves; after a delay it takes
    /// no more connections, ends streams and long polls, and lets what is under way finish.
    ///
    /// # Errors
    /// Something did not finish in time.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<(), CutOff> {
        let Self { listener, workers, admission, traffic, effects, stage, closing, .. } = self;
        let accept = workers.accept(listener, admission, closing.clone());
        let stop = async {
            shutdown.await;
            stage.send_replace(Stage::Draining);
            tokio::time::sleep(self.shutdown.drain_delay).await;
            stage.send_replace(Stage::Ending);
            closing.cancel();
        };
        tokio::join!(accept, stop);
        drop(workers);
        let finish = async {
            for tasks in [&traffic.connections, &effects] {
                tasks.close();
                tasks.wait().await;
            }
        };
        // What is still there then may be a client that reads or writes nothing: nobody's work is lost with it.
        let _ = tokio::time::timeout(self.shutdown.grace, finish).await;
        match (traffic.requests.len(), effects.len()) {
            (0, 0) => Ok(()),
            (requests, effects) => Err(CutOff { requests, effects }),
        }
    }
}
