//! Recent mutations: overlay of the lists of IPS, in which a job may be missing after a submit, a stop or a delete.
//!
//! Commands record mutations; loaders and lookups read them, on every replica.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::ips::types::Timestamp;
use crate::jobs::cache::key::{JobKey, caller_store_key, job_key};
use crate::jobs::cache::wire;
use crate::jobs::cache::wire::WireJob;
use crate::jobs::model::job::{Job, Outcome};
use crate::replicas::{Coordinator, StoreKey};
use crate::upstream::Caller;

/// Time for which a mutation is kept.
const TIME_TO_LIVE: Duration = Duration::from_mins(10);
/// Memory of the mutations of this process, in bytes; beyond it the least recently used ones are evicted.
const MAX_BYTES: u64 = 16 << 20;
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

/// Mutations of the last 10 minutes, of this process and of other replicas. Clones share the mutations.
#[derive(Clone)]
pub struct RecentMutations {
    local: Cache<JobKey, Remembered>,
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
        Self { local, coordinator }
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
        self.local.insert(job_key(caller, id), Remembered { mutation, bytes });
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
        for job in jobs {
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
