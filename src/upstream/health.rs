//! Health of the upstream, as recent calls showed it.

use chrono::{DateTime, Utc};

use crate::telemetry::metrics::names;

/// State of the circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// Calls are made.
    Closed,
    /// Too many calls failed recently: no call is made for some seconds.
    Open,
    /// One probe at a time is permitted.
    HalfOpen,
}

impl CircuitState {
    /// Returns the label value for metrics and logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// Field that the gateway leaves out of its own requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OmittedField {
    /// Name of the operation.
    pub operation: &'static str,
    /// Name of the field.
    pub field: &'static str,
    /// Reason of the omission.
    pub reason: OmissionReason,
}

/// Reason why the gateway leaves out a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OmissionReason {
    /// The API version lacks the field.
    Lacked,
    /// The API version may lack the field.
    Unknown,
    /// IPS refused the field.
    Refused,
}

impl OmissionReason {
    /// Returns the label value for metrics and logs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Lacked => "lacked",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

impl OmittedField {
    /// Sets the gauge of the field.
    pub fn report_metric(&self) {
        let labels = [("rpc_method", self.operation), ("field", self.field), ("reason", self.reason.code())];
        metrics::gauge!(names::UPSTREAM_OMITTED_FIELDS, &labels).set(1.0);
    }
}

/// State of the credentials of the service account, from the latest call with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ServiceAccountState {
    /// No call with them was answered, or the gateway has no service account.
    #[default]
    Unknown,
    /// IPS accepted them.
    Accepted,
    /// IPS rejected them.
    Rejected,
}

/// Health of the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamHealth {
    /// State of the circuit breaker.
    pub circuit: CircuitState,
    /// Number of companies, counted for each caller, about which no calls are made because answers about them could not be read.
    pub suspended_companies: usize,
    /// Time of the last answer, faults included.
    pub last_success: Option<DateTime<Utc>>,
    /// Time of the last call without an answer that could be read.
    pub last_failure: Option<DateTime<Utc>>,
    /// Number of calls in flight.
    pub in_flight: usize,
    /// Number of calls in the queue.
    pub queued: usize,
    /// State of the credentials of the service account.
    pub service_account: ServiceAccountState,
}

impl UpstreamHealth {
    /// Sets the gauges of the circuit breaker, of the calls and of the service account.
    pub fn report_metrics(&self) {
        for state in [CircuitState::Closed, CircuitState::HalfOpen, CircuitState::Open] {
            let value = if state == self.circuit { 1.0 } else { 0.0 };
            metrics::gauge!(names::UPSTREAM_CIRCUIT, "state" => state.code()).set(value);
        }
        metrics::gauge!(names::UPSTREAM_SUSPENDED_COMPANIES).set(self.suspended_companies as f64);
        match self.service_account {
            ServiceAccountState::Unknown => {}
            ServiceAccountState::Accepted => metrics::gauge!(names::SERVICE_ACCOUNT_ACCEPTED).set(1.0),
            ServiceAccountState::Rejected => metrics::gauge!(names::SERVICE_ACCOUNT_ACCEPTED).set(0.0),
        }
        metrics::gauge!(names::UPSTREAM_CALLS, "state" => "in_flight").set(self.in_flight as f64);
        metrics::gauge!(names::UPSTREAM_CALLS, "state" => "waiting").set(self.queued as f64);
    }
}
