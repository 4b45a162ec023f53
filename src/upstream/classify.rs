//! Classification of the errors of the HTTP library and the codec.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::iter::successors;
use std::time::Duration;

use reqwest::StatusCode;
use rustls::CertificateError;

use super::api::BadItem;
use super::error::{CircuitScope, Delivery, Failure, UpstreamError};
use crate::ips::codec::{ReadError, WriteError};
use crate::ips::types::OperationInfo;
use crate::runtime::backoff;

/// Failed attempt of a call, before the operation is known.
#[derive(Debug)]
pub(super) struct AttemptError {
    /// Reason of the failure.
    pub(super) failure: Failure,
    /// How far the request got.
    pub(super) delivery: Delivery,
    /// Circuit breaker that counts it as a failure, if one does.
    pub(super) counted_by: Option<CircuitScope>,
}

impl AttemptError {
    /// Failure of a request of which no byte was sent.
    pub(super) fn not_sent(failure: Failure) -> Self {
        Self { counted_by: counted_by(&failure), failure, delivery: Delivery::NotSent }
    }

    /// Failure of a request that IPS may have processed.
    pub(super) fn unknown(failure: Failure) -> Self {
        Self { counted_by: counted_by(&failure), failure, delivery: Delivery::Unknown }
    }

    /// Failure of an answer that ended early: IPS could be reached.
    fn cut_off(reason: String) -> Self {
        Self { counted_by: Some(CircuitScope::Company), ..Self::unknown(Failure::Incomplete(reason)) }
    }

    /// Returns the error of a call of `operation`.
    pub(super) fn into_upstream_error(self, operation: OperationInfo) -> UpstreamError {
        UpstreamError::new(operation, self.failure, self.delivery)
    }
}

/// Failure of a request that can't be written as XML.
pub(super) fn unwritable(error: WriteError) -> AttemptError {
    AttemptError::not_sent(Failure::Unwritable { pointer: error.pointer, reason: Box::new(error.reason) })
}

/// Maximum length of a media type in an error, in characters.
const MAX_MEDIA_TYPE: usize = 80;

/// Marker error of a body that exceeds its limit.
#[derive(Debug, thiserror::Error)]
#[error("too large")]
pub(super) struct TooLarge;

/// Marker error of a large body that got no permit in time.
#[derive(Debug, thiserror::Error)]
#[error("too many large answers")]
pub(super) struct NoLargeAnswerPermit {
    /// Pause after which to retry.
    pub(super) retry_after: Duration,
}

/// Failure of a request without a response.
pub(super) fn request_error(error: reqwest::Error) -> AttemptError {
    if error.is_connect() {
        let failure = match certificate_error(&error) {
            Some(error) => Failure::Tls(format!("the certificate of IPS {}", describe(error))),
            None if is_tls(&error) => Failure::Tls(cause(error)),
            None => Failure::Connect(cause(error)),
        };
        AttemptError::not_sent(failure)
    } else if error.is_builder() {
        AttemptError::not_sent(Failure::Connect(cause(error)))
    } else if is_invalid_http(&error) {
        let reason = format!("the answer of IPS is not HTTP: {}", cause(error));
        AttemptError::unknown(Failure::Malformed { status: None, reason })
    } else {
        AttemptError::unknown(Failure::Incomplete(cause(error)))
    }
}

/// Failure of a response whose body can't be read: connection, content encoding, no permit for a large one, or size limit in bytes.
pub(super) fn body_error(error: io::Error, status: StatusCode, limit: usize) -> AttemptError {
    let kind = error.kind();
    match error.downcast::<reqwest::Error>() {
        Ok(error) if is_invalid_http(&error) => malformed(status, cause(error)),
        Ok(error) => AttemptError::cut_off(cause(error)),
        Err(error) if marker::<TooLarge>(&error).is_some() => too_large(limit),
        Err(error) if kind == ErrorKind::UnexpectedEof => AttemptError::cut_off(error.to_string()),
        Err(error) => match marker(&error) {
            Some(NoLargeAnswerPermit { retry_after }) => {
                AttemptError::unknown(Failure::Overloaded { retry_after: backoff::add_jitter(*retry_after) })
            }
            None => malformed(status, format_args!("the body does not match its Content-Encoding: {error}")),
        },
    }
}

/// Returns the marker error that an IO error wraps.
fn marker<T: Error + 'static>(error: &io::Error) -> Option<&T> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// Failure of a response that is not a SOAP answer.
pub(super) fn malformed(status: StatusCode, reason: impl Display) -> AttemptError {
    let status = status.as_u16();
    AttemptError::unknown(Failure::Malformed {
        status: Some(status),
        reason: format!("HTTP {status} from IPS: {reason}"),
    })
}

/// Failure of a response whose body can't be read as a SOAP answer: says what came instead.
pub(super) fn unreadable(
    status: StatusCode,
    content_type: Option<&str>,
    body: &[u8],
    error: &ReadError,
) -> AttemptError {
    let status = status.as_u16();
    let media_type = content_type.and_then(|content_type| content_type.split(';').next()).unwrap_or_default();
    let media_type: String = media_type.chars().filter(char::is_ascii_graphic).take(MAX_MEDIA_TYPE).collect();
    let content = if media_type.is_empty() { "without a content type".into() } else { format!("with {media_type}") };
    let reason = format!("HTTP {status} {content} from IPS: {}", kind_of_document(body, error));
    AttemptError::unknown(Failure::Malformed { status: Some(status), reason })
}

/// Describes a document that is no SOAP answer.
fn kind_of_document(body: &[u8], error: &ReadError) -> String {
    let text = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii();
    let begins_with =
        |start: &str| text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()));
    match text {
        [] => "an empty body".into(),
        [b'{' | b'[', ..] => "a JSON document, not a SOAP answer".into(),
        _ if begins_with("<!doctype html") || begins_with("<html") => "an HTML page, not a SOAP answer".into(),
        // The last two are those of UTF-16.
        [b'<' | 0 | 0xFE | 0xFF, .., last] if error.ends_early() || !matches!(last, b'>' | 0) => {
            format!("an XML document that ends early, after {} bytes", body.len())
        }
        [b'<' | 0 | 0xFE | 0xFF, ..] => format!("an XML document that is not the expected SOAP answer: {error}"),
        _ => format!("a text that is no XML: {error}"),
    }
}

/// Failure of a response of more than `limit` bytes, compressed or decompressed.
pub(super) fn too_large(limit: usize) -> AttemptError {
    AttemptError::unknown(Failure::TooLarge(limit))
}

/// Whether a retry is likely to succeed.
pub(super) fn is_transient(failure: &Failure) -> bool {
    matches!(failure, Failure::Connect(_) | Failure::Incomplete(_))
}

/// Returns the circuit breaker that counts a failure: that of IPS as a whole if there was no answer, that of the company if the answer can't be
/// read. Faults and answers that are too large come from an upstream that works.
fn counted_by(failure: &Failure) -> Option<CircuitScope> {
    match failure {
        Failure::Connect(_) | Failure::Tls(_) | Failure::Timeout(_) | Failure::Incomplete(_) => {
            Some(CircuitScope::Upstream)
        }
        Failure::Malformed { .. } => Some(CircuitScope::Company),
        Failure::Fault(_)
        | Failure::Unwritable { .. }
        | Failure::Overloaded { .. }
        | Failure::CircuitOpen { .. }
        | Failure::LoginBackOff { .. }
        | Failure::TooLarge(_) => None,
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

impl From<ReadError> for BadItem {
    fn from(ReadError { path, reason }: ReadError) -> Self {
        Self { path, reason }
    }
}
