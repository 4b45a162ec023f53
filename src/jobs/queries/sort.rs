//! Sort order of lists of jobs.

use std::cmp::Ordering;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ips::types::Timestamp;
use crate::jobs::model::job::Job;
use crate::jobs::model::kind::JobKind;

/// Field by which a list of jobs is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobSortField {
    /// Time of the start, or the planned one.
    StartDate,
    /// Time of the start.
    StartedAt,
    /// Time of the end.
    EndedAt,
    /// Time of the next run.
    NextRunAt,
    /// Name in the list that contains the job, ignoring case.
    Name,
    /// Name as submitted, without the suffix of the gateway, ignoring case.
    Title,
    /// Kind of the job, ignoring case.
    Kind,
    /// Type of the job, ignoring case.
    Type,
    /// Status.
    Status,
    /// Progress in percent.
    Percent,
    /// E-mail address of the submitter, ignoring case.
    SubmittedBy,
}

/// Fields to sort by, with their names in the `sort` parameter.
pub const JOB_SORT_FIELDS: &[(&str, JobSortField)] = &[
    ("startDate", JobSortField::StartDate),
    ("startedAt", JobSortField::StartedAt),
    ("endedAt", JobSortField::EndedAt),
    ("nextRunAt", JobSortField::NextRunAt),
    ("name", JobSortField::Name),
    ("title", JobSortField::Title),
    ("kind", JobSortField::Kind),
    ("type", JobSortField::Type),
    ("status", JobSortField::Status),
    ("percent", JobSortField::Percent),
    ("submittedBy", JobSortField::SubmittedBy),
];

/// Sort order: a field and a direction. Jobs with equal fields are ordered by id; jobs without the field come last in ascending order and
/// first in descending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobSort {
    field: JobSortField,
    direction: SortDirection,
}

/// Direction of a sort order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortDirection {
    /// Smallest value first.
    Ascending,
    /// Largest value first.
    Descending,
}

impl SortDirection {
    /// Returns the direction in a `sort` parameter, which has the prefix `-` for a descending order, and the name without the prefix.
    pub(in crate::jobs) fn parse(text: &str) -> (Self, &str) {
        text.strip_prefix('-').map_or((Self::Ascending, text), |name| (Self::Descending, name))
    }

    /// Returns the name of IPS.
    pub(in crate::jobs) fn ips_name(self) -> &'static str {
        match self {
            Self::Ascending => "Ascending",
            Self::Descending => "Descending",
        }
    }
}

/// Error of a `sort` parameter without a known field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, with a `-` prefix for the reverse order")]
pub struct InvalidSort {
    /// Known fields.
    pub expected: String,
}

impl InvalidSort {
    /// Returns the error of a field that is not in a table.
    pub(in crate::jobs) fn one_of<T>(fields: &[(&str, T)]) -> Self {
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        Self { expected: format!("one of {}", names.join(", ")) }
    }
}

impl JobSort {
    /// Newest job first: the default order of pages.
    pub const NEWEST_FIRST: Self = Self { field: JobSortField::StartDate, direction: SortDirection::Descending };

    /// Returns the direction, if the jobs are sorted by their start.
    pub(in crate::jobs) fn direction_by_start(self) -> Option<SortDirection> {
        matches!(self.field, JobSortField::StartDate | JobSortField::StartedAt).then_some(self.direction)
    }

    /// Returns the key by which `job` is sorted.
    pub(in crate::jobs) fn key(self, job: &Job) -> SortKey {
        let time = |time: Option<Timestamp>| time.map(|time| SortKey::Number(time.sort_micros()));
        let text = |text: Option<&str>| text.map(|text| SortKey::Text(text.to_lowercase()));
        let key = match self.field {
            JobSortField::StartDate => time(job.start()),
            JobSortField::StartedAt => time(job.common.started_at),
            JobSortField::EndedAt => time(job.common.ended_at),
            JobSortField::NextRunAt => time(job.common.next_run_at),
            JobSortField::Name => text(job.name()),
            JobSortField::Title => text(job.common.title.as_deref()),
            JobSortField::Kind => text(job.kind.as_ref().map(JobKind::as_str)),
            JobSortField::Type => text(job.job_type()),
            JobSortField::Status => Some(SortKey::Number(job.status as i64)),
            JobSortField::Percent => job.percent.map(|percent| SortKey::Number(percent.into())),
            JobSortField::SubmittedBy => text(job.common.submitted_by.as_deref()),
        };
        key.unwrap_or(SortKey::Absent)
    }

    /// Compares two jobs by their key and id.
    pub(in crate::jobs) fn compare(self, a: (&SortKey, &str), b: (&SortKey, &str)) -> Ordering {
        let by_key = a.0.cmp(b.0);
        let by_key = match self.direction {
            SortDirection::Ascending => by_key,
            SortDirection::Descending => by_key.reverse(),
        };
        by_key.then_with(|| a.1.cmp(b.1))
    }

    /// Returns the order as in the `sort` parameter.
    pub(super) fn as_parameter(self) -> String {
        let name = JOB_SORT_FIELDS.iter().find(|(_, field)| *field == self.field).map_or("", |(name, _)| name);
        match self.direction {
            SortDirection::Ascending => name.to_owned(),
            SortDirection::Descending => format!("-{name}"),
        }
    }
}

impl FromStr for JobSort {
    type Err = InvalidSort;

    fn from_str(text: &str) -> Result<Self, InvalidSort> {
        let (direction, name) = SortDirection::parse(text);
        let field = JOB_SORT_FIELDS.iter().find(|(known, _)| *known == name);
        field.map(|(_, field)| Self { field: *field, direction }).ok_or_else(|| InvalidSort::one_of(JOB_SORT_FIELDS))
    }
}

/// Key of a job in a sort order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::jobs) enum SortKey {
    /// Number, or time in microseconds.
    Number(i64),
    /// Text in lower case.
    Text(String),
    /// The job does not have the field.
    Absent,
}
