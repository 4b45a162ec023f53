//! Reading: a serde deserializer over the tokens of a document.

use std::any::type_name;
use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};

use super::document::{Document, Mode, Tag, Token};
use super::error::{Error, ReadError};
use super::path::Path;
use super::scalar::{is_blank, is_non_finite, parse_bool, parse_double, parse_integer, trim};

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
enum Content {
    /// Everything after its start tag is still to be read.
    Open,
    /// Nothing: it is absent, or nil.
    Nothing,
}

/// An element as a value.
struct Element<'r, 'de, 'p> {
    document: &'r mut Document<'de>,
    path: &'p Path<'p>,
    content: Content,
    /// The value may be none, so that one without any field is no surprise.
    optional: bool,
}

impl<'r, 'de, 'p> Element<'r, 'de, 'p> {
    /// The element whose start tag was just read.
    #[inline]
    fn open(document: &'r mut Document<'de>, path: &'p Path<'p>, nil: bool) -> Result<Self, Error> {
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
    fn scalar<T: Default>(&mut self, parse: fn(&str) -> Result<T, Error>) -> Result<T, Error> {
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
fn unexpected(tag: &Tag<'_>) -> Error {
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
        let fields = Fields {
            document: self.document,
            path: self.path,
            names,
            seen: Seen::new(names)?,
            next: 0,
            current: 0,
            content: Content::Open,
            ended: false,
            may_be_empty: self.optional || self.path.is_root(),
        };
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
        visitor.visit_seq(Items { document: self.document, path: self.path, index: 0, content: self.content })
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

/// Which fields of a struct had their element.
struct Seen(u128);

impl Seen {
    fn new(names: &[&str]) -> Result<Self, Error> {
        if names.len() > u128::BITS as usize { unsupported("a struct of more than 128 fields") } else { Ok(Self(0)) }
    }

    fn insert(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    fn contains(&self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

/// The child elements of an element, as the fields of a struct.
struct Fields<'r, 'de, 'p> {
    document: &'r mut Document<'de>,
    path: &'p Path<'p>,
    names: &'static [&'static str],
    seen: Seen,
    /// The field after the last one: the likely next, and the least that order allows.
    next: usize,
    /// The field whose value comes next, and what there is of it.
    current: usize,
    content: Content,
    /// The element has ended; the fields that had none follow.
    ended: bool,
    may_be_empty: bool,
}

impl Fields<'_, '_, '_> {
    /// The field of the next child element that is one.
    fn next_field(&mut self) -> Result<Option<usize>, Error> {
        loop {
            match self.document.token()? {
                Token::Start(tag) => match self.find(&tag) {
                    Some(index) => {
                        let element = Element::open(self.document, self.path, tag.nil)?;
                        self.content = element.content;
                        return self.take(index).map(Some);
                    }
                    None if self.document.mode() == Mode::Strict => {
                        return Err(Error::value(format!("the element {} is unknown", tag.local_name())));
                    }
                    None => self.document.skip_rest()?,
                },
                Token::Text(text) if is_blank(&text) => {}
                Token::Text(_) => return Err(Error::value("holds text where elements belong")),
                Token::End => return Ok(None),
                Token::Eof => return Err(Error::malformed("ends within an element")),
            }
        }
    }

    /// The field that a tag names.
    #[inline]
    fn find(&self, tag: &Tag<'_>) -> Option<usize> {
        // A name that has no prefix is most often found as it is.
        self.index(tag.name()).or_else(|| self.index(tag.local_name()))
    }

    /// The index of a name: the elements come in declared order, so the search begins after the last one.
    #[inline]
    fn index(&self, name: &str) -> Option<usize> {
        if self.names.get(self.next).is_some_and(|&field| field == name) {
            return Some(self.next);
        }
        let (before, after) = self.names.split_at(self.next);
        match after.iter().position(|&field| field == name) {
            Some(index) => Some(self.next + index),
            None => before.iter().position(|&field| field == name),
        }
    }

    #[inline]
    fn take(&mut self, index: usize) -> Result<usize, Error> {
        if index < self.next {
            let name = self.names[index];
            if self.seen.contains(index) {
                return Err(Error::value(format!("the element {name} appears twice")));
            }
            if self.document.mode() == Mode::Strict {
                return Err(Error::value(format!("the element {name} must come before {}", self.names[self.next - 1])));
            }
        }
        self.seen.insert(index);
        self.next = index + 1;
        Ok(index)
    }

    /// The next field that had no element.
    fn next_absent(&mut self) -> Option<usize> {
        let index = (self.next..self.names.len()).find(|&index| !self.seen.contains(index))?;
        self.next = index + 1;
        Some(index)
    }

    fn end(&mut self) -> Result<(), Error> {
        let holds_nothing = self.seen.is_empty() && !self.names.is_empty();
        if holds_nothing && !self.may_be_empty && self.document.mode() == Mode::Lenient {
            return Err(Error::value("the element holds none of its fields"));
        }
        self.ended = true;
        self.next = 0;
        self.content = Content::Nothing;
        Ok(())
    }

    /// The next field: those that have an element, then, where defaults are tolerated, the others.
    #[inline]
    fn next(&mut self) -> Result<Option<usize>, Error> {
        if !self.ended {
            if let Some(index) = self.next_field()? {
                return Ok(Some(index));
            }
            self.end()?;
        }
        Ok(match self.document.mode() {
            Mode::Lenient => self.next_absent(),
            Mode::Strict => None,
        })
    }
}

impl<'de> de::MapAccess<'de> for Fields<'_, 'de, '_> {
    type Error = Error;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(index) = self.next().map_err(|error| error.at(self.path))? else { return Ok(None) };
        self.current = index;
        seed.deserialize((index as u64).into_deserializer()).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let path = Path::Field { parent: self.path, name: self.names[self.current] };
        seed.deserialize(Element { document: self.document, path: &path, content: self.content, optional: false })
            .map_err(|error| error.at(&path))
    }
}

/// The `items` of an element, as a sequence.
struct Items<'r, 'de, 'p> {
    document: &'r mut Document<'de>,
    path: &'p Path<'p>,
    index: usize,
    content: Content,
}

impl<'de> Items<'_, 'de, '_> {
    /// The tag of the next item.
    fn next_tag(&mut self) -> Result<Option<Tag<'de>>, Error> {
        if self.content == Content::Nothing {
            return Ok(None);
        }
        loop {
            match self.document.token()? {
                Token::Start(tag) if tag.local_name() == "items" => return Ok(Some(tag)),
                // Skipping it would make an answer that isn't understood look like an empty list.
                Token::Start(tag) => return Err(unexpected(&tag)),
                Token::Text(text) if is_blank(&text) => {}
                Token::Text(_) => return Err(Error::value("holds text where items belong")),
                Token::End => return Ok(None),
                Token::Eof => return Err(Error::malformed("ends within an element")),
            }
        }
    }
}

impl<'de> de::SeqAccess<'de> for Items<'_, 'de, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(tag) = self.next_tag()? else { return Ok(None) };
        let path = Path::Item { parent: self.path, index: self.index };
        self.index += 1;
        Element::open(self.document, &path, tag.nil)
            .and_then(|element| seed.deserialize(element))
            .map(Some)
            .map_err(|error| error.at(&path))
    }

    /// Overridden, though serde discourages it, because only here can the next item be tried in place of an unreadable one.
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, Error> {
        let depth = self.document.depth();
        loop {
            match self.next_element_seed(PhantomData) {
                Err(error) if error.spares_the_list() && self.document.mode() == Mode::Lenient => {
                    self.document.bad_items.push(error.into());
                    self.document.skip_to(depth)?;
                }
                item => return item,
            }
        }
    }
}
