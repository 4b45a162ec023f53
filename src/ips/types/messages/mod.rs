//! Requests and answers of the operations, by group of operations.

mod actions;
mod active_jobs;
mod asset_logs;
mod companies;
mod details;
mod job_logs;
mod scheduled_jobs;
mod submit;
mod users;

pub use actions::*;
pub use active_jobs::*;
pub use asset_logs::*;
pub use companies::*;
pub use job_logs::*;
pub use scheduled_jobs::*;
pub use submit::*;
pub use users::*;
