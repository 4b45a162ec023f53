//! Filter, order and page of a list of jobs.

use crate::ips::types::Timestamp;
use crate::jobs::model::job::{Job, Outcome, Phase, Status};
use crate::jobs::model::kind::JobKind;
use crate::jobs::queries::cursor::PageCursor;
use crate::jobs::queries::search_text::SearchText;
use crate::jobs::queries::sort::JobSort;

/// Query of a list of jobs.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Phases of the jobs; empty for the active ones, or with `outcomes` for the completed ones, which alone have an outcome.
    pub phases: Vec<Phase>,
    /// Statuses of the jobs; empty for all.
    pub statuses: Vec<Status>,
    /// Outcomes of the jobs; empty for all jobs, whether they have an outcome or not.
    pub outcomes: Vec<Outcome>,
    /// Kinds of the jobs, ignoring case; empty for all.
    pub kinds: Vec<String>,
    /// Types or subtypes of the jobs in IPS terms, ignoring case; empty for all. A type that is the name of a kind in one list of IPS selects
    /// the jobs of that kind in all.
    pub types: Vec<String>,
    /// Original name of the jobs.
    pub original_name: Option<String>,
    /// E-mail address of the submitter, ignoring case.
    pub submitted_by: Option<String>,
    /// IPS handle of the submitter, by which IPS filters completed jobs only.
    pub user_handle: Option<String>,
    /// Earliest start of the jobs, or the planned one. A time without an offset counts as UTC, as in the sort order.
    pub from: Option<Timestamp>,
    /// Latest start of the jobs, or the planned one.
    pub to: Option<Timestamp>,
    /// Text in the name, the title, the description or the submitter of the jobs, ignoring case and the
    /// composition of letters.
    pub text: Option<SearchText>,
    /// Sort order; `None` for that of IPS, or the newest first if there is a limit or a cursor.
    pub sort: Option<JobSort>,
    /// Maximum number of jobs.
    pub limit: Option<usize>,
    /// Cursor of the page.
    pub cursor: Option<PageCursor>,
}

impl ListQuery {
    /// Returns whether the query is for all active jobs in the order of IPS, which a snapshot has rendered.
    #[must_use]
    pub fn is_whole_active_list(&self) -> bool {
        let is_unfiltered = self.statuses.is_empty()
            && self.outcomes.is_empty()
            && self.from.is_none()
            && self.to.is_none()
            && self.kinds.is_empty()
            && self.types.is_empty()
            && self.original_name.is_none()
            && self.submitted_by.is_none()
            && self.text.is_none();
        let is_unpaged = self.sort.is_none() && self.limit.is_none() && self.cursor.is_none();
        is_unfiltered && is_unpaged && matches!(self.phases[..], [] | [Phase::Active])
    }

    /// Returns the phases of the jobs.
    #[must_use]
    pub fn phases(&self) -> &[Phase] {
        match self.phases[..] {
            [] if self.outcomes.is_empty() => &[Phase::Active],
            [] => &[Phase::Completed],
            _ => &self.phases,
        }
    }

    /// Returns the sort order; `None` for that of IPS.
    pub(in crate::jobs) fn effective_sort(&self) -> Option<JobSort> {
        self.sort.or_else(|| (self.limit.is_some() || self.cursor.is_some()).then_some(JobSort::NEWEST_FIRST))
    }

    /// Returns whether the jobs are in the order of their start, or in that of IPS.
    #[must_use]
    pub fn is_by_start(&self) -> bool {
        self.sort.is_none_or(|sort| sort.direction_by_start().is_some())
    }

    /// Returns whether the filters match a job; `user_handle` is left to IPS.
    pub(in crate::jobs) fn matches(&self, job: &Job) -> bool {
        let kind = job.kind.as_ref();
        let has_kind = |wanted: &String| kind.is_some_and(|own| own.as_str().eq_ignore_ascii_case(wanted));
        let types = [job.job_type(), job.job_sub_type()];
        let has_type = |wanted: &String| {
            types.iter().flatten().any(|own| own.eq_ignore_ascii_case(wanted))
                || kind.is_some() && JobKind::of_type(wanted).as_ref() == kind
        };
        let submitted_by = job.common.submitted_by.as_deref();
        let time = job.filter_time().map(Timestamp::sort_micros);
        let fields = [job.name(), job.common.title.as_deref(), job.description(), submitted_by];
        (self.statuses.is_empty() || self.statuses.contains(&job.status))
            && (self.outcomes.is_empty() || job.outcome.is_some_and(|outcome| self.outcomes.contains(&outcome)))
            && (self.kinds.is_empty() || self.kinds.iter().any(has_kind))
            && (self.types.is_empty() || self.types.iter().any(has_type))
            && self.original_name.as_deref().is_none_or(|name| job.original_name() == Some(name))
            && self
                .submitted_by
                .as_deref()
                .is_none_or(|email| submitted_by.is_some_and(|own| own.eq_ignore_ascii_case(email)))
            && self.text.as_ref().is_none_or(|text| fields.iter().flatten().any(|field| text.is_in(field)))
            && self.from.is_none_or(|from| time.is_some_and(|time| time >= from.sort_micros()))
            && self.to.is_none_or(|to| time.is_some_and(|time| time <= to.sort_micros()))
    }
}
