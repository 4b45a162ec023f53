//! Writing of envelopes: requests, answers and faults.

use super::SOAP_NAMESPACE;
use super::auth::{AuthHeader, WireAuthHeader};
use crate::ips::codec::{LackedFields, WriteError, WriteReason, Writer};
use crate::ips::types::{ApiVersion, Availability, COMMON_NAMESPACE, Fault, FaultName, Operation, operation_versions};

/// `faultcode` of a SOAP fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// The request caused the fault.
    Client,
    /// The service caused the fault.
    Server,
    /// The envelope is of another SOAP version.
    VersionMismatch,
}

impl FaultCode {
    fn as_str(self) -> &'static str {
        match self {
            Self::Client => "soapenv:Client",
            Self::Server => "soapenv:Server",
            Self::VersionMismatch => "soapenv:VersionMismatch",
        }
    }
}

/// Writes a request in an API version.
///
/// # Errors
/// An operation or a field that the version lacks, or a character that XML can't carry; pointers into `auth` start with `/authHeader`.
pub fn write_request<T: Operation>(
    request: &T,
    version: &ApiVersion,
    auth: &AuthHeader,
) -> Result<Vec<u8>, WriteError> {
    check_operation::<T>(version)?;
    let mut writer = begin(version, LackedFields::Refuse);
    writer.markup("<soapenv:Header>");
    writer
        .value("authHeader", COMMON_NAMESPACE, &WireAuthHeader::from(auth))
        .map_err(|error| WriteError { pointer: format!("/authHeader{}", error.pointer), ..error })?;
    writer.markup("</soapenv:Header><soapenv:Body>");
    writer.value(T::REQUEST, &version.namespace(), request)?;
    Ok(end(writer))
}

/// Checks that an API version has the operation, or may have it.
fn check_operation<T: Operation>(version: &ApiVersion) -> Result<(), WriteError> {
    let versions = operation_versions(T::NAME);
    if version.availability_in(versions) != Availability::Lacks {
        return Ok(());
    }
    let reason = WriteReason::Operation { operation: T::NAME, versions, configured: version.clone() };
    Err(WriteError { pointer: String::new(), reason })
}

/// Writes an answer in an API version, only with the fields that the version is known to have.
///
/// # Errors
/// A character that XML can't carry.
pub fn write_answer<T: Operation>(answer: &T::Answer, version: &ApiVersion) -> Result<Vec<u8>, WriteError> {
    let mut writer = begin(version, LackedFields::LeaveOut);
    writer.markup("<soapenv:Body>");
    writer.value(T::ANSWER, &version.namespace(), answer)?;
    Ok(end(writer))
}

/// Writes an answer like [`write_answer`], without an envelope.
///
/// # Errors
/// A character that XML can't carry.
pub fn write_bare_answer<T: Operation>(answer: &T::Answer, version: &ApiVersion) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer::new(version, LackedFields::LeaveOut);
    writer.value(T::ANSWER, &version.namespace(), answer)?;
    Ok(writer.into_bytes())
}

/// Writes the element of a fault without an envelope. Characters that XML can't carry are replaced by U+FFFD.
#[must_use]
pub fn write_bare_fault(fault: &Fault) -> Vec<u8> {
    let version = ApiVersion::default();
    let mut writer = Writer::new(&version, LackedFields::LeaveOut);
    write_reason(&mut writer, fault);
    writer.into_bytes()
}

/// Writes a fault. Characters that XML can't carry are replaced by U+FFFD.
#[must_use]
pub fn write_fault(fault: &Fault, faultcode: FaultCode) -> Vec<u8> {
    let version = ApiVersion::default();
    let mut writer = begin(&version, LackedFields::LeaveOut);
    writer.markup("<soapenv:Body><soapenv:Fault><faultcode>");
    writer.markup(faultcode.as_str());
    writer.markup("</faultcode><faultstring>");
    match &fault.name {
        FaultName::Other(_) => {
            writer.text(&fault.reason);
            writer.markup("</faultstring>");
        }
        documented => {
            let name = documented.as_str();
            writer.markup(&format!("{name}</faultstring><detail>"));
            write_reason(&mut writer, fault);
            writer.markup("</detail>");
        }
    }
    writer.markup("</soapenv:Fault>");
    end(writer)
}

/// Writes the element that names a fault, with its code and reason.
fn write_reason(writer: &mut Writer<'_>, fault: &Fault) {
    let name = fault.name.as_str();
    writer.markup(&format!("<{name} xmlns=\"{COMMON_NAMESPACE}\">"));
    if let Some(code) = fault.code {
        writer.markup(&format!("<code>{code}</code>"));
    }
    writer.markup("<reason>");
    writer.text(&fault.reason);
    writer.markup(&format!("</reason></{name}>"));
}

fn begin(version: &ApiVersion, lacked_fields: LackedFields) -> Writer<'_> {
    let mut writer = Writer::new(version, lacked_fields);
    writer.markup("<soapenv:Envelope xmlns:soapenv=\"");
    writer.markup(SOAP_NAMESPACE);
    writer.markup("\">");
    writer
}

fn end(mut writer: Writer<'_>) -> Vec<u8> {
    writer.markup("</soapenv:Body></soapenv:Envelope>");
    writer.into_bytes()
}
