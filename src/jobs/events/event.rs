//! Events: changes of single jobs.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::jobs::model::json::RenderedJob;

/// Kind of a change of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeKind {
    /// The job appeared in the active list.
    Created,
    /// Its progress or another field changed.
    Progress,
    /// Its status or its possible actions changed.
    Status,
    /// It left the active list and is in the job log.
    Finished,
    /// It left the active list and is not in the job log.
    Removed,
    /// Its follow-on jobs or its chain changed after it was finished. Unknown to replicas of version 0.1.0, which start again with a snapshot.
    Chain,
}

impl ChangeKind {
    /// Returns the type of the event, as in `event:` of a stream.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "job.created",
            Self::Progress => "job.progress",
            Self::Status => "job.status",
            Self::Finished => "job.finished",
            Self::Removed => "job.removed",
            Self::Chain => "job.chain",
        }
    }

    /// Returns whether the job is no longer in the list after the event.
    #[must_use]
    pub fn is_departure(self) -> bool {
        matches!(self, Self::Finished | Self::Removed)
    }
}

/// Change of one job.
#[derive(Debug, Clone)]
pub struct Event {
    /// Kind of the change.
    pub change: ChangeKind,
    /// Id of the job.
    pub job: String,
    /// JSON of the job after the change; of a removed job only its id.
    pub data: Bytes,
    /// Whether the job is completed and its chain is not: events of the kind [`ChangeKind::Chain`] follow.
    pub awaits_chain: bool,
}

impl Event {
    /// Returns the event of a change after which the job is `job`.
    pub(in crate::jobs) fn new(change: ChangeKind, job: &RenderedJob) -> Self {
        let awaits_chain = job.job.is_final() && !job.job.is_settled();
        // Copied: the JSON of a job may be a part of the body of its list, which lives no longer than the list.
        Self { change, job: job.job.id.clone(), data: Bytes::copy_from_slice(&job.json), awaits_chain }
    }

    /// Returns the event of a removed job.
    pub(in crate::jobs) fn removed(id: &str) -> Self {
        let data = serde_json::json!({ "id": id }).to_string().into();
        Self { change: ChangeKind::Removed, job: id.to_owned(), data, awaits_chain: false }
    }

    /// Returns the approximate memory of the event, in bytes.
    pub(super) fn weight(&self) -> usize {
        size_of::<Self>() + self.job.len() + self.data.len()
    }
}
