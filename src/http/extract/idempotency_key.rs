//! `Idempotency-Key` request header extractor (draft-ietf-httpapi-idempotency-key-header).

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{FromRequest, HttpRequest};

use super::single_header::single_header;
use crate::config::IdempotencyKeyRequirement;
use crate::http::AppState;
use crate::http::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Maximum length of a key, in bytes.
const MAX_KEY_LENGTH: usize = 255;

/// Idempotency key of the request; `None` without the header, which is an error if the configuration requires keys. The draft requires
/// quotes around the key; keys without quotes are accepted too.
pub struct IdempotencyHeader(pub Option<String>);

impl FromRequest for IdempotencyHeader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(extract(request).map(Self))
    }
}

fn extract(request: &HttpRequest) -> Result<Option<String>, Problem> {
    let Some(value) = single_header(request.headers(), &IDEMPOTENCY_KEY)? else {
        return match AppState::of(request)?.settings.idempotency_keys {
            IdempotencyKeyRequirement::Required => {
                Err(Problem::invalid_idempotency_key("this gateway requires an `Idempotency-Key` for submits"))
            }
            IdempotencyKeyRequirement::Optional => Ok(None),
        };
    };
    let invalid =
        || Problem::invalid_idempotency_key(&format!("expected 1 to {MAX_KEY_LENGTH} printable ASCII characters"));
    parse(value).map(Some).ok_or_else(invalid)
}

fn parse(value: &HeaderValue) -> Option<String> {
    let text = value.to_str().ok()?.trim();
    let key = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let is_valid =
        (1..=MAX_KEY_LENGTH).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    is_valid.then(|| key.to_owned())
}
