//! Loaders: call IPS for one of its three job lists, and make a snapshot of the response.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::ips::types::{
    GetActiveJobsParam, GetActiveJobsReturn, GetJobLogsParam, GetJobLogsReturn, GetScheduledJobsParam, MAX_LOG_ROWS,
};
use crate::jobs::cache::load::process;
use crate::jobs::cache::merge::{Departure, Merge};
use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::cache::recent::{Mutation, RecentMutations};
use crate::jobs::cache::{Loader, SnapshotCache};
use crate::jobs::error::Error;
use crate::jobs::model::distinct::jobs_of_records;
use crate::jobs::model::forecast::{durations_of, forecast};
use crate::jobs::model::job::{IpsRecord, Job, Outcome};
use crate::jobs::model::links::JobLinks;
use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::model::unique_name;
use crate::runtime::clock::{Clock, ClockReading};
use crate::upstream::{Caller, IpsAnswer, IpsApi};

/// Maximum age of the scheduled list when it is only used to link runs to their schedules.
const MAX_SCHEDULES_AGE: Duration = Duration::from_mins(1);

/// Dependencies of the loader of active jobs.
pub struct ActiveJobsSources {
    /// Port to IPS.
    pub upstream: Arc<dyn IpsApi>,
    /// Cache of the scheduled list, for the schedules of runs.
    pub scheduled: Arc<SnapshotCache>,
    /// Cache of the history, which contains jobs that left the active list.
    pub history: Arc<SnapshotCache>,
    /// Recent mutations, which contain deleted jobs.
    pub recent: RecentMutations,
    /// Wall clock.
    pub clock: Clock,
    /// Runtime that makes the snapshots of large lists.
    pub runtime: Handle,
}

/// Returns the loader of active and waiting jobs (`getActiveJobs`), merged with the finalizing jobs of the previous snapshot.
pub fn active(sources: ActiveJobsSources) -> Loader {
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
            let (jobs, runtime) = (answer.value.job_array.len(), sources.runtime.clone());
            process(jobs, &runtime, active_snapshot(sources, caller, company, previous, answer)).await
        })
    })
}

/// Makes the snapshot of an answer of `getActiveJobs`.
async fn active_snapshot(
    sources: Arc<ActiveJobsSources>,
    caller: Caller,
    company: String,
    previous: Option<Arc<Snapshot>>,
    answer: IpsAnswer<GetActiveJobsReturn>,
) -> Snapshot {
    let observed_at = observation_time(&sources.clock, previous.as_deref());
    let (mut jobs, bad_items) =
        jobs_of_records("jobArray", answer.value.job_array, answer.bad_items, previous.as_deref(), |record| {
            Job::active(&company, record)
        });
    if previous.is_some() {
        link_schedules(&mut jobs, &sources.scheduled, &caller, &company).await;
    } else {
        // The first answer does not wait for a second call; the next list has the links.
        link_cached_schedules(&mut jobs, &sources.scheduled, &caller, &company);
    }
    let mut history = sources.history.cached(&caller, &company);
    // Never a call of their own: the history is known since a job ended, or since a caller asked for completed jobs.
    let durations = match (&history, &previous) {
        (Some(history), _) => Arc::new(durations_of(history.jobs.iter().map(|job| &job.job))),
        (None, Some(previous)) => Arc::clone(previous.durations()),
        (None, None) => Arc::default(),
    };
    forecast(&mut jobs, &durations, |id| previous.as_ref().and_then(|list| list.job(id)).map(|job| &job.job));
    let mut merge = Merge::new(jobs, previous.as_deref(), observed_at);
    for job in merge.newly_stopped() {
        sources.recent.record(&caller, &job.id, Mutation::Stopped(Box::new(job.clone()))).await;
    }
    if !merge.departed().is_empty() {
        let loaded = sources.history.read(&caller, &company, CacheDirective::MaxAge(Duration::ZERO)).await;
        history = loaded.ok().map(|lookup| lookup.snapshot);
        let mutations = sources.recent.of_jobs(&caller, &merge.departed()).await;
        let mutations: HashMap<String, Mutation> =
            mutations.into_iter().map(|(id, mutation)| (id.to_owned(), mutation)).collect();
        merge.resolve_departed(|id| {
            let logged = history.as_ref().and_then(|history| history.job(id));
            match (logged.filter(|job| job.job.is_final()), mutations.get(id)) {
                (Some(job), mutation) => {
                    let mut job = job.job.clone();
                    if matches!(mutation, Some(Mutation::Stopped(_))) {
                        job.set_stopped();
                    }
                    Departure::Logged(Box::new(job))
                }
                (None, Some(Mutation::Deleted)) => Departure::Deleted,
                (None, _) => Departure::Pending,
            }
        });
    }
    merge.finish(bad_items, history.as_deref()).with_durations(durations)
}

/// Returns the loader of scheduled jobs (`getScheduledJobs`).
pub fn scheduled(upstream: Arc<dyn IpsApi>, clock: Clock, runtime: Handle) -> Loader {
    Arc::new(move |caller, company, previous| {
        let (upstream, clock, runtime) = (Arc::clone(&upstream), clock.clone(), runtime.clone());
        Box::pin(async move {
            let request =
                GetScheduledJobsParam { company_handle: Some(company.clone()), ..GetScheduledJobsParam::default() };
            let answer = upstream.get_scheduled_jobs(&caller, &request).await.map_err(Error::of_call(&caller))?;
            let jobs = answer.value.job_array.len();
            let snapshot = async move {
                let (array, previous) = (answer.value.job_array, previous.as_deref());
                let job = |record| Job::scheduled(&company, record);
                let (jobs, bad_items) = jobs_of_records("jobArray", array, answer.bad_items, previous, job);
                Snapshot::new(jobs, bad_items, observation_time(&clock, previous))
            };
            process(jobs, &runtime, snapshot).await
        })
    })
}

/// Dependencies of the loader of the history.
pub struct HistorySources {
    /// Port to IPS.
    pub upstream: Arc<dyn IpsApi>,
    /// Cache of the scheduled list, for the schedules of runs.
    pub scheduled: Arc<SnapshotCache>,
    /// Cache of the active list, for follow-on jobs; set after the loader is created, because that cache reads the history.
    pub active: Arc<OnceLock<Weak<SnapshotCache>>>,
    /// Recent mutations, which contain stopped jobs.
    pub recent: RecentMutations,
    /// Wall clock.
    pub clock: Clock,
    /// Runtime that makes the snapshots of large lists.
    pub runtime: Handle,
}

/// Returns the loader of the history: the newest job logs (`getJobLogs`). They have no entries, so that the outcome of a stopped job may only be
/// known from its stop or from the previous snapshot.
pub fn history(sources: HistorySources) -> Loader {
    let sources = Arc::new(sources);
    Arc::new(move |caller, company, previous| {
        let sources = Arc::clone(&sources);
        Box::pin(async move {
            let request = GetJobLogsParam {
                company_handle: Some(company.clone()),
                sort_by: Some("StartDate".into()),
                sort_direction: Some("Descending".into()),
                num_rows: i32::try_from(MAX_LOG_ROWS).ok(),
                ..GetJobLogsParam::default()
            };
            let answer = sources.upstream.get_job_logs(&caller, &request).await.map_err(Error::of_call(&caller))?;
            let (jobs, runtime) = (answer.value.job_log_array.len(), sources.runtime.clone());
            process(jobs, &runtime, history_snapshot(sources, caller, company, previous, answer)).await
        })
    })
}

/// Makes the snapshot of an answer of `getJobLogs`.
async fn history_snapshot(
    sources: Arc<HistorySources>,
    caller: Caller,
    company: String,
    previous: Option<Arc<Snapshot>>,
    answer: IpsAnswer<GetJobLogsReturn>,
) -> Snapshot {
    let HistorySources { scheduled, active, recent, clock, .. } = &*sources;
    let observed_at = observation_time(clock, previous.as_deref());
    let (mut jobs, bad_items) =
        jobs_of_records("jobLogArray", answer.value.job_log_array, answer.bad_items, previous.as_deref(), |record| {
            Job::completed(&company, record)
        });
    link_schedules(&mut jobs, scheduled, &caller, &company).await;
    recent.set_stopped(&caller, &mut jobs).await;
    keep_stopped(&mut jobs, previous.as_deref());
    // After their outcomes are known, which a parent shows, too.
    let active = active.get().and_then(Weak::upgrade);
    let active = active.and_then(|active| active.cached(&caller, &company));
    let links = JobLinks::between(jobs.iter().chain(active.iter().flat_map(|active| active.all_jobs())));
    for job in &mut jobs {
        links.apply(job, observed_at.server);
    }
    Snapshot::new(jobs, bad_items, observed_at)
}

/// Returns the current time, its wall time not before that of the previous snapshot: another replica may have loaded it with another clock.
fn observation_time(clock: &Clock, previous: Option<&Snapshot>) -> ClockReading {
    let now = clock.read();
    ClockReading { wall: previous.map_or(now.wall, |previous| now.wall.max(previous.observed_at.wall)), ..now }
}

/// Sets the outcome of the completed jobs that the previous snapshot shows as stopped.
fn keep_stopped(jobs: &mut [Job], previous: Option<&Snapshot>) {
    let Some(previous) = previous else { return };
    for job in jobs {
        let before = previous.job(&job.id).map(|before| &before.job);
        let is_same = |before: &&Job| before.common.ended_at == job.common.ended_at;
        if before.filter(is_same).is_some_and(|before| before.outcome == Some(Outcome::Stopped)) {
            job.set_stopped();
        }
    }
}

/// Sets the schedule of each job that is a run of one, by its original name. No error if the caller has no access to the scheduled list.
pub async fn link_schedules(jobs: &mut [Job], scheduled: &Arc<SnapshotCache>, caller: &Caller, company: &str) {
    if !may_have_runs(jobs) {
        return;
    }
    if let Ok(lookup) = scheduled.read(caller, company, CacheDirective::MaxAge(MAX_SCHEDULES_AGE)).await {
        set_schedules(jobs, &lookup.snapshot);
    }
}

/// As [`link_schedules`], without a call: from the scheduled list if it is cached.
fn link_cached_schedules(jobs: &mut [Job], scheduled: &SnapshotCache, caller: &Caller, company: &str) {
    if may_have_runs(jobs)
        && let Some(schedules) = scheduled.cached(caller, company)
    {
        set_schedules(jobs, &schedules);
    }
}

/// Returns whether one of the jobs may be a run of a schedule, whose name is never unique.
fn may_have_runs(jobs: &[Job]) -> bool {
    !jobs.iter().all(|job| job.original_name().is_none_or(unique_name::is_unique))
}

fn set_schedules(jobs: &mut [Job], schedules: &Snapshot) {
    let ids: HashMap<&str, &str> = schedules
        .jobs
        .iter()
        .filter(|job| matches!(&job.job.record, IpsRecord::Scheduled(record) if record.exec_schedule.is_some()))
        .filter_map(|job| Some((job.job.original_name()?, job.job.id.as_str())))
        .collect();
    for job in jobs {
        job.schedule = job.original_name().and_then(|name| ids.get(name)).map(|id| (*id).to_owned());
    }
}
