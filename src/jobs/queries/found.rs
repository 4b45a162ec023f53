//! Result of a lookup.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::jobs::cache::policy::{CacheStatus, Lookup};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::distinct::is_named;
use crate::jobs::model::id::{JobId, JobName};
use crate::jobs::model::job::{Job, Phase};
use crate::jobs::model::json::RenderedJob;

/// Maximum number of candidates of an ambiguous id in its error.
pub(super) const MAX_CANDIDATES: usize = 20;

/// Job found by a lookup.
#[derive(Debug, Clone)]
pub struct FoundJob {
    /// Job with its JSON.
    pub job: Arc<RenderedJob>,
    /// Cache status of the list that contains the job.
    pub cache_status: CacheStatus,
    /// Age of that list.
    pub age: Duration,
}

impl FoundJob {
    /// Returns the id of the job, decoded.
    ///
    /// # Errors
    /// [`Error::Internal`]: a bug, because the gateway issued the id.
    pub fn id(&self) -> Result<JobId> {
        JobId::decode(&self.job.job.id).map_err(|_| Error::Internal("the gateway's own job id can't be decoded"))
    }

    /// Returns the JSON of the job, marked as stale if it is.
    #[must_use]
    pub fn body(&self) -> Bytes {
        self.job.body(self.cache_status.stated_stale_reason())
    }

    /// Returns the weak entity tag of [`FoundJob::body`].
    #[must_use]
    pub fn etag(&self) -> String {
        self.job.etag(self.cache_status.stated_stale_reason())
    }

    /// Returns the phases of the lists in which the next change of this job will appear; none of a completed job whose chain is completed.
    #[must_use]
    pub fn next_phases(&self) -> &'static [Phase] {
        match self.job.job.phase {
            _ if self.job.job.is_settled() => &[],
            Phase::Scheduled => &[Phase::Scheduled, Phase::Active],
            Phase::Active | Phase::Completed => &[Phase::Active],
        }
    }

    /// Returns the job as it is in a list.
    pub(super) fn in_snapshot(job: &Arc<RenderedJob>, snapshot: &Lookup) -> Self {
        Self { job: Arc::clone(job), cache_status: snapshot.cache_status, age: snapshot.age }
    }

    /// Returns a job that IPS just returned.
    pub(super) fn loaded(job: Arc<RenderedJob>) -> Self {
        Self { job, cache_status: CacheStatus::Loaded, age: Duration::ZERO }
    }

    /// Returns the job of a list with this id, else the one with the names in it.
    ///
    /// # Errors
    /// [`Error::AmbiguousJob`] if several jobs have these names, and other ids.
    pub(super) fn with_id(list: &Lookup, id: &JobId) -> Result<Option<Self>> {
        if let Some(job) = list.snapshot.job(&id.encode()) {
            return Ok(Some(Self::in_snapshot(job, list)));
        }
        let named: Vec<_> = list.snapshot.jobs.iter().filter(|job| is_named(&job.job, &id.name)).collect();
        match named[..] {
            [] => Ok(None),
            [job] => Ok(Some(Self::in_snapshot(job, list))),
            _ => Err(ambiguous(named.iter().map(|job| &job.job))),
        }
    }

    /// Returns the job of a list with this handle.
    pub(super) fn with_handle(list: &Lookup, handle: &str) -> Option<Self> {
        let job = list.snapshot.jobs.iter().find(|job| job.job.handle() == Some(handle))?;
        Some(Self::in_snapshot(job, list))
    }
}

/// Returns the job that IPS found by a handle, if any. A handle that no list has is that of a submit, and means the submitted job: not one that
/// IPS ran after it.
///
/// # Errors
/// [`Error::AmbiguousJob`] if IPS found several and none has this handle in the list.
pub(super) fn only_job(mut jobs: Vec<Job>, handle: &str) -> Result<Option<Job>> {
    if let Some(index) = jobs.iter().position(|job| job.handle() == Some(handle)) {
        return Ok(Some(jobs.swap_remove(index)));
    }
    jobs.retain(|job| job.parent.is_none());
    if jobs.len() > 1 {
        return Err(ambiguous(jobs.iter()));
    }
    Ok(jobs.pop())
}

/// Returns the index of the job of an id among the logged jobs with its original name. Of the jobs of a unique name, a follow-on job is not
/// the submitted one.
///
/// # Errors
/// [`Error::AmbiguousJob`] if several have the name of the run, and other ids.
pub(super) fn logged_index(jobs: &[Job], id: &JobId) -> Result<Option<usize>> {
    let encoded = id.encode();
    if let Some(index) = jobs.iter().position(|job| job.id == encoded) {
        return Ok(Some(index));
    }
    let is_meant = |job: &Job| match &id.name {
        JobName::Run { run, .. } => [job.name(), job.handle()].contains(&Some(run.as_str())),
        // The ids of logs without an original name may differ.
        _ => job.parent.is_none() && job.original_name().is_none(),
    };
    let meant: Vec<usize> = (0..jobs.len()).filter(|index| is_meant(&jobs[*index])).collect();
    match (&meant[..], &id.name) {
        ([_, _, ..], JobName::Run { .. }) => Err(ambiguous(meant.iter().map(|index| &jobs[*index]))),
        (meant, _) => Ok(meant.first().copied()),
    }
}

/// Returns the error of an id or handle of several jobs.
pub(super) fn ambiguous<'a>(jobs: impl Iterator<Item = &'a Job>) -> Error {
    Error::AmbiguousJob { candidates: jobs.take(MAX_CANDIDATES).map(|job| job.id.clone()).collect() }
}
