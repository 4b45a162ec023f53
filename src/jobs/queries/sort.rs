//! Sort order of lists of jobs.

use std::cmp::Ordering;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::jobs::model::job::Job;

/// Field by which a list of jobs is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobSortField {
    /// Time of the start, or the planned one.
    StartDate,
    /// Name in the list that contains the job, ignoring case.
    Name,
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
    ("name", JobSortField::Name),
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
    direction: Direction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl JobSort {
    /// Newest job first: the default order of pages.
    pub const NEWEST_FIRST: Self = Self { field: JobSortField::StartDate, direction: Direction::Descending };

    /// Returns the key by which `job` is sorted.
    pub(super) fn key(self, job: &Job) -> SortKey {
        let key = match self.field {
            JobSortField::StartDate => job.start().map(|start| SortKey::Number(start.sort_micros())),
            JobSortField::Name => job.name().map(|name| SortKey::Text(name.to_lowercase())),
            JobSortField::Type => job.job_type().map(|job_type| SortKey::Text(job_type.to_lowercase())),
            JobSortField::Status => Some(SortKey::Number(job.status as i64)),
            JobSortField::Percent => job.percent.map(|percent| SortKey::Number(percent.into())),
            JobSortField::SubmittedBy => job.submitted_by().map(|email| SortKey::Text(email.to_lowercase())),
        };
        key.unwrap_or(SortKey::Absent)
    }

    /// Compares two jobs by their key and id.
    pub(super) fn compare(self, a: (&SortKey, &str), b: (&SortKey, &str)) -> Ordering {
        let by_key = a.0.cmp(b.0);
        let by_key = match self.direction {
            Direction::Ascending => by_key,
            Direction::Descending => by_key.reverse(),
        };
        by_key.then_with(|| a.1.cmp(b.1))
    }

    /// Returns the order as in the `sort` parameter.
    pub(super) fn as_parameter(self) -> String {
        let name = JOB_SORT_FIELDS.iter().find(|(_, field)| *field == self.field).map_or("", |(name, _)| name);
        match self.direction {
            Direction::Ascending => name.to_owned(),
            Direction::Descending => format!("-{name}"),
        }
    }
}

impl FromStr for JobSort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (direction, name) =
            text.strip_prefix('-').map_or((Direction::Ascending, text), |name| (Direction::Descending, name));
        let field = JOB_SORT_FIELDS.iter().find(|(known, _)| *known == name);
        field.map(|(_, field)| Self { field: *field, direction }).ok_or_else(|| {
            let names: Vec<_> = JOB_SORT_FIELDS.iter().map(|(name, _)| *name).collect();
            format!("expected one of {}, with a `-` prefix for the reverse order", names.join(", "))
        })
    }
}

/// Key of a job in a sort order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum SortKey {
    /// Number, or time in microseconds.
    Number(i64),
    /// Text in lower case.
    Text(String),
    /// The job does not have the field.
    Absent,
}
