//! XML as a serde data format, over quick-xml's tokenizer.
//!
//! A struct is its elements, in declared order; a sequence is an element that holds `<items>`; an absent, nil or empty
//! element is `None`, or the default of a plain value; unknown elements are skipped ([`Mode::Lenient`], for answers) or
//! refused ([`Mode::Strict`], for requests). Names match by local name, so that a prefix or another version namespace
//! makes no difference. Neither reading nor writing builds a tree of the document.
//!
//! serde's `deserialize_struct` hands over the wire names of a struct: they are looked up before the struct is visited,
//! and each known element reaches it by its index. A wire type must therefore not use serde aliases.

mod decode;
mod document;
mod error;
mod fields;
mod items;
mod path;
mod read;
mod scalar;
mod token;
mod write;

pub use decode::decode;
pub use document::Document;
pub use error::{ReadError, WriteError, WriteReason};
pub use token::{Limits, Mode, Tag, Token};
pub use write::{NewerFields, Writer};
