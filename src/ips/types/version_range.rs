//! Published API versions, and ranges of them.

use std::fmt;

/// Published API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownVersion {
    /// Name of the version, as in its namespace; empty for the oldest.
    pub name: &'static str,
    /// Knowledge about its schema.
    pub schema: SchemaKnowledge,
}

/// Knowledge about the schema of an API version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaKnowledge {
    /// The whole schema is known: what it does not contain, the version lacks.
    Whole,
    /// Only what came with an earlier version, or left with a later one, is certain.
    Partial,
}

/// API versions that have a field or an operation; both bounds are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionRange {
    /// First version; `None` for the oldest.
    pub since: Option<&'static str>,
    /// Last version; `None` if the newest has it.
    pub until: Option<&'static str>,
}

impl VersionRange {
    /// Range of what every version has.
    pub const EVERY: Self = Self { since: None, until: None };

    /// Versions from the first one on.
    #[must_use]
    pub const fn since(first: &'static str) -> Self {
        Self { since: Some(first), until: None }
    }

    /// Versions up to the last one.
    #[must_use]
    pub const fn until(last: &'static str) -> Self {
        Self { since: None, until: Some(last) }
    }

    /// Versions from the first to the last one.
    #[must_use]
    pub const fn between(first: &'static str, last: &'static str) -> Self {
        Self { since: Some(first), until: Some(last) }
    }
}

/// Formats the range as a requirement, for example `API version 2016-01-14-beta or later`.
impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.since, self.until) {
            (None, None) => f.write_str("any API version"),
            (Some(since), None) => write!(f, "API version {since} or later"),
            (None, Some(until)) => write!(f, "API version {until} or earlier"),
            (Some(since), Some(until)) if since == until => write!(f, "API version {since}"),
            (Some(since), Some(until)) => write!(f, "an API version from {since} to {until}"),
        }
    }
}
