//! A sandbox, and gateways before it that share a store.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use ips_gateway::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use serde_json::Value;

use super::redis_server::Redis;
use crate::support::{Gateway, START};

/// What the replicas seal with.
pub const KEY: &str = "Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9";

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
    let config = SandboxConfig { clock: clock.clone(), new_job_interval: None, population, ..SandboxConfig::default() };
    (Sandbox::start(config).expect("a free port"), clock)
}

/// Waits until a gateway says this of its store, in `/readyz?verbose`, and is ready all the while.
pub async fn assert_store(gateway: &Gateway, expected: &Value) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        // A loss is noticed by who asks for something.
        gateway.get("/jobs").await.expect(200);
        let told = gateway.called_by_nobody().get("/readyz?verbose").await.ok();
        if told["checks"]["sharedStore"] == *expected {
            return;
        }
        assert!(Instant::now() < deadline, "{expected} was to be in {told:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Fleet {
    /// `None` where no `redis-server` is installed.
    pub fn start(population: Population, settings: &[(&str, &str)]) -> Option<Self> {
        Some(Self::before(Redis::start()?, population, settings))
    }

    /// Those that share this store.
    pub fn before(redis: Redis, population: Population, settings: &[(&str, &str)]) -> Self {
        let (sandbox, clock) = sandbox(population);
        let replicas = std::array::from_fn(|_| replica(&redis.url(), &sandbox, &clock, settings));
        Self { replicas, sandbox, clock, redis }
    }

    /// Puts the clock forward.
    pub fn pass(&self, milliseconds: i64) {
        self.clock.advance(TimeDelta::milliseconds(milliseconds));
    }
}
