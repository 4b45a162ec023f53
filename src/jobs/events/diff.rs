//! Diff of two snapshots: the events that turn the first one into the second one.

use crate::jobs::events::event::{ChangeKind, Event};
use crate::jobs::model::job::{Job, Status};
use crate::jobs::model::json::RenderedJob;
use crate::jobs::model::snapshot::Snapshot;

/// Returns the events between two snapshots of the same list: first those of the jobs that left it, last those of the chains of jobs that left
/// it earlier.
#[must_use]
pub fn diff(before: &Snapshot, after: &Snapshot) -> Vec<Event> {
    let departed = before.jobs.iter().filter(|job| after.job(&job.job.id).is_none());
    let departed = departed.map(|job| match after.completed_job(&job.job.id) {
        Some(completed) => Event::new(ChangeKind::Finished, completed),
        None => Event::removed(&job.job.id),
    });
    let listed = after.jobs.iter().filter_map(|job| match before.job(&job.job.id) {
        None => Some(Event::new(ChangeKind::Created, job)),
        Some(earlier) if earlier.content_hash == job.content_hash => None,
        Some(earlier) => Some(changed(earlier, job)),
    });
    let before_by_id = &before.departed().completed;
    let mut chains: Vec<_> = after
        .departed()
        .completed
        .iter()
        .filter(|(id, (job, _))| {
            let earlier = before_by_id.get(*id).map(|(job, _)| job.content_hash);
            job.job.chain.is_some() && earlier.is_some_and(|earlier| earlier != job.content_hash)
        })
        .map(|(_, (job, _))| job)
        .collect();
    chains.sort_by(|a, b| a.job.id.cmp(&b.job.id));
    departed.chain(listed).chain(chains.into_iter().map(|job| Event::new(ChangeKind::Chain, job))).collect()
}

/// Returns the event of a job that changed within the list. Its JSON has `"restarted": true` if IPS restarted the job.
fn changed(before: &RenderedJob, after: &RenderedJob) -> Event {
    let has_new_status = before.job.status != after.job.status || before.job.actions != after.job.actions;
    let mut event = Event::new(if has_new_status { ChangeKind::Status } else { ChangeKind::Progress }, after);
    if is_restart(&before.job, &after.job) {
        let mut data = b"{\"restarted\":true,".to_vec();
        data.extend_from_slice(&event.data[1..]);
        event.data = data.into();
    }
    event
}

/// Returns whether IPS restarted the job between two observations. Only then may its percent decrease.
#[must_use]
pub fn is_restart(before: &Job, after: &Job) -> bool {
    let is_requeued = after.status == Status::Waiting && before.status == Status::Running;
    // The start of a waiting job is only an estimate, which changes when the job starts.
    let had_started = before.status != Status::Waiting && before.start().is_some();
    let has_new_start = after.start().is_some() && after.start() != before.start();
    is_requeued || (had_started && has_new_start)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, TimeDelta};
    use proptest::prelude::*;

    use super::*;
    use crate::ips::types::{ActiveJob, ActiveJobState, Timestamp};
    use crate::jobs::cache::merge::{Departure, Merge};
    use crate::runtime::clock::Clock;

    /// State of one of six jobs in a response of IPS.
    #[derive(Debug, Clone)]
    struct Observed {
        is_active: bool,
        progress: i64,
        is_running: bool,
        is_logged: bool,
    }

    fn response() -> impl Strategy<Value = Vec<Observed>> {
        let job = (any::<bool>(), 0..100i64, any::<bool>(), any::<bool>());
        let job = job.prop_map(|(is_active, progress, is_running, is_logged)| Observed {
            is_active,
            progress,
            is_running,
            is_logged,
        });
        proptest::collection::vec(job, 6)
    }

    fn active(number: usize, progress: i64, is_running: bool) -> Job {
        let state = if is_running { ActiveJobState::Running } else { ActiveJobState::WaitingCoordinator };
        let record = ActiveJob {
            name: Some(format!("job{number}_run")),
            original_name: Some(format!("job{number}")),
            progress: Some(progress),
            state: Some(state),
            ..ActiveJob::default()
        };
        Job::active("c|1", record).expect("it has a name")
    }

    fn logged(id: &str) -> Job {
        Job { id: id.to_owned(), status: Status::Completed, ..active(0, 100, true) }
    }

    fn jobs_by_id(snapshot: &Snapshot) -> BTreeMap<String, serde_json::Value> {
        snapshot.jobs.iter().map(|job| (job.job.id.clone(), content(&job.json))).collect()
    }

    fn content(json: &[u8]) -> serde_json::Value {
        let mut value: serde_json::Value = serde_json::from_slice(json).expect("JSON");
        let members = value.as_object_mut().expect("an object");
        members.remove("observedAt");
        members.remove("restarted");
        value
    }

    fn apply(list: &mut BTreeMap<String, serde_json::Value>, event: &Event) {
        if event.change.is_departure() {
            assert!(list.remove(&event.job).is_some(), "{event:?} of a job that is not in the list");
        } else {
            let is_known = list.insert(event.job.clone(), content(&event.data)).is_some();
            assert_eq!(is_known, event.change != ChangeKind::Created, "{event:?}");
        }
    }

    fn percents(snapshot: &Snapshot) -> BTreeMap<String, Option<u8>> {
        snapshot.jobs.iter().map(|job| (job.job.id.clone(), job.job.percent)).collect()
    }

    proptest! {
        #[test]
        fn applying_the_events_gives_the_next_snapshot(responses in proptest::collection::vec(response(), 1..12)) {
            let clock = Clock::manual(DateTime::default());
            let mut before = Snapshot::new(Vec::new(), Vec::new(), clock.read());
            let mut list = jobs_by_id(&before);
            for response in responses {
                clock.advance(TimeDelta::seconds(90));
                let listed = response.iter().enumerate().filter(|(_, job)| job.is_active);
                let jobs = listed.map(|(number, job)| active(number, job.progress, job.is_running)).collect();
                let mut merge = Merge::new(jobs, Some(&before), clock.read());
                let mut is_logged = response.iter().map(|job| job.is_logged).cycle();
                merge.resolve_departed(|id| match is_logged.next() {
                    Some(true) => Departure::Logged(Box::new(logged(id))),
                    _ => Departure::Pending,
                });
                let after = merge.finish(Vec::new(), None);
                let events = diff(&before, &after);
                for event in &events {
                    apply(&mut list, event);
                }
                prop_assert_eq!(&list, &jobs_by_id(&after));
                let earlier = percents(&before);
                for job in &after.jobs {
                    let is_restarted = events
                        .iter()
                        .any(|event| event.job == job.job.id && event.data.starts_with(b"{\"restarted\":true"));
                    if let Some(percent) = earlier.get(&job.job.id) {
                        prop_assert!(is_restarted || job.job.percent >= *percent, "{:?} after {:?}", job.job, percent);
                    }
                }
                before = after;
            }
        }
    }

    #[test]
    fn a_job_that_starts_later_than_estimated_is_not_restarted() {
        let at = |minute| Some(Timestamp::new(DateTime::UNIX_EPOCH.fixed_offset() + TimeDelta::minutes(minute)));
        let job = |state, start_date| {
            let record = ActiveJob { name: Some("run".into()), state: Some(state), start_date, ..ActiveJob::default() };
            Job::active("c|1", record).expect("it has a name")
        };
        let waiting = job(ActiveJobState::WaitingCoordinator, at(0));
        let running = job(ActiveJobState::Running, at(1));
        let again = job(ActiveJobState::Running, at(2));
        assert!(!is_restart(&waiting, &running), "started");
        assert!(is_restart(&running, &again), "started again");
        assert!(is_restart(&running, &waiting), "waiting again");
    }
}
