//! UpstreamHealth of the upstream as its recent calls showed it.

use chrono::{DateTime, Utc};

/// Whether IPS is asked (a circuit breaker).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// It is.
    Closed,
    /// It failed too often lately: it is given a rest.
    Open,
    /// One call tries whether it is back.
    HalfOpen,
}

impl CircuitState {
    /// One word for it, for metrics and logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// How IPS was when it was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamHealth {
    /// Whether it is asked.
    pub circuit: CircuitState,
    /// When it answered last, be it with a fault.
    pub last_success: Option<DateTime<Utc>>,
    /// When a call last brought no answer.
    pub last_failure: Option<DateTime<Utc>>,
    /// Calls under way.
    pub in_flight: usize,
    /// Calls that wait for their turn.
    pub waiting: usize,
}
