//! The faults that the sandbox raises, worded to be understood by whoever debugs against it.

use std::fmt::Display;

use crate::ips::types::{Fault, FaultName};

fn authentication(code: i32, reason: impl Display) -> Fault {
    Fault { name: FaultName::Authentication, code: Some(code), reason: reason.to_string() }
}

fn authorization(code: i32, reason: impl Display) -> Fault {
    Fault { name: FaultName::Authorization, code: Some(code), reason: reason.to_string() }
}

fn api(code: i32, reason: impl Display) -> Fault {
    Fault { name: FaultName::IpsApi, code: Some(code), reason: reason.to_string() }
}

/// 10000: nobody said who they are.
pub(super) fn no_credentials() -> Fault {
    authentication(
        10000,
        "No credentials: neither user and password nor accessToken in the authHeader, and no HTTP Basic",
    )
}

/// 10001: they said it wrongly.
pub(super) fn invalid_credentials() -> Fault {
    authentication(10001, "Invalid credentials")
}

/// 10002: there is no such user, or no longer.
pub(super) fn invalid_user(email: &str) -> Fault {
    authentication(10002, format_args!("Invalid user: {email} is unknown or inactive"))
}

/// 20000: no such company, or none can be meant.
pub(super) fn invalid_company(reason: impl Display) -> Fault {
    authorization(20000, reason)
}

/// 20002: no such user to act for or to ask about.
pub(super) fn invalid_request_user(handle: &str) -> Fault {
    authorization(20002, format_args!("Invalid request user: there is no user {handle}"))
}

/// 20003: the user's role doesn't allow it.
pub(super) fn no_permission(email: &str, operation: &str) -> Fault {
    authorization(20003, format_args!("User {email} has no permission for operation {operation}"))
}

/// 20004: only an administrator acts for others.
pub(super) fn no_impersonation(email: &str, other: &str) -> Fault {
    authorization(20004, format_args!("User {email} may not act for user {other}"))
}

/// 20005: a value that means nothing here.
pub(super) fn illegal_value(reason: impl Display) -> Fault {
    authorization(20005, reason)
}

/// 20006: the company exists, but isn't the user's.
pub(super) fn illegal_company(email: &str, handle: &str) -> Fault {
    authorization(20006, format_args!("User {email} is no member of company {handle}"))
}

/// 20007: the user exists, but in another company.
pub(super) fn illegal_request_user(handle: &str, company: &str) -> Fault {
    authorization(20007, format_args!("User {handle} is no member of company {company}"))
}

/// 30000: anything else.
pub(super) fn exception(reason: impl Display) -> Fault {
    api(30000, reason)
}

/// 30001: a parameter whose value can't be used.
pub(super) fn invalid_parameter(reason: impl Display) -> Fault {
    api(30001, reason)
}

/// 30002: a parameter that had to be there.
pub(super) fn missing_parameter(reason: impl Display) -> Fault {
    api(30002, reason)
}

/// 30003: XML that the schema doesn't allow.
pub(super) fn invalid_xml(reason: impl Display) -> Fault {
    api(30003, reason)
}
