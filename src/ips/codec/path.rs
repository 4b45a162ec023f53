//! Path to the value being read or written: a linked list on the call stack, formatted only for errors.

use std::fmt;

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
