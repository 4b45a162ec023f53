//! Polls, long polls and event streams of many clients.
//!
//! Time is real and intervals are short where calls are counted over time; elsewhere the gateway and the sandbox share a manual clock.

mod chains;
mod company_events;
mod history_export;
mod job_events;
mod long_polls;
mod outages;
mod polls;
mod shutdown;
mod staleness;
mod tickets;

use std::time::Duration;

use crate::support::{Gateway, World};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};

/// The freshness interval where time is real.
const FRESH: Duration = Duration::from_millis(200);

/// A world with jobs and a real clock, without a rate limit.
fn real_time_world() -> World {
    let clock = Clock::system();
    let config = SandboxConfig { clock: clock.clone(), population: Population::Seeded, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).expect("a free port");
    let fresh = humantime::format_duration(FRESH).to_string();
    let gateway =
        Gateway::start(&sandbox.url(), sandbox.version(), &clock, &[("FRESH", &fresh), ("RATE_LIMIT", "none")]);
    World { gateway, sandbox, clock }
}

/// A world with a manual clock and a short refresh interval.
fn manual_time_world(population: Population) -> World {
    World::with(population, &[("FRESH", "50ms")])
}

/// Asserts that IPS is not called any more, after the loads in flight have ended.
async fn assert_no_more_calls(world: &World) {
    tokio::time::sleep(2 * FRESH).await;
    let calls = world.sandbox.calls("getActiveJobs");
    tokio::time::sleep(3 * FRESH).await;
    assert_eq!(world.sandbox.calls("getActiveJobs"), calls, "IPS is still called");
}
