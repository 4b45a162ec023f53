//! Fast paths of the parser: tags without attributes and text without numeric references are taken from the source, without an event of
//! quick-xml.

use std::borrow::Cow;
use std::io::BufRead;

use memchr::{memchr2, memchr3};
use quick_xml::escape::resolve_xml_entity;

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
                Some(text) => self.text(text).map(Some),
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
        let Some(end) = TagEnd::at(&rest[length..]).filter(|_| rest[0].is_ascii_alphabetic()) else { return Ok(None) };
        let name = &self.source[start..start + length];
        self.open_plain(name, end)?;
        Ok(Some(Token::Start(Tag { content: name, name_length: length, nil: false })))
    }

    /// Reads the start tag of an element of this name if it is the next token, without attributes: cheaper than a token whose name is compared
    /// afterwards.
    #[inline]
    pub(super) fn plain_start_of(&mut self, name: &'static str) -> Result<bool, DecodeError> {
        if self.expects_tag || self.self_closed || self.peeked.is_some() || self.open.is_empty() {
            return Ok(false);
        }
        let Some((tag, after)) = self.remaining().split_at_checked("<".len() + name.len()) else { return Ok(false) };
        let Some(end) = TagEnd::at(after).filter(|_| tag[0] == b'<' && tag[1..] == *name.as_bytes()) else {
            return Ok(false);
        };
        self.open_plain(name, end)?;
        Ok(true)
    }

    /// Opens the element of a start tag without attributes, which is the next token.
    #[inline]
    fn open_plain(&mut self, name: &'de str, end: TagEnd) -> Result<(), DecodeError> {
        self.self_closed = end == TagEnd::SelfClosing;
        self.reader.stream().consume(name.len() + if self.self_closed { "</>".len() } else { "<>".len() });
        self.open_element(OpenElement { name, is_plain: true })
    }

    /// Reads the end tag of an element whose start tag was plain.
    #[inline]
    fn plain_end(&mut self) -> bool {
        let Some(&OpenElement { name, is_plain: true }) = self.open.last() else { return false };
        let [b'<', b'/', rest @ ..] = self.remaining() else { return false };
        if rest.get(name.len()) != Some(&b'>') || !rest.starts_with(name.as_bytes()) {
            return false;
        }
        self.reader.stream().consume(name.len() + "</>".len());
        self.open.pop();
        true
    }

    /// Reads text up to a tag, without numeric references or line ends to normalize.
    #[inline]
    fn plain_text(&mut self) -> Option<Cow<'de, str>> {
        let start = self.position();
        let rest = &self.source.as_bytes()[start..];
        if rest.first() == Some(&b'<') || self.open.is_empty() {
            return None;
        }
        let length = find_markup(rest)?;
        if !is_tag(&rest[length..]) {
            return self.text_with_entities().map(Cow::Owned);
        }
        self.reader.stream().consume(length);
        Some(Cow::Borrowed(&self.source[start..start + length]))
    }

    /// Reads text up to a tag, with references to the entities of XML, but without other ones or line ends to normalize.
    #[inline(never)]
    fn text_with_entities(&mut self) -> Option<String> {
        let rest = &self.source[self.position()..];
        let length = memchr2(b'<', b'\r', rest.as_bytes()).filter(|length| *length <= self.limits.text_bytes)?;
        if !is_tag(&rest.as_bytes()[length..]) {
            return None;
        }
        let mut text = String::with_capacity(length);
        let mut parts = rest[..length].split('&');
        text.push_str(parts.next()?);
        for part in parts {
            let (entity, after) = part.split_once(';')?;
            text.push_str(resolve_xml_entity(entity)?);
            text.push_str(after);
        }
        self.reader.stream().consume(length);
        Some(text)
    }

    /// Reads the text and the end tag of an element that contains only plain text.
    #[inline]
    pub(super) fn plain_content(&mut self) -> Result<Option<Cow<'de, str>>, DecodeError> {
        if self.peeked.is_some() || self.self_closed {
            return Ok(None);
        }
        let Some(text) = self.plain_text() else { return Ok(None) };
        if text.len() <= self.limits.text_bytes && self.plain_end() {
            return Ok(Some(text));
        }
        self.peeked = Some(self.text(text)?);
        Ok(None)
    }
}

/// End of a start tag without attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TagEnd {
    /// `>`
    Open,
    /// `/>`
    SelfClosing,
}

impl TagEnd {
    /// Returns the end of a tag that `rest` begins with.
    #[inline]
    fn at(rest: &[u8]) -> Option<Self> {
        match rest {
            [b'>', ..] => Some(Self::Open),
            [b'/', b'>', ..] => Some(Self::SelfClosing),
            _ => None,
        }
    }
}

/// Returns the position of the first byte after plain text: of a tag, a reference or a carriage return. Most texts are short: a call of
/// `memchr3` costs more than a look at their bytes, eight at a time.
#[inline]
fn find_markup(text: &[u8]) -> Option<usize> {
    const SHORT_WORDS: usize = 4;
    let (words, _) = text.as_chunks::<8>();
    for (index, word) in words.iter().take(SHORT_WORDS).enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = equal_bytes(word, b'<') | equal_bytes(word, b'&') | equal_bytes(word, b'\r');
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let start = words.len().min(SHORT_WORDS) * 8;
    memchr3(b'<', b'&', b'\r', &text[start..]).map(|position| start + position)
}

/// Returns a number whose lowest bit that is set is the highest bit of the first byte of `word` that is equal to `byte`; 0 if none is.
#[inline]
fn equal_bytes(word: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let difference = word ^ (ONES * u64::from(byte));
    difference.wrapping_sub(ONES) & !difference & (ONES << 7)
}

/// Returns whether a byte is one of the ASCII characters of names.
#[inline]
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b':')
}
