//! Every wire type of the IPS job operations: one struct gives JSON, XML and OpenAPI.
//!
//! - A struct has the name of its schema type, its fields the schema's names and order: serde hands both to the XML
//!   format, which needs nothing else. The schema's array types, which only hold `items`, are plain vectors.
//! - Requests and job kinds are strict: what the schema requires is required, unknown fields are refused. Answers are
//!   lenient: only what identifies the thing must be there, since older API versions leave out a lot.
//! - Numbers in answers are 64 bits wide, whatever the schema says: sizes have outgrown its `int`.
//! - An [`Operation`] is a request that knows its answer; [`since`] knows which API version brought a field.

mod actions;
mod active_jobs;
mod asset_jobs;
mod asset_logs;
mod companies;
mod fault;
mod image_options;
mod job_logs;
mod metadata;
mod open;
mod operations;
mod publish;
mod scheduled_jobs;
mod secret;
mod submit;
mod timestamp;
mod upload_directory;
mod upload_post;
mod upload_urls;
mod version;
mod video_options;

pub use actions::*;
pub use active_jobs::*;
pub use asset_jobs::*;
pub use asset_logs::*;
pub use companies::*;
pub use fault::*;
pub use image_options::*;
pub use job_logs::*;
pub use metadata::*;
pub use open::*;
pub use operations::*;
pub use publish::*;
pub use scheduled_jobs::*;
pub use secret::*;
pub use submit::*;
pub use timestamp::*;
pub use upload_directory::*;
pub use upload_post::*;
pub use upload_urls::*;
pub use version::*;
pub use video_options::*;
