//! Query string extractor, and the parsers of its parameters.

use std::fmt;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use chrono::DateTime;
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer};

use super::query_values::{QueryValues, deserialize};
use crate::http::problem::Problem;
use crate::ips::types::Timestamp;
use crate::jobs::Error;

/// The query string as `T`. Unknown parameters, values of a parameter that has one, control characters and bytes that are not UTF-8 are
/// errors: a misspelt filter must not return more than was asked for. Parameters without a value count as absent.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse(request.query_string()).map(Self).map_err(Problem::from))
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Error> {
    deserialize(QueryValues::decode(query)?, &[])
}

/// Parameters of an operation that has none.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// Values of a list parameter: separated by commas, or of several parameters with this name, with or without `[]`.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct CommaList<T>(pub Vec<T>);

impl<T> Default for CommaList<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Deserializes a value by its `FromStr`.
pub fn parsed<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: std::str::FromStr,
    T::Err: fmt::Display,
    D: Deserializer<'de>,
{
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse()).transpose().map_err(de::Error::custom)
}

/// Deserializes a whole number from `MIN` to `MAX`, both inclusive.
pub fn within<'de, const MIN: u32, const MAX: u32, D>(deserializer: D) -> Result<Option<u32>, D::Error>
where
    D: Deserializer<'de>,
{
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (MIN..=MAX).contains(number));
    number.map(Some).ok_or_else(|| de::Error::custom(format_args!("expected a whole number from {MIN} to {MAX}")))
}

/// Deserializes an e-mail address. A `+` that was not percent-encoded has become a space, which no address contains (RFC 5322 §3.4.1).
pub fn email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| text.replace(' ', "+")))
}

/// Deserializes a date and time (RFC 3339). A `+` that was not percent-encoded has become a space, which is accepted.
pub fn date_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    // Times without an offset are refused, although IPS accepts them: their meaning would depend on the reader's time zone.
    let instant = DateTime::parse_from_rfc3339(&text.trim().replace(' ', "+")).map_err(|_| {
        de::Error::custom("expected a date and time with its offset such as 2026-01-31T09:30:00Z (RFC 3339)")
    })?;
    let timestamp = Timestamp::new(instant);
    timestamp.check_sendable().map(|()| Some(timestamp)).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{CommaList, email, parse, within};

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Params {
        #[serde(default)]
        status: CommaList<Status>,
        #[serde(default, deserialize_with = "within::<1, 10, _>")]
        limit: Option<u32>,
        archived: Option<bool>,
        level: Option<Status>,
        q: Option<String>,
        #[serde(default, deserialize_with = "email")]
        by: Option<String>,
    }

    #[derive(Debug, Deserialize, PartialEq, Clone, Copy)]
    #[serde(rename_all = "lowercase")]
    enum Status {
        Waiting,
        Running,
    }
    use Status::{Running, Waiting};

    fn reason(query: &str) -> String {
        parse::<Params>(query).expect_err(query).to_string()
    }

    #[test]
    fn lists_are_commas_repeated_parameters_or_brackets() {
        for query in [
            "status=waiting,running",
            "status=waiting&status=running",
            "status[]=waiting&status%5B%5D=running",
            "status=waiting,,&status=&status[]=%20running",
        ] {
            assert_eq!(parse::<Params>(query).expect(query).status.0, [Waiting, Running], "{query}");
        }
    }

    #[test]
    fn parameters_without_a_value_are_absent_and_an_underscore_is_ignored() {
        let absent = parse::<Params>("status=&status[]&limit=&archived=&level=&q&by=&_=17&&_");
        assert_eq!(absent.expect("valid"), Params::default());
        assert!(reason("foo=").contains("unknown parameter `foo`"));
        assert!(reason("__=1").contains("unknown parameter `__`"));
    }

    #[test]
    fn a_plus_is_a_space_except_in_an_address() {
        let params = parse::<Params>("q=a+b%20c%2Bd&by=heron+ips@example.com&level=running&archived=true&limit=3");
        let params = params.expect("valid");
        assert_eq!((params.q.as_deref(), params.by.as_deref()), (Some("a b c+d"), Some("heron+ips@example.com")));
        assert_eq!((params.level, params.archived, params.limit), (Some(Running), Some(true), Some(3)));
    }

    #[test]
    fn values_that_are_not_text_or_repeated_are_errors() {
        assert_eq!(reason("q=Caf%E9"), "invalid request: is not percent-encoded UTF-8");
        assert_eq!(reason("%ff=1"), "invalid request: is not percent-encoded UTF-8");
        assert_eq!(reason("q=%00"), "invalid request: holds a control character");
        assert_eq!(reason("q=1&q=2"), "invalid request: is given twice");
        assert_eq!(reason("archived=yes"), "invalid request: expected `true` or `false`");
        assert_eq!(reason("status=waiting,x"), "invalid request: unknown value `x`, expected `waiting` or `running`");
    }
}
