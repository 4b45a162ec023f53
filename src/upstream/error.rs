//! Failed calls of IPS: what went wrong, and how far the request got.

use std::time::Duration;

use crate::ips::codec::WriteReason;
use crate::ips::types::{Effect, Fault, FaultClass, Operation, OperationInfo};

/// How far the request of a failed call got; decides whether it may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// No byte was sent: safe to send again.
    NotSent,
    /// IPS may or may not have processed the request.
    Unknown,
    /// IPS answered with a fault.
    Rejected,
}

/// Failed call of an IPS operation.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operation}: {failure}")]
pub struct UpstreamError {
    /// Name of the IPS operation.
    pub operation: &'static str,
    /// Effect of the operation.
    pub effect: Effect,
    /// Reason of the failure.
    pub failure: Failure,
    /// How far the request got.
    pub delivery: Delivery,
}

impl UpstreamError {
    /// Returns the error of a call of `T`.
    #[must_use]
    pub fn of<T: Operation>(failure: Failure, delivery: Delivery) -> Self {
        Self::new(T::INFO, failure, delivery)
    }

    /// Returns the error of a call of `operation`.
    pub(in crate::upstream) fn new(operation: OperationInfo, failure: Failure, delivery: Delivery) -> Self {
        Self { operation: operation.name, effect: operation.effect, failure, delivery }
    }

    /// Returns whether IPS may have carried out the operation: neither a fault nor a request that was not sent changes anything.
    #[must_use]
    pub fn may_be_carried_out(&self) -> bool {
        self.delivery == Delivery::Unknown
    }

    /// Returns the fault that IPS answered with.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match &self.failure {
            Failure::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    /// Returns the class of the fault that IPS answered with.
    #[must_use]
    pub fn fault_class(&self) -> Option<FaultClass> {
        self.fault().map(Fault::class)
    }

    /// Returns the pause after which to retry. Only calls that the gateway shed have one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.failure {
            Failure::Overloaded { retry_after }
            | Failure::CircuitOpen { retry_after, .. }
            | Failure::LoginBackOff { retry_after } => Some(retry_after),
            _ => None,
        }
    }
}

/// Calls that a circuit breaker stops when it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CircuitScope {
    /// All calls: IPS could not be reached.
    #[error("too many calls to IPS failed recently")]
    Upstream,
    /// Calls of one caller about one company: IPS answered, and the answers could not be read.
    #[error("too many answers of IPS about this company could not be read recently")]
    Company,
}

/// Reason of a failed call.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// SOAP fault, on any HTTP status.
    #[error("{0}")]
    Fault(Fault),
    /// A value of the request can't be written as XML; nothing was sent.
    #[error("{pointer}{}{reason}", if pointer.is_empty() { "" } else { ": " })]
    Unwritable {
        /// JSON pointer (RFC 6901) to the value within the request; empty for the request as a whole.
        pointer: String,
        /// Why it can't be written.
        reason: Box<WriteReason>,
    },
    /// The concurrency limit is reached, and no slot is expected to be free within the maximum queue time: nothing was sent. Or the answer
    /// is large, and too many large answers were being read for the maximum queue time.
    #[error("the limit of concurrent calls to IPS is reached")]
    Overloaded {
        /// Pause after which to retry.
        retry_after: Duration,
    },
    /// A circuit breaker is open; nothing was sent.
    #[error("the circuit breaker is open: {scope}")]
    CircuitOpen {
        /// Calls that the circuit breaker stops.
        scope: CircuitScope,
        /// Pause after which to retry.
        retry_after: Duration,
    },
    /// Logins of this user failed, and the back-off is not over; nothing was sent.
    #[error("logins of this user failed repeatedly")]
    LoginBackOff {
        /// Pause after which to retry.
        retry_after: Duration,
    },
    /// No connection: refused, not resolvable, or connect timeout.
    #[error("no connection: {0}")]
    Connect(String),
    /// The TLS handshake failed.
    #[error("TLS: {0}")]
    Tls(String),
    /// The timeout of the whole call expired.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection ended before the answer was complete.
    #[error("the answer is incomplete: {0}")]
    Incomplete(String),
    /// The answer is not a SOAP envelope with the expected content.
    #[error("{reason}")]
    Malformed {
        /// HTTP status of the answer, if there is one.
        status: Option<u16>,
        /// What came: status, content type and kind of document, or why it can't be read, with the path to the element if there is one.
        reason: String,
    },
    /// The answer is larger than this limit, in bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl Failure {
    /// Returns the label value for metrics and logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fault(_) => "fault",
            Self::Unwritable { .. } => "unwritable",
            Self::Overloaded { .. } => "busy",
            Self::CircuitOpen { scope: CircuitScope::Upstream, .. } => "suspended",
            Self::CircuitOpen { scope: CircuitScope::Company, .. } => "company_suspended",
            Self::LoginBackOff { .. } => "login_back_off",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Incomplete(_) => "cut",
            Self::Malformed { .. } => "malformed",
            Self::TooLarge(_) => "too_large",
        }
    }
}
