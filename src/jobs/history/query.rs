//! Filters, order and pages of the history.

use std::str::FromStr;

use crate::ips::types::Timestamp;
use crate::jobs::error::{Error, Result};
use crate::jobs::history::cursor::HistoryCursor;
use crate::jobs::history::walk::HistorySpan;
use crate::jobs::model::job::{Job, Outcome};
use crate::jobs::queries::{InvalidSort, ListQuery, SearchText, SortDirection};
use crate::upstream::BadItem;

/// Fields by which the job log of a company can be sorted, with their names in the `sort` parameter and in IPS.
pub const JOB_LOG_SORT_FIELDS: &[(&str, &str)] = &[
    ("startDate", "StartDate"),
    ("jobName", "JobName"),
    ("logType", "LogType"),
    ("companyName", "CompanyName"),
    ("userId", "UserId"),
    ("email", "Email"),
    ("fileErrorCount", "FileErrorCount"),
    ("fileWarningCount", "FileWarningCount"),
    ("fileSuccessCount", "FileSuccessCount"),
];

/// Sort order of the job log of a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobLogsSort {
    /// IPS name of the field.
    pub(super) field: &'static str,
    /// Direction.
    pub(super) direction: SortDirection,
}

impl Default for JobLogsSort {
    fn default() -> Self {
        Self { field: "StartDate", direction: SortDirection::Descending }
    }
}

impl FromStr for JobLogsSort {
    type Err = InvalidSort;

    fn from_str(text: &str) -> Result<Self, InvalidSort> {
        let (direction, name) = SortDirection::parse(text);
        let field = JOB_LOG_SORT_FIELDS.iter().find(|(known, _)| *known == name);
        field.map(|(_, field)| Self { field, direction }).ok_or_else(|| InvalidSort::one_of(JOB_LOG_SORT_FIELDS))
    }
}

/// Filters of the history.
#[derive(Debug, Clone, Default)]
pub struct HistoryFilter {
    /// Earliest start of the jobs.
    pub from: Option<Timestamp>,
    /// Latest start of the jobs.
    pub to: Option<Timestamp>,
    /// IPS handle of the submitter.
    pub user_handle: Option<String>,
    /// E-mail address of the submitter, ignoring case.
    pub submitted_by: Option<String>,
    /// Kinds of the jobs, ignoring case; empty for all.
    pub kinds: Vec<String>,
    /// Outcomes of the jobs; empty for all.
    pub outcomes: Vec<Outcome>,
    /// Text in the name, the title, the description or the submitter of the jobs.
    pub text: Option<SearchText>,
}

impl HistoryFilter {
    /// Returns what IPS filters by.
    pub(super) fn span(&self) -> HistorySpan {
        HistorySpan { from: self.from, to: self.to, user_handle: self.user_handle.clone() }
    }

    /// Returns what the gateway filters by, because IPS can't; `None` if it is nothing.
    pub(super) fn conditions(&self) -> Option<ListQuery> {
        let has_any =
            self.submitted_by.is_some() || self.text.is_some() || !self.kinds.is_empty() || !self.outcomes.is_empty();
        has_any.then(|| ListQuery {
            submitted_by: self.submitted_by.clone(),
            kinds: self.kinds.clone(),
            outcomes: self.outcomes.clone(),
            text: self.text.clone(),
            ..ListQuery::default()
        })
    }
}

/// Query of a page of the history.
#[derive(Debug, Clone, Default)]
pub struct JobLogsQuery {
    /// Filters.
    pub filter: HistoryFilter,
    /// Sort order.
    pub sort: JobLogsSort,
    /// Maximum number of jobs, 1 to 1000.
    pub limit: usize,
    /// Cursor of the page.
    pub cursor: Option<HistoryCursor>,
}

impl JobLogsSort {
    /// Returns the direction, if the order is that of the start, by which alone IPS can continue a list.
    pub(super) fn direction_by_start(self) -> Option<SortDirection> {
        (self.field == Self::default().field).then_some(self.direction)
    }

    /// Returns the direction.
    ///
    /// # Errors
    /// The order is not that of the start: a list of any length has no other.
    pub fn required_direction(self) -> Result<SortDirection> {
        let expected = "expected `startDate` or `-startDate`: IPS can't continue a list in another order";
        self.direction_by_start().ok_or_else(|| Error::invalid_parameter("sort", expected))
    }
}

/// Page of the history.
#[derive(Debug, Clone, Default)]
pub struct HistoryPage {
    /// Completed jobs.
    pub jobs: Vec<Job>,
    /// Items of the answers of IPS that could not be read.
    pub bad_items: Vec<BadItem>,
    /// Cursor of the next page; `None` on the last one, or if the list can't be continued.
    pub next: Option<String>,
    /// Whether IPS may have further jobs that no page has.
    pub is_truncated: bool,
}
