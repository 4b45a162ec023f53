//! Domain model: jobs with their ids, derived status and JSON, and snapshots of job lists.

pub mod distinct;
pub mod follow_on;
pub mod forecast;
pub mod id;
pub mod identity;
pub mod job;
pub mod json;
pub mod kind;
pub mod links;
pub mod outcome;
pub mod snapshot;
pub mod status;
pub mod unique_name;
