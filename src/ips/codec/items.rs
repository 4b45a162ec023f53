//! Deserialization of an array: its items are the `<items>` children of an element.

use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, SeqAccess};

use super::element::{Content, Element};
use super::error::{DecodeError, ENDS_INSIDE, Path, unexpected};
use super::parser::Parser;
use super::scalar::is_blank;
use super::token::{Mode, Tag, Token};

/// Name of the items of an array.
const ITEMS: &str = "items";

/// serde sequence access over the `<items>` children of an element.
pub(super) struct Items<'r, 'de, 'p> {
    parser: &'r mut Parser<'de>,
    path: &'p Path<'p>,
    /// Index of the next item.
    index: usize,
    content: Content,
    /// Position of the content of the last item, in bytes.
    start: usize,
    /// Error of the first other element.
    other: Option<DecodeError>,
}

impl<'r, 'de, 'p> Items<'r, 'de, 'p> {
    /// Opens the items of an element whose start tag was just read.
    pub(super) fn new(element: Element<'r, 'de, 'p>) -> Self {
        Self { parser: element.parser, path: element.path, index: 0, content: element.content, start: 0, other: None }
    }

    /// Reads the start tag of the next item.
    fn next_tag(&mut self) -> Result<Option<Tag<'de>>, DecodeError> {
        if self.content == Content::Absent {
            return Ok(None);
        }
        if self.parser.plain_start_of(ITEMS)? {
            self.start = self.parser.position();
            return Ok(Some(Tag { content: ITEMS, name_length: ITEMS.len(), nil: false }));
        }
        loop {
            match self.parser.token()? {
                Token::Start(tag) if tag.has_name(ITEMS) => {
                    self.start = self.parser.position();
                    return Ok(Some(tag));
                }
                Token::Start(tag) if self.parser.mode() == Mode::Lenient => {
                    self.other.get_or_insert_with(|| unexpected(&tag));
                    self.parser.skip_rest()?;
                }
                Token::Start(tag) => return Err(unexpected(&tag)),
                Token::Text(text) if is_blank(&text) => {}
                Token::Text(_) => return Err(DecodeError::value("contains text where items are expected")),
                Token::End => {
                    // An array of other elements only is an answer of another shape, not an empty list.
                    return self.other.take().filter(|_| self.index == 0).map_or(Ok(None), Err);
                }
                Token::Eof => return Err(DecodeError::malformed(ENDS_INSIDE)),
            }
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        let Some(tag) = self.next_tag()? else { return Ok(None) };
        let path = Path::Item { parent: self.path, index: self.index };
        self.index += 1;
        self.parser.count_item_bytes(size_of::<S::Value>()).map_err(|error| error.with_path(&path))?;
        Element::open(self.parser, &path, tag.nil)
            .and_then(|element| seed.deserialize(element))
            .map(Some)
            .map_err(|error| error.with_path(&path))
    }

    /// Overridden, although serde discourages it: only here can an unreadable item be skipped and the next one be read.
    fn next_element<T: Deserialize<'de>>(&mut self) -> Result<Option<T>, DecodeError> {
        let depth = self.parser.depth();
        loop {
            match self.next_element_seed(PhantomData) {
                Err(error) if error.is_confined_to_item() && self.parser.mode() == Mode::Lenient => {
                    if self.parser.notes.is_collecting() {
                        self.parser.note_unreadable(error, self.start)?;
                        // JSON has no place for it.
                        self.index -= 1;
                    } else {
                        self.parser.report_bad_item(error.into())?;
                    }
                    self.parser.skip_to(depth)?;
                }
                item => return item,
            }
        }
    }
}
