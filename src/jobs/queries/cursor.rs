//! Cursor of a page: the position of its last job in the sort order, so that pages do not shift when jobs come and go.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::jobs::model::job::Job;
use crate::jobs::queries::sort::{JobSort, SortKey};

/// Maximum length of a cursor in the text of a request: an id and a name have at most 4 KiB.
const MAX_TEXT: usize = 7168;
/// Maximum length of a window, in seconds.
const MAX_WINDOW: i64 = 1 << 36;

/// Cursor of the page after a job. Clients get it base64-encoded in `next`. It selects among jobs that the sender may list, and is not authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageCursor {
    #[serde(rename = "s")]
    sort: String,
    #[serde(rename = "k")]
    key: SortKey,
    #[serde(rename = "i")]
    id: String,
    /// Length of the window of dates of the next call for older jobs in seconds, if the history is read by windows.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    window: Option<i64>,
}

/// Error of a text that is not the cursor of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the `next` of an earlier response")]
pub struct InvalidPageCursor;

impl PageCursor {
    /// Returns the cursor of the page after `job`.
    pub(super) fn after(job: &Job, sort: JobSort, window: Option<i64>) -> Self {
        Self { sort: sort.as_parameter(), key: sort.key(job), id: job.id.clone(), window }
    }

    /// Returns the cursor of the page that begins with the jobs of a time, in microseconds since 1970.
    pub(super) fn before(time: i64, sort: JobSort, window: Option<i64>) -> Self {
        Self { sort: sort.as_parameter(), key: SortKey::Number(time), id: String::new(), window }
    }

    /// Returns the time of the job before the page in microseconds since 1970, if the list is sorted by times, and the length of the window.
    pub(in crate::jobs) fn time(&self) -> (Option<i64>, Option<i64>) {
        match self.key {
            SortKey::Number(time) => (Some(time), self.window),
            _ => (None, None),
        }
    }

    /// Returns whether the cursor is of a list with this sort order.
    pub(super) fn is_of(&self, sort: JobSort) -> bool {
        self.sort == sort.as_parameter()
    }

    /// Returns the key and the id of the job before the page.
    pub(super) fn position(&self) -> (&SortKey, &str) {
        (&self.key, &self.id)
    }

    /// Returns the text that [`PageCursor::from_str`] parses.
    pub(super) fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("strings and numbers can be serialized"))
    }
}

impl FromStr for PageCursor {
    type Err = InvalidPageCursor;

    fn from_str(text: &str) -> Result<Self, InvalidPageCursor> {
        if text.len() > MAX_TEXT {
            return Err(InvalidPageCursor);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let cursor: Self = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(InvalidPageCursor)?;
        let has_valid_window = cursor.window.is_none_or(|window| (1..=MAX_WINDOW).contains(&window));
        if has_valid_window { Ok(cursor) } else { Err(InvalidPageCursor) }
    }
}
