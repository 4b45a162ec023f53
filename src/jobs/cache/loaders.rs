//! How the three lists of IPS become snapshots.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::ips::types::{GetActiveJobsParam, GetJobLogsParam, GetScheduledJobsParam};
use crate::jobs::cache::merge::{Ended, Merge};
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::recent::RecentMutations;
use crate::jobs::cache::snapshot_cache::{Loader, SnapshotCache};
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::{IpsRecord, Job};
use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::model::unique_name;
use crate::runtime::clock::Clock;
use crate::upstream::{Caller, IpsApi};

/// How many of the newest logs make the history: as many as IPS gives at once.
const HISTORY_ROWS: i32 = 1000;
/// Schedules change rarely: to tell whose run a job is, an older list will do.
const SCHEDULES_BELIEVED: Duration = Duration::from_mins(1);

/// Where active jobs come from and go to.
pub struct ActiveJobs {
    /// Asked for the jobs.
    pub upstream: Arc<dyn IpsApi>,
    /// Whose runs some of them are.
    pub scheduled: Arc<SnapshotCache>,
    /// Where they are in the end.
    pub history: Arc<SnapshotCache>,
    /// Which of them were deleted.
    pub memory: RecentMutations,
    /// Tells the time.
    pub clock: Clock,
}

/// Active and waiting jobs (`getActiveJobs`), the runs of a schedule pointing to it, and those that left the list and are not in the log
/// yet.
pub fn active(sources: ActiveJobs) -> Loader {
    let sources = Arc::new(sources);
    Arc::new(move |caller, company, previous| {
        let sources = Arc::clone(&sources);
        Box::pin(async move {
            let request = GetActiveJobsParam {
                company_handle: Some(company.clone()),
                include_waiting_jobs: Some(true),
                ..GetActiveJobsParam::default()
            };
            let answer = sources.upstream.get_active_jobs(&caller, &request).await.map_err(Error::of_call(&caller))?;
            let observed_at = seen_at(&sources.clock, previous.as_deref());
            let mut jobs: Vec<Job> = answer.value.job_array.into_iter().map(Job::active).collect();
            point_to_schedules(&mut jobs, &sources.scheduled, &caller, &company).await;
            let mut succession = Merge::new(jobs, previous.as_deref(), observed_at);
            if !succession.departed().is_empty() {
                let read = sources.history.read(&caller, &company, CacheDirective::NotOlderThan(Duration::ZERO)).await;
                let logs = read.ok().flatten().map(|read| read.snapshot);
                let deleted = sources.memory.deleted(&caller, &succession.departed()).await;
                let deleted: HashSet<String> = deleted.into_iter().map(str::to_owned).collect();
                succession.conclude(|id| {
                    let logged = logs.as_ref().and_then(|logs| logs.job(id)).filter(|job| job.job.is_final());
                    match logged {
                        Some(job) => Ended::Logged(Box::new(job.job.clone())),
                        None if deleted.contains(id) => Ended::Deleted,
                        None => Ended::NotYet,
                    }
                });
            }
            Ok(succession.finish(answer.bad_items))
        })
    })
}

/// Scheduled jobs (`getScheduledJobs`).
pub fn scheduled(upstream: Arc<dyn IpsApi>, clock: Clock) -> Loader {
    Arc::new(move |caller, company, previous| {
        let (upstream, clock) = (Arc::clone(&upstream), clock.clone());
        Box::pin(async move {
            let request = GetScheduledJobsParam { company_handle: Some(company), ..GetScheduledJobsParam::default() };
            let answer = upstream.get_scheduled_jobs(&caller, &request).await.map_err(Error::of_call(&caller))?;
            let jobs = answer.value.job_array.into_iter().map(Job::scheduled).collect();
            Ok(Snapshot::new(jobs, answer.bad_items, seen_at(&clock, previous.as_deref())))
        })
    })
}

/// The newest job logs (`getJobLogs`).
pub fn history(upstream: Arc<dyn IpsApi>, scheduled: Arc<SnapshotCache>, clock: Clock) -> Loader {
    Arc::new(move |caller, company, previous| {
        let (upstream, scheduled, clock) = (Arc::clone(&upstream), Arc::clone(&scheduled), clock.clone());
        Box::pin(async move {
            let request = GetJobLogsParam {
                company_handle: Some(company.clone()),
                sort_by: Some("StartDate".into()),
                sort_direction: Some("Descending".into()),
                num_rows: Some(HISTORY_ROWS),
                ..GetJobLogsParam::default()
            };
            let answer = upstream.get_job_logs(&caller, &request).await.map_err(Error::of_call(&caller))?;
            let observed_at = seen_at(&clock, previous.as_deref());
            let mut jobs: Vec<Job> = answer.value.job_log_array.into_iter().map(Job::completed).collect();
            point_to_schedules(&mut jobs, &scheduled, &caller, &company).await;
            Ok(Snapshot::new(jobs, answer.bad_items, observed_at))
        })
    })
}

/// When a list was seen: never before the one that it follows, whose replica may have had another clock.
fn seen_at(clock: &Clock, previous: Option<&Snapshot>) -> DateTime<Utc> {
    let now = clock.now();
    previous.map_or(now, |previous| now.max(previous.observed_at))
}

/// A run carries the original name of its schedule. A caller who may not see the schedules still sees the runs.
pub async fn point_to_schedules(jobs: &mut [Job], scheduled: &Arc<SnapshotCache>, caller: &Caller, company: &str) {
    if jobs.iter().all(|job| unique_name::is_unique(job.original_name())) {
        return;
    }
    let read: Result<_> = scheduled.read(caller, company, CacheDirective::NotOlderThan(SCHEDULES_BELIEVED)).await;
    let Ok(Some(read)) = read else { return };
    let ids: HashMap<&str, &str> = read
        .snapshot
        .jobs
        .iter()
        .filter(|job| matches!(&job.job.record, IpsRecord::Scheduled(record) if record.exec_schedule.is_some()))
        .map(|job| (job.job.original_name(), job.job.id.as_str()))
        .collect();
    for job in jobs {
        job.schedule = ids.get(job.original_name()).map(|id| (*id).to_owned());
    }
}
