//! From the errors of the HTTP library and the codec to those of the port.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::iter::successors;
use std::time::Duration;

use reqwest::StatusCode;

use crate::ips::xml::{ReadError, WriteError, WriteReason};
use crate::jobs::upstream::{BadItem, Delivery, Failure, UnwritableReason};

/// Why a call was lost, and how far it got.
pub(super) type Lost = (Failure, Delivery);

/// A request that can't be written.
pub(super) fn unwritable(error: WriteError) -> Lost {
    (Failure::Unwritable { pointer: error.pointer, reason: error.reason.into() }, Delivery::NotSent)
}

/// A request that met no response.
pub(super) fn unsent_or_lost(error: reqwest::Error, timeout: Duration) -> Lost {
    if error.is_connect() {
        let failure = if is_tls(&error) { Failure::Tls(cause(error)) } else { Failure::Connect(cause(error)) };
        (failure, Delivery::NotSent)
    } else if error.is_builder() {
        (Failure::Connect(cause(error)), Delivery::NotSent)
    } else if error.is_timeout() {
        (Failure::Timeout(timeout), Delivery::Unknown)
    } else {
        (Failure::Cut(cause(error)), Delivery::Unknown)
    }
}

/// A response whose body failed.
pub(super) fn cut(error: reqwest::Error, status: StatusCode, timeout: Duration) -> Lost {
    if error.is_timeout() {
        (Failure::Timeout(timeout), Delivery::Unknown)
    } else if io_kinds(&error).any(|kind| matches!(kind, ErrorKind::InvalidData | ErrorKind::InvalidInput)) {
        malformed(status, format_args!("not what its Content-Encoding says: {}", cause(error)))
    } else {
        (Failure::Cut(cause(error)), Delivery::Unknown)
    }
}

/// A response that is no answer.
pub(super) fn malformed(status: StatusCode, reason: impl Display) -> Lost {
    (Failure::Malformed { status: status.as_u16(), reason: reason.to_string() }, Delivery::Unknown)
}

/// Whether it was the handshake that failed: the TLS library reports what it read as data, or as its end.
fn is_tls(error: &reqwest::Error) -> bool {
    io_kinds(error).any(|kind| matches!(kind, ErrorKind::InvalidData | ErrorKind::UnexpectedEof))
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
