//! In-memory simulation of IPS, served as SOAP over HTTP.
//!
//! It has [two companies and six users](users), about thirty jobs at the start, and generates new ones periodically. A job passes through
//! `New` → `WaitingClient` → `WaitingCoordinator` → `Running` → `Done`. Its log exists from `Running` on, and has an end 1.5 s after the job has
//! left the active list. All of that is a function of time, so a test advances the [`Clock`] instead of waiting.
//!
//! - `POST /scene7/services/IpsApiService`: the operations of the job API in every API version; the namespace of the body element decides.
//! - `POST /scene7/api/IpsApiService`: the same without SOAP, as a `Request` element.
//! - `GET /scene7/webservice/IpsApi[-<version>].wsdl`: the WSDL of a version, and `?wsdl` of the service that of the configured one.
//! - `GET /sandbox/calls`: number of calls of each operation, as JSON.
//! - `POST /sandbox/clock/advance?seconds=`: advances the clock.
//!
//! Behavior that the IPS reference does not define is the sandbox's own: archived logs (older than 30 days) are not listed, but found by
//! handle and by asset; a stopped job is logged with a `FileCancel` entry for the stop and one for each file that was not processed; a paused
//! active job keeps its state and makes no progress; a follow-on job runs after its upload unless that was stopped; the name of a scheduled job is taken; every operation takes every form of a handle; job types and log types without a documented name have names such as
//! `PdfRip` and `AssetReprocess`.

mod faults;
mod model;
mod operations;
mod script;
mod seed;
mod server;
mod server_time;
mod service;
mod state;
pub mod users;
mod wsdl;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

pub use script::{FaultScript, InvalidScript};

pub use crate::runtime::clock::Clock;

use crate::ips::types::{ApiVersion, Fault};
use script::RunningScript;
use server::RunningServer;
use service::Service;
use state::State;

/// Initial jobs of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Population {
    /// About thirty jobs, of every kind and in every phase.
    Seeded,
    /// Those, and 1,500 completed jobs of the smaller company, spread over four weeks.
    SeededWithHistory,
    /// No jobs.
    Empty,
}

/// Settings of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Address and port to listen on (default 127.0.0.1:0); port 0 selects a free one.
    pub listen: String,
    /// API version of the WSDL at `?wsdl` (default: the newest). Requests may be of any version.
    pub version: ApiVersion,
    /// Clock of the simulation (default: the system clock).
    pub clock: Clock,
    /// Interval of generated jobs (default 8 s, at least 100 ms); `None` generates none.
    pub new_job_interval: Option<Duration>,
    /// Initial jobs (default: seeded).
    pub population: Population,
    /// Seed of the random numbers; the same seed and clock give the same jobs.
    pub seed: u64,
    /// Scripted faults (default: none).
    pub script: FaultScript,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".into(),
            version: newest_version(),
            clock: Clock::system(),
            new_job_interval: Some(Duration::from_secs(8)),
            population: Population::Seeded,
            seed: 7,
            script: FaultScript::default(),
        }
    }
}

/// Returns the newest API version that the wire types know.
fn newest_version() -> ApiVersion {
    "2022-11-01-beta".parse().unwrap_or_default()
}

/// Running sandbox; ends when it is stopped or dropped.
pub struct Sandbox {
    service: Arc<Service>,
    server: RunningServer,
}

impl Sandbox {
    /// Binds the address and serves on a thread of its own; works with and without an async runtime.
    ///
    /// # Errors
    /// The address can't be bound.
    pub fn start(config: SandboxConfig) -> io::Result<Self> {
        let mut state = State::new(config.clock.now(), config.seed);
        if config.population != Population::Empty {
            seed::populate(&mut state);
        }
        if config.population == Population::SeededWithHistory {
            seed::add_history(&mut state);
        }
        if let Some(interval) = config.new_job_interval.and_then(|interval| TimeDelta::from_std(interval).ok()) {
            state.generate_jobs(interval, seed::generate_job);
        }
        let script = RunningScript::new(config.script, config.seed);
        let service = Arc::new(Service::new(config.version, config.clock, state, script));
        let server = server::serve(&config.listen, Arc::clone(&service))?;
        Ok(Self { service, server })
    }

    /// Returns the address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.address
    }

    /// Returns the URL of its `IpsApiService`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address(), server::PATH)
    }

    /// Returns the number of calls of an operation, including those that ended in a fault.
    #[must_use]
    pub fn calls(&self, operation: &str) -> u64 {
        self.service.calls().get(operation).copied().unwrap_or(0)
    }

    /// Injects a fault, with its HTTP status, into the next call of an operation; several are raised in order. Allows faults that the sandbox
    /// does not raise itself, such as 30000.
    pub fn fail_next(&self, operation: &str, fault: Fault, status: u16) {
        self.service.fail_next(operation, fault, status);
    }

    /// Returns its clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.service.clock
    }

    /// Returns the API version of the WSDL at `?wsdl`.
    #[must_use]
    pub fn version(&self) -> &ApiVersion {
        &self.service.version
    }

    /// Stops the server and frees its port.
    pub async fn stop(mut self) {
        self.server.stop.cancel();
        if let Some(thread) = self.server.thread.take() {
            let _ = tokio::task::spawn_blocking(|| thread.join()).await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.stop.cancel();
    }
}
