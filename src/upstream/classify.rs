//! From the errors of the HTTP library and the codec to those of the port.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::iter::successors;

use reqwest::StatusCode;
use rustls::CertificateError;

use crate::ips::codec::{ReadError, WriteError, WriteReason};
use crate::upstream::{BadItem, Delivery, Failure, UnwritableReason};

/// Why a call was lost, and how far it got.
pub(super) type Lost = (Failure, Delivery);

/// A request that can't be written.
pub(super) fn unwritable(error: WriteError) -> Lost {
    (Failure::Unwritable { pointer: error.pointer, reason: error.reason.into() }, Delivery::NotSent)
}

/// What is read is larger than it may be.
#[derive(Debug, thiserror::Error)]
#[error("too large")]
pub(super) struct TooLarge;

/// A request that met no response.
pub(super) fn unsent_or_lost(error: reqwest::Error) -> Lost {
    if error.is_connect() {
        let failure = match certificate_error(&error) {
            Some(error) => Failure::Tls(format!("the certificate of IPS {}", fault_of(error))),
            None if is_tls(&error) => Failure::Tls(cause(error)),
            None => Failure::Connect(cause(error)),
        };
        (failure, Delivery::NotSent)
    } else if error.is_builder() {
        (Failure::Connect(cause(error)), Delivery::NotSent)
    } else if is_no_http(&error) {
        (Failure::Malformed { status: None, reason: cause(error) }, Delivery::Unknown)
    } else {
        (Failure::Cut(cause(error)), Delivery::Unknown)
    }
}

/// A response whose body failed: the connection, its encoding, or the limit in bytes.
pub(super) fn cut(error: io::Error, status: StatusCode, limit: usize) -> Lost {
    let kind = error.kind();
    match error.downcast::<reqwest::Error>() {
        Ok(error) if is_no_http(&error) => malformed(status, cause(error)),
        Ok(error) => (Failure::Cut(cause(error)), Delivery::Unknown),
        Err(error) if error.get_ref().and_then(|inner| inner.downcast_ref::<TooLarge>()).is_some() => too_large(limit),
        Err(error) if kind == ErrorKind::UnexpectedEof => (Failure::Cut(error.to_string()), Delivery::Unknown),
        Err(error) => malformed(status, format_args!("not what its Content-Encoding says: {error}")),
    }
}

/// A response that is no answer.
pub(super) fn malformed(status: StatusCode, reason: impl Display) -> Lost {
    (Failure::Malformed { status: Some(status.as_u16()), reason: reason.to_string() }, Delivery::Unknown)
}

/// A response of more than `limit` bytes, before or after it is decompressed.
pub(super) fn too_large(limit: usize) -> Lost {
    (Failure::TooLarge(limit), Delivery::Unknown)
}

/// Whether the same call may well succeed when it is made again at once.
pub(super) fn is_passing(failure: &Failure) -> bool {
    matches!(failure, Failure::Connect(_) | Failure::Cut(_))
}

/// Whether IPS, or the way to it, is to blame, so that it counts for the circuit breaker. A fault is an answer; an answer that is too
/// large comes from an IPS that works.
pub(super) fn is_outage(failure: &Failure) -> bool {
    match failure {
        Failure::Connect(_) | Failure::Tls(_) | Failure::Timeout(_) | Failure::Cut(_) | Failure::Malformed { .. } => {
            true
        }
        Failure::Fault(_)
        | Failure::Unwritable { .. }
        | Failure::Busy { .. }
        | Failure::Suspended { .. }
        | Failure::TooLarge(_) => false,
    }
}

/// Whether what came is not HTTP, or beyond the limits of the head.
fn is_no_http(error: &reqwest::Error) -> bool {
    sources(error).filter_map(|source| source.downcast_ref::<hyper::Error>()).any(hyper::Error::is_parse)
}

/// Whether it was the handshake that failed: the TLS library reports what it read as data, or as its end.
fn is_tls(error: &reqwest::Error) -> bool {
    io_kinds(error).any(|kind| matches!(kind, ErrorKind::InvalidData | ErrorKind::UnexpectedEof))
}

/// What is wrong with the certificate, if that is why there is no connection.
fn certificate_error(error: &reqwest::Error) -> Option<&CertificateError> {
    sources(error).find_map(|source| match source.downcast_ref() {
        Some(rustls::Error::InvalidCertificate(error)) => Some(error),
        _ => None,
    })
}

/// The same in words for callers: those of the library name hosts of the inside, and tell the time by the second.
fn fault_of(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => "is for another host",
        CertificateError::UnknownIssuer => "is of an authority that is not trusted",
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

/// The innermost cause, which says most; never the address, which may hold credentials.
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
