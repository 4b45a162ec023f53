//! Values of a query string by parameter, and the serde data format that reads them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use percent_encoding::percent_decode;
use serde::Deserializer;
use serde::de::value::{Error as ValueError, MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::serde_messages;
use crate::jobs::Error;

/// Parameter that is ignored: jQuery adds it, with the time as its value, to get past caches.
const CACHE_BUSTER: &str = "_";

/// Decoded values of a query string, by parameter.
#[derive(Debug, Default)]
pub struct QueryValues(BTreeMap<String, ParameterValues>);

/// Values of one parameter, without empty ones.
#[derive(Debug, Default)]
struct ParameterValues(Vec<String>);

impl QueryValues {
    /// Decodes a query string (`application/x-www-form-urlencoded`). The suffix `[]` of a name is removed.
    ///
    /// # Errors
    /// A name or a value is not UTF-8, or contains control characters.
    pub fn decode(query: &str) -> Result<Self, Error> {
        let mut values = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).map_err(|reason| Error::invalid_parameter("query", reason))?;
            let name = name.strip_suffix("[]").unwrap_or(&name);
            if name == CACHE_BUSTER {
                continue;
            }
            let value = decode(value).map_err(|reason| Error::invalid_parameter(name, reason))?;
            values.0.entry(name.to_owned()).or_default().0.extend(Some(value).filter(|value| !value.is_empty()));
        }
        Ok(values)
    }

    /// Splits into the parameters with these names and the others.
    pub fn partition(self, names: &[&str]) -> (Self, Self) {
        let (selected, others) = self.0.into_iter().partition(|(name, _)| names.contains(&name.as_str()));
        (Self(selected), Self(others))
    }
}

fn decode(text: &str) -> Result<String, &'static str> {
    let with_spaces = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    let text = percent_decode(with_spaces.as_bytes()).decode_utf8().map_err(|_| "is not percent-encoded UTF-8")?;
    if has_controls(&text) { Err("holds a control character") } else { Ok(text.into_owned()) }
}

pub(super) fn has_controls(text: &str) -> bool {
    text.contains(char::is_control)
}

/// Deserializes the parameters of an operation. `other_parameters` are names that the operation accepts besides those of `T`; error messages
/// list both.
pub fn deserialize<T: DeserializeOwned>(values: QueryValues, other_parameters: &[&str]) -> Result<T, Error> {
    let source = MapDeserializer::<_, ValueError>::new(values.0.into_iter());
    serde_path_to_error::deserialize(source).map_err(|error| {
        let parameter = match error.path().iter().next() {
            Some(serde_path_to_error::Segment::Map { key }) => key,
            _ => "query",
        };
        let message = error.inner().to_string();
        Error::invalid_parameter(parameter, serde_messages::of_query(&message, other_parameters))
    })
}

impl ParameterValues {
    /// Returns the only value; the empty text if there is none.
    fn single(mut self) -> Result<String, ValueError> {
        let first = self.0.pop().unwrap_or_default();
        if self.0.is_empty() { Ok(first) } else { Err(ValueError::custom("is given twice")) }
    }
}

impl IntoDeserializer<'_, ValueError> for ParameterValues {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for ParameterValues {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_string(self.single()?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_bool(self.single()?.parse().map_err(|_| ValueError::custom("expected `true` or `false`"))?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        if self.0.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let items = self.0.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty());
        visitor.visit_seq(SeqDeserializer::<_, ValueError>::new(items.map(str::to_owned)))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ValueError> {
        let text: StringDeserializer<ValueError> = self.single()?.into_deserializer();
        text.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}
