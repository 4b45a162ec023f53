//! Pull parser: a token stream with the well-formedness checks and limits that quick-xml leaves to its caller.

use std::borrow::Cow;

use quick_xml::errors::IllFormedError;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};
use quick_xml::{Reader, XmlVersion};

use super::error::{DecodeError, ENDS_EARLY, ENDS_INSIDE, ReadError};
use super::notes::Notes;
use super::scalar::{is_allowed, is_blank, trim};
use super::shapes::Shapes;
use super::token::{Limits, Mode, OpenElement, RootContent, Tag, Token, is_tag};

/// Pull parser of one document.
///
/// Accepts one root element without text around it, every element closed, no document type declaration, no entities but the five of XML, and
/// only characters that XML 1.0 allows.
pub struct Parser<'de> {
    pub(super) source: &'de str,
    pub(super) reader: Reader<&'de [u8]>,
    pub(super) limits: Limits,
    mode: Mode,
    /// Token that was peeked at but not consumed.
    pub(super) peeked: Option<Token<'de>>,
    /// Whether the last start tag is self-closing and its end tag is still to be reported.
    pub(super) self_closed: bool,
    /// The open elements.
    pub(super) open: Vec<OpenElement<'de>>,
    /// Whether quick-xml has read a text, after which it must read the tag, too.
    pub(super) expects_tag: bool,
    elements: usize,
    /// Memory of the array items so far, in bytes.
    item_bytes: usize,
    pub(super) bad_items: Vec<ReadError>,
    pub(super) notes: Notes,
    pub(super) unreadable_values: u64,
    /// What the element that was read as a struct contains.
    pub(super) root_content: RootContent,
    pub(super) shapes: Shapes,
    /// Set when an absent option was visited.
    pub(super) visited_absent_option: bool,
}

impl<'de> Parser<'de> {
    /// Creates a parser of a decoded document.
    #[must_use]
    pub fn new(source: &'de str, mode: Mode, limits: Limits) -> Self {
        let mut reader = Reader::from_str(source);
        // Names are compared here: quick-xml does not see all tags.
        reader.config_mut().check_end_names = false;
        reader.config_mut().allow_unmatched_ends = true;
        Self {
            source,
            reader,
            limits,
            mode,
            peeked: None,
            self_closed: false,
            open: Vec::with_capacity(16),
            expects_tag: false,
            elements: 0,
            item_bytes: 0,
            bad_items: Vec::new(),
            notes: Notes::default(),
            unreadable_values: 0,
            root_content: RootContent::Fields,
            shapes: Shapes::default(),
            visited_absent_option: false,
        }
    }

    /// Returns the strictness of reading.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Counts the memory of another array item, in bytes; an error beyond the limit.
    pub(super) fn count_item_bytes(&mut self, size: usize) -> Result<(), DecodeError> {
        self.item_bytes += size;
        if self.item_bytes <= self.limits.item_bytes {
            return Ok(());
        }
        Err(DecodeError::malformed(format!("has items that take more than {} bytes", self.limits.item_bytes)))
    }

    /// Records an item that is skipped because it can't be read; an error beyond the limit.
    pub(super) fn report_bad_item(&mut self, reason: ReadError) -> Result<(), DecodeError> {
        self.bad_items.push(reason);
        if self.bad_items.len() <= self.limits.bad_items {
            return Ok(());
        }
        Err(DecodeError::malformed(format!("has more than {} items that can't be read", self.limits.bad_items)))
    }

    /// Returns the number of open elements.
    #[must_use]
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// Returns the position after the last tag, in bytes of the decoded text.
    #[must_use]
    pub(in crate::ips) fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// Returns the source after the last tag; valid only while no later token was peeked at.
    pub(super) fn remaining(&self) -> &'de [u8] {
        &self.source.as_bytes()[self.position()..]
    }

    /// Returns the source from a position in bytes on.
    pub(super) fn source_from(&self, start: usize) -> &'de str {
        &self.source[start..]
    }

    /// Returns whether the last start tag is self-closing.
    pub(super) fn is_self_closed(&self) -> bool {
        self.self_closed
    }

    /// Returns the next token without consuming it.
    pub(super) fn peek(&mut self) -> Result<&Token<'de>, DecodeError> {
        let token = match self.peeked.take() {
            Some(token) => token,
            None => self.token()?,
        };
        Ok(self.peeked.insert(token))
    }

    /// Reads the next token.
    ///
    /// # Errors
    /// The document isn't well-formed, contains something that is not accepted, or exceeds a limit.
    pub fn next_token(&mut self) -> Result<Token<'de>, ReadError> {
        Ok(self.token()?)
    }

    /// Reads the next start tag within the current element; `None` at its end.
    ///
    /// # Errors
    /// As [`Parser::next_token`], or there is text where elements are expected.
    pub fn next_tag(&mut self) -> Result<Option<Tag<'de>>, ReadError> {
        loop {
            match self.token()? {
                Token::Start(tag) => return Ok(Some(tag)),
                Token::Text(text) if is_blank(&text) => {}
                Token::Text(_) => return Err(ReadError::document("contains text where elements are expected")),
                Token::End => return Ok(None),
                Token::Eof => return Err(ReadError::document(ENDS_INSIDE)),
            }
        }
    }

    /// Skips the rest of the element whose start tag was just read.
    ///
    /// # Errors
    /// As [`Parser::next_token`].
    pub fn skip(&mut self) -> Result<(), ReadError> {
        Ok(self.skip_rest()?)
    }

    /// As [`Parser::skip`], with the internal error.
    pub(super) fn skip_rest(&mut self) -> Result<(), DecodeError> {
        self.skip_to(self.depth() - 1)
    }

    /// Skips tokens until no more than `depth` elements are open.
    pub(super) fn skip_to(&mut self, depth: usize) -> Result<(), DecodeError> {
        self.peeked = None;
        while self.depth() > depth {
            self.token()?;
        }
        Ok(())
    }

    /// Reads the next token, with the internal error.
    #[inline]
    pub(super) fn token(&mut self) -> Result<Token<'de>, DecodeError> {
        if self.peeked.is_some()
            && let Some(token) = self.peeked.take()
        {
            return Ok(token);
        }
        if self.self_closed {
            self.self_closed = false;
            self.open.pop();
            return Ok(Token::End);
        }
        loop {
            if let Some(token) = self.plain_token()? {
                return Ok(token);
            }
            // Matched by reference: the event is large, and only its position in the source is needed.
            let event = self.event();
            match &event {
                Ok(Event::Start(start)) => return self.open_tag(start.len(), start.name().0.len()),
                Ok(Event::Empty(start)) => {
                    self.self_closed = true;
                    return self.open_tag(start.len(), start.name().0.len());
                }
                Ok(Event::End(end)) => {
                    let name = end.name();
                    self.close_element(name.0)?;
                    return Ok(Token::End);
                }
                _ => {
                    if let Some(token) = self.rare_token(event)? {
                        return Ok(token);
                    }
                }
            }
        }
    }

    /// Reads the next event of quick-xml.
    #[inline]
    fn event(&mut self) -> quick_xml::Result<Event<'de>> {
        let event = self.reader.read_event();
        self.expects_tag = matches!(event, Ok(Event::Text(_)));
        event
    }

    /// Returns the token of an event other than a tag, if it has one.
    #[cold]
    fn rare_token(&mut self, event: quick_xml::Result<Event<'de>>) -> Result<Option<Token<'de>>, DecodeError> {
        match event {
            Ok(Event::Text(text)) => self.joined_text(text.xml10_content()).map(Some),
            Ok(Event::CData(data)) => self.joined_text(data.xml10_content()).map(Some),
            Ok(Event::GeneralRef(reference)) => {
                let text = resolve(&reference)?;
                self.joined_text(text.into()).map(Some)
            }
            Ok(Event::Eof) if self.depth() > 0 => Err(DecodeError::malformed(ENDS_EARLY)),
            Ok(Event::Eof) if self.elements == 0 => Err(DecodeError::malformed("contains no element")),
            Ok(Event::Eof) => Ok(Some(Token::Eof)),
            other => self.check_insignificant(other).map(|()| None),
        }
    }

    /// Accepts comments and processing instructions.
    pub(super) fn check_insignificant(&self, event: quick_xml::Result<Event<'de>>) -> Result<(), DecodeError> {
        match event {
            Ok(Event::Decl(_)) => self.check_declaration(),
            Ok(Event::DocType(_)) => Err(DecodeError::malformed("a document type declaration is not allowed")),
            Ok(_) => Ok(()),
            Err(error) => {
                let position = self.reader.error_position();
                Err(DecodeError::malformed(format!("not well-formed at byte {position}: {error}")))
            }
        }
    }

    /// Joins text, CDATA sections and references up to the next tag.
    fn joined_text(&mut self, first: Cow<'de, str>) -> Result<Token<'de>, DecodeError> {
        let mut text = first;
        while !is_tag(self.remaining()) && !self.remaining().is_empty() && text.len() <= self.limits.text_bytes {
            match self.event() {
                Ok(Event::Text(more)) => append(&mut text, more.xml10_content()),
                Ok(Event::CData(more)) => append(&mut text, more.xml10_content()),
                Ok(Event::GeneralRef(reference)) => text.to_mut().push_str(&resolve(&reference)?),
                Ok(Event::Eof) => break,
                other => self.check_insignificant(other)?,
            }
        }
        self.text(text)
    }

    /// Opens the element whose tag, of this length in bytes, was just read by quick-xml.
    fn open_tag(&mut self, length: usize, name_length: usize) -> Result<Token<'de>, DecodeError> {
        if self.depth() == 0 && self.elements > 0 {
            return Err(DecodeError::malformed("has more than one root element"));
        }
        let end = self.position() - if self.self_closed { "/>".len() } else { ">".len() };
        let content = &self.source[end - length..end];
        if !content.as_bytes().first().is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80) {
            return Err(DecodeError::malformed("has an element without a valid name"));
        }
        let mut tag = Tag { content, name_length, nil: false };
        self.open_element(OpenElement { name: tag.name(), is_plain: false })?;
        if length > name_length {
            tag.nil = self.is_nil(&tag)?;
        }
        Ok(Token::Start(tag))
    }

    /// Counts another open element.
    #[inline]
    pub(super) fn open_element(&mut self, element: OpenElement<'de>) -> Result<(), DecodeError> {
        self.open.push(element);
        self.elements += 1;
        if self.depth() > self.limits.depth {
            return Err(DecodeError::malformed(format!("nests elements deeper than {}", self.limits.depth)));
        }
        if self.elements > self.limits.elements {
            return Err(DecodeError::malformed(format!("has more than {} elements", self.limits.elements)));
        }
        Ok(())
    }

    /// Closes the innermost element by the end tag of this name, which was just read by quick-xml.
    fn close_element(&mut self, name: &str) -> Result<(), DecodeError> {
        let expected = self.open.pop().map_or("", |element| element.name);
        if name == expected {
            return Ok(());
        }
        let error = IllFormedError::MismatchedEndTag { expected: expected.into(), found: name.into() };
        let end = self.position();
        let start = self.source[..end].rfind("</").unwrap_or(end);
        Err(DecodeError::malformed(format!("not well-formed at byte {start}: {error}")))
    }

    /// Checks the attributes of a tag; returns whether `xsi:nil` is true.
    #[cold]
    fn is_nil(&self, tag: &Tag<'de>) -> Result<bool, DecodeError> {
        let start = tag.start();
        if start.attributes_raw().len() > self.limits.attribute_bytes {
            return Err(DecodeError::malformed(format!(
                "has attributes longer than {} bytes",
                self.limits.attribute_bytes
            )));
        }
        let mut nil = false;
        for attribute in start.attributes() {
            let attribute =
                attribute.map_err(|error| DecodeError::malformed(format!("has an invalid attribute: {error}")))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| DecodeError::malformed(format!("has an invalid attribute value: {error}")))?;
            if value.contains('<') && attribute.value.contains('<') || !value.chars().all(is_allowed) {
                return Err(DecodeError::malformed("has an attribute with a character that is not allowed there"));
            }
            let (name, prefix) = attribute.key.decompose();
            match prefix {
                Some(_) if name.into_inner() == "nil" => nil = matches!(trim(&value), "true" | "1"),
                None if self.mode == Mode::Strict && attribute.key.as_namespace_binding().is_none() => {
                    return Err(DecodeError::malformed(format!("the attribute {} is unknown", name.into_inner())));
                }
                _ => {}
            }
        }
        Ok(nil)
    }

    /// Accepts an XML declaration at the start of the document.
    fn check_declaration(&self) -> Result<(), DecodeError> {
        let is_first = self.source.starts_with("<?xml")
            && self.source.find("?>").is_some_and(|end| end + "?>".len() == self.position());
        if is_first {
            return Ok(());
        }
        Err(DecodeError::malformed("has an XML declaration that is not at its beginning"))
    }

    /// Returns a text token, after checking its length and place.
    #[inline]
    pub(super) fn text(&self, text: Cow<'de, str>) -> Result<Token<'de>, DecodeError> {
        if text.len() > self.limits.text_bytes {
            return Err(DecodeError::malformed(format!("has a text longer than {} bytes", self.limits.text_bytes)));
        }
        if self.depth() == 0 && !is_blank(&text) {
            return Err(DecodeError::malformed("has text outside its root element"));
        }
        Ok(Token::Text(text))
    }
}

fn append<'de>(text: &mut Cow<'de, str>, more: Cow<'de, str>) {
    if text.is_empty() { *text = more } else { text.to_mut().push_str(&more) }
}

/// Resolves a character reference or one of the five predefined entities.
fn resolve(reference: &BytesRef<'_>) -> Result<String, DecodeError> {
    let character = reference
        .resolve_char_ref()
        .map_err(|error| DecodeError::malformed(format!("has an invalid reference: {error}")))?;
    match character {
        Some(character) if is_allowed(character) => Ok(character.into()),
        Some(character) => Err(DecodeError::malformed(format!(
            "refers to the character U+{:04X}, which XML can't carry",
            u32::from(character)
        ))),
        None => resolve_xml_entity(reference)
            .map(Into::into)
            .ok_or_else(|| DecodeError::malformed(format!("refers to the unknown entity {:?}", &**reference))),
    }
}
