//! The gateway keeps its word when connections end in the middle: between it and IPS at every byte of the request and of the answer,
//! and between a caller and it. No submit makes two jobs, and every error says truly how far the request got.
//!
//! A proxy between gateway and sandbox cuts the connections; the sandbox's own lists, asked past gateway and proxy, tell what became of them.

mod actions;
mod client_disconnects;
mod plan;
mod proxy;
mod restarts;
mod sandbox_jobs;
mod submits;

use crate::support::{Gateway, START};
use chrono::{DateTime, Utc};
use ips_gateway::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};

use self::proxy::Proxy;

/// However many calls are cut: the next is made nevertheless.
const SETTINGS: &[(&str, &str)] = &[("UPSTREAM_FAILURES", "0")];

/// The company that all of it is about.
const COMPANY: &str = "companyHandle=c%7C110";

/// A sandbox without jobs, a proxy before it, and a gateway before that, all by one clock that stands still.
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
