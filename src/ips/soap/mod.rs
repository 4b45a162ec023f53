//! SOAP 1.1 envelope of requests, answers and faults, and their form without an envelope.

mod auth;
mod check;
mod envelope;
mod read;
mod request;
mod write;

pub use auth::AuthHeader;
pub use check::check_answer;
pub use envelope::is_version_mismatch;
pub use read::{Answer, Reply, read_answer};
pub use request::Request;
pub use write::{FaultCode, write_answer, write_bare_answer, write_bare_fault, write_fault, write_request};

/// Namespace of SOAP 1.1.
const SOAP_NAMESPACE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
