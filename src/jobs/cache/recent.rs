//! Recent mutations: overlay of the lists of IPS, in which a job may be missing after a submit, a stop or a delete.
//!
//! Commands record mutations; loaders and lookups read them, on every replica.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::jobs::cache::key::{JobKey, caller_store_key, job_cache, job_key};
use crate::jobs::cache::wire;
use crate::jobs::cache::wire::WireJob;
use crate::jobs::model::job::Job;
use crate::replicas::{Coordinator, StoreKey};
use crate::upstream::Caller;

/// Time for which a mutation is kept.
const TIME_TO_LIVE: Duration = Duration::from_mins(10);

/// Last mutation of a job.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// The job was submitted at this time.
    Submitted(Box<Job>, DateTime<Utc>),
    /// It was stopped; the job before the stop.
    Stopped(Box<Job>),
    /// It was deleted.
    Deleted,
}

/// Wire format of a mutation.
#[derive(Serialize, Deserialize)]
enum WireMutation<'a> {
    Submitted(Box<WireJob<'a>>, DateTime<Utc>),
    Stopped(Box<WireJob<'a>>),
    Deleted,
}

impl<'a> From<&'a Mutation> for WireMutation<'a> {
    fn from(mutation: &'a Mutation) -> Self {
        match mutation {
            Mutation::Submitted(job, at) => Self::Submitted(Box::new((&**job).into()), *at),
            Mutation::Stopped(job) => Self::Stopped(Box::new((&**job).into())),
            Mutation::Deleted => Self::Deleted,
        }
    }
}

impl From<WireMutation<'_>> for Mutation {
    fn from(mutation: WireMutation<'_>) -> Self {
        match mutation {
            WireMutation::Submitted(job, at) => Self::Submitted(Box::new((*job).into()), at),
            WireMutation::Stopped(job) => Self::Stopped(Box::new((*job).into())),
            WireMutation::Deleted => Self::Deleted,
        }
    }
}

/// Mutations of the last 10 minutes, of this process and of other replicas. Clones share the mutations.
#[derive(Clone)]
pub struct RecentMutations {
    local: Cache<JobKey, Mutation>,
    coordinator: Option<Arc<dyn Coordinator>>,
}

impl RecentMutations {
    /// Creates an empty overlay, shared by `coordinator` if there is one.
    #[must_use]
    pub fn new(coordinator: Option<Arc<dyn Coordinator>>) -> Self {
        Self { local: job_cache(TIME_TO_LIVE), coordinator }
    }

    /// Records the mutation of the job with this id; a submit also under the handle that IPS returned, which no id equals.
    pub async fn record(&self, caller: &Caller, id: &str, mutation: Mutation) {
        if let Some(coordinator) = &self.coordinator
            && let Some(encoded) = wire::encode(&WireMutation::from(&mutation))
        {
            // If the shared store is unavailable, this process still has the mutation.
            let _ = coordinator.put(store_key(&**coordinator, caller, id), &encoded, TIME_TO_LIVE).await;
        }
        self.local.insert(job_key(caller, id), mutation);
    }

    /// Returns the last mutation of the job with this id, or the submit that IPS returned this handle for.
    pub async fn get(&self, caller: &Caller, id: &str) -> Option<Mutation> {
        self.shared(caller, &[id]).await.pop().flatten().or_else(|| self.local.get(&job_key(caller, id)))
    }

    /// Returns the ids whose last mutation is a delete.
    pub async fn deleted<'a>(&self, caller: &Caller, ids: &[&'a str]) -> HashSet<&'a str> {
        let shared = self.shared(caller, ids).await.into_iter().chain(std::iter::repeat_with(|| None));
        let deleted = shared.zip(ids).filter(|(shared, id)| {
            let local = || self.local.get(&job_key(caller, id));
            matches!(shared.clone().or_else(local), Some(Mutation::Deleted))
        });
        deleted.map(|(_, id)| *id).collect()
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
