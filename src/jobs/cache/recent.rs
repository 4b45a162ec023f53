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

use crate::ips::types::Timestamp;
use crate::jobs::cache::key::{JobKey, ListKey, caller_store_key, job_key};
use crate::jobs::cache::wire;
use crate::jobs::cache::wire::WireJob;
use crate::jobs::model::job::{Job, Outcome};
use crate::replicas::{Coordinator, StoreKey};
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
/// Time between the end of a job and now within which its stop may be known: longer than a mutation is kept, for clocks that differ.
const MAX_STOP_AGE: TimeDelta = TimeDelta::minutes(30);

/// Last mutation of a job.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// The job was submitted at this time.
    Submitted(Box<Job>, DateTime<Utc>),
    /// It was stopped; the job before the stop.
    Stopped(Box<Job>),
    /// It was deleted.
    Deleted,
    /// Its submit was sent, the response was lost, and no list has it yet. The job is `unconfirmed`.
    Unconfirmed(Box<Job>),
}

/// Wire format of a mutation.
#[derive(Serialize, Deserialize)]
enum WireMutation<'a> {
    Submitted(Box<WireJob<'a>>, DateTime<Utc>),
    Stopped(Box<WireJob<'a>>),
    Deleted,
    // Unknown to replicas of version 0.1.0, to which it is as if there were no mutation.
    Unconfirmed(Box<WireJob<'a>>),
}

impl<'a> From<&'a Mutation> for WireMutation<'a> {
    fn from(mutation: &'a Mutation) -> Self {
        match mutation {
            Mutation::Submitted(job, at) => Self::Submitted(Box::new((&**job).into()), *at),
            Mutation::Stopped(job) => Self::Stopped(Box::new((&**job).into())),
            Mutation::Deleted => Self::Deleted,
            Mutation::Unconfirmed(job) => Self::Unconfirmed(Box::new((&**job).into())),
        }
    }
}

impl From<WireMutation<'_>> for Mutation {
    fn from(mutation: WireMutation<'_>) -> Self {
        match mutation {
            WireMutation::Submitted(job, at) => Self::Submitted(Box::new((*job).into()), at),
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
}

impl RecentMutations {
    /// Creates an empty overlay, shared by `coordinator` if there is one.
    #[must_use]
    pub fn new(coordinator: Option<Arc<dyn Coordinator>>) -> Self {
        let local = Cache::builder()
            .max_capacity(MAX_BYTES)
            .weigher(|_, remembered: &Remembered| remembered.bytes)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_live(TIME_TO_LIVE)
            .build();
        let unconfirmed = Cache::builder().max_capacity(MAX_UNCONFIRMED_LISTS).time_to_idle(TIME_TO_LIVE).build();
        Self { local, unconfirmed, coordinator }
    }

    /// Sets the gauge of the memory of the mutations.
    pub fn report_metrics(&self) {
        report_table("recent_mutations", self.local.weighted_size(), MAX_BYTES);
    }

    /// Records the mutation of the job with this id; a submit also under the handle that IPS returned, which no id equals.
    pub async fn record(&self, caller: &Caller, id: &str, mutation: Mutation) {
        if let Some(coordinator) = &self.coordinator
            && let Some(encoded) = wire::encode(&WireMutation::from(&mutation))
        {
            // If the shared store is unavailable, this process still has the mutation.
            let _ = coordinator.put(store_key(&**coordinator, caller, id), &encoded, TIME_TO_LIVE).await;
        }
        // A parsed job takes about twice the memory of its JSON.
        let json = serde_json::to_vec(&WireMutation::from(&mutation)).map_or(0, |json| json.len());
        let bytes = u32::try_from(2 * json + id.len() + OVERHEAD_BYTES).unwrap_or(u32::MAX);
        let key = job_key(caller, id);
        if let Mutation::Unconfirmed(job) = &mutation {
            self.forget_oldest_unconfirmed(ListKey::new(caller, &job.company), &key, bytes);
        }
        self.local.insert(key, Remembered { mutation, bytes });
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
    pub async fn get(&self, caller: &Caller, id: &str) -> Option<Mutation> {
        self.shared(caller, &[id])
            .await
            .pop()
            .flatten()
            .or_else(|| Some(self.local.get(&job_key(caller, id))?.mutation))
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

    /// Sets the outcome of those completed jobs that were stopped a short time ago, at `now`: their logs may not say so.
    pub async fn set_stopped(&self, caller: &Caller, jobs: &mut [Job], now: DateTime<Utc>) {
        let is_recent = |job: &Job| {
            let end = job.common.ended_at.and_then(Timestamp::instant);
            end.is_none_or(|end| (now - end.to_utc()).abs() < MAX_STOP_AGE)
        };
        let may_be_stopped = |job: &Job| job.is_final() && job.outcome != Some(Outcome::Stopped) && is_recent(job);
        let ids: Vec<String> = jobs.iter().filter(|job| may_be_stopped(job)).map(|job| job.id.clone()).collect();
        let mutations = self.of_jobs(caller, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
        for job in jobs.iter_mut().filter(|job| may_be_stopped(job)) {
            if let Some(Mutation::Stopped(_)) = mutations.get(job.id.as_str()) {
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

fn store_key(coordinator: &dyn Coordinator, caller: &Caller, id: &str) -> StoreKey {
    caller_store_key(coordinator, "job", caller, &[id])
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;
    use crate::ips::types::{ActiveJob, JobLog, SubmitJobParam};
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
        matches!(recent.get(caller, &job.id).await, Some(Mutation::Unconfirmed(_)))
    }

    #[tokio::test]
    async fn unconfirmed_submits_of_a_caller_and_company_are_bounded_in_bytes() {
        let recent = RecentMutations::new(None);
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

    #[tokio::test]
    async fn other_replicas_know_stops_and_unconfirmed_submits() {
        let store: Arc<dyn Coordinator> = Arc::new(InMemoryCoordinator::default());
        let [here, there] = [(); 2].map(|()| RecentMutations::new(Some(Arc::clone(&store))));
        let caller = caller("token");
        let submitted = unconfirmed("c|1", "nightly");
        here.record(&caller, &submitted.id, Mutation::Unconfirmed(Box::new(submitted.clone()))).await;
        let Some(Mutation::Unconfirmed(known)) = there.get(&caller, &submitted.id).await else { panic!("unknown") };
        assert_eq!((known.unconfirmed, known.sent_at, known.status), (true, submitted.sent_at, Status::Unknown));

        let name = || Some("sale".to_owned());
        let active = ActiveJob { name: name(), original_name: name(), ..ActiveJob::default() };
        let active = Job::active("c|1", active).expect("it has a name");
        here.record(&caller, &active.id, Mutation::Stopped(Box::new(active.clone()))).await;
        let log = |at: &str| JobLog {
            job_name: name(),
            original_job_name: name(),
            end_date: at.parse().ok(),
            fatal_error: Some(false),
            ..JobLog::default()
        };
        let ends = ["1970-01-01T00:00:00Z", "1969-12-31T00:00:00Z"];
        let mut jobs = ends.map(|end| Job::completed("c|1", log(end)).expect("it has a name"));
        there.set_stopped(&caller, &mut jobs, DateTime::default()).await;
        let outcomes = jobs.map(|job| job.outcome);
        assert_eq!(
            outcomes,
            [Some(Outcome::Stopped), Some(Outcome::Succeeded)],
            "the second ended long before the stop"
        );
    }
}
