//! Commands: submits and job actions, each sent to IPS at most once.

mod actions;
mod idempotency;
mod idempotency_scope;
mod submission;
mod submit;
mod url_policy;
mod warnings;

pub use actions::JobActions;
pub use idempotency::{IdempotencyKey, IdempotencyRecords};
pub use submission::{Submission, SubmitMode};
pub use submit::{SubmitCommand, SubmitDependencies};
pub use url_policy::UrlPolicy;
pub use warnings::Warning;
