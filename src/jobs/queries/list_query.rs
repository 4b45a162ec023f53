//! Filter, order and page of a list of jobs.

use crate::jobs::model::job::{Job, Phase, Status};
use crate::jobs::model::kind::JobKind;
use crate::jobs::queries::cursor::PageCursor;
use crate::jobs::queries::search_text::SearchText;
use crate::jobs::queries::sort::JobSort;

/// Query of a list of jobs.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Phases of the jobs; empty for the active ones.
    pub phases: Vec<Phase>,
    /// Statuses of the jobs; empty for all.
    pub statuses: Vec<Status>,
    /// Kinds of the jobs, ignoring case; empty for all.
    pub kinds: Vec<String>,
    /// Types or subtypes of the jobs in IPS terms, ignoring case; empty for all. A type that is the name of a kind in one list of IPS selects
    /// the jobs of that kind in all.
    pub types: Vec<String>,
    /// Original name of the jobs.
    pub original_name: Option<String>,
    /// E-mail address of the submitter, ignoring case.
    pub submitted_by: Option<String>,
    /// Text in the name, the description or the submitter of the jobs, ignoring case and the composition
    /// of letters.
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
        if self.phases.is_empty() { &[Phase::Active] } else { &self.phases }
    }

    /// Returns the sort order; `None` for that of IPS.
    pub(super) fn effective_sort(&self) -> Option<JobSort> {
        self.sort.or_else(|| (self.limit.is_some() || self.cursor.is_some()).then_some(JobSort::NEWEST_FIRST))
    }

    /// Returns whether the filters match a job.
    pub(super) fn matches(&self, job: &Job) -> bool {
        let kind = job.kind.as_ref();
        let has_kind = |wanted: &String| kind.is_some_and(|own| own.as_str().eq_ignore_ascii_case(wanted));
        let types = [job.job_type(), job.job_sub_type()];
        let has_type = |wanted: &String| {
            types.iter().flatten().any(|own| own.eq_ignore_ascii_case(wanted))
                || kind.is_some() && JobKind::of_type(wanted).as_ref() == kind
        };
        let fields = [job.name(), job.description(), job.submitted_by()];
        (self.statuses.is_empty() || self.statuses.contains(&job.status))
            && (self.kinds.is_empty() || self.kinds.iter().any(has_kind))
            && (self.types.is_empty() || self.types.iter().any(has_type))
            && self.original_name.as_deref().is_none_or(|name| job.original_name() == Some(name))
            && self
                .submitted_by
                .as_deref()
                .is_none_or(|email| job.submitted_by().is_some_and(|own| own.eq_ignore_ascii_case(email)))
            && self.text.as_ref().is_none_or(|text| fields.iter().flatten().any(|field| text.is_in(field)))
    }
}
