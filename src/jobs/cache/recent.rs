//! Recent mutations: overlay of the lists of IPS, in which a job may be missing after a submit, a stop or a delete.
//!
//! Commands record mutations; loaders and lookups read them, on every replica.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::ips::types::Timestamp;
use crate::jobs::cache::key::{JobKey, ListKey, caller_store_key, job_key};
use crate::jobs::cache::wire;
use crate::jobs::cache::wire::WireJob;
use crate::jobs::model::job::{IpsRecord, Job, Outcome};
use crate::jobs::model::unique_name;
use crate::replicas::{Coordinator, StoreKey};
use crate::runtime::clock::Clock;
use crate::telemetry::metrics::report_table;
use crate::upstream::Caller;

/// Time for which a mutation is kept.
const TIME_TO_LIVE: Duration = Duration::from_mins(10);
/// Memory of the mutations of this process, in bytes; beyond it the least recently used ones are evicted.
const MAX_BYTES: u64 = 16 << 20;
/// Memory of the unconfirmed submits of one caller to one company, in bytes; beyond it the oldest are forgotten.
const MAX_UNCONFIRMED_BYTES: u32 = 64 << 10;
/// Maximum number of callers and companies whose unconfirmed submits are counted; each takes 32 KiB at most.
const MAX_UNCONFIRMED_LISTS: u64 = 64;
/// Overhead of a mutation in its approximate memory, in bytes.
const OVERHEAD_BYTES: usize = 512;
/// Time between the end of a job and that of the job that ended last, within which its stop may be known: longer than a mutation is kept. Both times
/// are those of IPS.
const MAX_STOP_AGE: TimeDelta = TimeDelta::minutes(30);

/// Last mutation of a job.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// The job was submitted.
    Submitted(Box<Job>),
    /// It was stopped; the job before the stop.
    Stopped(Box<Job>),
    /// It was deleted.
    Deleted,
    /// Its submit was sent, the response was lost, and no list has it yet. The job is `unconfirmed`.
    Unconfirmed(Box<Job>),
}

/// Mutation that is known, with its age.
#[derive(Debug, Clone)]
pub struct KnownMutation {
    /// Mutation.
    pub mutation: Mutation,
    /// Time since it was recorded: by the monotonic clock if this process did it, else by the clock of the shared store.
    pub age: Duration,
}

/// Wire format of a mutation.
#[derive(Serialize, Deserialize)]
enum WireMutation<'a> {
    /// The time is for replicas of version 0.1.0.
    Submitted(Box<WireJob<'a>>, DateTime<Utc>),
    Stopped(Box<WireJob<'a>>),
    Deleted,
    // Unknown to replicas of version 0.1.0, to which it is as if there were no mutation.
    Unconfirmed(Box<WireJob<'a>>),
}

impl<'a> WireMutation<'a> {
    fn new(mutation: &'a Mutation, at: DateTime<Utc>) -> Self {
        match mutation {
            Mutation::Submitted(job) => Self::Submitted(Box::new((&**job).into()), at),
            Mutation::Stopped(job) => Self::Stopped(Box::new((&**job).into())),
            Mutation::Deleted => Self::Deleted,
            Mutation::Unconfirmed(job) => Self::Unconfirmed(Box::new((&**job).into())),
        }
    }
}

impl From<WireMutation<'_>> for Mutation {
    fn from(mutation: WireMutation<'_>) -> Self {
        match mutation {
            WireMutation::Submitted(job, _) => Self::Submitted(Box::new((*job).into())),
            WireMutation::Stopped(job) => Self::Stopped(Box::new((*job).into())),
            WireMutation::Deleted => Self::Deleted,
            WireMutation::Unconfirmed(job) => Self::Unconfirmed(Box::new((*job).into())),
        }
    }
}

/// Mutation with its approximate memory.
#[derive(Clone)]
struct Remembered {
    mutation: Mutation,
    recorded_at: Instant,
    bytes: u32,
}

/// Keys of unconfirmed submits with their approximate memory.
type UnconfirmedSubmits = Arc<Mutex<VecDeque<(JobKey, u32)>>>;

/// Mutations of the last 10 minutes, of this process and of other replicas. Clones share the mutations.
#[derive(Clone)]
pub struct RecentMutations {
    local: Cache<JobKey, Remembered>,
    /// Keys of the unconfirmed submits in `local` with their approximate memory, the oldest first.
    unconfirmed: Cache<ListKey, UnconfirmedSubmits>,
    coordinator: Option<Arc<dyn Coordinator>>,
    clock: Clock,
}

impl RecentMutations {
    /// Creates an empty overlay, shared by `coordinator` if there is one.
    #[must_use]
    pub fn new(coordinator: Option<Arc<dyn Coordinator>>, clock: Clock) -> Self {
        let local = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, remembered: &Remembered| remembered.bytes)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(TIME_TO_LIVE)
            .build();
        let unconfirmed = Cache::builder().max_capacity(MAX_UNCONFIRMED_LISTS).time_to_idle(TIME_TO_LIVE).build();
        Self { local, unconfirmed, coordinator, clock }
    }

    /// Sets the gauge of the memory of the mutations.
    pub fn report_metrics(&self) {
        report_table("recent_mutations", self.local.weighted_size(), MAX_BYTES);
    }

    /// Records the mutation of the job with this id; a submit also under the handle that IPS returned, which no id equals.
    pub async fn record(&self, caller: &Caller, id: &str, mutation: Mutation) {
        let (now, wire) = (self.clock.read(), WireMutation::new);
        if let Some(coordinator) = &self.coordinator
            && let Some(encoded) = wire::encode(&wire(&mutation, now.wall))
        {
            // If the shared store is unavailable, this process still has the mutation.
            let _ = coordinator.put(store_key(&**coordinator, caller, id), &encoded, TIME_TO_LIVE).await;
        }
        // A parsed job takes about twice the memory of its JSON.
        let json = serde_json::to_vec(&wire(&mutation, now.wall)).map_or(0, |json| json.len());
        let bytes = u32::try_from(2 * json + id.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX);
        let key = job_key(caller, id);
        if let Mutation::Unconfirmed(job) = &mutation {
            self.forget_oldest_unconfirmed(ListKey::new(caller, &job.company), &key, bytes);
        }
        self.local.insert(key, Remembered { mutation, recorded_at: now.monotonic, bytes });
    }

    /// Counts an unconfirmed submit, and forgets the oldest ones of the same caller and company that would exceed their memory with it.
    fn forget_oldest_unconfirmed(&self, list: ListKey, key: &JobKey, bytes: u32) {
        let submits = self.unconfirmed.get_with(list, Arc::default);
        let mut submits = submits.lock().unwrap_or_else(PoisonError::into_inner);
        submits.retain(|(other, _)| other != key && self.local.contains_key(other));
        submits.push_back((key.clone(), bytes));
        let mut sum: u64 = submits.iter().map(|(_, bytes)| u64::from(*bytes)).sum();
        while submits.len() > 1 && sum > u64::from(MAX_UNCONFIRMED_BYTES) {
            if let Some((oldest, bytes)) = submits.pop_front() {
                sum -= u64::from(bytes);
                self.local.invalidate(&oldest);
            }
        }
    }

    /// Returns whether mutations of other replicas may be missing: the shared store is unavailable.
    #[must_use]
    pub fn may_miss_mutations(&self) -> bool {
        self.coordinator.as_ref().is_some_and(|coordinator| !coordinator.health().up)
    }

    /// Returns the last mutation of the job with this id, or the submit that IPS returned this handle for.
    pub async fn get(&self, caller: &Caller, id: &str) -> Option<KnownMutation> {
        let shared = self.shared(caller, &[id]).await.pop().flatten();
        let Some(local) = self.local.get(&job_key(caller, id)) else {
            let age = self.shared_age(caller, id).await;
            return shared.map(|mutation| KnownMutation { mutation, age });
        };
        let age = self.clock.instant().saturating_duration_since(local.recorded_at);
        Some(KnownMutation { mutation: shared.unwrap_or(local.mutation), age })
    }

    /// Returns the age of a mutation of another replica by the clock of the store; zero if it does not say.
    async fn shared_age(&self, caller: &Caller, id: &str) -> Duration {
        let Some(coordinator) = &self.coordinator else { return Duration::ZERO };
        let remaining = coordinator.remaining(store_key(&**coordinator, caller, id)).await.ok().flatten();
        remaining.map_or(Duration::ZERO, |remaining| TIME_TO_LIVE.saturating_sub(remaining))
    }

    /// Returns the last mutation of each of these jobs that has one, by id.
    pub async fn of_jobs<'a>(&self, caller: &Caller, ids: &[&'a str]) -> HashMap<&'a str, Mutation> {
        if ids.is_empty() {
            return HashMap::new();
        }
        let shared = self.shared(caller, ids).await.into_iter().chain(std::iter::repeat_with(|| None));
        let local = |id: &str| self.local.get(&job_key(caller, id)).map(|remembered| remembered.mutation);
        shared.zip(ids).filter_map(|(shared, id)| Some((*id, shared.or_else(|| local(id))?))).collect()
    }

    /// Sets the outcome of those completed jobs that were stopped a short time ago: their logs may not say so.
    pub async fn set_stopped(&self, caller: &Caller, jobs: &mut [Job]) {
        let end_of = |job: &Job| job.common.ended_at.and_then(Timestamp::instant);
        let last_end = jobs.iter().filter_map(end_of).max();
        let is_recent = |job: &Job| end_of(job).zip(last_end).is_none_or(|(end, last)| last - end < MAX_STOP_AGE);
        let may_be_stopped = |job: &Job| job.is_final() && job.outcome != Some(Outcome::Stopped) && is_recent(job);
        let ids: Vec<String> = jobs.iter().filter(|job| may_be_stopped(job)).map(|job| job.id.clone()).collect();
        let mutations = self.of_jobs(caller, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
        for job in jobs.iter_mut().filter(|job| may_be_stopped(job)) {
            if let Some(Mutation::Stopped(stopped)) = mutations.get(job.id.as_str())
                && is_same_run(stopped, job)
            {
                job.set_stopped();
            }
        }
    }

    /// Returns the mutations in the shared store, one per id; none without a store or if it is unavailable.
    async fn shared(&self, caller: &Caller, ids: &[&str]) -> Vec<Option<Mutation>> {
        let Some(coordinator) = &self.coordinator else { return Vec::new() };
        let keys: Vec<_> = ids.iter().map(|id| store_key(&**coordinator, caller, id)).collect();
        let values = coordinator.get(&keys).await.unwrap_or_default().into_iter();
        values.map(|value| Some(wire::decode::<WireMutation<'_>>(&value?)?.into())).collect()
    }
}

/// Returns whether the log of a job is that of the run that was stopped, and not of an earlier one with the same id: by the names of the runs, else by
/// the times of IPS.
fn is_same_run(stopped: &Job, logged: &Job) -> bool {
    let is_unique = stopped.original_name().is_some_and(unique_name::is_unique);
    // Without the suffix of a run, several runs have the same name.
    let run = stopped.name().filter(|name| stopped.original_name() != Some(name));
    if is_unique || run.is_some_and(|name| logged.name() == Some(name)) {
        return true;
    }
    let instant = |at: Option<Timestamp>| at.and_then(Timestamp::instant);
    match (instant(stopped.common.started_at), instant(logged.common.ended_at)) {
        (Some(started), Some(ended)) => ended >= started,
        // A submitted job that no list had yet has no name of a run.
        _ => matches!(stopped.record, IpsRecord::Submitted(_)),
    }
}

fn store_key(coordinator: &dyn Coordinator, caller: &Caller, id: &str) -> StoreKey {
    caller_store_key(coordinator, "job", caller, &[id])
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::ips::types::{ActiveJob, ActiveJobState, JobLog, SubmitJobParam};
    use crate::jobs::model::job::Status;
    use crate::replicas::in_memory::InMemoryCoordinator;
    use crate::upstream::{CredentialSource, Credentials};

    fn caller(token: &str) -> Caller {
        let credentials = Credentials::AccessToken(SecretString::from(token));
        Caller::new(credentials, CredentialSource::Caller)
    }

    fn unconfirmed(company: &str, name: &str) -> Job {
        let request =
            SubmitJobParam { company_handle: company.into(), job_name: name.into(), ..SubmitJobParam::default() };
        Job::submitted(&request, None, None).unconfirmed(DateTime::default())
    }

    async fn is_known(recent: &RecentMutations, caller: &Caller, job: &Job) -> bool {
        {
            let known = recent.get(caller, &job.id).await;
            matches!(known, Some(KnownMutation { mutation: Mutation::Unconfirmed(_), .. }))
        }
    }

    #[tokio::test]
    async fn unconfirmed_submits_of_a_caller_and_company_are_bounded_in_bytes() {
        let recent = RecentMutations::new(None, Clock::system());
        let (one, other) = (caller("one"), caller("other"));
        let jobs: Vec<_> = (0..200).map(|number| unconfirmed("c|1", &format!("{number}{}", "x".repeat(500)))).collect();
        let elsewhere = unconfirmed("c|2", "elsewhere");
        for (caller, job) in
            [(&one, &elsewhere), (&other, &jobs[0])].into_iter().chain(jobs.iter().map(|job| (&one, job)))
        {
            recent.record(caller, &job.id, Mutation::Unconfirmed(Box::new(job.clone()))).await;
        }
        assert!(is_known(&recent, &one, &jobs[199]).await && !is_known(&recent, &one, &jobs[0]).await);
        assert!(is_known(&recent, &one, &elsewhere).await, "of another company");
        assert!(is_known(&recent, &other, &jobs[0]).await, "of another caller");
        recent.local.run_pending_tasks();
        let bytes: u64 = recent.local.iter().map(|(_, remembered)| u64::from(remembered.bytes)).sum();
        assert!((32_000..70_000).contains(&bytes), "{bytes}");
    }

    fn replicas() -> [RecentMutations; 2] {
        let store: Arc<dyn Coordinator> = Arc::new(InMemoryCoordinator::default());
        // Their wall clocks differ by hours.
        [0, 3].map(|hours| {
            let clock = Clock::system();
            clock.jump(TimeDelta::hours(hours));
            RecentMutations::new(Some(Arc::clone(&store)), clock)
        })
    }

    fn active(run: &str, started: Option<&str>) -> Job {
        let start_date = started.map(|at| at.parse().expect("a time"));
        let (name, original_name) = (Some(run.to_owned()), Some("sale".to_owned()));
        let state = Some(ActiveJobState::Running);
        let job = ActiveJob { name, original_name, state, start_date, ..ActiveJob::default() };
        Job::active("c|1", job).expect("it has a name")
    }

    fn logged(run: &str, ended: &str) -> Job {
        let log = JobLog {
            job_name: Some(run.to_owned()),
            original_job_name: Some("sale".to_owned()),
            end_date: ended.parse().ok(),
            fatal_error: Some(false),
            ..JobLog::default()
        };
        Job::completed("c|1", log).expect("it has a name")
    }

    #[tokio::test(start_paused = true)]
    async fn the_age_of_a_mutation_of_another_replica_is_by_the_clock_of_the_store() {
        let [here, there] = replicas();
        let caller = caller("token");
        let submitted = unconfirmed("c|1", "nightly");
        here.record(&caller, &submitted.id, Mutation::Unconfirmed(Box::new(submitted.clone()))).await;
        tokio::time::advance(Duration::from_secs(90)).await;
        here.clock.jump(TimeDelta::hours(-7));
        for replica in [&here, &there] {
            let Some(KnownMutation { mutation: Mutation::Unconfirmed(known), age }) =
                replica.get(&caller, &submitted.id).await
            else {
                panic!("unknown")
            };
            assert_eq!((known.unconfirmed, known.sent_at, known.status), (true, submitted.sent_at, Status::Unknown));
            assert_eq!(age.as_secs(), 90);
        }
    }

    #[tokio::test]
    async fn a_stop_is_that_of_the_run_that_was_stopped_whatever_the_wall_clocks_say() {
        let [here, there] = replicas();
        let caller = caller("token");
        let outcome_of = async |stopped: Job, log: Job| {
            here.record(&caller, &stopped.id, Mutation::Stopped(Box::new(stopped.clone()))).await;
            // Of a job that ended last, and after one that ended much later.
            let later = logged("other", "1990-01-01T00:00:00Z");
            let (mut alone, mut among) = ([log.clone()], [log, Job { id: "other".into(), ..later }]);
            there.set_stopped(&caller, &mut alone).await;
            there.set_stopped(&caller, &mut among).await;
            [alone[0].outcome, among[0].outcome]
        };
        let (stopped, succeeded) = (Some(Outcome::Stopped), Some(Outcome::Succeeded));
        let run = "sale_1970-01-01-00:00:00.000";
        let by_name = outcome_of(active(run, None), logged(run, "1970-01-01T00:00:00Z")).await;
        assert_eq!(by_name, [stopped, succeeded]);
        let started = active("sale", Some("1970-01-01T00:00:00Z"));
        let by_time = outcome_of(started.clone(), logged("sale", "1970-01-01T00:00:09Z")).await;
        assert_eq!(by_time[0], stopped);
        let earlier_run = outcome_of(started, logged("sale", "1969-12-31T00:00:00Z")).await;
        assert_eq!(earlier_run[0], succeeded, "it ended before the stopped run started");
    }
}
