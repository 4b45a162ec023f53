//! Negotiation of the format of a list: the parameter `format`, else the header `Accept` (RFC 9110 §12.5.1).

use std::cmp::Reverse;
use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{self, Accept, Header, HeaderValue, Quality};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

/// Format of a list. As an extractor, the one that `Accept` prefers: JSON if it is absent, malformed, or accepts none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum ListFormat {
    /// One JSON document with a page of the list (`application/json`).
    Json,
    /// Comma-separated values with a header line (RFC 4180, `text/csv`).
    Csv,
    /// One JSON value per line, the last of which says whether the list is complete (`application/x-ndjson`).
    Ndjson,
}

/// Format of a streamed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowFormat {
    /// Comma-separated values.
    Csv,
    /// One JSON value per line.
    Ndjson,
}

impl RowFormat {
    /// Returns the value of `Content-Type`.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// Returns the extension of file names.
    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

impl ListFormat {
    /// Formats in ascending order of preference, for media ranges that accept several.
    const ALL: [Self; 3] = [Self::Ndjson, Self::Csv, Self::Json];

    /// Returns the format of a streamed list; `None` for JSON.
    pub fn of_rows(self) -> Option<RowFormat> {
        match self {
            Self::Json => None,
            Self::Csv => Some(RowFormat::Csv),
            Self::Ndjson => Some(RowFormat::Ndjson),
        }
    }

    /// Returns the media types by which `Accept` names the format.
    fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::Json => &["application/json"],
            Self::Csv => &["text/csv"],
            Self::Ndjson => &["application/x-ndjson", "application/ndjson", "application/jsonl"],
        }
    }

    /// Returns the format that `accept` prefers: by quality, then by how specific the media range is, then by its position.
    fn preferred(accept: &Accept) -> Option<Self> {
        let rank = |format: Self| {
            let ranges = accept.iter().enumerate().filter_map(|(position, range)| {
                let specificity = format.specificity(range.item.essence_str())?;
                Some((specificity, range.quality, Reverse(position)))
            });
            // The most specific range that matches decides about the format.
            let (specificity, quality, position) = ranges.max_by_key(|range| (range.0, range.2))?;
            (quality > Quality::ZERO).then_some((quality, specificity, position))
        };
        let ranked = Self::ALL.into_iter().filter_map(|format| Some((rank(format)?, format)));
        ranked.max_by_key(|(rank, _)| *rank).map(|(_, format)| format)
    }

    /// Returns how specifically a media range names the format; `None` if it doesn't match.
    fn specificity(self, range: &str) -> Option<u8> {
        let of_type = |media_type: &str| {
            let main_type = media_type.split('/').next().unwrap_or_default();
            match range {
                "*/*" => Some(0),
                _ if range == media_type => Some(2),
                _ if range.strip_suffix("/*") == Some(main_type) => Some(1),
                _ => None,
            }
        };
        self.media_types().iter().copied().filter_map(of_type).max()
    }
}

impl FromRequest for ListFormat {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let preferred = Accept::parse(request).ok().and_then(|accept| Self::preferred(&accept));
        ready(Ok(preferred.unwrap_or(Self::Json)))
    }
}

/// Adds `Accept` to the `Vary` of a response that depends on it.
pub fn add_vary(response: &mut HttpResponse) {
    let headers = response.headers_mut();
    let vary = headers.get(header::VARY).and_then(|vary| vary.to_str().ok());
    let vary = vary.map_or_else(|| "Accept".to_owned(), |vary| format!("{vary}, Accept"));
    if let Ok(vary) = HeaderValue::from_str(&vary) {
        headers.insert(header::VARY, vary);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn accepted(accept: &str) -> ListFormat {
        let request = TestRequest::default().insert_header((header::ACCEPT, accept)).to_http_request();
        ListFormat::from_request(&request, &mut Payload::None).into_inner().expect("infallible")
    }

    #[test]
    fn accept_selects_the_format() {
        for (accept, expected) in [
            ("text/csv", ListFormat::Csv),
            ("TEXT/CSV; charset=utf-8", ListFormat::Csv),
            ("text/*", ListFormat::Csv),
            ("text/csv, */*", ListFormat::Csv),
            ("text/csv, application/json", ListFormat::Csv),
            ("application/json, text/csv", ListFormat::Json),
            ("text/csv;q=0.5, application/json", ListFormat::Json),
            ("application/x-ndjson", ListFormat::Ndjson),
            ("application/jsonl, application/json;q=0.9", ListFormat::Ndjson),
            ("application/json, text/plain, */*", ListFormat::Json),
            ("application/*", ListFormat::Json),
            ("application/json;q=0, */*", ListFormat::Csv),
            ("text/html, application/xhtml+xml, */*;q=0.8", ListFormat::Json),
            ("image/png", ListFormat::Json),
            ("csv", ListFormat::Json),
        ] {
            assert_eq!(accepted(accept), expected, "{accept}");
        }
        let request = TestRequest::default().to_http_request();
        let without = ListFormat::from_request(&request, &mut Payload::None).into_inner();
        assert_eq!(without.expect("infallible"), ListFormat::Json);
    }
}
