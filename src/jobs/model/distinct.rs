//! Jobs of an answer of IPS with distinct ids: two jobs of a list never share one, whatever names IPS gives them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::jobs::model::id::{JobId, JobName};
use crate::jobs::model::identity::{JobRole, original_of_run};
use crate::jobs::model::job::{IpsRecord, Job};
use crate::jobs::model::kind::JobKind;
use crate::jobs::model::snapshot::Snapshot;
use crate::jobs::model::unique_name;
use crate::telemetry::metrics::names;
use crate::upstream::BadItem;

/// Returns the jobs of the records in `array`, an element of an answer, and the bad items of that answer: to those that it has come the
/// records without any name or handle. No two jobs share an id; each keeps that of the `previous` snapshot of the list.
pub fn jobs_of_records<R>(
    array: &str,
    records: Vec<R>,
    mut bad_items: Vec<BadItem>,
    previous: Option<&Snapshot>,
    job_of: impl Fn(R) -> Option<Job>,
) -> (Vec<Job>, Vec<BadItem>) {
    let mut jobs = Vec::with_capacity(records.len());
    for (index, record) in records.into_iter().enumerate() {
        match job_of(record) {
            Some(job) => jobs.push(job),
            None => bad_items.push(BadItem {
                path: format!("{array}.items[{index}]"),
                reason: "has neither a name nor a handle".into(),
            }),
        }
    }
    let changed = make_ids_distinct(&mut jobs, previous);
    if changed > 0 {
        metrics::counter!(names::ID_COLLISIONS, "array" => array.to_owned()).increment(changed as u64);
    }
    (jobs, bad_items)
}

/// Gives each job of a list whose id would be that of another job an id with its instance name or its handle, and returns the number of
/// those jobs. A job keeps the id that it has in the `previous` snapshot.
pub fn make_ids_distinct(jobs: &mut [Job], previous: Option<&Snapshot>) -> usize {
    let former = former_ids(previous);
    for job in jobs.iter_mut() {
        let kept = job.handle().and_then(|handle| former.get(handle)).filter(|id| is_id_of_same_name(id, &job.id));
        if let Some(id) = kept {
            job.id = (*id).to_owned();
        }
    }
    let ids: HashSet<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    if ids.len() == jobs.len() {
        return 0;
    }
    let mut taken: HashSet<String> = ids.into_iter().map(str::to_owned).collect();
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, job) in jobs.iter().enumerate() {
        groups.entry(job.id.clone()).or_default().push(index);
    }
    let mut changed = 0;
    for (id, members) in groups.into_iter().filter(|(_, members)| members.len() > 1) {
        let Ok(decoded) = JobId::decode(&id) else { continue };
        let keeper = keeper_of(jobs, &members, &id, &decoded, &former);
        let mut texts = GroupTexts::of(members.iter().map(|index| &jobs[*index]));
        let ids: Vec<_> = members
            .iter()
            .filter(|index| Some(**index) != keeper)
            .map(|index| (*index, texts.distinct_id(&jobs[*index], &decoded, &mut taken)))
            .collect();
        let submitted = keeper.filter(|keeper| jobs[*keeper].role() == Some(JobRole::Submitted));
        for (index, distinct) in ids {
            let job = &mut jobs[index];
            job.id = distinct;
            if submitted.is_some() && job.kind.as_ref().is_some_and(JobKind::may_be_follow_on) {
                job.parent = Some(id.clone());
            }
            changed += 1;
        }
    }
    changed
}

/// Returns whether a name in an id, but not the whole id, is that of a job: an id from a list in which several jobs had the same names, or
/// only one had.
#[must_use]
pub fn is_named(job: &Job, name: &JobName) -> bool {
    let original = job.original_name().or_else(|| job.name().map(original_of_run)).unwrap_or_default();
    match name {
        JobName::Original(_) | JobName::Submitted { .. } => false,
        JobName::Schedule(name) => {
            original == name && matches!(&job.record, IpsRecord::Scheduled(record) if record.exec_schedule.is_some())
        }
        // The submitted job of a unique name has an id without the name of the run, which a follow-on job may have, too.
        JobName::Run { original: expected, run } => {
            let is_run = job.name() == Some(run.as_str()) && job.role() != Some(JobRole::Submitted);
            original == expected && (is_run || job.handle() == Some(run.as_str()))
        }
    }
}

/// Returns the ids of the jobs in a snapshot by their handles, without handles of several jobs.
fn former_ids(previous: Option<&Snapshot>) -> HashMap<&str, &str> {
    let mut ids = HashMap::new();
    let mut shared = Vec::new();
    for job in previous.iter().flat_map(|previous| &previous.jobs) {
        if let Some(handle) = job.job.handle()
            && ids.insert(handle, job.job.id.as_str()).is_some()
        {
            shared.push(handle);
        }
    }
    for handle in shared {
        ids.remove(handle);
    }
    ids
}

/// Returns whether `former` is an id by instance name or handle of a job with the original name in `id`.
fn is_id_of_same_name(former: &str, id: &str) -> bool {
    if former == id {
        return false;
    }
    match (JobId::decode(former), JobId::decode(id)) {
        (Ok(JobId { name: JobName::Run { original, .. }, company }), Ok(id)) => {
            original == id.name.original() && company == id.company
        }
        _ => false,
    }
}

/// Returns the job that keeps the id that several have: the one that had it before, else, of the jobs with a unique name, the one that was
/// submitted with that name: by its kind, else the first.
fn keeper_of(
    jobs: &[Job],
    members: &[usize],
    id: &str,
    decoded: &JobId,
    former: &HashMap<&str, &str>,
) -> Option<usize> {
    let had_it = |index: &&usize| {
        jobs[**index].handle().and_then(|handle| former.get(handle)).is_some_and(|former| *former == id)
    };
    let before: Vec<_> = members.iter().filter(had_it).collect();
    if let [index] = before[..] {
        return Some(*index);
    }
    match &decoded.name {
        JobName::Original(name) if unique_name::is_unique(name) => {
            let rank = |job: &Job| {
                let may_be_follow_on = job.kind.as_ref().is_some_and(JobKind::may_be_follow_on);
                let start = job.start();
                (job.role() != Some(JobRole::Submitted), may_be_follow_on, start.is_none(), start)
            };
            members.iter().copied().min_by_key(|index| (rank(&jobs[*index]), jobs[*index].name()))
        }
        _ => None,
    }
}

/// Instance names and handles of the jobs that have one id.
struct GroupTexts<'a> {
    /// Numbers of jobs by their name.
    names: HashMap<&'a str, usize>,
    /// Numbers of jobs by their handle.
    handles: HashMap<&'a str, usize>,
    /// Next number for a job whose text is shared, by the text.
    next_numbers: HashMap<&'a str, usize>,
}

impl<'a> GroupTexts<'a> {
    fn of(jobs: impl Iterator<Item = &'a Job>) -> Self {
        let (mut names, mut handles) = (HashMap::new(), HashMap::new());
        for job in jobs {
            *names.entry(job.name().unwrap_or_default()).or_insert(0) += 1;
            *handles.entry(job.handle().unwrap_or_default()).or_insert(0) += 1;
        }
        Self { names, handles, next_numbers: HashMap::new() }
    }

    /// Returns an id with the instance name of a job, else with its handle, else with a number, if other jobs with its id have the same.
    fn distinct_id(&mut self, job: &'a Job, id: &JobId, taken: &mut HashSet<String>) -> String {
        let with_run = |run: String| {
            let name = JobName::Run { original: id.name.original().into(), run };
            JobId { company: id.company.clone(), name }.encode()
        };
        let (name, handle) = (job.name().unwrap_or_default(), job.handle().unwrap_or_default());
        for (text, counts) in [(name, &self.names), (handle, &self.handles)] {
            if !text.is_empty() && counts.get(text) == Some(&1) {
                let id = with_run(text.into());
                if taken.insert(id.clone()) {
                    return id;
                }
            }
        }
        let text = job.handle().or(job.name()).unwrap_or_default();
        let next = self.next_numbers.entry(text).or_insert(1);
        loop {
            let id = with_run(format!("{text}#{next}"));
            *next += 1;
            if taken.insert(id.clone()) {
                return id;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ips::types::JobLog;

    #[test]
    fn many_equal_records_get_distinct_ids_in_linear_time() {
        let record = JobLog {
            company_handle: Some("c|110".into()),
            job_handle: Some("j|110||sale".into()),
            original_job_name: Some("sale".into()),
            ..JobLog::default()
        };
        // Quadratic work would take hours.
        let records = vec![record; 100_000];
        let (jobs, _) =
            jobs_of_records("jobLogArray", records, Vec::new(), None, |record| Job::completed("c|110", record));
        let ids: HashSet<_> = jobs.iter().map(|job| job.id.as_str()).collect();
        assert_eq!(ids.len(), 100_000);
    }
}
