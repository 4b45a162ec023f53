//! Tokens of a document, and the mode and limits of reading it.

use std::borrow::Cow;

use quick_xml::events::BytesStart;
use quick_xml::name::QName;

/// Strictness of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// For answers: unknown elements and attributes are skipped, missing scalars are defaults, an unreadable item of an array of structs is
    /// skipped and reported.
    Lenient,
    /// For requests: unknown, missing, misordered and repeated elements are errors.
    Strict,
}

/// Content of the element that was read as a struct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootContent {
    /// Fields of the struct; the struct may have none.
    Fields,
    /// No element at all.
    Empty,
    /// Elements, none of which is a field of the struct.
    Unknown,
}

/// Limits of a document; a document beyond one of them is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum nesting depth of elements.
    pub depth: usize,
    /// Maximum number of elements.
    pub elements: usize,
    /// Maximum length of one text, in bytes.
    pub text_bytes: usize,
    /// Maximum length of the attributes of one element together, in bytes.
    pub attribute_bytes: usize,
    /// Maximum memory of all array items without their heap data, in bytes: a short element can make a large value.
    pub item_bytes: usize,
    /// Maximum number of items that are skipped because they can't be read.
    pub bad_items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            elements: 4_000_000,
            text_bytes: 4 << 20,
            attribute_bytes: 16 << 10,
            item_bytes: 32 << 20,
            bad_items: 1_000,
        }
    }
}

/// Token of a document; comments and processing instructions have none.
#[derive(Debug)]
pub enum Token<'de> {
    /// Start tag of an element.
    Start(Tag<'de>),
    /// End tag of the innermost element.
    End,
    /// Text up to the next tag, with references resolved.
    Text(Cow<'de, str>),
    /// End of the document, with every element closed.
    Eof,
}

/// Start tag of an element.
#[derive(Debug, Clone, Copy)]
pub struct Tag<'de> {
    /// Text between the angle brackets.
    pub(super) content: &'de str,
    pub(super) name_length: usize,
    pub(super) nil: bool,
}

impl<'de> Tag<'de> {
    /// Returns the element's name with its prefix.
    #[inline]
    pub(super) fn name(&self) -> &'de str {
        &self.content[..self.name_length]
    }

    /// Returns the element's name without its prefix.
    #[must_use]
    pub fn local_name(&self) -> &'de str {
        QName(self.name()).local_name().into_inner()
    }

    /// Returns whether the element has this local name, with any prefix.
    #[inline]
    pub(super) fn has_name(&self, local_name: &str) -> bool {
        self.name() == local_name || self.local_name() == local_name
    }

    /// Returns the tag as an event of quick-xml, for namespace resolution.
    pub(in crate::ips) fn start(&self) -> BytesStart<'de> {
        BytesStart::from_content(self.content, self.name_length)
    }
}

/// Element whose end tag is still to be read.
#[derive(Clone, Copy)]
pub(super) struct OpenElement<'de> {
    /// Name with its prefix.
    pub(super) name: &'de str,
    /// Whether the start tag was read without quick-xml, which keeps the names of the others until it reads their end tags.
    pub(super) is_plain: bool,
}

/// Returns whether a tag starts here, as opposed to a comment, CDATA section or processing instruction.
#[inline]
pub(super) fn is_tag(remaining: &[u8]) -> bool {
    matches!(remaining, [b'<', after, ..] if !matches!(after, b'!' | b'?'))
}
