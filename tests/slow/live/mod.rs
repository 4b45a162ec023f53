//! Many watch, IPS hardly notices, and all see the same truth: polls, long polls and events over real sockets.
//!
//! Where the count of calls over time matters, time is real and short; everywhere else the gateway and the sandbox share a clock that a
//! test puts forward.

mod company_events;
mod job_events;
mod long_polls;
mod outages;
mod polls;
mod shutdown;
mod tickets;

use std::time::Duration;

use crate::support::{Gateway, World};
use ips_gateway::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};

/// How long snapshots stay fresh where time is real.
const FRESH: Duration = Duration::from_millis(200);

/// A world with jobs in which time passes, and whose crowds are one caller.
fn running_world() -> World {
    let clock = Clock::system();
    let config = SandboxConfig { clock: clock.clone(), population: Population::Seeded, ..SandboxConfig::default() };
    let sandbox = Sandbox::start(config).expect("a free port");
    let fresh = humantime::format_duration(FRESH).to_string();
    let gateway =
        Gateway::start(&sandbox.url(), sandbox.version(), &clock, &[("FRESH", &fresh), ("RATE_LIMIT", "none")]);
    World { gateway, sandbox, clock }
}

/// A world whose gateway looks at IPS often enough for a test that puts the clock forward.
fn watched_world(population: Population) -> World {
    World::with(population, &[("FRESH", "50ms")])
}

/// Asserts that IPS is asked no more: one look may be under way, and one is forgiven to who left just now.
async fn assert_left_alone(world: &World) {
    tokio::time::sleep(2 * FRESH).await;
    let calls = world.sandbox.calls("getActiveJobs");
    tokio::time::sleep(3 * FRESH).await;
    assert_eq!(world.sandbox.calls("getActiveJobs"), calls, "nobody watches any more");
}
