//! Failed calls of IPS: what went wrong, and how far the request got.

use std::time::Duration;

use crate::ips::types::Fault;

/// How far a failed call got: it decides whether it may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// No byte of the request left: safe to send again.
    NotSent,
    /// The request may or may not have been processed.
    Unknown,
    /// IPS answered, with a fault.
    Rejected,
}

/// A call that brought no answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operation}: {failure}")]
pub struct UpstreamError {
    /// The IPS operation.
    pub operation: &'static str,
    /// What went wrong.
    pub failure: Failure,
    /// How far the request got.
    pub delivery: Delivery,
}

impl UpstreamError {
    /// The code of the fault that IPS answered with.
    #[must_use]
    pub fn fault_code(&self) -> Option<i32> {
        match &self.failure {
            Failure::Fault(fault) => fault.code,
            _ => None,
        }
    }

    /// When it is worth another try: told only of calls that were not sent, to spare IPS.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.failure {
            Failure::Busy { retry_after } | Failure::Suspended { retry_after } => Some(retry_after),
            _ => None,
        }
    }

    /// Whether IPS said that there is no such company (20000 invalid company, 20006 illegal company).
    #[must_use]
    pub fn says_no_such_company(&self) -> bool {
        matches!(self.fault_code(), Some(20000 | 20006))
    }
}

/// Why a call brought no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// IPS answered with a SOAP fault (on whatever HTTP status).
    #[error("{0}")]
    Fault(Fault),
    /// The request holds a value that can't be sent; nothing was.
    #[error("{pointer}: {reason}")]
    Unwritable {
        /// JSON pointer (RFC 6901) to the value within the request.
        pointer: String,
        /// What is wrong with it.
        reason: UnwritableReason,
    },
    /// As many calls are under way as may be, and enough wait for their turn.
    #[error("as many calls are under way as IPS is to get at once")]
    Busy {
        /// When it is worth another try.
        retry_after: Duration,
    },
    /// Calls failed so often lately that none is made for a while.
    #[error("calls failed so often lately that none is made for a while")]
    Suspended {
        /// When it is worth another try.
        retry_after: Duration,
    },
    /// No connection: refused, unresolvable, or not accepted in time.
    #[error("no connection: {0}")]
    Connect(String),
    /// The TLS handshake failed.
    #[error("TLS: {0}")]
    Tls(String),
    /// The whole call took longer than allowed.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The connection ended before the answer was complete.
    #[error("the answer was cut off: {0}")]
    Cut(String),
    /// The answer is no SOAP envelope with the expected content.
    #[error("the answer{} can't be understood: {reason}", status.map(|status| format!(" (HTTP {status})")).unwrap_or_default())]
    Malformed {
        /// The HTTP status of the answer, if it has one that can be read.
        status: Option<u16>,
        /// What is wrong, with the path to it where there is one.
        reason: String,
    },
    /// The answer is larger than this many bytes.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl Failure {
    /// One word for it, for metrics and logs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fault(_) => "fault",
            Self::Unwritable { .. } => "unwritable",
            Self::Busy { .. } => "busy",
            Self::Suspended { .. } => "suspended",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Cut(_) => "cut",
            Self::Malformed { .. } => "malformed",
            Self::TooLarge(_) => "too_large",
        }
    }
}

/// Why a value can't be written into a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnwritableReason {
    /// XML 1.0 has no way to carry this character.
    #[error("holds the character U+{:04X}, which XML can't carry", u32::from(*.0))]
    Character(char),
    /// The field came with a later API version than the configured one.
    #[error("needs API version {since} or later; {configured} is configured")]
    Version {
        /// The version that introduced the field.
        since: &'static str,
        /// The version that the gateway speaks.
        configured: String,
    },
    /// A number that XML Schema has no lexical form for, or another unrepresentable value.
    #[error("{0}")]
    Value(String),
}
