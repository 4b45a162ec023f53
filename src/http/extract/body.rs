//! JSON body extractor.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::future::LocalBoxFuture;
use mime::Mime;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::body_errors::{self, InvalidBody, pointer_of, remove_nulls};
use super::raw_body::receive_body;
use super::serde_messages;
use crate::http::problem::Problem;
use crate::jobs::{BodyErrors, Error, InvalidField};

/// JSON request body as `T`.
pub struct JsonBody<T> {
    /// Parsed body.
    pub value: T,
}

/// JSON request body as `T`, without its invalid values: checks of `value` find the other errors of the body.
pub struct RepairedBody<T> {
    /// Parsed body. Where it has errors, values are missing or are others than in the request.
    pub value: T,
    /// Errors of the body.
    pub errors: BodyErrors,
}

impl<T: DeserializeOwned + Serialize + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = RepairedBody::from_request(request, payload);
        Box::pin(async move {
            let RepairedBody { value, errors } = body.await?;
            if errors.fields.is_empty() { Ok(Self { value }) } else { Err(Error::Invalid(errors.fields).into()) }
        })
    }
}

impl<T: DeserializeOwned + Serialize> FromRequest for RepairedBody<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = is_json(request);
        let body = receive_body(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(Problem::unsupported_media_type());
            }
            let body = body?.await?;
            parse(&body)
        })
    }
}

/// Returns whether the `Content-Type` is JSON. Its parameters are ignored, as JSON has none (RFC 8259 §11).
fn is_json(request: &HttpRequest) -> bool {
    // Not `mime_type()`: its parser refuses the white space that RFC 9110 §5.6.6 allows before `;`.
    let media_type = request.content_type().parse::<Mime>();
    media_type.is_ok_and(|mime| mime.subtype() == mime::JSON || mime.suffix() == Some(mime::JSON))
}

fn parse<T: DeserializeOwned + Serialize>(body: &[u8]) -> Result<RepairedBody<T>, Problem> {
    let body = without_byte_order_mark(body)?;
    let read = deserialize(body)?;
    let sent = serde_json::from_str(body).map_err(not_comparable)?;
    with_arrays_for_objects(read, &sent)
}

/// Deserializes a JSON value that was made of a body. Null members count as absent.
///
/// # Errors
/// 422 with all errors: it can't be deserialized, even without its invalid values.
pub fn from_value<T: DeserializeOwned + Serialize>(mut sent: Value) -> Result<RepairedBody<T>, Problem> {
    remove_nulls(&mut sent);
    let length = sent.to_string().len();
    let read = repaired(body_errors::deserialize(sent.clone(), length))?;
    with_arrays_for_objects(read, &sent)
}

/// Adds the error of an array that was sent in place of an object.
fn with_arrays_for_objects<T: Serialize>(mut read: RepairedBody<T>, sent: &Value) -> Result<RepairedBody<T>, Problem> {
    let value = serde_json::to_value(&read.value).map_err(not_comparable)?;
    if let Some(pointer) =
        array_for_object(sent, &value, String::new()).filter(|pointer| !read.errors.is_replaced(pointer))
    {
        read.errors.fields.push(InvalidField::in_body(pointer.clone(), "expected an object"));
        read.errors.places.push(pointer);
    }
    Ok(read)
}

fn not_comparable(_: serde_json::Error) -> Problem {
    Problem::internal("the body can't be compared with the parsed value")
}

/// Returns a body with its errors, unless it can't be deserialized without its invalid values.
fn repaired<T>(result: Result<T, InvalidBody<T>>) -> Result<RepairedBody<T>, Problem> {
    match result {
        Ok(value) => Ok(RepairedBody { value, errors: BodyErrors::default() }),
        Err(InvalidBody { errors, repaired: Some(value) }) => Ok(RepairedBody { value, errors }),
        Err(InvalidBody { errors, repaired: None }) => Err(Error::Invalid(errors.fields).into()),
    }
}

/// Removes the byte order mark of UTF-8, which some clients send although JSON has none (RFC 8259 §8.1).
fn without_byte_order_mark(body: &[u8]) -> Result<&str, Problem> {
    if let [0xfe, 0xff, ..] | [0xff, 0xfe, ..] = body {
        return Err(Problem::invalid_json("the body has the byte order mark of UTF-16: JSON is sent as UTF-8"));
    }
    let text = std::str::from_utf8(body).map_err(|_| Problem::invalid_json("the body is not UTF-8"))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Deserializes a body. Null members count as absent.
fn deserialize<T: DeserializeOwned>(body: &str) -> Result<RepairedBody<T>, Problem> {
    let at = |error: &serde_json::Error| format!("at line {} column {}", error.line(), error.column());
    // Of a text, as in the search for all errors: serde compiles the types once more for every other source.
    let mut source = serde_json::Deserializer::from_str(body);
    let error = match serde_path_to_error::deserialize(&mut source) {
        Ok(value) => {
            let end = source.end();
            return end
                .map(|()| RepairedBody { value, errors: BodyErrors::default() })
                .map_err(|error| Problem::invalid_json(format!("unexpected text after the JSON {}", at(&error))));
        }
        Err(error) => error,
    };
    if !error.inner().is_data() {
        return Err(Problem::invalid_json(format!("not JSON {}", at(error.inner()))));
    }
    let message = error.inner().to_string();
    match serde_json::from_str::<Value>(body) {
        Ok(mut sent) if !serde_messages::is_repeated_field(&message) => {
            remove_nulls(&mut sent);
            repaired(body_errors::deserialize(sent, body.len()))
        }
        // The value of a body has only the last of repeated members; that of a text that is no JSON later on, none.
        _ => Err(Error::invalid_body(pointer_of(error.path()), serde_messages::of_body(&message)).into()),
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
