//! A sandbox, and replicas in front of it that share a Redis.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use ips_gateway::runtime::clock::Clock;
use ips_gateway::sandbox::{Population, Sandbox, SandboxConfig};
use serde_json::Value;

use super::redis_server::Redis;
use crate::support::{Gateway, START};

/// The encryption key of the replicas.
pub const KEY: &str = "Jv3mQ8yXr0aLw5tNzB7cEdUhKf2SgPi9";

/// Three replicas, a Redis and a sandbox. Replicas and sandbox share a manual clock; Redis has real time.
pub struct Fleet {
    pub replicas: [Gateway; 3],
    pub sandbox: Sandbox,
    pub clock: Clock,
    pub redis: Redis,
}

/// A replica that uses the Redis at this URL.
pub fn replica(url: &str, sandbox: &Sandbox, clock: &Clock, settings: &[(&str, &str)]) -> Gateway {
    let sharing = [("SHARED_CACHE_URL", url), ("SHARED_CACHE_KEY", KEY)];
    Gateway::start(&sandbox.url(), sandbox.version(), clock, &[&sharing, settings].concat())
}

/// A sandbox with a manual clock.
pub fn sandbox(population: Population) -> (Sandbox, Clock) {
    let clock = Clock::manual(START.parse::<DateTime<Utc>>().expect("a time"));
    let config = SandboxConfig { clock: clock.clone(), new_job_interval: None, population, ..SandboxConfig::default() };
    (Sandbox::start(config).expect("a free port"), clock)
}

/// Waits until `/readyz?verbose` of a gateway, which stays ready, reports this state of Redis.
pub async fn assert_redis_state(gateway: &Gateway, expected: &Value) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        // The loss of the connection is noticed by the next request.
        gateway.get("/jobs").await.expect(200);
        let readiness = gateway.unauthenticated().get("/readyz?verbose").await.ok();
        if readiness["checks"]["sharedStore"] == *expected {
            return;
        }
        assert!(Instant::now() < deadline, "expected {expected} in {readiness:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

impl Fleet {
    /// `None` if `redis-server` is not installed.
    pub fn start(population: Population, settings: &[(&str, &str)]) -> Option<Self> {
        Some(Self::before(Redis::start()?, population, settings))
    }

    /// Replicas that share this Redis.
    pub fn before(redis: Redis, population: Population, settings: &[(&str, &str)]) -> Self {
        let (sandbox, clock) = sandbox(population);
        let replicas = std::array::from_fn(|_| replica(&redis.url(), &sandbox, &clock, settings));
        Self { replicas, sandbox, clock, redis }
    }

    /// Advances the clock.
    pub fn advance(&self, milliseconds: i64) {
        self.clock.advance(TimeDelta::milliseconds(milliseconds));
    }
}
