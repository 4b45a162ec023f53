//! Domain model: a job with its id, status and JSON.

pub mod id;
pub mod job;
pub mod snapshot;
pub mod status;
pub mod unique_name;
