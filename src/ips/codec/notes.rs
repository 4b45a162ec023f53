//! Notes on an item of an answer: values of it that could not be read, and required ones that it lacks.
//!
//! A struct whose last fields have names of [`NOTE_FIELDS`] gets them from the codec in lenient mode, for itself and for everything in it that
//! has no such fields of its own. Within such a struct an unreadable value costs its field, not the item.

use std::borrow::Cow;

use quick_xml::escape::unescape;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::error::DecodeError;
use super::scalar::trim;

/// Names of the fields that the codec fills: unreadable values, JSON pointers of absent required values, and the name of an unknown child
/// element that ends with `Job`. A struct has the first one, or the first ones, at its end.
pub(super) const NOTE_FIELDS: [&str; 3] = ["unreadable", "detailsElement", "absentFields"];

/// Maximum number of unreadable values that are noted of an item.
const MAX_UNREADABLE: usize = 20;
/// Maximum length of the source that is searched for a value, in bytes.
const EXCERPT_BYTES: usize = 400;
/// Maximum length of a noted value, in bytes.
const MAX_VALUE_BYTES: usize = 100;
/// Maximum length of a noted reason, name or path, in bytes.
const MAX_TEXT_BYTES: usize = 200;

/// Notes on the innermost struct with note fields.
#[derive(Default)]
pub(super) struct Notes {
    fields: usize,
    unreadable: Vec<UnreadableNote>,
    details_element: Option<String>,
    absent: Vec<String>,
}

pub(super) struct UnreadableNote {
    path: String,
    value: String,
    reason: String,
}

impl Notes {
    /// Returns empty notes for a struct with this number of note fields.
    pub(super) fn for_struct(fields: usize) -> Self {
        Self { fields, ..Self::default() }
    }

    /// Returns whether an unreadable value costs its field only.
    #[inline]
    pub(super) fn is_collecting(&self) -> bool {
        self.fields > 0
    }

    /// Returns whether absent required values are noted.
    #[inline]
    pub(super) fn tracks_absent(&self) -> bool {
        self.fields == NOTE_FIELDS.len()
    }

    /// Notes an unreadable value; returns the memory of the note, in bytes. Nothing is noted beyond the maximum.
    pub(super) fn add_unreadable(&mut self, path: &str, value: &str, reason: &str) -> usize {
        if self.unreadable.len() == MAX_UNREADABLE {
            return 0;
        }
        let note = UnreadableNote {
            path: cut(path, MAX_TEXT_BYTES).into(),
            value: cut(value, MAX_VALUE_BYTES).into(),
            reason: cut(reason, MAX_TEXT_BYTES).into(),
        };
        let size = size_of::<UnreadableNote>() + note.path.len() + note.value.len() + note.reason.len();
        self.unreadable.push(note);
        size
    }

    /// Notes the JSON pointer of an absent required value; returns the memory of the note, in bytes.
    pub(super) fn add_absent(&mut self, pointer: String) -> usize {
        let size = size_of::<String>() + pointer.len();
        self.absent.push(pointer);
        size
    }

    /// Notes the name of an element if it is that of unknown job details, and the first one.
    pub(super) fn add_element(&mut self, name: &str) {
        if self.details_element.is_none() && name.ends_with("Job") {
            self.set_details_element(name);
        }
    }

    /// Notes the name of an element with job details.
    pub(super) fn set_details_element(&mut self, name: &str) {
        self.details_element = Some(cut(name, MAX_TEXT_BYTES).into());
    }

    /// Returns whether there is a value for this note field.
    pub(super) fn has(&self, field: usize) -> bool {
        match field {
            0 => !self.unreadable.is_empty(),
            1 => self.details_element.is_some(),
            _ => !self.absent.is_empty(),
        }
    }

    /// Takes the value of a note field. Paths and pointers become relative to the item at `path`, with the JSON pointer `pointer`.
    pub(super) fn take(&mut self, field: usize, path: &str, pointer: &str) -> NoteValue {
        match field {
            0 => {
                let mut notes = std::mem::take(&mut self.unreadable);
                for note in &mut notes {
                    let relative = note.path.strip_prefix(path).unwrap_or(&note.path).trim_start_matches('.');
                    note.path = relative.to_owned();
                }
                NoteValue::Unreadable(notes)
            }
            1 => NoteValue::Element(self.details_element.take().unwrap_or_default()),
            _ => {
                let absent = std::mem::take(&mut self.absent).into_iter();
                let relative = absent.map(|absent| absent.strip_prefix(pointer).map(str::to_owned).unwrap_or(absent));
                NoteValue::Absent(relative.collect())
            }
        }
    }
}

/// Returns the text at the beginning of the content of an element, up to the first tag.
pub(super) fn excerpt(content: &str) -> Cow<'_, str> {
    let content = &content[..content.floor_char_boundary(EXCERPT_BYTES)];
    if let Some(data) = content.strip_prefix("<![CDATA[") {
        return data.split("]]>").next().unwrap_or(data).into();
    }
    let text = trim(content.split('<').next().unwrap_or(content));
    unescape(text).unwrap_or(text.into())
}

/// Cuts a text at a maximum length in bytes.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// Value of a note field, as a serde deserializer.
pub(super) enum NoteValue {
    Unreadable(Vec<UnreadableNote>),
    Element(String),
    Absent(Vec<String>),
}

impl<'de> Deserializer<'de> for NoteValue {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self {
            Self::Unreadable(notes) => visitor.visit_seq(SeqDeserializer::new(notes.into_iter())),
            Self::Element(name) => visitor.visit_string(name),
            Self::Absent(pointers) => visitor.visit_seq(SeqDeserializer::new(pointers.into_iter())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

type NoteMembers = std::array::IntoIter<(&'static str, String), 3>;

impl<'de> IntoDeserializer<'de, DecodeError> for UnreadableNote {
    type Deserializer = MapDeserializer<'de, NoteMembers, DecodeError>;

    fn into_deserializer(self) -> Self::Deserializer {
        MapDeserializer::new([("path", self.path), ("value", self.value), ("reason", self.reason)].into_iter())
    }
}
