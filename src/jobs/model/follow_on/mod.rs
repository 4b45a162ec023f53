//! Follow-on job as its parent shows it, and the chain of a job and its follow-on jobs.

mod chain;
mod requested;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::chain::{Awaited, Chain, ChainMember};
pub use self::requested::RequestsFollowOn;
use crate::jobs::model::kind::JobKind;
use crate::jobs::model::outcome::Outcome;
use crate::jobs::model::status::Status;

/// Job that IPS ran after another one, as in its parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FollowOn {
    /// Id of the job.
    pub id: String,
    /// What the job does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<JobKind>,
    /// Status of the job.
    pub status: Status,
    /// Outcome; only of a completed job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<Outcome>,
    /// Progress in percent, 0 to 100; absent if it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 100)]
    pub percent: Option<u8>,
}

impl FollowOn {
    /// Returns whether the job can't change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status == Status::Completed
    }
}
