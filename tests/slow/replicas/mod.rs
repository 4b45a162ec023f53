//! Replicas that share a Redis, and that work on their own while it fails: gateways in this process, a real `redis-server`, and a
//! misbehaving one.

mod events;
mod fleet;
mod lists;
mod outages;
mod redis_server;
mod stored_values;
mod submits;
mod takeovers;
mod tls_and_acl;
