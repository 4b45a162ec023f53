//! Replicas that share a Redis behave as one, and each by itself where it fails: gateways in this process, a real `redis-server`, and one
//! that plays a script.

mod events;
mod fleet;
mod lists;
mod outages;
mod redis_server;
mod stored_values;
mod submits;
mod takeovers;
mod tls_and_acl;
