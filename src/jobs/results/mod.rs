//! Results of a job, from its log: links that it made, assets that it touched, and the items that a retry is for.

mod item;
mod query;
mod retry;

pub use item::{JobResult, ResultAsset, ResultLink, ResultStatus};
pub use query::{JobResults, ResultCounts, ResultPage, ResultQuery, ResultRows};
pub use retry::{RetryPlan, UnmappedItem};
