//! Wire types of the IPS job operations: each struct is the JSON, XML and OpenAPI form of one schema type.
//!
//! - A struct has the name of its schema type and its fields in schema order; serde passes both to the XML format. Array types of the schema,
//!   which only contain `items`, are vectors.
//! - Requests and job details are strict: required fields are required, unknown fields are refused. Answers are lenient: nearly all of their
//!   fields are options, since older API versions omit many of them and a value may be unreadable. In the OpenAPI document the fields that
//!   identify a job are required nevertheless: every API version requires them.
//! - Items of answers end with fields that no schema has, such as `unreadable`: the codec fills them.
//! - Integers in answers have 64 bits, whatever the schema says: file sizes exceed its `int`.
//! - [`for_each_operation!`] is the table of operations, [`Operation`] the link from a request to its answer, [`ApiVersion`] decides which fields
//!   and operations a version has, [`FaultClass`] is the classification of fault codes.

mod documented_values;
mod enums;
mod fault;
mod job_details;
mod messages;
mod operations;
mod published_names;
mod secret;
mod timestamp;
mod unreadable;
mod version;
mod version_range;
mod version_table;

pub use documented_values::documented_values;
pub use enums::*;
pub use fault::*;
pub use job_details::*;
pub use messages::*;
pub use operations::*;
pub use published_names::*;
pub use secret::*;
pub use timestamp::*;
pub use unreadable::*;
pub use version::*;
pub use version_range::*;
pub use version_table::API_VERSIONS;
