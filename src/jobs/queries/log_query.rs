//! Filters, order and pages of logs, and the entries of a job's log.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::{JobLogDetail, MAX_LOG_ROWS};
use crate::jobs::queries::search_text::SearchText;
use crate::jobs::queries::sort::{InvalidSort, SortDirection};
use crate::upstream::BadItem;

/// Maximum number of entries per page, and of logs per request, that IPS returns.
pub const MAX_PER_PAGE: u32 = MAX_LOG_ROWS;

/// Severity of a log entry, derived from its `logType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Level)]
pub enum LogLevel {
    /// Error: `…Error` and `…Failure`.
    Error,
    /// Warning: `…Warning`.
    Warning,
    /// Every other `logType`.
    Info,
}

impl LogLevel {
    /// Returns the level as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    /// Returns the level of a `logType`.
    #[must_use]
    pub fn of(log_type: &str) -> Self {
        let log_type = log_type.to_ascii_lowercase();
        if log_type.ends_with("error") || log_type.ends_with("failure") {
            Self::Error
        } else if log_type.ends_with("warning") {
            Self::Warning
        } else {
            Self::Info
        }
    }
}

/// Entry of a job's log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LogEntry {
    /// Severity, derived from `logType`.
    pub level: LogLevel,
    /// Fields of IPS.
    #[serde(flatten)]
    pub detail: JobLogDetail,
}

impl From<JobLogDetail> for LogEntry {
    fn from(detail: JobLogDetail) -> Self {
        Self { level: detail.log_type.as_deref().map_or(LogLevel::Info, LogLevel::of), detail }
    }
}

/// Sort order of log entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSort {
    /// IPS name of the field: `Date` or `LogType`.
    pub field: &'static str,
    /// Direction.
    pub direction: SortDirection,
}

impl FromStr for LogSort {
    type Err = InvalidSort;

    fn from_str(text: &str) -> Result<Self, InvalidSort> {
        let (direction, name) = SortDirection::parse(text);
        match name {
            "date" => Ok(Self { field: "Date", direction }),
            "logType" => Ok(Self { field: "LogType", direction }),
            _ => Err(InvalidSort { expected: "date or logType".into() }),
        }
    }
}

/// Query of the entries of a job's log.
#[derive(Debug, Clone)]
pub struct LogQuery {
    /// Page, from 1.
    pub page: u32,
    /// Entries per page, 1 to 1000.
    pub per_page: u32,
    /// Values of `logType`; empty for all.
    pub log_types: Vec<String>,
    /// Severity; `None` for all.
    pub level: Option<LogLevel>,
    /// Text in the messages or the name of the asset, ignoring case and the composition of letters.
    pub text: Option<SearchText>,
    /// Sort order; `None` for that of IPS.
    pub sort: Option<LogSort>,
    /// Log storage to read.
    pub source: LogSource,
}

impl LogQuery {
    /// Returns whether there is a filter that IPS does not have.
    pub(super) fn has_conditions(&self) -> bool {
        self.level.is_some() || self.text.is_some()
    }

    /// Returns whether an entry fulfils the conditions that IPS does not check: its level and its text.
    #[must_use]
    pub fn matches(&self, entry: &LogEntry) -> bool {
        let LogEntry { level, detail } = entry;
        let texts = [&detail.log_message, &detail.asset_name];
        let additional = detail.aux_array.iter().flatten().map(|message| &message.log_message);
        self.level.is_none_or(|wanted| *level == wanted)
            && self
                .text
                .as_ref()
                .is_none_or(|text| texts.into_iter().chain(additional).flatten().any(|own| text.is_in(own)))
    }

    /// Returns the page of a log without entries.
    pub(super) fn empty_page(&self) -> LogPage {
        LogPage { page: self.page, per_page: self.per_page, total: Some(0), ..LogPage::default() }
    }
}

/// Log storage of IPS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogSource {
    /// Current logs.
    #[default]
    Current,
    /// Archived logs.
    Archive,
}

/// Page of a job's log.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// Entries.
    pub entries: Vec<LogEntry>,
    /// Number of entries on all pages, if IPS reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub total: Option<i64>,
    /// Page, from 1.
    pub page: u32,
    /// Entries per page.
    pub per_page: u32,
    /// Whether the job is completed, so that its log does not change any more: `true` if the log has an `endDate`.
    pub complete: bool,
    /// `true` if a filter by level or text covers only the first 10,000 entries of a longer log.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// Items of the IPS response that could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bad_items: Vec<BadItem>,
}

impl LogPage {
    /// Returns whether there is another page: by the number of entries, or if IPS does not report it, whether this page is full.
    #[must_use]
    pub fn has_next(&self) -> bool {
        match self.total {
            Some(total) => i64::from(self.page) * i64::from(self.per_page) < total,
            None => self.entries.len() + self.bad_items.len() >= self.per_page as usize,
        }
    }
}
