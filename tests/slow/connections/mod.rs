//! Slow and hostile clients, panics, and graceful shutdown.
//!
//! Time is real, so that the gateway has short timeouts.

mod connection_close;
mod connection_limit;
mod credentials;
mod file_descriptors;
mod fragmented_requests;
mod injection;
mod old_clients;
mod panics;
mod rate_limits;
mod request_bodies;
mod request_heads;
mod shutdown;
mod slow_readers;
