//! A believable IPS in memory, spoken to over real SOAP on a real socket.
//!
//! It has [two companies and a few users](users), some thirty jobs at the start, and a steady trickle of new ones. A job goes
//! `New` → `WaitingClient` → `WaitingCoordinator` → `Running` → `Done`, is nowhere for a moment, and then is in the log; all of that
//! follows from the time alone, so a [`Clock`] that a test advances makes any life pass without sleeping.
//!
//! - `POST /scene7/services/IpsApiService`: the 16 operations of the job API. `?wsdl` and `?xsd=` describe them.
//! - `GET /sandbox/calls`: how often each operation was called, as JSON.
//! - `POST /sandbox/clock/advance?seconds=`: puts the clock forward.
//!
//! Where the published reference says nothing, the sandbox decides: archived logs (older than 30 days) are in no list but found by their
//! handle and by their assets; a job that somebody stopped is logged with a `FileCancel` entry; names of job types and log types that the
//! reference lacks (`PdfRip`, `AssetReprocess`, …) are its own.

mod clock;
mod contract;
mod dice;
mod faults;
mod history;
mod kinds;
mod life;
mod logs;
mod operations;
mod schedule;
mod seed;
mod server;
mod service;
pub mod users;
mod work;
mod world;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

pub use clock::Clock;

use crate::ips::types::{ApiVersion, Fault};
use server::Running;
use service::Service;
use world::World;

/// What lives in the sandbox at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// Jobs in every phase and of every kind.
    Seeded,
    /// No jobs at all.
    Empty,
}

/// How a sandbox is to be.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Address and port; port 0 picks one.
    pub listen: String,
    /// The API version that it speaks; requests in another one are faults.
    pub version: ApiVersion,
    /// Where it gets the time from.
    pub clock: Clock,
    /// A new job every so often; `None`: only those that are submitted or scheduled.
    pub trickle: Option<Duration>,
    /// What lives there at the start.
    pub population: Population,
    /// The same seed and clock give the same world.
    pub seed: u64,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".into(),
            version: newest_version(),
            clock: Clock::system(),
            trickle: Some(Duration::from_secs(8)),
            population: Population::Seeded,
            seed: 7,
        }
    }
}

/// The newest API version that is known to be in use.
fn newest_version() -> ApiVersion {
    "2022-11-01-beta".parse().unwrap_or_default()
}

/// A running sandbox. It ends when it is stopped or dropped.
pub struct Sandbox {
    service: Arc<Service>,
    running: Running,
}

impl Sandbox {
    /// Binds, and serves from then on, on a thread of its own: it works within any runtime and without one.
    ///
    /// # Errors
    /// The address can't be bound.
    pub fn start(config: SandboxConfig) -> io::Result<Self> {
        let trickle = config.trickle.and_then(|every| TimeDelta::from_std(every).ok());
        let mut world = World::new(config.clock.now(), config.seed, trickle);
        if config.population == Population::Seeded {
            seed::populate(&mut world);
        }
        let service = Arc::new(Service::new(config.version, config.clock, world));
        let running = server::serve(&config.listen, Arc::clone(&service))?;
        Ok(Self { service, running })
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// The full URL of its `IpsApiService`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address(), server::PATH)
    }

    /// How often an operation was called, faults included.
    #[must_use]
    pub fn calls(&self, operation: &str) -> u64 {
        self.service.calls().get(operation).copied().unwrap_or(0)
    }

    /// Plans a fault, with its HTTP status, for the next call of an operation: for what the sandbox never raises by itself, such as 30000.
    /// Several are raised one after the other.
    pub fn fail_next(&self, operation: &str, fault: Fault, status: u16) {
        self.service.fail_next(operation, fault, status);
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.service.clock
    }

    /// The API version that it speaks.
    #[must_use]
    pub fn version(&self) -> &ApiVersion {
        &self.service.version
    }

    /// Stops serving; the port is free afterwards.
    pub async fn stop(mut self) {
        self.running.handle.stop(true).await;
        if let Some(thread) = self.running.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.running.handle.stop(false));
    }
}
