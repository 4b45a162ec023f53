//! Identity of a record of IPS: the id of its job, and whether it is the submitted job or one that IPS ran after it.

use crate::jobs::model::id::{JobId, JobName};
use crate::jobs::model::kind::JobKind;
use crate::jobs::model::unique_name;

/// Role of a job among those with the same original name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobRole {
    /// Job of the submit.
    Submitted,
    /// Job that IPS ran after the submitted one. IPS gives it the same original name.
    FollowOn,
}

/// Returns the role of a job of this kind, with the name `run` in its list, of which IPS sent the original name of a job of the kind
/// `submitted`; `None` if neither the kinds nor the name tell.
#[must_use]
pub fn role_of(original: &str, run: &str, kind: Option<&JobKind>, submitted: Option<&JobKind>) -> Option<JobRole> {
    match (submitted, kind) {
        (Some(submitted), _) if !submitted.may_have_follow_on() => Some(JobRole::Submitted),
        (Some(_), Some(kind)) if kind.may_be_follow_on() => Some(JobRole::FollowOn),
        (_, Some(kind)) if !kind.may_be_follow_on() => Some(JobRole::Submitted),
        _ => unique_name::first_run(original, run).map(|_| JobRole::FollowOn),
    }
}

/// Company, names and handle by which a record of IPS is identified.
pub(super) struct RecordNames<'a> {
    company: &'a str,
    original: Option<&'a str>,
    run: &'a str,
}

/// Id of a run.
pub(super) struct RunId {
    /// Id of the job.
    pub id: JobId,
    /// Id of the submitted job, if this one is a follow-on job of it.
    pub parent: Option<String>,
}

impl<'a> RecordNames<'a> {
    /// Returns the names of a record; `None` if it has none. The handle stands in for a missing name of the run. Where IPS leaves the
    /// original name out, as logs of API versions without `originalJobName` do, it is what the name of the run begins with, so that the id
    /// of the job is the same in all lists.
    pub(super) fn of(
        company: &'a str,
        original: Option<&'a str>,
        run: Option<&'a str>,
        handle: Option<&'a str>,
    ) -> Option<Self> {
        let original = original.or_else(|| run.map(original_of_run));
        let run = run.or(handle).or(original)?;
        Some(Self { company, original, run })
    }

    pub(super) fn original_or_run(&self) -> &'a str {
        self.original.unwrap_or(self.run)
    }

    /// Returns the id of a run: with its original name if that is unique and the job the submitted one, else with the name of the run.
    pub(super) fn id_of_run(&self, kind: Option<&JobKind>) -> RunId {
        let original = self.original.unwrap_or_default();
        let id = |name| JobId { company: self.company.into(), name };
        let run = || id(JobName::Run { original: original.into(), run: self.run.into() });
        if !unique_name::is_unique(original) {
            return RunId { id: run(), parent: None };
        }
        let submitted = id(JobName::Original(original.into()));
        match self.role_of_unique(kind) {
            Some(JobRole::FollowOn) => RunId { id: run(), parent: Some(submitted.encode()) },
            Some(JobRole::Submitted) | None => RunId { id: submitted, parent: None },
        }
    }

    /// Returns the role of a job of this kind whose original name is unique; `None` of other jobs, and if it is unknown.
    pub(super) fn role_of_unique(&self, kind: Option<&JobKind>) -> Option<JobRole> {
        let original = self.original.filter(|original| unique_name::is_unique(original))?;
        role_of(original, self.run, kind, unique_name::kind_of(original).as_ref())
    }
}

/// Returns the original name that a run without one has, from its name.
#[must_use]
pub fn original_of_run(run: &str) -> &str {
    unique_name::unique_start(run).unwrap_or_else(|| unique_name::without_run_suffix(run))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_tell_the_role_of_a_job_else_its_name() {
        let kind = JobKind::named;
        let (upload, publish, export) = (kind("uploadUrls"), kind("imageServingPublish"), kind("export"));
        let run = "spring_2011-03-30-14:32:08.834";
        let longer = "spring_2011-03-30-14:32:08.834_publish";
        for (submitted, own, name, role) in [
            (Some(&upload), Some(&upload), run, Some(JobRole::Submitted)),
            (Some(&upload), Some(&publish), run, Some(JobRole::FollowOn)),
            (Some(&upload), Some(&publish), longer, Some(JobRole::FollowOn)),
            (Some(&upload), None, run, None),
            (Some(&upload), None, longer, Some(JobRole::FollowOn)),
            (Some(&publish), Some(&publish), longer, Some(JobRole::Submitted)),
            (Some(&export), None, longer, Some(JobRole::Submitted)),
            (None, Some(&upload), longer, Some(JobRole::Submitted)),
            (None, Some(&publish), run, None),
            (None, Some(&publish), longer, Some(JobRole::FollowOn)),
            (None, None, run, None),
        ] {
            assert_eq!(role_of("spring", name, own, submitted), role, "{submitted:?} {own:?} {name}");
        }
    }
}
