//! Classification of errors of the HTTP library and the codec.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::iter::successors;

use reqwest::StatusCode;
use rustls::CertificateError;

use crate::ips::codec::{ReadError, WriteError, WriteReason};
use crate::upstream::{BadItem, Delivery, Failure, UnwritableReason};

/// Reason of a failed call, and how far its request got.
pub(super) type CallFailure = (Failure, Delivery);

/// Failure of a request that can't be written as XML.
pub(super) fn unwritable(error: WriteError) -> CallFailure {
    (Failure::Unwritable { pointer: error.pointer, reason: error.reason.into() }, Delivery::NotSent)
}

/// Marker error of a body that exceeds its limit.
#[derive(Debug, thiserror::Error)]
#[error("too large")]
pub(super) struct TooLarge;

/// Failure of a request without a response.
pub(super) fn request_error(error: reqwest::Error) -> CallFailure {
    if error.is_connect() {
        let failure = match certificate_error(&error) {
            Some(error) => Failure::Tls(format!("the certificate of IPS {}", describe(error))),
            None if is_tls(&error) => Failure::Tls(cause(error)),
            None => Failure::Connect(cause(error)),
        };
        (failure, Delivery::NotSent)
    } else if error.is_builder() {
        (Failure::Connect(cause(error)), Delivery::NotSent)
    } else if is_invalid_http(&error) {
        (Failure::Malformed { status: None, reason: cause(error) }, Delivery::Unknown)
    } else {
        (Failure::Cut(cause(error)), Delivery::Unknown)
    }
}

/// Failure of a response whose body can't be read: connection, content encoding, or size limit in bytes.
pub(super) fn body_error(error: io::Error, status: StatusCode, limit: usize) -> CallFailure {
    let kind = error.kind();
    match error.downcast::<reqwest::Error>() {
        Ok(error) if is_invalid_http(&error) => malformed(status, cause(error)),
        Ok(error) => (Failure::Cut(cause(error)), Delivery::Unknown),
        Err(error) if error.get_ref().and_then(|inner| inner.downcast_ref::<TooLarge>()).is_some() => too_large(limit),
        Err(error) if kind == ErrorKind::UnexpectedEof => (Failure::Cut(error.to_string()), Delivery::Unknown),
        Err(error) => malformed(status, format_args!("not what its Content-Encoding says: {error}")),
    }
}

/// Failure of a response that is not a SOAP answer.
pub(super) fn malformed(status: StatusCode, reason: impl Display) -> CallFailure {
    (Failure::Malformed { status: Some(status.as_u16()), reason: reason.to_string() }, Delivery::Unknown)
}

/// Failure of a response of more than `limit` bytes, compressed or decompressed.
pub(super) fn too_large(limit: usize) -> CallFailure {
    (Failure::TooLarge(limit), Delivery::Unknown)
}

/// Whether a retry is likely to succeed.
pub(super) fn is_transient(failure: &Failure) -> bool {
    matches!(failure, Failure::Connect(_) | Failure::Cut(_))
}

/// Whether the circuit breaker counts it as a failure. Faults and answers that are too large come from an upstream that works.
pub(super) fn counts_as_failure(failure: &Failure) -> bool {
    match failure {
        Failure::Connect(_) | Failure::Tls(_) | Failure::Timeout(_) | Failure::Cut(_) | Failure::Malformed { .. } => {
            true
        }
        Failure::Fault(_)
        | Failure::Unwritable { .. }
        | Failure::Overloaded { .. }
        | Failure::CircuitOpen { .. }
        | Failure::TooLarge(_) => false,
    }
}

/// Whether the response is not HTTP, or its head exceeds the limits.
fn is_invalid_http(error: &reqwest::Error) -> bool {
    sources(error).filter_map(|source| source.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse)
}

/// Whether the TLS handshake failed: the library reports invalid data or an early end of file.
fn is_tls(error: &reqwest::Error) -> bool {
    io_kinds(error).any(|kind| matches!(kind, ErrorKind::InvalidData | ErrorKind::UnexpectedEof))
}

/// Returns the certificate error, if that is why there is no connection.
fn certificate_error(error: &reqwest::Error) -> Option<&CertificateError> {
    sources(error).find_map(|source| match source.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(error)) => Some(error),
        _ => None,
    })
}

/// Describes a certificate error for callers. The library's message names internal hosts and exact times.
fn describe(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "is for another host",
        CertificateError::UnknownIssuer => "is issued by an authority that is not trusted",
        CertificateError::BadSignature => "is not signed by its authority",
        CertificateError::Revoked => "was revoked",
        _ => "is not valid",
    }
}

fn io_kinds(error: &reqwest::Error) -> impl Iterator<Item = ErrorKind> {
    sources(error).filter_map(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind)
}

fn sources(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    successors(error.source(), |&error| {
        // An io::Error passes over the error that it wraps.
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

/// Returns the innermost cause, which is the most specific, without the URL, which may contain credentials.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    sources(&error).last().map_or_else(|| error.to_string(), ToString::to_string)
}

impl From<WriteReason> for UnwritableReason {
    fn from(reason: WriteReason) -> Self {
        match reason {
            WriteReason::Character(character) => Self::Character(character),
            WriteReason::Since { since, configured } => Self::Version { since, configured: configured.to_string() },
            WriteReason::Value(reason) => Self::Value(reason),
        }
    }
}

impl From<ReadError> for BadItem {
    fn from(ReadError { path, reason }: ReadError) -> Self {
        Self { path, reason }
    }
}
