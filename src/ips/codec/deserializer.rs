//! Deserialization: the serde deserializer over the tokens of a document.

use std::any::type_name;
use std::borrow::Cow;

use serde::de::{self, DeserializeOwned, Visitor};

use super::element::{Content, Element};
use super::error::{DecodeError, Path, ReadError};
use super::fields::Fields;
use super::items::Items;
use super::notes::Notes;
use super::parser::Parser;
use super::scalar::{is_non_finite, parse_bool, parse_double, parse_integer, trim};
use super::token::{Mode, RootContent, Tag};

impl Parser<'_> {
    /// Deserializes the element of `tag`, the token just read, as a `T`.
    ///
    /// # Errors
    /// The document isn't well-formed, or the element can't be read as a `T`; with the path of the offending element.
    pub fn value<T: DeserializeOwned>(&mut self, tag: &Tag<'_>) -> Result<T, ReadError> {
        let path = Path::Root;
        let element = Element::open(self, &path, tag.nil).map_err(|error| error.with_path(&path))?;
        Ok(T::deserialize(element).map_err(|error| error.with_path(&path))?)
    }

    /// Returns what the element that was read contains.
    #[must_use]
    pub fn root_content(&self) -> RootContent {
        self.root_content
    }

    /// Returns the number of unreadable values that cost their fields.
    #[must_use]
    pub fn unreadable_values(&self) -> u64 {
        self.unreadable_values
    }

    /// Returns the items that were skipped because they could not be read, each with the reason.
    #[must_use]
    pub fn into_bad_items(self) -> Vec<ReadError> {
        self.bad_items
    }
}

#[cold]
fn unsupported<T>(kind: &str) -> Result<T, DecodeError> {
    Err(DecodeError::value(format!("{kind} is not supported by this XML format")))
}

macro_rules! unsupported {
    ($($method:ident($kind:literal $(, $argument:ty)*);)+) => {
        $(fn $method<V: Visitor<'de>>(self $(, _: $argument)*, _: V) -> Result<V::Value, DecodeError> {
            unsupported($kind)
        })+
    };
}

impl<'de> de::Deserializer<'de> for Element<'_, 'de, '_> {
    type Error = DecodeError;

    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.scalar(parse_bool)?)
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_i64(self.scalar(parse_integer)?)
    }

    #[inline]
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_i64(visitor)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.content == Content::Absent {
            return visitor.visit_f64(self.default_value(0.0)?);
        }
        let text = self.text()?;
        let number = match trim(&text) {
            text if text.is_empty() || is_non_finite(text) => self.default_value(0.0)?,
            text => parse_double(text)?,
        };
        visitor.visit_f64(number)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let is_present = self.content == Content::Open;
        match self.text()? {
            Cow::Borrowed("") if is_present && self.parser.notes.tracks_absent() => {
                self.parser.note_absent(self.path)?;
                visitor.visit_borrowed_str("")
            }
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let depth = self.parser.depth();
        if self.is_none::<V::Value>()? {
            if self.content == Content::Open {
                self.parser.skip_to(depth - 1)?;
            }
            visitor.visit_none()
        } else {
            visitor.visit_some(Self { optional: true, ..self })
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if self.content == Content::Absent {
            return Err(DecodeError::value("the required element is absent").mark_in_struct());
        }
        let Self { parser, path, content, optional } = self;
        let shape = parser.shapes.index(type_name::<V>(), names);
        let notes = parser.shapes.notes(shape);
        if notes == 0 || parser.mode() == Mode::Strict {
            let fields = Fields::new(Element { parser, path, content, optional }, shape, names)?;
            return visitor.visit_map(fields).map_err(DecodeError::mark_in_struct);
        }
        let outer = std::mem::replace(&mut parser.notes, Notes::for_struct(notes));
        let element = Element { parser: &mut *parser, path, content, optional };
        let value = Fields::new(element, shape, names).and_then(|fields| visitor.visit_map(fields));
        parser.notes = outer;
        value.map_err(DecodeError::mark_in_struct)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(Items::new(self))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        self.skip()?;
        visitor.visit_unit()
    }

    unsupported! {
        deserialize_any("a value of any type");
        deserialize_i8("an i8");
        deserialize_i16("an i16");
        deserialize_u8("a u8");
        deserialize_u16("a u16");
        deserialize_u32("a u32");
        deserialize_u64("a u64");
        deserialize_f32("an f32");
        deserialize_char("a char");
        deserialize_bytes("a byte string");
        deserialize_byte_buf("a byte string");
        deserialize_unit("a unit");
        deserialize_map("a map");
        deserialize_identifier("an identifier");
        deserialize_tuple("a tuple", usize);
        deserialize_tuple_struct("a tuple struct", &'static str, usize);
        deserialize_enum("an enum", &'static str, &'static [&'static str]);
    }
}
