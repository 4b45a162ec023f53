//! Calls to IPS, made reliable: authentication, circuit breaker, concurrency limit, retries, request coalescing.

mod answer;
mod api;
mod caller;
mod circuit_breaker;
mod classify;
mod client;
mod coalesce;
mod concurrency_limit;
mod config;
mod error;
mod health;
mod retry;
mod telemetry;
mod transport;

pub use answer::{Answered, BadItem};
pub use api::IpsApi;
pub use caller::{Caller, CallerKey, CompanyNotPermitted, CredentialSource, Credentials};
pub use client::IpsClient;
pub use coalesce::{CoalescingUpstream, Invalidations};
pub use config::ClientConfig;
pub use error::{Delivery, Failure, UnwritableReason, UpstreamError};
pub use health::{CircuitState, UpstreamHealth};
