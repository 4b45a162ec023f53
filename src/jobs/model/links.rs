//! Links between jobs and their follow-on jobs: jobs that IPS runs after an upload with a member `post…PublishJob`.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::jobs::model::job::{FollowOn, Job, Outcome};
use crate::jobs::model::kind::JobKind;
use crate::jobs::model::unique_name;

/// Links between the jobs of several lists.
#[derive(Debug, Default)]
pub struct JobLinks {
    /// Id of the parent of each follow-on job of which only the names of the jobs tell it.
    parents: HashMap<String, String>,
    /// Follow-on jobs, by the id of their parent.
    follow_ons: HashMap<String, Vec<FollowOn>>,
    /// Ids of the jobs that requested a follow-on job. Only lists of jobs that are not completed may say so.
    requesting: HashSet<String>,
}

impl JobLinks {
    /// Returns the links between these jobs. Of several with the same id, the one that is furthest counts, and a stopped one before others:
    /// the newest logs may not say that a job was stopped.
    #[must_use]
    pub fn between<'a>(jobs: impl Iterator<Item = &'a Job> + Clone) -> Self {
        let parents = parents_by_name(jobs.clone());
        let requesting = jobs.clone().filter(|job| job.requests_follow_on).map(|job| job.id.clone()).collect();
        let mut furthest: HashMap<&str, (&Job, &str)> = HashMap::new();
        for job in jobs {
            let Some(parent) = job.parent.as_ref().or_else(|| parents.get(&job.id)) else { continue };
            let known = furthest.entry(&job.id).or_insert((job, parent));
            if rank(job) > rank(known.0) {
                *known = (job, parent);
            }
        }
        let mut follow_ons: HashMap<String, Vec<FollowOn>> = HashMap::new();
        for (job, parent) in furthest.into_values() {
            follow_ons.entry(parent.to_owned()).or_default().push(FollowOn::from(job));
        }
        for siblings in follow_ons.values_mut() {
            siblings.sort_by(|a, b| a.id.cmp(&b.id));
        }
        Self { parents, follow_ons, requesting }
    }

    /// Sets the links of a job, and its chain at a time. Links that the job has and that these lists don't show stay.
    pub fn apply(&self, job: &mut Job, now: DateTime<Utc>) {
        if let Some(parent) = self.parents.get(&job.id) {
            job.parent.get_or_insert_with(|| parent.clone());
        }
        if let Some(follow_ons) = self.follow_ons_of(job) {
            job.follow_ons = follow_ons;
        }
        job.requests_follow_on |= job.parent.is_none() && self.requesting.contains(&job.id);
        job.set_chain(now);
    }

    /// Returns the follow-on jobs of a job in these lists, those stopped that the job shows as stopped; `None` if they don't show any.
    fn follow_ons_of(&self, job: &Job) -> Option<Vec<FollowOn>> {
        let mut follow_ons = self.follow_ons.get(&job.id)?.clone();
        let stopped = job.follow_ons.iter().filter(|known| known.outcome == Some(Outcome::Stopped));
        for known in stopped {
            if let Some(follow_on) = follow_ons.iter_mut().find(|own| own.id == known.id && own.is_final()) {
                follow_on.clone_from(known);
            }
        }
        Some(follow_ons)
    }

    /// Returns whether the job with this id has follow-on jobs in these lists.
    #[must_use]
    pub fn has_follow_ons_of(&self, id: &str) -> bool {
        self.follow_ons.contains_key(id)
    }

    /// Returns the job with its links and its chain at a time, if they are others than before.
    #[must_use]
    pub fn relinked(&self, job: &Job, now: DateTime<Utc>) -> Option<Job> {
        let has_new_parent = job.parent.is_none() && self.parents.contains_key(&job.id);
        let has_new_follow_ons = self.follow_ons_of(job).is_some_and(|follow_ons| job.follow_ons != follow_ons);
        let may_have_chain = job.chain.is_some() || job.requests_follow_on || self.requesting.contains(&job.id);
        if !(has_new_parent || has_new_follow_ons || may_have_chain) {
            return None;
        }
        let mut linked = job.clone();
        self.apply(&mut linked, now);
        (has_new_parent || has_new_follow_ons || linked.chain != job.chain).then_some(linked)
    }
}

fn rank(job: &Job) -> (u8, bool) {
    (job.progress_rank(), job.outcome == Some(Outcome::Stopped))
}

impl From<&Job> for FollowOn {
    fn from(job: &Job) -> Self {
        let Job { id, kind, status, outcome, percent, .. } = job;
        Self { id: id.clone(), kind: kind.clone(), status: *status, outcome: *outcome, percent: *percent }
    }
}

/// Returns the ids of the parents of follow-on jobs whose original name is not unique, by their id: the name of a follow-on job begins with
/// that of its parent.
fn parents_by_name<'a>(jobs: impl Iterator<Item = &'a Job> + Clone) -> HashMap<String, String> {
    let wanted: Vec<(&Job, &str)> = jobs.clone().filter_map(|job| Some((job, parent_run(job)?))).collect();
    if wanted.is_empty() {
        return HashMap::new();
    }
    let by_run: HashMap<(Option<&str>, &str), &str> =
        jobs.filter_map(|job| Some(((job.original_name(), job.name()?), job.id.as_str()))).collect();
    let parents = wanted.into_iter().filter_map(|(job, run)| {
        let parent = by_run.get(&(job.original_name(), run)).filter(|parent| **parent != job.id)?;
        Some((job.id.clone(), (*parent).to_owned()))
    });
    parents.collect()
}

/// Returns the name of the run after which this job seems to have run, unless its parent is known.
fn parent_run(job: &Job) -> Option<&str> {
    if job.parent.is_some() || !job.kind.as_ref().is_some_and(JobKind::may_be_follow_on) {
        return None;
    }
    unique_name::first_run(job.original_name()?, job.name()?)
}
