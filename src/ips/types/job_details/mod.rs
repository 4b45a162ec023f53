//! Job details: the element of each kind of job (`uploadUrlsJob`, …) and its options.

mod asset_jobs;
mod image_options;
mod metadata;
mod publish;
mod upload_directory;
mod upload_post;
mod upload_urls;
mod video_options;

pub use asset_jobs::*;
pub use image_options::*;
pub use metadata::*;
pub use publish::*;
pub use upload_directory::*;
pub use upload_post::*;
pub use upload_urls::*;
pub use video_options::*;
