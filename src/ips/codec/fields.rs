//! Reading: the child elements of an element, as the fields of a struct.

use std::ptr;

use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess};

use super::document::Document;
use super::error::Error;
use super::path::Path;
use super::read::{Content, Element};
use super::scalar::is_blank;
use super::token::{Mode, Tag, Token};

/// A set of a struct's fields, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FieldSet(u64);

impl FieldSet {
    const EMPTY: Self = Self(0);
    const CAPACITY: usize = u64::BITS as usize;

    fn insert(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    fn contains(self, index: usize) -> bool {
        self.0 & (1 << index) != 0
    }

    /// The first `count` fields without those of two other sets.
    fn rest(count: usize, one: Self, other: Self) -> Self {
        let all = if count == Self::CAPACITY { u64::MAX } else { (1 << count) - 1 };
        Self(all & !(one.0 | other.0))
    }

    fn pop_first(&mut self) -> Option<usize> {
        let first = self.0.trailing_zeros() as usize;
        self.0 &= self.0.wrapping_sub(1);
        (first < Self::CAPACITY).then_some(first)
    }
}

/// Which fields are options, for each type of struct in a document.
///
/// serde makes an absent option `None` without a visit, which matters where most fields are absent options; but which
/// fields are options shows only when they are visited. So the first struct of a type tells it for the others.
#[derive(Default)]
pub(super) struct Shapes(Vec<Shape>);

struct Shape {
    /// The name of the type that builds the struct, which no other has.
    visitor: &'static str,
    options: FieldSet,
}

impl Shapes {
    /// The index of the shape of a struct.
    fn index(&mut self, visitor: &'static str) -> usize {
        self.0.iter().position(|shape| ptr::eq(shape.visitor, visitor)).unwrap_or_else(|| {
            self.0.push(Shape { visitor, options: FieldSet::EMPTY });
            self.0.len() - 1
        })
    }
}

/// The child elements of an element, as the fields of a struct.
pub(super) struct Fields<'r, 'de, 'p> {
    document: &'r mut Document<'de>,
    path: &'p Path<'p>,
    names: &'static [&'static str],
    shape: usize,
    seen: FieldSet,
    /// The field after the last one: the likely next, and the least that order allows.
    next: usize,
    /// The field whose value comes next, and what there is of it.
    current: usize,
    content: Content,
    /// Once the element has ended: the fields that had none, as far as they have to be visited.
    absent: Option<FieldSet>,
    may_be_empty: bool,
}

impl<'r, 'de, 'p> Fields<'r, 'de, 'p> {
    /// The fields, of these names, of an element whose start tag was just read; `visitor` names what builds the struct.
    pub(super) fn new(
        element: Element<'r, 'de, 'p>,
        visitor: &'static str,
        names: &'static [&'static str],
    ) -> Result<Self, Error> {
        if names.len() > FieldSet::CAPACITY {
            return Err(Error::value(format!("a struct may have no more than {} fields", FieldSet::CAPACITY)));
        }
        Ok(Self {
            may_be_empty: element.optional || element.path.is_root() || names.is_empty(),
            shape: element.document.shapes.index(visitor),
            document: element.document,
            path: element.path,
            names,
            seen: FieldSet::EMPTY,
            next: 0,
            current: 0,
            content: Content::Open,
            absent: None,
        })
    }

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
        if self.names.get(self.next).is_some_and(|&field| is_same(field, name)) {
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

    /// After the last element: the fields that had none, where defaults are tolerated.
    fn end(&mut self) -> Result<FieldSet, Error> {
        self.content = Content::Nothing;
        match self.document.mode() {
            Mode::Strict => Ok(FieldSet::EMPTY),
            Mode::Lenient if self.seen == FieldSet::EMPTY && !self.may_be_empty => {
                Err(Error::value("the element holds none of its fields"))
            }
            Mode::Lenient => {
                let options = self.document.shapes.0[self.shape].options;
                Ok(FieldSet::rest(self.names.len(), self.seen, options))
            }
        }
    }

    #[inline]
    fn next(&mut self) -> Result<Option<usize>, Error> {
        if self.absent.is_none() {
            if let Some(index) = self.next_field()? {
                return Ok(Some(index));
            }
            self.absent = Some(self.end()?);
        }
        Ok(self.absent.as_mut().and_then(FieldSet::pop_first))
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de, '_> {
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
        let element = Element { document: self.document, path: &path, content: self.content, optional: false };
        if self.absent.is_none() {
            return seed.deserialize(element).map_err(|error| error.at(&path));
        }
        element.document.visited_absent_option = false;
        let value = seed.deserialize(element).map_err(|error| error.at(&path))?;
        if self.document.visited_absent_option {
            self.document.shapes.0[self.shape].options.insert(self.current);
        }
        Ok(value)
    }
}

/// Whether two names are equal; for text this short a call to compare memory costs more than the comparison.
#[inline]
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
