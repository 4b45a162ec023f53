//! Early responses: error responses to heads that are refused before they reach the routes.

use actix_http::StatusCode;
use actix_http::error::{DispatchError, ParseError};
use tokio::time::Instant;

/// Renderer of an early response: a whole HTTP message with `Connection: close`. The instant is that of the head's first byte.
pub type EarlyResponse = dyn Fn(EarlyError, Instant) -> Vec<u8> + Send + Sync;

/// Reason why a head is refused before it becomes a request. The connection is closed after the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlyError {
    /// The head was not complete within the request timeout: 408.
    HeadTimeout,
    /// The head is larger than the maximum, or has too many fields: 431.
    HeadTooLarge,
    /// The head is not valid HTTP/1.1: 400.
    MalformedHead,
}

impl EarlyError {
    /// Returns the early error of a dispatcher that could not parse a head; `None` for other errors.
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
