//! Element under deserialization: its text, its default, and whether it counts as absent.

use std::any::type_name;
use std::borrow::Cow;

use super::error::{DecodeError, ENDS_INSIDE, Path, ReadError, unexpected};
use super::notes::excerpt;
use super::parser::Parser;
use super::scalar::{is_blank, is_non_finite, trim};
use super::token::{Mode, Token};

/// Content of an element that is still to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Everything after its start tag is still to be read.
    Open,
    /// None: the element is absent or nil.
    Absent,
}

/// Element that is deserialized as a value.
pub(super) struct Element<'r, 'de, 'p> {
    pub(super) parser: &'r mut Parser<'de>,
    pub(super) path: &'p Path<'p>,
    pub(super) content: Content,
    /// Whether the value is an option, so that an element without any known field is accepted.
    pub(super) optional: bool,
}

impl<'r, 'de, 'p> Element<'r, 'de, 'p> {
    /// Opens the element whose start tag was just read.
    #[inline]
    pub(super) fn open(parser: &'r mut Parser<'de>, path: &'p Path<'p>, nil: bool) -> Result<Self, DecodeError> {
        if nil {
            parser.skip_rest()?;
        }
        let content = if nil { Content::Absent } else { Content::Open };
        Ok(Self { parser, path, content, optional: false })
    }

    /// Reads the text of an element without child elements.
    #[inline]
    pub(super) fn text(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        if self.content == Content::Absent {
            return self.default_value("").map(Cow::Borrowed);
        }
        if let Some(text) = self.parser.plain_content()? {
            return Ok(text);
        }
        match self.parser.token()? {
            Token::End => Ok(Cow::Borrowed("")),
            Token::Text(text) => match self.parser.token()? {
                Token::End => Ok(text),
                Token::Start(tag) => Err(unexpected(&tag)),
                Token::Text(_) | Token::Eof => Err(DecodeError::malformed("has unterminated text")),
            },
            Token::Start(tag) => Err(unexpected(&tag)),
            Token::Eof => Err(DecodeError::malformed(ENDS_INSIDE)),
        }
    }

    /// Reads a number or boolean; an empty element is the default in lenient mode.
    #[inline]
    pub(super) fn scalar<T: Default>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if self.content == Content::Absent {
            return self.default_value(T::default());
        }
        let text = self.text()?;
        match trim(&text) {
            "" => self.default_value(T::default()),
            text => parse(text),
        }
    }

    /// Returns the default for an absent, nil or empty element in lenient mode, where it is noted; an error in strict mode.
    pub(super) fn default_value<T>(&mut self, default: T) -> Result<T, DecodeError> {
        match self.parser.mode() {
            Mode::Lenient if self.parser.notes.tracks_absent() => self.parser.note_absent(self.path).map(|()| default),
            Mode::Lenient => Ok(default),
            Mode::Strict => Err(DecodeError::value("the required element is empty")),
        }
    }

    /// Returns whether an optional element counts as absent.
    #[inline]
    pub(super) fn is_none<V>(&mut self) -> Result<bool, DecodeError> {
        if self.content == Content::Absent {
            self.parser.visited_absent_option = true;
            return Ok(true);
        }
        if self.parser.mode() == Mode::Strict {
            return Ok(false);
        }
        if self.parser.is_self_closed() {
            return Ok(true);
        }
        match self.parser.remaining() {
            [b'<', b'/', ..] => Ok(true),
            // Common case: a child element, or text that is neither blank nor starts like NaN or INF.
            [b'<', after, ..] if !matches!(after, b'!' | b'?') => Ok(false),
            [byte, ..] if byte.is_ascii_alphanumeric() && !matches!(byte, b'N' | b'I') => Ok(false),
            _ => self.is_none_slow_path::<V>(),
        }
    }

    /// Slow path of [`Element::is_none`]: blank text is a value of a string only, and NaN is `None` for a number.
    ///
    /// serde hides the type inside the option; comparing type names identifies the primitive ones.
    #[cold]
    fn is_none_slow_path<V>(&mut self) -> Result<bool, DecodeError> {
        let (blank, non_finite) = match self.parser.peek()? {
            Token::End => return Ok(true),
            Token::Start(_) | Token::Eof => return Ok(false),
            Token::Text(text) => (is_blank(text), is_non_finite(text)),
        };
        Ok(self.parser.remaining().starts_with(b"</")
            && (blank && type_name::<V>() != type_name::<Option<String>>()
                || non_finite && type_name::<V>() == type_name::<Option<f64>>()))
    }

    /// Skips the remaining content.
    pub(super) fn skip(&mut self) -> Result<(), DecodeError> {
        match self.content {
            Content::Open => self.parser.skip_rest(),
            Content::Absent => Ok(()),
        }
    }
}

impl Parser<'_> {
    /// Notes a value that can't be read; its content begins at `start`, a position in bytes.
    #[cold]
    pub(super) fn note_unreadable(&mut self, error: DecodeError, start: usize) -> Result<(), DecodeError> {
        self.note_text(error, &excerpt(self.source_from(start)))
    }

    /// Notes a text that can't be read.
    #[cold]
    pub(super) fn note_text(&mut self, error: DecodeError, text: &str) -> Result<(), DecodeError> {
        let ReadError { path, reason } = error.into();
        self.unreadable_values += 1;
        let size = self.notes.add_unreadable(&path, text, &reason);
        self.count_item_bytes(size)
    }

    /// Notes a required value that is absent.
    #[cold]
    pub(super) fn note_absent(&mut self, path: &Path<'_>) -> Result<(), DecodeError> {
        let size = self.notes.add_absent(path.pointer());
        self.count_item_bytes(size)
    }
}
