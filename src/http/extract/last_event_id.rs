//! `Last-Event-ID` request header extractor (WHATWG HTML §9.2).

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};

use crate::jobs::EventCursor;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Suffix of the id of a stream's final event. Browsers reconnect after every end of a stream; with this suffix in `Last-Event-ID` the
/// response is 204, after which they stop.
pub const FINAL_ID_SUFFIX: &str = "-end";

/// Position after which a client resumes an event stream.
pub enum LastEventId {
    /// No position: the header is missing or has an unknown format, so the stream starts with a snapshot.
    Unknown,
    /// Position in the event log.
    Cursor(EventCursor),
    /// Id of the final event.
    Final,
}

impl LastEventId {
    /// Returns the cursor, if the id is one.
    pub fn cursor(self) -> Option<EventCursor> {
        match self {
            Self::Cursor(cursor) => Some(cursor),
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
        if id.ends_with(FINAL_ID_SUFFIX) { Self::Final } else { id.parse().map_or(Self::Unknown, Self::Cursor) }
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
