//! Commands: submits and job actions, each sent to IPS at most once.

mod actions;
mod body_texts;
mod idempotency;
mod idempotency_scope;
mod idempotency_user;
mod key_status;
mod next_runs;
mod preflight;
mod submission;
mod submit;
mod url_policy;
mod warnings;

pub use actions::JobActions;
pub use idempotency::IdempotencyRecords;
pub use idempotency_user::IdempotencyUsers;
pub use key_status::{KeyStatus, UnsharedKeys};
pub use next_runs::NextRun;
pub use preflight::Preflight;
pub use submission::{Submission, SubmitMode};
pub use submit::{SubmitCommand, SubmitDependencies, SubmitReceipt};
pub use url_policy::UrlPolicy;
pub use warnings::Warning;
