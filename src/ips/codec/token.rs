//! The pieces of a document, and how it is to be read.

use std::borrow::Cow;

use quick_xml::events::BytesStart;
use quick_xml::name::QName;

/// How much deviation from the expected elements is tolerated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Unknown elements and attributes are skipped, missing plain values are defaults, an unreadable item of an array of
    /// structs is left out and reported.
    Lenient,
    /// Unknown, missing, misordered and repeated elements are errors.
    Strict,
}

/// What a document may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How deep elements may be nested.
    pub depth: usize,
    /// How many elements a document may have.
    pub elements: usize,
    /// How long one text may be, in bytes.
    pub text: usize,
    /// How long the attributes of one element may be together, in bytes.
    pub attributes: usize,
    /// How much memory the items of arrays may take without what they point to, in bytes: an empty element makes a large value.
    pub items: usize,
    /// How many items may be left out because they can't be read.
    pub bad_items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 64, elements: 4_000_000, text: 4 << 20, attributes: 16 << 10, items: 32 << 20, bad_items: 1_000 }
    }
}

/// A piece of a document. Comments and processing instructions are not among them.
#[derive(Debug)]
pub enum Token<'de> {
    /// An element begins.
    Start(Tag<'de>),
    /// The innermost element ends.
    End,
    /// All text up to the next tag, with references resolved.
    Text(Cow<'de, str>),
    /// The document ends, with every element closed.
    Eof,
}

/// The tag that begins an element.
#[derive(Debug, Clone, Copy)]
pub struct Tag<'de> {
    /// What is between the angle brackets.
    pub(super) content: &'de str,
    pub(super) name_length: usize,
    pub(super) nil: bool,
}

impl<'de> Tag<'de> {
    /// The element's name with its prefix.
    #[inline]
    pub(super) fn name(&self) -> &'de str {
        &self.content[..self.name_length]
    }

    /// The element's name without its prefix.
    #[must_use]
    pub fn local_name(&self) -> &'de str {
        QName(self.name()).local_name().into_inner()
    }

    /// Whether this is the element's name, with whatever prefix.
    #[inline]
    pub(super) fn is(&self, local_name: &str) -> bool {
        self.name() == local_name || self.local_name() == local_name
    }

    /// The tag as quick-xml has it, for the resolution of its namespace.
    pub(in crate::ips) fn start(&self) -> BytesStart<'de> {
        BytesStart::from_content(self.content, self.name_length)
    }
}
