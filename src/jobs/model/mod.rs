//! Domain model: jobs with their ids, derived status and JSON, and snapshots of job lists.

pub mod id;
pub mod job;
pub mod json;
pub mod snapshot;
pub mod status;
pub mod unique_name;
