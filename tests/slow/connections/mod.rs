//! Clients that are slow, greedy or hostile, bugs of our own, and the end: what holds up others, and what does not.
//!
//! Time is real here, so the gateway is given little patience.

mod connection_close;
mod connection_limit;
mod credentials;
mod fragmented_requests;
mod injection;
mod panics;
mod rate_limits;
mod request_bodies;
mod request_heads;
mod shutdown;
mod slow_readers;
