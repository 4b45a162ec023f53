//! `Idempotency-Key` header extractor.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};

use crate::config::IdempotencyKeys;
use crate::http::AppState;
use crate::http::problem::Problem;

/// The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header): a string in quotes; without them it is taken, too.
pub struct IdempotencyHeader(pub Option<String>);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

impl FromRequest for IdempotencyHeader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_key = |key: &&str| {
            (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        };
        ready(match request.headers().get(IDEMPOTENCY_KEY) {
            None => AppState::of(request).and_then(|state| match state.settings.idempotency_keys {
                IdempotencyKeys::Required => {
                    Err(Problem::invalid_idempotency_key("this gateway takes submits only with an `Idempotency-Key`"))
                }
                IdempotencyKeys::Optional => Ok(Self(None)),
            }),
            Some(value) => {
                let text = value.to_str().unwrap_or_default().trim();
                let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
                let key = Some(bare).filter(is_key).map(str::to_owned);
                key.map(|key| Self(Some(key)))
                    .ok_or_else(|| Problem::invalid_idempotency_key("expected 1 to 255 visible ASCII characters"))
            }
        })
    }
}
