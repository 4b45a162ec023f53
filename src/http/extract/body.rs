//! JSON body extractor.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use mime::Mime;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::raw_body::receive_body;
use super::serde_messages;
use crate::http::problem::Problem;
use crate::jobs::Error;

/// JSON request body as `T`.
pub struct JsonBody<T> {
    /// Parsed body.
    pub value: T,
    /// SHA-256 of the bytes of query string and body, to compare requests with the same idempotency key.
    pub fingerprint: [u8; 32],
}

impl<T: DeserializeOwned + Serialize> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let body = receive_body(request, payload);
        let query = request.query_string().to_owned();
        Box::pin(async move {
            if !is_json {
                return Err(Problem::unsupported_media_type());
            }
            let body = body?.await?;
            let value = parse(&body)?;
            let fingerprint = Sha256::new()
                .chain_update(query.len().to_be_bytes())
                .chain_update(query)
                .chain_update(&body)
                .finalize();
            Ok(Self { value, fingerprint: fingerprint.into() })
        })
    }
}

/// Returns whether the `Content-Type` is JSON. Its parameters are ignored, as JSON has none (RFC 8259 §11).
fn is_json(request: &HttpRequest) -> bool {
    // Not `mime_type()`: its parser refuses the white space that RFC 9110 §5.6.6 allows before `;`.
    let media_type = request.content_type().parse::<Mime>();
    media_type.is_ok_and(|mime| mime.subtype() == mime::JSON || mime.suffix() == Some(mime::JSON))
}

fn parse<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<T, Problem> {
    let mut source = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut source).map_err(|error| {
        let inner = error.inner();
        if inner.is_data() {
            Error::invalid_body(pointer_of(error.path()), serde_messages::of_body(&inner.to_string())).into()
        } else {
            Problem::invalid_json(format!("not JSON at line {} column {}", inner.line(), inner.column()))
        }
    })?;
    source.end().map_err(|error| {
        Problem::invalid_json(format!(
            "unexpected text after the JSON at line {} column {}",
            error.line(),
            error.column()
        ))
    })?;
    let not_comparable = |_| Problem::internal("the body can't be compared with the parsed value");
    let sent = serde_json::from_slice(body).map_err(not_comparable)?;
    let read = serde_json::to_value(&value).map_err(not_comparable)?;
    match array_for_object(&sent, &read, String::new()) {
        Some(pointer) => Err(Error::invalid_body(pointer, "expected an object").into()),
        None => Ok(value),
    }
}

/// Returns the JSON pointer of an array that was sent in place of an object. serde would accept its items as the fields in order of
/// declaration.
fn array_for_object(sent: &Value, read: &Value, pointer: String) -> Option<String> {
    match (sent, read) {
        (Value::Array(_), Value::Object(_)) => Some(pointer),
        (Value::Object(sent), Value::Object(read)) => {
            read.iter().find_map(|(name, value)| array_for_object(sent.get(name)?, value, format!("{pointer}/{name}")))
        }
        (Value::Array(sent), Value::Array(read)) => {
            let pairs = sent.iter().zip(read).enumerate();
            pairs
                .into_iter()
                .find_map(|(index, (sent, read))| array_for_object(sent, read, format!("{pointer}/{index}")))
        }
        _ => None,
    }
}

/// Converts a path to a JSON pointer (RFC 6901).
fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { variant } => format!("{pointer}/{variant}"),
        Segment::Unknown => pointer,
    })
}
