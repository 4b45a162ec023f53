//! Connections that end in the middle: between gateway and IPS at every byte of request and answer, and between a caller and the gateway.
//! No submit makes two jobs, and every error has the right `outcome`.
//!
//! A proxy between gateway and sandbox cuts the connections; the sandbox is queried directly for the jobs that exist.

mod actions;
mod client_disconnects;
mod plan;
mod proxy;
mod restarts;
mod sandbox_jobs;
mod submits;

use crate::support::{Gateway, START};
use chrono::{DateTime, Utc};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};

use self::proxy::Proxy;

/// The circuit breaker is off, as most calls fail; the concurrency limit has space for all calls of a world, however slow the machine is.
const SETTINGS: &[(&str, &str)] = &[("UPSTREAM_FAILURES", "0"), ("UPSTREAM_CALLS", "1024")];

/// The company of all requests.
const COMPANY: &str = "companyHandle=c%7C110";

/// A sandbox without jobs, a proxy in front of it, and a gateway in front of that, with one manual clock.
struct CutWorld {
    sandbox: Sandbox,
    proxy: Proxy,
    gateway: Gateway,
    clock: Clock,
}

impl CutWorld {
    async fn start() -> Self {
        let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
        let population = Population::Empty;
        let config =
            SandboxConfig { clock: clock.clone(), new_job_interval: None, population, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(config).expect("a free port");
        let proxy = Proxy::start(sandbox.address()).await;
        let url = format!("http://{}/scene7/services/IpsApiService", proxy.address());
        let gateway = Gateway::start(&url, sandbox.version(), &clock, SETTINGS);
        Self { sandbox, proxy, gateway, clock }
    }
}
