//! Faults of the sandbox, by code; their reasons name the offending value, to help in debugging a client.

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

/// 10000: no credentials.
pub(super) fn no_credentials() -> Fault {
    authentication(
        10000,
        "No credentials: neither user and password nor accessToken in the authHeader, and no HTTP Basic",
    )
}

/// 10001: wrong password or access token.
pub(super) fn invalid_credentials() -> Fault {
    authentication(10001, "Invalid credentials")
}

/// 10002: unknown or inactive user.
pub(super) fn invalid_user(email: &str) -> Fault {
    authentication(10002, format_args!("Invalid user: {email} is unknown or inactive"))
}

/// 20000: unknown company, or none given where the user has several.
pub(super) fn invalid_company(reason: impl Display) -> Fault {
    authorization(20000, reason)
}

/// 20002: unknown request user.
pub(super) fn invalid_request_user(handle: &str) -> Fault {
    authorization(20002, format_args!("Invalid request user: there is no user {handle}"))
}

/// 20003: the user's role does not allow the operation.
pub(super) fn no_permission(email: &str, operation: &str) -> Fault {
    authorization(20003, format_args!("User {email} has no permission for operation {operation}"))
}

/// 20004: only an administrator may act for other users.
pub(super) fn no_impersonation(email: &str, other: &str) -> Fault {
    authorization(20004, format_args!("User {email} may not act for user {other}"))
}

/// 20005: illegal parameter value.
pub(super) fn illegal_value(reason: impl Display) -> Fault {
    authorization(20005, reason)
}

/// 20006: the user is not a member of the company.
pub(super) fn illegal_company(email: &str, handle: &str) -> Fault {
    authorization(20006, format_args!("User {email} is not a member of company {handle}"))
}

/// 20007: the request user is not a member of the company.
pub(super) fn illegal_request_user(handle: &str, company: &str) -> Fault {
    authorization(20007, format_args!("User {handle} is not a member of company {company}"))
}

/// 30000: any other exception.
pub(super) fn exception(reason: impl Display) -> Fault {
    api(30000, reason)
}

/// 30001: invalid parameter.
pub(super) fn invalid_parameter(reason: impl Display) -> Fault {
    api(30001, reason)
}

/// 30002: missing parameter.
pub(super) fn missing_parameter(reason: impl Display) -> Fault {
    api(30002, reason)
}

/// 30003: request XML that the schema does not allow.
pub(super) fn invalid_xml(reason: impl Display) -> Fault {
    api(30003, reason)
}

/// No fault of IPS, but of SOAP: the envelope is of another SOAP version.
pub(super) fn version_mismatch(reason: impl Display) -> Fault {
    Fault { name: FaultName::Other("VersionMismatch".into()), code: None, reason: reason.to_string() }
}
