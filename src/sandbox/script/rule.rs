//! Rules of a script and their effects.

use std::time::Duration;

use crate::ips::types::{Fault, FaultName};

/// Effect of a rule on a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sandbox) enum Effect {
    /// The call is executed; its answer comes after the delay of the rule.
    Slow,
    /// The call is not executed, and answered by a fault with an HTTP status.
    Fault { code: i32, reason: String, status: u16 },
    /// The call is executed, and the connection is closed in the middle of the answer.
    CutOff,
    /// The call is not executed, and the connection is closed without an answer.
    Refused,
    /// The call is not executed; the connection is closed without an answer, and new connections are refused for the duration.
    Outage(Duration),
    /// The call is executed, and its answer is not XML to the end, in a complete HTTP response.
    Malformed,
    /// The call is not executed, and answered by the HTML page of a proxy with status 503.
    Unavailable,
}

impl Effect {
    /// Returns the fault of a code, named after its range.
    pub fn fault(code: i32, reason: &str) -> Fault {
        let name = match code {
            ..20_000 => FaultName::Authentication,
            20_000..30_000 => FaultName::Authorization,
            _ => FaultName::IpsApi,
        };
        Fault { name, code: Some(code), reason: reason.into() }
    }
}

/// Rule of a script: the calls that it applies to, and its effect.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// Names of operations; empty for all.
    pub operations: Vec<&'static str>,
    /// `companyHandle` of the request; `None` for every request.
    pub company: Option<String>,
    /// Number of matching calls that pass before.
    pub after: u64,
    /// Number of calls that are affected; `None` for no limit.
    pub count: Option<u64>,
    /// Probability for each call, in percent.
    pub percent: i64,
    pub delay: Duration,
    pub effect: Effect,
}
