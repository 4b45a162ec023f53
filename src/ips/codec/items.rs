//! Reading: the `items` of an element, as a sequence.

use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, SeqAccess};

use super::document::Document;
use super::error::Error;
use super::path::Path;
use super::read::{Content, Element, unexpected};
use super::scalar::is_blank;
use super::token::{Mode, Tag, Token};

/// The `items` of an element, as a sequence.
pub(super) struct Items<'r, 'de, 'p> {
    document: &'r mut Document<'de>,
    path: &'p Path<'p>,
    index: usize,
    content: Content,
}

impl<'r, 'de, 'p> Items<'r, 'de, 'p> {
    /// The items of an element whose start tag was just read.
    pub(super) fn new(element: Element<'r, 'de, 'p>) -> Self {
        Self { document: element.document, path: element.path, index: 0, content: element.content }
    }

    /// The tag of the next item.
    fn next_tag(&mut self) -> Result<Option<Tag<'de>>, Error> {
        if self.content == Content::Nothing {
            return Ok(None);
        }
        loop {
            match self.document.token()? {
                Token::Start(tag) if tag.is("items") => return Ok(Some(tag)),
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

impl<'de> SeqAccess<'de> for Items<'_, 'de, '_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(tag) = self.next_tag()? else { return Ok(None) };
        let path = Path::Item { parent: self.path, index: self.index };
        self.index += 1;
        self.document.count_item(size_of::<S::Value>()).map_err(|error| error.at(&path))?;
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
                    self.document.leave_out(error.into())?;
                    self.document.skip_to(depth)?;
                }
                item => return item,
            }
        }
    }
}
