//! Cursor of a page of the history: where the next call to IPS for older jobs begins.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ips::types::Timestamp;
use crate::jobs::model::job::{IpsRecord, Job};
use crate::jobs::queries::cursor::InvalidPageCursor;

/// Maximum number of jobs with one start that a cursor remembers.
const MAX_SEEN: usize = 100;

/// Position after a job of the history: its start, and the jobs with this start on the pages so far, since IPS has no other order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryCursor {
    /// Start of the last job.
    #[serde(rename = "s")]
    pub(super) start: Timestamp,
    /// Whether the newest jobs come first.
    #[serde(rename = "d")]
    pub(super) is_descending: bool,
    /// Hashes of the jobs with this start.
    #[serde(rename = "h")]
    seen: Vec<u32>,
}

impl HistoryCursor {
    /// Returns the cursor after the last of these jobs, which follow those before `previous`; `None` if there is no progress, the last job has
    /// no start, or too many jobs have the same one.
    pub(super) fn after(jobs: &[Job], is_descending: bool, previous: Option<&Self>) -> Option<Self> {
        let start = start_of(jobs.last()?)?;
        let before = previous.filter(|previous| previous.start == start).map(|previous| previous.seen.clone());
        let mut seen = before.unwrap_or_default();
        seen.extend(jobs.iter().filter(|job| start_of(job) == Some(start)).map(hash_of));
        (seen.len() <= MAX_SEEN).then_some(Self { start, is_descending, seen })
    }

    /// Returns whether the job was on one of the pages so far.
    pub(super) fn has_seen(&self, job: &Job) -> bool {
        start_of(job) == Some(self.start) && self.seen.contains(&hash_of(job))
    }

    /// Returns the number of jobs that IPS returns again.
    pub(super) fn seen_count(&self) -> usize {
        self.seen.len()
    }

    /// Returns the cursor as in `next`.
    pub(super) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }
}

impl FromStr for HistoryCursor {
    type Err = InvalidPageCursor;

    fn from_str(text: &str) -> Result<Self, InvalidPageCursor> {
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidPageCursor)?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| InvalidPageCursor)?;
        if cursor.seen.len() <= MAX_SEEN { Ok(cursor) } else { Err(InvalidPageCursor) }
    }
}

fn start_of(job: &Job) -> Option<Timestamp> {
    match &job.record {
        IpsRecord::Completed(log) => log.start_date,
        _ => None,
    }
}

fn hash_of(job: &Job) -> u32 {
    let digest = Sha256::digest(job.handle().unwrap_or(&job.id));
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}
