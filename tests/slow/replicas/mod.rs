//! Replicas that share a Redis behave as one, and each by itself where it fails: gateways in this process, a real `redis-server`, and one
//! that plays a script.

#[expect(dead_code, unused_imports, reason = "shared with the tests of the API, which use all of it")]
#[path = "../api/support/mod.rs"]
mod support;

#[expect(dead_code, reason = "shared with the live tests, which use all of it")]
#[path = "../live/stream.rs"]
mod stream;

#[path = "../hostile/authority.rs"]
mod authority;

#[expect(dead_code, reason = "shared with the tests of log lines, which use all of it")]
#[path = "../operations/process.rs"]
mod process;

mod contents;
mod events;
mod fleet;
mod guarded;
mod lists;
mod outages;
mod redis;
mod submits;
mod takeovers;
