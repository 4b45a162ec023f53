//! SOAP 1.1 envelope of requests, answers and faults.

mod auth;
mod read;
mod write;

pub use auth::AuthHeader;
pub use read::{Answer, Reply, Request, read_answer};
pub use write::{FaultCode, write_answer, write_fault, write_request};

/// Namespace of SOAP 1.1.
const SOAP_NAMESPACE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
