//! What was done with jobs lately, here or on another replica: a job that IPS lists nowhere may be submitted, stopped or deleted.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use crate::jobs::cache::key::{JobKey, job_cache, job_key, name_of};
use crate::jobs::model::job::Job;
use crate::jobs::wire;
use crate::jobs::wire::JobForm;
use crate::replicas::{Coordinator, StoreKey};
use crate::upstream::Caller;

/// How long it is remembered.
const LIFETIME: Duration = Duration::from_mins(10);

/// What was done with a job last.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// It was submitted, as this and then.
    Submitted(Box<Job>, DateTime<Utc>),
    /// It was stopped when it was this.
    Stopped(Box<Job>),
    /// It was deleted.
    Deleted,
}

#[derive(Serialize, Deserialize)]
enum DoneForm<'a> {
    Submitted(Box<JobForm<'a>>, DateTime<Utc>),
    Stopped(Box<JobForm<'a>>),
    Deleted,
}

impl<'a> From<&'a Mutation> for DoneForm<'a> {
    fn from(done: &'a Mutation) -> Self {
        match done {
            Mutation::Submitted(job, at) => Self::Submitted(Box::new((&**job).into()), *at),
            Mutation::Stopped(job) => Self::Stopped(Box::new((&**job).into())),
            Mutation::Deleted => Self::Deleted,
        }
    }
}

impl From<DoneForm<'_>> for Mutation {
    fn from(form: DoneForm<'_>) -> Self {
        match form {
            DoneForm::Submitted(job, at) => Self::Submitted(Box::new((*job).into()), at),
            DoneForm::Stopped(job) => Self::Stopped(Box::new((*job).into())),
            DoneForm::Deleted => Self::Deleted,
        }
    }
}

/// Remembers what was done with jobs.
#[derive(Clone)]
pub struct RecentMutations {
    here: Cache<JobKey, Mutation>,
    fleet: Option<Arc<dyn Coordinator>>,
}

impl RecentMutations {
    /// Remembers here, and on other replicas if there are any.
    #[must_use]
    pub fn new(fleet: Option<Arc<dyn Coordinator>>) -> Self {
        Self { here: job_cache(LIFETIME), fleet }
    }

    /// Remembers what was done with the job of this id.
    pub async fn remember(&self, caller: &Caller, id: &str, done: Mutation) {
        if let Some(fleet) = &self.fleet
            && let Some(form) = wire::write(&DoneForm::from(&done))
        {
            // Where the store fails, this replica still knows.
            let _ = fleet.put(name(&**fleet, caller, id), &form, LIFETIME).await;
        }
        self.here.insert(job_key(caller, id), done);
    }

    /// What was done with a job last.
    pub async fn recall(&self, caller: &Caller, id: &str) -> Option<Mutation> {
        self.everywhere(caller, &[id]).await.pop().flatten().or_else(|| self.here.get(&job_key(caller, id)))
    }

    /// Those of these jobs that were deleted.
    pub async fn deleted<'a>(&self, caller: &Caller, ids: &[&'a str]) -> HashSet<&'a str> {
        let known = self.everywhere(caller, ids).await.into_iter();
        let last = known.chain(std::iter::repeat_with(|| None)).zip(ids);
        let deleted = last.filter(|(done, id)| {
            let here = || self.here.get(&job_key(caller, id));
            matches!(done.clone().or_else(here), Some(Mutation::Deleted))
        });
        deleted.map(|(_, id)| *id).collect()
    }

    async fn everywhere(&self, caller: &Caller, ids: &[&str]) -> Vec<Option<Mutation>> {
        let Some(fleet) = &self.fleet else { return Vec::new() };
        let names: Vec<_> = ids.iter().map(|id| name(&**fleet, caller, id)).collect();
        let values = fleet.get(&names).await.unwrap_or_default().into_iter();
        values.map(|value| Some(wire::read::<DoneForm<'_>>(&value?)?.into())).collect()
    }
}

fn name(fleet: &dyn Coordinator, caller: &Caller, id: &str) -> StoreKey {
    name_of(fleet, "job", caller, &[id])
}
