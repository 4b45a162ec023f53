//! Cursor of a page: the position of its last job in the sort order, so that pages do not shift when jobs come and go.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::jobs::model::job::Job;
use crate::jobs::queries::sort::{JobSort, SortKey};

/// Cursor of the page after a job. Clients get it base64-encoded in `next`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCursor {
    #[serde(rename = "s")]
    sort: String,
    #[serde(rename = "k")]
    key: SortKey,
    #[serde(rename = "i")]
    id: String,
}

/// Error of a text that is not the cursor of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the `next` of an earlier response")]
pub struct InvalidPageCursor;

impl PageCursor {
    /// Returns the cursor of the page after `job`.
    pub(super) fn after(job: &Job, sort: JobSort) -> Self {
        Self { sort: sort.as_parameter(), key: sort.key(job), id: job.id.clone() }
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
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or(InvalidPageCursor)
    }
}
