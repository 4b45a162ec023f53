//! Query string extractor, and the parsers of its parameters.

use std::fmt;
use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::DateTime;
use serde::de::{self, DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Deserializer};

use crate::http::problem::Problem;
use crate::ips::types::Timestamp;
use crate::jobs::Error;

/// The query string as `T`. Unknown parameters are errors: a misspelt filter must not widen an answer. So are control characters: nothing
/// that a query names has any.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        if let Some((name, _)) = pairs.clone().find(|(name, value)| has_controls(name) || has_controls(value)) {
            let name = if has_controls(&name) { "query" } else { &name };
            return ready(Err(Error::invalid_parameter(name, "holds a control character").into()));
        }
        let source = serde_urlencoded::Deserializer::new(pairs);
        let parsed = serde_path_to_error::deserialize(source).map(Self).map_err(|error| {
            let (path, message) = (error.path().to_string(), error.inner().to_string());
            if let Some(twice) = message.strip_prefix("duplicate field `").and_then(|rest| rest.strip_suffix('`')) {
                return Error::invalid_parameter(twice, "is given twice").into();
            }
            let parameter = if path == "." { "query" } else { &path };
            Error::invalid_parameter(parameter, of_parameters(&message)).into()
        });
        ready(parsed)
    }
}

pub(super) fn has_controls(text: &str) -> bool {
    text.contains(char::is_control)
}

/// serde speaks of fields and variants where a query string has parameters and values.
fn of_parameters(message: &str) -> String {
    message.replacen("unknown field", "unknown parameter", 1).replacen("unknown variant", "unknown value", 1).replacen(
        "provided string was not",
        "expected",
        1,
    )
}

/// Several values in one parameter, separated by commas.
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
                // No value at all is no value that could be meant: it is refused as any other unknown one.
                let values = text.split(',').map(|value| T::deserialize(value.trim().to_owned().into_deserializer()));
                values.collect::<Result<_, E>>().map(CommaList)
            }
        }
        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

/// A value written as text that knows how to parse itself.
pub fn parsed<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: std::str::FromStr,
    T::Err: fmt::Display,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

/// A whole number within bounds, both included.
pub fn within<'de, const LEAST: u32, const MOST: u32, D>(deserializer: D) -> Result<Option<u32>, D::Error>
where
    D: Deserializer<'de>,
{
    let number = String::deserialize(deserializer)?.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
    number.map(Some).ok_or_else(|| de::Error::custom(format_args!("expected a whole number from {LEAST} to {MOST}")))
}

/// A date and time of a query string, where a `+` that was not escaped has become a space.
pub fn date_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    // Unlike one of IPS, a time without an offset is refused: it would mean another moment to everybody.
    DateTime::parse_from_rfc3339(&text.trim().replace(' ', "+")).map(|moment| Some(Timestamp(moment))).map_err(|_| {
        de::Error::custom("expected a date and time with its offset such as 2026-01-31T09:30:00Z (RFC 3339)")
    })
}
