//! Every wire type of the IPS job operations: one struct gives JSON, XML and OpenAPI.

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
mod operation;
mod publish;
mod scheduled_jobs;
mod submit;
mod timestamp;
mod upload;
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
pub use operation::*;
pub use publish::*;
pub use scheduled_jobs::*;
pub use submit::*;
pub use timestamp::*;
pub use upload::*;
pub use version::*;
pub use video_options::*;
