//! What can be wrong with a document that is read, and with a value that is written.

use std::fmt;

use serde::{de, ser};

use super::path::Path;
use crate::ips::types::ApiVersion;

/// A document, or an item of one, that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Where in the body element, for example `jobArray.items[3].totalSize`; empty for the document as a whole.
    pub path: String,
    /// What is wrong there.
    pub reason: String,
}

impl ReadError {
    /// Something wrong with the document as a whole.
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

impl From<Error> for ReadError {
    fn from(error: Error) -> Self {
        Self { path: error.0.path.unwrap_or_default(), reason: error.0.reason }
    }
}

/// The error within the reader: one pointer wide, because every call hands back a `Result` of it.
#[derive(Debug)]
pub(super) struct Error(Box<Details>);

#[derive(Debug)]
struct Details {
    reason: String,
    path: Option<String>,
    malformed: bool,
    in_struct: bool,
}

impl Error {
    /// The document isn't XML that we accept: no value can be had from it.
    #[cold]
    pub(super) fn malformed(reason: impl Into<String>) -> Self {
        Self(Box::new(Details { reason: reason.into(), path: None, malformed: true, in_struct: false }))
    }

    /// A value isn't what it should be; the document around it may still be read.
    #[cold]
    pub(super) fn value(reason: impl Into<String>) -> Self {
        Self(Box::new(Details { reason: reason.into(), path: None, malformed: false, in_struct: false }))
    }

    /// Notes the place, unless a deeper one is known.
    #[cold]
    pub(super) fn at(mut self, path: &Path<'_>) -> Self {
        self.0.path.get_or_insert_with(|| path.to_string());
        self
    }

    /// Notes that a struct failed, not a lone value.
    #[cold]
    pub(super) fn in_struct(mut self) -> Self {
        self.0.in_struct = true;
        self
    }

    /// Whether leaving out the array item that holds the place leaves a truthful rest.
    pub(super) fn spares_the_list(&self) -> bool {
        self.0.in_struct && !self.0.malformed
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.reason)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
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

/// A value that can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct WriteError {
    /// JSON pointer (RFC 6901) to the value, for example `/uploadUrlsJob/urlArray/0/sourceUrl`.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: WriteReason,
}

/// Why a value can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteReason {
    /// XML 1.0 has no way to carry this character.
    #[error("holds the character U+{:04X}, which XML can't carry", u32::from(*.0))]
    Character(char),
    /// The field came with a later API version than the configured one.
    #[error("needs API version {since} or later; {configured} is configured")]
    Since {
        /// The version that introduced the field.
        since: &'static str,
        /// The version that is written.
        configured: ApiVersion,
    },
    /// The value has no form in this format.
    #[error("{0}")]
    Value(String),
}

impl ser::Error for WriteError {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self { pointer: String::new(), reason: WriteReason::Value(reason.to_string()) }
    }
}
