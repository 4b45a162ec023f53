//! Cursor of a page of the history.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::jobs::history::axis::{Axis, start_of};
use crate::jobs::history::walk::Place;
use crate::jobs::model::job::Job;
use crate::jobs::queries::{InvalidPageCursor, SortDirection};

/// Maximum length of a cursor in the text of a request; an id has at most 2 KiB.
const MAX_TEXT: usize = 4096;
/// Maximum length of a window, in seconds.
const MAX_WINDOW: i64 = 1 << 36;
/// Maximum number of jobs with the start of the last one that a cursor counts.
const MAX_TIES: usize = 1000;

/// Position in the history: the second from which on IPS is asked for jobs, and the job in it after which the page begins. It holds no more
/// than the sender could ask for by `from` and `to`, and is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryCursor {
    /// Whether the newest jobs come first.
    #[serde(rename = "d")]
    is_descending: bool,
    /// First second of the axis whose jobs are outstanding.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    second: Option<i64>,
    /// Last job of the pages so far, if it started in that second.
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    last: Option<LastJob>,
    /// Length of the window of the next call, if the history is read by windows.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    window: Option<i64>,
    /// Number of jobs of the pages so far that started in that second.
    #[serde(rename = "n", default, skip_serializing_if = "is_zero")]
    ties: usize,
}

/// Last job of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LastJob {
    /// Position of its start in microseconds; `None` of a job without one.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    micros: Option<i64>,
    /// Its id.
    #[serde(rename = "i")]
    id: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl HistoryCursor {
    /// Returns the cursor of the page that begins at a place of the axis.
    pub(super) fn at(axis: Axis, place: Place) -> Self {
        let is_descending = axis.0 == SortDirection::Descending;
        Self { is_descending, second: place.second, last: None, window: place.window, ties: 0 }
    }

    /// Returns the cursor of the page after the last of these jobs. One without a start was in an answer to a call for the jobs from `place` on.
    pub(super) fn after(jobs: &[Job], axis: Axis, place: Place) -> Self {
        let Some(last) = jobs.last() else { return Self::at(axis, place) };
        let start = start_of(last);
        let second = start.map(|start| axis.second(start)).or(place.second);
        let is_tied = |job: &&Job| start_of(job).map(|start| axis.second(start)) == second;
        let ties = jobs.iter().rev().take_while(is_tied).count().min(MAX_TIES);
        let last = LastJob { micros: start.map(|start| axis.micros(start)), id: last.id.clone() };
        Self { last: Some(last), ties, ..Self::at(axis, Place { second, ..place }) }
    }

    /// Returns whether the cursor is of a walk in this direction.
    pub(super) fn is_of(&self, axis: Axis) -> bool {
        self.is_descending == (axis.0 == SortDirection::Descending)
    }

    /// Returns where the walk goes on.
    pub(super) fn place(&self) -> Place {
        Place { second: self.second, window: self.window }
    }

    /// Returns the number of jobs that IPS returns again.
    pub(super) fn ties(&self) -> usize {
        self.ties
    }

    /// Returns those of the jobs of a batch that were not on the pages so far.
    pub(super) fn rest_of(&self, axis: Axis, jobs: Vec<Job>) -> Vec<Job> {
        let Some(LastJob { micros, id }) = &self.last else { return jobs };
        let Some(micros) = micros else {
            let after = jobs.iter().position(|job| start_of(job).is_none() && job.id == *id).map(|index| index + 1);
            let first_undated = || jobs.iter().position(|job| start_of(job).is_none()).unwrap_or(jobs.len());
            let begin = after.unwrap_or_else(first_undated);
            return jobs.into_iter().skip(begin).collect();
        };
        let is_after = |job: &Job| start_of(job).is_none_or(|start| (axis.micros(start), &job.id) > (*micros, id));
        jobs.into_iter().filter(is_after).collect()
    }

    /// Returns the cursor as in `next`.
    pub(super) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    fn is_valid(&self) -> bool {
        let axis = Axis(if self.is_descending { SortDirection::Descending } else { SortDirection::Ascending });
        self.second.is_none_or(|second| axis.is_sendable(second))
            && self.window.is_none_or(|window| (1..=MAX_WINDOW).contains(&window) && self.second.is_some())
            && self.ties <= MAX_TIES
    }
}

impl FromStr for HistoryCursor {
    type Err = InvalidPageCursor;

    fn from_str(text: &str) -> Result<Self, InvalidPageCursor> {
        if text.len() > MAX_TEXT {
            return Err(InvalidPageCursor);
        }
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| InvalidPageCursor)?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| InvalidPageCursor)?;
        if cursor.is_valid() { Ok(cursor) } else { Err(InvalidPageCursor) }
    }
}
