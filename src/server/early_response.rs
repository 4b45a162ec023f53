//! Early responses: to requests whose head never reached the routes.

use actix_http::StatusCode;
use actix_http::error::{DispatchError, ParseError};
use tokio::time::Instant;

/// Renderer of an early response: a whole HTTP message that says `Connection: close`. The instant is when the first byte of the head came.
pub type EarlyResponse = dyn Fn(EarlyError, Instant) -> Vec<u8> + Send + Sync;

/// Reason why a head is refused before it becomes a request. The connection is closed after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlyError {
    /// The head was not complete within the request timeout: 408.
    HeadTimeout,
    /// The head is larger than the maximum, or has too many fields: 431.
    HeadTooLarge,
    /// The head is not one of HTTP/1.1: 400.
    MalformedHead,
}

impl EarlyError {
    /// Returns the error with which the dispatcher gave up on a head, if it did.
    pub(super) fn of(error: &DispatchError) -> Option<Self> {
        match error {
            DispatchError::Parse(ParseError::TooLarge) => Some(Self::HeadTooLarge),
            DispatchError::Parse(_) => Some(Self::MalformedHead),
            _ => None,
        }
    }

    /// Returns the status of the response.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::HeadTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::HeadTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::MalformedHead => StatusCode::BAD_REQUEST,
        }
    }

    /// Returns the label `reason` of the metric.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::HeadTimeout => "slow_head",
            Self::HeadTooLarge => "large_head",
            Self::MalformedHead => "malformed_head",
        }
    }
}
