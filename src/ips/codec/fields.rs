//! Deserialization of a struct: its fields are the child elements of an element.

use std::any::type_name;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, IntoDeserializer, MapAccess};

use super::element::{Content, Element};
use super::error::{DecodeError, ENDS_INSIDE, Path};
use super::parser::Parser;
use super::scalar::is_blank;
use super::shapes::FieldSet;
use super::token::{Mode, RootContent, Tag, Token};
use crate::ips::types::wire_name;

/// serde map access over the child elements of an element.
pub(super) struct Fields<'r, 'de, 'p> {
    parser: &'r mut Parser<'de>,
    path: &'p Path<'p>,
    names: &'static [&'static str],
    /// Number of note fields, which follow the fields in `names`.
    notes: usize,
    shape: usize,
    /// Number of open elements, including that of the struct.
    depth: usize,
    /// Position of the content of the field read last, in bytes.
    start: usize,
    seen: FieldSet,
    /// Index after the last field read: the most likely next one, and the lowest that the declared order allows.
    next: usize,
    /// Index of the field whose value is read next, and its content.
    current: usize,
    content: Content,
    /// After the end of the element: the absent fields that have to be visited.
    absent: Option<FieldSet>,
    /// Whether an element without any known field is accepted.
    may_be_empty: bool,
    /// Whether an unknown child element was skipped.
    skipped_unknown: bool,
}

impl<'r, 'de, 'p> Fields<'r, 'de, 'p> {
    /// Opens the fields of an element whose start tag was just read; `names` includes the note fields.
    pub(super) fn new(
        element: Element<'r, 'de, 'p>,
        shape: usize,
        names: &'static [&'static str],
    ) -> Result<Self, DecodeError> {
        if names.len() > FieldSet::CAPACITY {
            return Err(DecodeError::value(format!("a struct may have no more than {} fields", FieldSet::CAPACITY)));
        }
        Ok(Self {
            may_be_empty: element.optional || element.path.is_root() || names.is_empty(),
            notes: element.parser.shapes.notes(shape),
            names: &names[..names.len() - element.parser.shapes.notes(shape)],
            shape,
            depth: element.parser.depth(),
            start: 0,
            parser: element.parser,
            path: element.path,
            seen: FieldSet::EMPTY,
            next: 0,
            current: 0,
            content: Content::Open,
            absent: None,
            skipped_unknown: false,
        })
    }

    /// Returns the index of the next child element that is a known field.
    fn next_field(&mut self) -> Result<Option<usize>, DecodeError> {
        if let Some(index) = self.expected_field()? {
            return Ok(Some(index));
        }
        loop {
            match self.parser.token()? {
                Token::Start(tag) => match self.find(&tag).or_else(|| self.find_published(&tag)) {
                    Some(index) => {
                        self.start = self.parser.position();
                        let element = Element::open(self.parser, self.path, tag.nil)?;
                        self.content = element.content;
                        match self.take(index) {
                            Err(error) if self.parser.notes.is_collecting() => self.skip_noted(error, index)?,
                            taken => return taken.map(Some),
                        }
                    }
                    None if self.parser.mode() == Mode::Strict => {
                        return Err(DecodeError::value(format!("the element {} is unknown", tag.local_name())));
                    }
                    None => {
                        self.skipped_unknown = true;
                        if self.notes > 0 {
                            self.parser.notes.add_element(tag.local_name());
                        }
                        self.parser.skip_rest()?;
                    }
                },
                Token::Text(text) if is_blank(&text) => {}
                Token::Text(text) => {
                    let error = DecodeError::value("contains text where elements are expected");
                    if !self.parser.notes.is_collecting() {
                        return Err(error);
                    }
                    self.parser.note_text(error.with_path(self.path), &text)?;
                }
                Token::End => return Ok(None),
                Token::Eof => return Err(DecodeError::malformed(ENDS_INSIDE)),
            }
        }
    }

    /// Reads the start tag of the next field or, if that may be absent, of the one after it: elements come in declared order.
    #[inline]
    fn expected_field(&mut self) -> Result<Option<usize>, DecodeError> {
        for index in self.next..(self.next + 2).min(self.names.len()) {
            if self.parser.plain_start_of(self.names[index])? {
                self.start = self.parser.position();
                self.content = Content::Open;
                return self.take(index).map(Some);
            }
        }
        Ok(None)
    }

    /// Returns the index of the field that a tag names.
    #[inline]
    fn find(&self, tag: &Tag<'_>) -> Option<usize> {
        // Fast path: most names have no prefix.
        self.index(tag.name()).or_else(|| self.index(tag.local_name()))
    }

    /// Returns the index of the field whose published name, other than that of the schema, a tag has.
    #[cold]
    fn find_published(&mut self, tag: &Tag<'_>) -> Option<usize> {
        if self.parser.mode() == Mode::Strict {
            return None;
        }
        let wire_name = wire_name(tag.local_name())?;
        let index =
            self.names.iter().position(|name| *name == wire_name).filter(|index| !self.seen.contains(*index))?;
        if self.notes > 0 && wire_name.ends_with("Job") {
            self.parser.notes.set_details_element(tag.local_name());
        }
        Some(index)
    }

    /// Skips an element that is repeated, and notes it.
    #[cold]
    fn skip_noted(&mut self, error: DecodeError, index: usize) -> Result<(), DecodeError> {
        let path = Path::Field { parent: self.path, name: self.names[index] };
        self.parser.note_unreadable(error.with_path(&path), self.start)?;
        self.parser.skip_to(self.depth)
    }

    /// Notes the value that can't be read, and reads the field as an absent one.
    ///
    /// # Errors
    /// `error`, if the field may not be absent.
    #[cold]
    fn read_as_absent<V: Deserialize<'de>>(&mut self, error: DecodeError) -> Result<V, DecodeError> {
        let path = Path::Field { parent: self.path, name: self.names[self.current] };
        self.parser.skip_to(self.depth)?;
        let absent = Element { parser: self.parser, path: &path, content: Content::Absent, optional: false };
        let Ok(value) = V::deserialize(absent) else { return Err(error) };
        // The path of the field that is lost; that of the error may lead further.
        let error = DecodeError::value(error.to_string()).with_path(&path);
        if type_name::<V>().contains("Secret") {
            self.parser.note_text(error, "[redacted]")?;
        } else {
            self.parser.note_unreadable(error, self.start)?;
        }
        Ok(value)
    }

    /// Returns the index of a name; the search starts after the last field, since elements come in declared order.
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

    /// Accepts a field, unless it is repeated or (in strict mode) out of order.
    #[inline]
    fn take(&mut self, index: usize) -> Result<usize, DecodeError> {
        if index < self.next {
            let name = self.names[index];
            if self.seen.contains(index) {
                return Err(DecodeError::value(format!("the element {name} appears twice")));
            }
            if self.parser.mode() == Mode::Strict {
                return Err(DecodeError::value(format!(
                    "the element {name} must come before {}",
                    self.names[self.next - 1]
                )));
            }
        }
        self.seen.insert(index);
        self.next = index + 1;
        Ok(index)
    }

    /// Returns the absent fields that get a default in lenient mode.
    fn end(&mut self) -> Result<FieldSet, DecodeError> {
        self.content = Content::Absent;
        if self.seen == FieldSet::EMPTY && self.path.is_root() && !self.names.is_empty() {
            self.parser.root_content = if self.skipped_unknown { RootContent::Unknown } else { RootContent::Empty };
        }
        match self.parser.mode() {
            Mode::Strict => Ok(FieldSet::EMPTY),
            Mode::Lenient if self.seen == FieldSet::EMPTY && !self.may_be_empty => {
                Err(DecodeError::value("the element contains none of its fields"))
            }
            Mode::Lenient => {
                let options = self.parser.shapes.options(self.shape);
                Ok(FieldSet::remaining(self.names.len(), self.seen, options))
            }
        }
    }

    #[inline]
    fn next(&mut self) -> Result<Option<usize>, DecodeError> {
        if self.absent.is_none() {
            if let Some(index) = self.next_field()? {
                return Ok(Some(index));
            }
            self.absent = Some(self.end()?);
        }
        if let Some(index) = self.absent.as_mut().and_then(FieldSet::pop_first) {
            return Ok(Some(index));
        }
        if self.notes == 0 || !self.parser.notes.is_collecting() {
            return Ok(None);
        }
        // Taken one by one, so that each is visited once.
        Ok((0..self.notes).find(|note| self.parser.notes.has(*note)).map(|note| self.names.len() + note))
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de, '_> {
    type Error = DecodeError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        let Some(index) = self.next().map_err(|error| error.with_path(self.path))? else { return Ok(None) };
        self.current = index;
        seed.deserialize((index as u64).into_deserializer()).map(Some)
    }

    /// Overridden, although serde discourages it: only here can an unreadable value be read as an absent one.
    #[inline]
    fn next_value<V: Deserialize<'de>>(&mut self) -> Result<V, DecodeError> {
        match self.next_value_seed(PhantomData::<V>) {
            Err(error) if self.parser.notes.is_collecting() && self.absent.is_none() && !error.is_malformed() => {
                self.read_as_absent(error)
            }
            value => value,
        }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        if self.current >= self.names.len() {
            let (note, path, pointer) = (self.current - self.names.len(), self.path.to_string(), self.path.pointer());
            return seed.deserialize(self.parser.notes.take(note, &path, &pointer));
        }
        let path = Path::Field { parent: self.path, name: self.names[self.current] };
        let element = Element { parser: self.parser, path: &path, content: self.content, optional: false };
        if self.absent.is_none() {
            return seed.deserialize(element).map_err(|error| error.with_path(&path));
        }
        element.parser.visited_absent_option = false;
        let value = seed.deserialize(element).map_err(|error| error.with_path(&path))?;
        if self.parser.visited_absent_option {
            self.parser.shapes.add_option(self.shape, self.current);
        }
        Ok(value)
    }
}

/// Returns whether two names are equal; for such short text a call of `memcmp` costs more than the comparison.
#[inline]
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}
