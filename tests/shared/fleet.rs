//! A sandbox, and gateways before it that share a store.

use chrono::{DateTime, TimeDelta, Utc};
use ips_gateway::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};

use crate::redis::Redis;
use crate::support::{Gateway, START};

const KEY: &str = "Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9";

/// Three replicas, a store and a sandbox. The gateways and the sandbox share a clock; that of the store runs.
pub struct Fleet {
    pub replicas: [Gateway; 3],
    pub sandbox: Sandbox,
    pub clock: Clock,
    pub redis: Redis,
}

/// A gateway that shares the store at this URL.
pub fn replica(url: &str, sandbox: &Sandbox, clock: &Clock, settings: &[(&str, &str)]) -> Gateway {
    let sharing = [("SHARED_CACHE_URL", url), ("SHARED_CACHE_KEY", KEY)];
    Gateway::start(&sandbox.url(), sandbox.version(), clock, &[&sharing, settings].concat())
}

/// A sandbox whose clock stands.
pub fn sandbox(population: Population) -> (Sandbox, Clock) {
    let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
    let config = SandboxConfig { clock: clock.clone(), trickle: None, population, ..SandboxConfig::default() };
    (Sandbox::start(config).expect("a free port"), clock)
}

impl Fleet {
    /// `None` where no `redis-server` is installed.
    pub fn start(population: Population, settings: &[(&str, &str)]) -> Option<Self> {
        let redis = Redis::start()?;
        let (sandbox, clock) = sandbox(population);
        let replicas = std::array::from_fn(|_| replica(&redis.url(), &sandbox, &clock, settings));
        Some(Self { replicas, sandbox, clock, redis })
    }

    /// Puts the clock forward.
    pub fn pass(&self, milliseconds: i64) {
        self.clock.advance(TimeDelta::milliseconds(milliseconds));
    }
}
