//! `Last-Event-ID` request header extractor (WHATWG HTML §9.2).

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};

use crate::jobs::StreamPosition;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Suffix of the id of a stream's final event. Browsers reconnect after every end of a stream; with this suffix in `Last-Event-ID` the
/// response is 204, after which they stop.
pub const FINAL_ID_SUFFIX: &str = "-end";

/// Position after which a client resumes an event stream.
pub enum LastEventId {
    /// No position: the header is missing or has an unknown format, so the stream starts with a snapshot.
    Unknown,
    /// Position in the event stream.
    Position(StreamPosition),
    /// Id of the final event.
    Final,
}

impl LastEventId {
    /// Returns the position, if the id is one.
    pub fn position(self) -> Option<StreamPosition> {
        match self {
            Self::Position(position) => Some(position),
            Self::Unknown | Self::Final => None,
        }
    }
}

impl LastEventId {
    /// Returns the position of the header, else that of the query parameter of the same meaning: a client that reconnects with the URL of its
    /// first request sends a newer id in the header.
    pub fn or(self, parameter: Option<String>) -> Self {
        match (self, parameter) {
            (Self::Unknown, Some(id)) => Self::of(&id),
            (header, _) => header,
        }
    }

    fn of(id: &str) -> Self {
        if id.ends_with(FINAL_ID_SUFFIX) { Self::Final } else { id.parse().map_or(Self::Unknown, Self::Position) }
    }
}

impl FromRequest for LastEventId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.headers().get(LAST_EVENT_ID).and_then(|value| value.to_str().ok()).unwrap_or_default();
        ready(Ok(Self::of(id)))
    }
}
