//! Query string extractor, and the parsers of its parameters.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::DateTime;
use serde::de::{self, DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer};

use super::serde_messages;
use crate::http::problem::Problem;
use crate::ips::types::Timestamp;
use crate::jobs::Error;

/// The query string as `T`. Unknown parameters, repeated parameters and control characters are errors: a misspelt filter must not return
/// more than was asked for.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string(), &[]).map(Self).map_err(Problem::from))
    }
}

/// Parameters of an operation that has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Parses a query string. `other_parameters` are names that the operation accepts besides those of `T`; error messages list both.
pub(super) fn parse<T: DeserializeOwned>(query: &str, other_parameters: &[&str]) -> Result<T, Error> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    if let Some((name, _)) = pairs.clone().find(|(name, value)| has_controls(name) || has_controls(value)) {
        let name = if has_controls(&name) { "query" } else { &name };
        return Err(Error::invalid_parameter(name, "holds a control character"));
    }
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        if let Some(repeated) = serde_messages::repeated_field(&message) {
            return Error::invalid_parameter(repeated, "is given twice");
        }
        let parameter = if path == "." { "query" } else { &path };
        Error::invalid_parameter(parameter, serde_messages::of_query(&message, other_parameters))
    })
}

pub(super) fn has_controls(text: &str) -> bool {
    text.contains(char::is_control)
}

/// Comma-separated values of one parameter.
#[derive(Debug, Clone)]
pub struct CommaList<T>(pub Vec<T>);

impl<T> Default for CommaList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for CommaList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Visitor<T> {
            type Value = CommaList<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("values separated by commas")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<CommaList<T>, E> {
                // An empty parameter is one empty value, which is refused like any other unknown value.
                let values = text.split(',').map(|value| T::deserialize(value.trim().to_owned().into_deserializer()));
                values.collect::<Result<_, E>>().map(CommaList)
            }
        }
        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

/// Deserializes a value by its `FromStr`.
pub fn parsed<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: std::str::FromStr,
    T::Err: fmt::Display,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

/// Deserializes a whole number from `MIN` to `MAX`, both inclusive.
pub fn within<'de, const MIN: u32, const MAX: u32, D>(deserializer: D) -> Result<Option<u32>, D::Error>
where
    D: Deserializer<'de>,
{
    let number = String::deserialize(deserializer)?.parse().ok().filter(|number| (MIN..=MAX).contains(number));
    number.map(Some).ok_or_else(|| de::Error::custom(format_args!("expected a whole number from {MIN} to {MAX}")))
}

/// Deserializes a date and time (RFC 3339). A `+` that was not percent-encoded has become a space, which is accepted.
pub fn date_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    // Times without an offset are refused, although IPS accepts them: their meaning would depend on the reader's time zone.
    let instant = DateTime::parse_from_rfc3339(&text.trim().replace(' ', "+")).map_err(|_| {
        de::Error::custom("expected a date and time with its offset such as 2026-01-31T09:30:00Z (RFC 3339)")
    })?;
    let timestamp = Timestamp::new(instant);
    timestamp.check_sendable().map(|()| Some(timestamp)).map_err(de::Error::custom)
}
