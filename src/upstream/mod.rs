//! Calls to IPS: the port [`IpsApi`] and its SOAP client with circuit breaker, concurrency limit, retries and request coalescing.

mod api;
mod caller;
mod circuit_breaker;
mod classify;
mod client;
mod concurrency_limit;
mod config;
mod decorators;
mod error;
mod health;
mod retry;
mod telemetry;
mod transport;

pub use crate::ips::codec::WriteReason;
pub use crate::ips::schema::{Deviation, DeviationKind};
pub use api::{BadItem, Call, IpsAnswer, IpsApi};
pub use caller::{Caller, CallerKey, CredentialSource, Credentials};
pub use client::{InspectedAnswer, IpsClient};
pub use config::ClientConfig;
pub use decorators::{AdmissionControl, CoalescingUpstream, Invalidations, UnknownFields, VersionAdapter};
pub use error::{CircuitScope, Delivery, Failure, UpstreamError};
pub use health::{CircuitState, OmissionReason, OmittedField, ServiceAccountState, UpstreamHealth};
pub use transport::install_tls_provider;
