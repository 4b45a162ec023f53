//! Errors of reading a document and of writing a value, and the path to the value, which is formatted for errors only.

use std::fmt;

use serde::{de, ser};

use super::token::Tag;
use crate::ips::types::{ApiVersion, VersionRange};

/// Reason of a document that ends before all its elements are closed.
pub(super) const ENDS_EARLY: &str = "ends before all its elements are closed";
/// The same, found while an element is read.
pub(super) const ENDS_INSIDE: &str = "ends inside an element";

/// Path to a value, linked to the path of its parent.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    Root,
    Field { parent: &'p Path<'p>, name: &'static str },
    Item { parent: &'p Path<'p>, index: usize },
}

impl Path<'_> {
    /// Returns the JSON pointer (RFC 6901) into the JSON form of the value, where an array has no `items`.
    pub(super) fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Field { parent, name } => {
                format!("{}/{}", parent.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Item { parent, index } => format!("{}/{index}", parent.pointer()),
        }
    }

    pub(super) fn is_root(&self) -> bool {
        matches!(self, Self::Root)
    }
}

/// Formats the path of an element, for example `jobArray.items[3].totalSize`.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parent, dot) = match self {
            Self::Root => return Ok(()),
            Self::Field { parent, .. } | Self::Item { parent, .. } => (parent, if parent.is_root() { "" } else { "." }),
        };
        match self {
            Self::Field { name, .. } => write!(f, "{parent}{dot}{name}"),
            Self::Item { index, .. } => write!(f, "{parent}{dot}items[{index}]"),
            Self::Root => Ok(()),
        }
    }
}

/// Error of reading a document, or of an array item in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Path within the body element, for example `jobArray.items[3].totalSize`; empty for the document as a whole.
    pub path: String,
    /// Reason, without the path.
    pub reason: String,
}

impl ReadError {
    /// Returns whether the document ends before all its elements are closed.
    #[must_use]
    pub fn ends_early(&self) -> bool {
        self.reason == ENDS_EARLY || self.reason == ENDS_INSIDE
    }

    /// Returns an error of the document as a whole.
    pub(in crate::ips) fn document(reason: impl Into<String>) -> Self {
        Self { path: String::new(), reason: reason.into() }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() { f.write_str(&self.reason) } else { write!(f, "{}: {}", self.path, self.reason) }
    }
}

impl std::error::Error for ReadError {}

impl From<DecodeError> for ReadError {
    fn from(error: DecodeError) -> Self {
        Self { path: error.0.path.unwrap_or_default(), reason: error.0.reason }
    }
}

/// Error inside the deserializer; one pointer wide, since every call returns a `Result` of it.
#[derive(Debug)]
pub(super) struct DecodeError(Box<Details>);

#[derive(Debug)]
struct Details {
    reason: String,
    path: Option<String>,
    malformed: bool,
    in_struct: bool,
}

impl DecodeError {
    /// Returns an error of the XML itself: the rest of the document can't be read.
    #[cold]
    pub(super) fn malformed(reason: impl Into<String>) -> Self {
        Self(Box::new(Details { reason: reason.into(), path: None, malformed: true, in_struct: false }))
    }

    /// Returns an error of one value: the document around it can still be read.
    #[cold]
    pub(super) fn value(reason: impl Into<String>) -> Self {
        Self(Box::new(Details { reason: reason.into(), path: None, malformed: false, in_struct: false }))
    }

    /// Sets the path, unless a deeper one is set.
    #[cold]
    pub(super) fn with_path(mut self, path: &Path<'_>) -> Self {
        self.0.path.get_or_insert_with(|| path.to_string());
        self
    }

    /// Marks the error as one of a struct, as opposed to a scalar.
    #[cold]
    pub(super) fn mark_in_struct(mut self) -> Self {
        self.0.in_struct = true;
        self
    }

    /// Returns whether the rest of the document can't be read.
    pub(super) fn is_malformed(&self) -> bool {
        self.0.malformed
    }

    /// Returns whether the enclosing array item can be skipped without misreading the others.
    pub(super) fn is_confined_to_item(&self) -> bool {
        self.0.in_struct && !self.0.malformed
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for DecodeError {}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::value(reason.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::value(format!("the element {field} is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::value(format!("the element {field} appears twice"))
    }
}

/// Returns the error of an element where none is expected.
#[cold]
pub(super) fn unexpected(tag: &Tag<'_>) -> DecodeError {
    DecodeError::value(format!("the element {} is not expected here", tag.local_name()))
}

/// Error of writing a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct WriteError {
    /// JSON pointer (RFC 6901) to the value, for example `/uploadUrlsJob/urlArray/0/sourceUrl`.
    pub pointer: String,
    /// Reason.
    pub reason: WriteReason,
}

/// Reason why a value can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteReason {
    /// Character that XML 1.0 does not allow.
    #[error("contains the character U+{:04X}, which XML does not permit", u32::from(*.0))]
    Character(char),
    /// Field that the configured API version lacks.
    #[error("needs {versions}; {} is configured", configured.describe())]
    Version {
        /// API versions that have the field.
        versions: VersionRange,
        /// API version that is written.
        configured: ApiVersion,
    },
    /// Operation that the configured API version lacks.
    #[error("{operation} needs {versions}; {} is configured", configured.describe())]
    Operation {
        /// Name of the operation.
        operation: &'static str,
        /// API versions that have the operation.
        versions: VersionRange,
        /// API version that is written.
        configured: ApiVersion,
    },
    /// Value without a representation in this format.
    #[error("{0}")]
    Value(String),
}

impl ser::Error for WriteError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self { pointer: String::new(), reason: WriteReason::Value(reason.to_string()) }
    }
}
