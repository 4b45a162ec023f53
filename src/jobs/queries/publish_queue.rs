//! Queue of the publishes of a company.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::ips::types::Timestamp;
use crate::jobs::cache::lists::ListCaches;
use crate::jobs::cache::policy::{CacheDirective, Lookup};
use crate::jobs::error::Result;
use crate::jobs::model::forecast::{durations_of, is_running_publish, is_waiting_publish};
use crate::jobs::model::job::{ExpectedEnd, Job, Status, to_timestamp};
use crate::jobs::model::kind::JobKind;
use crate::jobs::model::status::StaleReason;
use crate::upstream::Caller;

/// Maximum age of the history from which the durations come.
const MAX_HISTORY_AGE: Duration = Duration::from_mins(5);

/// Publishes of a company that run or wait.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublishQueue {
    /// Publishes that run or are being stopped, in the order of their start.
    pub running: Vec<QueuedPublish>,
    /// Publishes that wait, in the order of the start that IPS expects, else in that of its list.
    pub waiting: Vec<QueuedPublish>,
    /// Whether IPS lists all that wait. `false`: the API version has no `includeWaitingJobs`, so that waiting publishes can be missing.
    pub complete: bool,
    /// Time at which IPS returned the list of active jobs.
    pub observed_at: Timestamp,
    /// `true` if the list is out of date because calls to IPS fail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale: Option<bool>,
    /// Reason why the list is out of date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale_reason: Option<StaleReason>,
}

/// Publish that runs or waits. `GET /jobs/{job}` has the whole job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueuedPublish {
    /// Id of the job.
    pub id: String,
    /// What it publishes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<JobKind>,
    /// Name as submitted, without the suffix that makes it unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// E-mail address of the user who submitted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submitted_by: Option<String>,
    /// Status.
    pub status: Status,
    /// Progress in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 100)]
    pub percent: Option<u8>,
    /// Time of the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub started_at: Option<Timestamp>,
    /// Time at which it is expected to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_end: Option<ExpectedEnd>,
    /// Id of the publish that runs while this one waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waits_for: Option<String>,
}

impl From<&Job> for QueuedPublish {
    fn from(job: &Job) -> Self {
        let common = job.common.clone();
        Self {
            id: job.id.clone(),
            kind: job.kind.clone(),
            title: common.title,
            submitted_by: common.submitted_by,
            status: job.status,
            percent: job.percent,
            started_at: common.started_at,
            expected_end: job.expected_end,
            waits_for: job.waits_for.clone(),
        }
    }
}

/// Reads the queue of the publishes of a company: the list of active jobs as for `GET /jobs`, and the history, at most 5 minutes old, for the
/// durations of jobs whose end no earlier list could estimate. Without the history there is no estimate.
///
/// # Errors
/// [`Error::NotCached`](crate::jobs::error::Error::NotCached) with [`CacheDirective::OnlyIfCached`], and the errors of IPS.
pub async fn publish_queue(
    caches: &ListCaches,
    caller: &Caller,
    company: &str,
    directive: CacheDirective,
    is_complete: bool,
) -> Result<(PublishQueue, Lookup)> {
    let lookup = caches.active.read(caller, company, directive).await?;
    let jobs = || lookup.snapshot.jobs.iter().map(|job| &job.job);
    let mut running: Vec<QueuedPublish> = jobs().filter(|job| is_running_publish(job)).map(Into::into).collect();
    running.sort_by_key(|job| job.started_at);
    let lacks_estimate = running.iter().any(|job| job.expected_end.is_none() && job.status == Status::Running);
    if lacks_estimate && directive != CacheDirective::OnlyIfCached {
        let history = caches.history.read(caller, company, CacheDirective::MaxAge(MAX_HISTORY_AGE)).await;
        let durations = history.map(|history| durations_of(history.snapshot.jobs.iter().map(|job| &job.job)));
        for job in running.iter_mut().filter(|job| job.status == Status::Running) {
            let estimate = || durations.as_ref().ok()?.expected_end(job.kind.as_ref()?, job.started_at?);
            job.expected_end = job.expected_end.or_else(estimate);
        }
    }
    let mut waiting: Vec<&Job> = jobs().filter(|job| is_waiting_publish(job)).collect();
    waiting.sort_by_key(|job| (job.filter_time().is_none(), job.filter_time()));
    let stale_reason = lookup.cache_status.stated_stale_reason();
    let queue = PublishQueue {
        running,
        waiting: waiting.into_iter().map(Into::into).collect(),
        complete: is_complete,
        observed_at: to_timestamp(lookup.snapshot.observed_at.wall),
        stale: stale_reason.map(|_| true),
        stale_reason,
    };
    Ok((queue, lookup))
}
