//! Compression of response bodies that are not compressed already, and its negotiation (RFC 9110 §12.5.3).

use std::cell::RefCell;

use actix_http::encoding::Encoder;
use actix_web::HttpMessage;
use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::header::{
    ACCEPT_ENCODING, AcceptEncoding, CONTENT_ENCODING, CONTENT_TYPE, ContentEncoding, Encoding, Header, HeaderValue,
};

/// Maximum number of values of `Accept-Encoding` whose result a thread keeps: clients send few different ones.
const MAX_KEPT: usize = 16;
/// Maximum length of such a value, in bytes.
const MAX_KEPT_BYTES: usize = 64;

/// Result of the negotiation of the content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Negotiated {
    /// Content coding of bodies that can be compressed; `None` if the client accepts none of them.
    pub coding: Option<ContentEncoding>,
    /// Whether gzip is preferred to no content coding.
    pub prefers_gzip: bool,
}

impl Negotiated {
    /// Result for requests without `Accept-Encoding`.
    const IDENTITY: Self = Self { coding: Some(ContentEncoding::Identity), prefers_gzip: false };

    /// Negotiates the content coding of the response to a request.
    pub fn of(request: &impl HttpMessage) -> Self {
        thread_local! {
            static KEPT: RefCell<Vec<(HeaderValue, Negotiated)>> = const { RefCell::new(Vec::new()) };
        }
        let mut values = request.headers().get_all(ACCEPT_ENCODING);
        match (values.next(), values.next()) {
            (None, _) => Self::IDENTITY,
            (Some(value), None) if value.len() <= MAX_KEPT_BYTES => KEPT.with_borrow_mut(|kept| {
                if let Some((_, known)) = kept.iter().find(|(known, _)| known == value) {
                    return *known;
                }
                let negotiated = Self::parse(request);
                if kept.len() >= MAX_KEPT {
                    kept.clear();
                }
                kept.push((value.clone(), negotiated));
                negotiated
            }),
            _ => Self::parse(request),
        }
    }

    fn parse(request: &impl HttpMessage) -> Self {
        // A malformed header counts as absent.
        let Ok(accepted) = AcceptEncoding::parse(request) else { return Self::IDENTITY };
        let (identity, gzip) = (Encoding::identity(), Encoding::gzip());
        let coding = match accepted.negotiate([&identity, &gzip, &Encoding::deflate()].into_iter()) {
            Some(Encoding::Known(coding)) => Some(coding),
            Some(Encoding::Unknown(_)) | None => None,
        };
        Self { coding, prefers_gzip: accepted.negotiate([&identity, &gzip].into_iter()) == Some(gzip) }
    }
}

/// Compresses a response, unless it has a `Content-Encoding` or an incompressible media type.
pub fn compress(
    coding: ContentEncoding,
    response: ServiceResponse<BoxBody>,
) -> ServiceResponse<EitherBody<Encoder<BoxBody>, BoxBody>> {
    let headers = response.headers();
    let is_final = coding == ContentEncoding::Identity || headers.contains_key(CONTENT_ENCODING);
    if is_final || headers.get(CONTENT_TYPE).is_some_and(is_incompressible) {
        return response.map_into_right_body();
    }
    response.map_body(|head, body| EitherBody::left(Encoder::response(coding, head, body)))
}

/// Whether a media type is of images or videos, which are compressed already. SVG is text.
fn is_incompressible(content_type: &HeaderValue) -> bool {
    let media_type = content_type.as_bytes();
    media_type.starts_with(b"video/") || media_type.starts_with(b"image/") && !media_type.starts_with(b"image/svg")
}
