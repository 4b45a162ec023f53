//! Fast paths of the parser: tags without attributes and text without references are taken from the source, without an event of quick-xml.

use std::io::BufRead;

use memchr::memchr3;

use super::error::DecodeError;
use super::parser::Parser;
use super::token::{OpenElement, Tag, Token, is_tag};

impl<'de> Parser<'de> {
    /// Reads the next token if it is a plain one.
    #[inline]
    pub(super) fn plain_token(&mut self) -> Result<Option<Token<'de>>, DecodeError> {
        match self.remaining() {
            [b'<', ..] if self.expects_tag => Ok(None),
            [b'<', b'/', ..] => Ok(self.plain_end().then_some(Token::End)),
            [b'<', ..] => self.plain_start(),
            _ => match self.plain_text() {
                Some(text) => self.text(text.into()).map(Some),
                None => Ok(None),
            },
        }
    }

    /// Reads a start tag without attributes, within the root element.
    #[inline]
    fn plain_start(&mut self) -> Result<Option<Token<'de>>, DecodeError> {
        if self.open.is_empty() {
            return Ok(None);
        }
        let start = self.position() + "<".len();
        let rest = &self.source.as_bytes()[start..];
        let Some(length) = rest.iter().position(|&byte| !is_name_byte(byte)) else { return Ok(None) };
        if rest[length] != b'>' || !rest[0].is_ascii_alphabetic() {
            return Ok(None);
        }
        let name = &self.source[start..start + length];
        self.reader.stream().consume(length + "<>".len());
        self.open_element(OpenElement { name, is_plain: true })?;
        Ok(Some(Token::Start(Tag { content: name, name_length: length, nil: false })))
    }

    /// Reads the start tag of an element of this name if it is the next token, without attributes: cheaper than a token whose name is compared
    /// afterwards.
    #[inline]
    pub(super) fn plain_start_of(&mut self, name: &'static str) -> Result<bool, DecodeError> {
        if self.expects_tag || self.self_closed || self.peeked.is_some() || self.open.is_empty() {
            return Ok(false);
        }
        let rest = self.remaining();
        if rest.len() < name.len() + 2 || rest[0] != b'<' || rest[name.len() + 1] != b'>' {
            return Ok(false);
        }
        if rest[1..=name.len()] != *name.as_bytes() {
            return Ok(false);
        }
        self.reader.stream().consume(name.len() + "<>".len());
        self.open_element(OpenElement { name, is_plain: true })?;
        Ok(true)
    }

    /// Reads the end tag of an element whose start tag was plain.
    #[inline]
    fn plain_end(&mut self) -> bool {
        let Some(&OpenElement { name, is_plain: true }) = self.open.last() else { return false };
        let rest = &self.remaining()["</".len()..];
        if rest.get(name.len()) != Some(&b'>') || !rest.starts_with(name.as_bytes()) {
            return false;
        }
        self.reader.stream().consume(name.len() + "</>".len());
        self.open.pop();
        true
    }

    /// Reads text up to a tag, without references or line ends to normalize.
    #[inline]
    fn plain_text(&mut self) -> Option<&'de str> {
        let start = self.position();
        let rest = &self.source.as_bytes()[start..];
        if rest.first() == Some(&b'<') || self.open.is_empty() {
            return None;
        }
        let length = memchr3(b'<', b'&', b'\r', rest)?;
        if !is_tag(&rest[length..]) {
            return None;
        }
        self.reader.stream().consume(length);
        Some(&self.source[start..start + length])
    }

    /// Reads the text and the end tag of an element that contains only plain text.
    #[inline]
    pub(super) fn plain_content(&mut self) -> Result<Option<&'de str>, DecodeError> {
        if self.peeked.is_some() || self.self_closed {
            return Ok(None);
        }
        let Some(text) = self.plain_text() else { return Ok(None) };
        if self.remaining().starts_with(b"</") && text.len() <= self.limits.text_bytes && self.plain_end() {
            return Ok(Some(text));
        }
        self.peeked = Some(self.text(text.into())?);
        Ok(None)
    }
}

/// Returns whether a byte is one of the ASCII characters of names.
#[inline]
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':')
}
