//! Wire format of failed loads.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ips::types::{Fault, FaultName, operation_named};
use crate::jobs::error::Error;
use crate::upstream::{CredentialSource, Delivery, Failure, UpstreamError};

/// Wire format of a failed load.
#[derive(Serialize, Deserialize)]
pub struct WireFailure {
    /// Invalidation epoch under which the list was loaded.
    #[serde(rename = "generation")]
    pub epoch: u64,
    /// End of the back-off.
    #[serde(rename = "until")]
    pub retry_at: DateTime<Utc>,
    /// Number of failed loads in a row, including this one.
    #[serde(rename = "in_a_row")]
    pub count: u32,
    /// Error of the load.
    pub error: WireError,
}

/// Wire format of the error of a call to IPS.
#[derive(Serialize, Deserialize)]
pub struct WireError {
    operation: String,
    by_gateway: bool,
    sent: bool,
    cause: WireCause,
}

#[derive(Serialize, Deserialize)]
enum WireCause {
    Fault {
        name: String,
        code: Option<i32>,
        reason: String,
    },
    Connect(String),
    Tls(String),
    Timeout(Duration),
    #[serde(rename = "Cut")]
    Incomplete(String),
    Malformed {
        status: Option<u16>,
        reason: String,
    },
    TooLarge(usize),
}

impl WireError {
    /// Returns the wire format of an error; `None` if the error concerns only this replica, such as its concurrency limit.
    pub fn of(error: &Error) -> Option<Self> {
        let Error::Upstream { error, credentials } = error else { return None };
        let cause = match error.failure.clone() {
            Failure::Fault(fault) => {
                WireCause::Fault { name: fault.name.as_str().to_owned(), code: fault.code, reason: fault.reason }
            }
            Failure::Connect(reason) => WireCause::Connect(reason),
            Failure::Tls(reason) => WireCause::Tls(reason),
            Failure::Timeout(after) => WireCause::Timeout(after),
            Failure::Incomplete(reason) => WireCause::Incomplete(reason),
            Failure::Malformed { status, reason } => WireCause::Malformed { status, reason },
            Failure::TooLarge(limit) => WireCause::TooLarge(limit),
            Failure::Unwritable { .. }
            | Failure::Overloaded { .. }
            | Failure::CircuitOpen { .. }
            | Failure::LoginBackOff { .. } => return None,
        };
        Some(Self {
            operation: error.operation.to_owned(),
            by_gateway: *credentials == CredentialSource::Gateway,
            sent: error.delivery != Delivery::NotSent,
            cause,
        })
    }

    /// Returns the error; `None` if this version has no such operation.
    pub fn into_error(self) -> Option<Error> {
        let (operation, effect) = operation_named(&self.operation)?;
        let delivery = match (&self.cause, self.sent) {
            (WireCause::Fault { .. }, _) => Delivery::Rejected,
            (_, true) => Delivery::Unknown,
            (_, false) => Delivery::NotSent,
        };
        let failure = match self.cause {
            WireCause::Fault { name, code, reason } => {
                let documented = [FaultName::Authentication, FaultName::Authorization, FaultName::IpsApi];
                let known = documented.into_iter().find(|known| known.as_str() == name);
                Failure::Fault(Fault { name: known.unwrap_or(FaultName::Other(name)), code, reason })
            }
            WireCause::Connect(reason) => Failure::Connect(reason),
            WireCause::Tls(reason) => Failure::Tls(reason),
            WireCause::Timeout(after) => Failure::Timeout(after),
            WireCause::Incomplete(reason) => Failure::Incomplete(reason),
            WireCause::Malformed { status, reason } => Failure::Malformed { status, reason },
            WireCause::TooLarge(limit) => Failure::TooLarge(limit),
        };
        let credentials = if self.by_gateway { CredentialSource::Gateway } else { CredentialSource::Caller };
        Some(Error::Upstream { error: UpstreamError { operation, effect, failure, delivery }, credentials })
    }
}
