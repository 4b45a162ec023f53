//! The gateway keeps its word when connections end in the middle: between it and IPS at every byte of the request and of the answer,
//! and between a caller and it. No submit makes two jobs, and every error says truly how far the request got.
//!
//! A proxy between gateway and sandbox cuts the connections; the sandbox's own lists, asked past gateway and proxy, tell what became of them.

#[expect(dead_code, unused_imports, reason = "shared with the tests of the API, which use all of it")]
#[path = "../api/support/mod.rs"]
mod support;

mod actions;
mod census;
mod hang_ups;
mod plan;
mod proxy;
mod restarts;
mod submits;

use chrono::{DateTime, Utc};
use ips_gateway::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use proxy::Proxy;
use support::{Gateway, START};

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
        let config = SandboxConfig { clock: clock.clone(), trickle: None, population, ..SandboxConfig::default() };
        let sandbox = Sandbox::start(config).expect("a free port");
        let proxy = Proxy::start(sandbox.address()).await;
        let url = format!("http://{}/scene7/services/IpsApiService", proxy.address());
        let gateway = Gateway::start(&url, sandbox.version(), &clock, SETTINGS);
        Self { sandbox, proxy, gateway, clock }
    }
}
