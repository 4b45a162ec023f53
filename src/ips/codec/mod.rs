//! XML as a serde data format, over the pull parser of quick-xml.
//!
//! Mapping: a struct is the sequence of its child elements in declared order; a sequence is an element with `<items>` children; an absent, nil
//! or empty element is `None`, or the default of a scalar. Elements match by local name, so prefixes and version namespaces make no difference.
//! Unknown elements are skipped in [`Mode::Lenient`] (answers) and refused in [`Mode::Strict`] (requests). Neither direction builds a tree.
//!
//! An unreadable value of an answer costs its field where the struct has a field for it, see `notes`; elsewhere it is an error.
//!
//! `deserialize_struct` receives the wire names of a struct from serde: each child element is looked up among them and reaches the visitor by
//! its index. Wire types must therefore not use serde aliases.

mod decode;
mod deserializer;
mod element;
mod error;
mod fields;
mod items;
mod notes;
mod parser;
mod plain;
mod scalar;
mod serializer;
mod shapes;
mod token;

pub use decode::decode;
pub use error::{ReadError, WriteError, WriteReason};
pub use parser::Parser;
pub use serializer::{LackedFields, Writer};
pub use token::{Limits, Mode, RootContent, Tag, Token};
