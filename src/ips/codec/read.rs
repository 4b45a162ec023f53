//! Reading: a serde deserializer over the tokens of a document.

use std::any::type_name;
use std::borrow::Cow;

use serde::de::{self, DeserializeOwned, Visitor};

use super::document::Document;
use super::error::{Error, ReadError};
use super::fields::Fields;
use super::items::Items;
use super::path::Path;
use super::scalar::{is_blank, is_non_finite, parse_bool, parse_double, parse_integer, trim};
use super::token::{Mode, Tag, Token};

impl Document<'_> {
    /// Reads the element of `tag`, the token before, as a `T`.
    ///
    /// # Errors
    /// The document isn't well-formed, or the element can't be read as a `T`; with the path.
    pub fn value<T: DeserializeOwned>(&mut self, tag: &Tag<'_>) -> Result<T, ReadError> {
        let path = Path::Root;
        let element = Element::open(self, &path, tag.nil).map_err(|error| error.at(&path))?;
        Ok(T::deserialize(element).map_err(|error| error.at(&path))?)
    }

    /// The items that were left out so far, with the reason.
    #[must_use]
    pub fn into_bad_items(self) -> Vec<ReadError> {
        self.bad_items
    }
}

/// What there is of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Everything after its start tag is still to be read.
    Open,
    /// Nothing: it is absent, or nil.
    Nothing,
}

/// An element as a value.
pub(super) struct Element<'r, 'de, 'p> {
    pub(super) document: &'r mut Document<'de>,
    pub(super) path: &'p Path<'p>,
    pub(super) content: Content,
    /// The value may be none, so that one without any field is no surprise.
    pub(super) optional: bool,
}

impl<'r, 'de, 'p> Element<'r, 'de, 'p> {
    /// The element whose start tag was just read.
    #[inline]
    pub(super) fn open(document: &'r mut Document<'de>, path: &'p Path<'p>, nil: bool) -> Result<Self, Error> {
        if nil {
            document.skip_rest()?;
        }
        let content = if nil { Content::Nothing } else { Content::Open };
        Ok(Self { document, path, content, optional: false })
    }

    /// The text of an element that holds nothing else.
    #[inline]
    fn text(&mut self) -> Result<Cow<'de, str>, Error> {
        if self.content == Content::Nothing {
            return self.nothing("").map(Cow::Borrowed);
        }
        if let Some(text) = self.document.plain_content()? {
            return Ok(Cow::Borrowed(text));
        }
        match self.document.token()? {
            Token::End => Ok(Cow::Borrowed("")),
            Token::Text(text) => match self.document.token()? {
                Token::End => Ok(text),
                Token::Start(tag) => Err(unexpected(&tag)),
                Token::Text(_) | Token::Eof => Err(Error::malformed("has a text that doesn't end")),
            },
            Token::Start(tag) => Err(unexpected(&tag)),
            Token::Eof => Err(Error::malformed("ends within an element")),
        }
    }

    /// A number or boolean; one that is empty is its default where that is tolerated.
    #[inline]
    fn scalar<T: Default>(&mut self, parse: impl FnOnce(&str) -> Result<T, Error>) -> Result<T, Error> {
        let text = self.text()?;
        match trim(&text) {
            "" => self.nothing(T::default()),
            text => parse(text),
        }
    }

    /// The default that stands for an absent, nil or empty element, where that is tolerated.
    fn nothing<T>(&self, default: T) -> Result<T, Error> {
        match self.document.mode() {
            Mode::Lenient => Ok(default),
            Mode::Strict => Err(Error::value("the element is empty, but must hold a value")),
        }
    }

    /// Whether an optional element counts as absent.
    #[inline]
    fn is_none<V>(&mut self) -> Result<bool, Error> {
        if self.content == Content::Nothing {
            self.document.visited_absent_option = true;
            return Ok(true);
        }
        if self.document.mode() == Mode::Strict {
            return Ok(false);
        }
        if self.document.is_self_closed() {
            return Ok(true);
        }
        match self.document.rest() {
            [b'<', b'/', ..] => Ok(true),
            // Nearly all content: an element, or text that is neither blank nor the beginning of NaN or INF.
            [b'<', after, ..] if !matches!(after, b'!' | b'?') => Ok(false),
            [byte, ..] if byte.is_ascii_alphanumeric() && !matches!(byte, b'N' | b'I') => Ok(false),
            _ => self.is_none_at_second_glance::<V>(),
        }
    }

    /// serde hides the type within the option, but what is empty depends on it: blank text is a string, NaN no number.
    /// Two types' names tell whether they are the same, as far as primitive types go.
    #[cold]
    fn is_none_at_second_glance<V>(&mut self) -> Result<bool, Error> {
        let (blank, non_finite) = match self.document.peek()? {
            Token::End => return Ok(true),
            Token::Start(_) | Token::Eof => return Ok(false),
            Token::Text(text) => (is_blank(text), is_non_finite(text)),
        };
        Ok(self.document.rest().starts_with(b"</")
            && (blank && type_name::<V>() != type_name::<Option<String>>()
                || non_finite && type_name::<V>() == type_name::<Option<f64>>()))
    }

    fn skip(&mut self) -> Result<(), Error> {
        match self.content {
            Content::Open => self.document.skip_rest(),
            Content::Nothing => Ok(()),
        }
    }
}

#[cold]
pub(super) fn unexpected(tag: &Tag<'_>) -> Error {
    Error::value(format!("the element {} is not expected here", tag.local_name()))
}

#[cold]
fn unsupported<T>(kind: &str) -> Result<T, Error> {
    Err(Error::value(format!("{kind} has no form in this XML format")))
}

macro_rules! unsupported {
    ($($method:ident($kind:literal $(, $argument:ty)*);)+) => {
        $(fn $method<V: Visitor<'de>>(self $(, _: $argument)*, _: V) -> Result<V::Value, Error> {
            unsupported($kind)
        })+
    };
}

impl<'de> de::Deserializer<'de> for Element<'_, 'de, '_> {
    type Error = Error;

    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(self.scalar(parse_bool)?)
    }

    #[inline]
    fn deserialize_i64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.scalar(parse_integer)?)
    }

    #[inline]
    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_i64(visitor)
    }

    #[inline]
    fn deserialize_f64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let text = self.text()?;
        let number = match trim(&text) {
            text if text.is_empty() || is_non_finite(text) => self.nothing(0.0)?,
            text => parse_double(text)?,
        };
        visitor.visit_f64(number)
    }

    #[inline]
    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        match self.text()? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    #[inline]
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
        let depth = self.document.depth();
        if self.is_none::<V::Value>()? {
            if self.content == Content::Open {
                self.document.skip_to(depth - 1)?;
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
    ) -> Result<V::Value, Error> {
        if self.content == Content::Nothing {
            return Err(Error::value("the element is absent, but must hold a value").in_struct());
        }
        let fields = Fields::new(self, type_name::<V>(), names)?;
        visitor.visit_map(fields).map_err(Error::in_struct)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(mut self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Items::new(self))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Error> {
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
