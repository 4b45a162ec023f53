//! What happened between two snapshots, as events: whoever folds them into the first one has the second.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::jobs::model::job::{RenderedJob, Status};
use crate::jobs::model::snapshot::Snapshot;

/// What happened to a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// It appeared among the active jobs.
    Created,
    /// It got on.
    Progress,
    /// Its status changed, or what can be asked of it.
    Status,
    /// It is in the log.
    Finished,
    /// It is gone, and not in the log.
    Removed,
}

impl Change {
    /// The type of the event.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Created => "job.created",
            Self::Progress => "job.progress",
            Self::Status => "job.status",
            Self::Finished => "job.finished",
            Self::Removed => "job.removed",
        }
    }

    /// Whether nothing more will happen to the job.
    #[must_use]
    pub fn is_last(self) -> bool {
        matches!(self, Self::Finished | Self::Removed)
    }
}

/// One thing that happened to one job.
#[derive(Debug, Clone)]
pub struct Event {
    /// What happened.
    pub change: Change,
    /// The id of the job.
    pub job: String,
    /// The job as it is now, as JSON; of a removed job only the id.
    pub data: Bytes,
}

impl Event {
    fn of(change: Change, job: &RenderedJob) -> Self {
        Self { change, job: job.job.id.clone(), data: job.json.clone() }
    }

    /// About how many bytes of memory it takes.
    fn weight(&self) -> usize {
        size_of::<Self>() + self.job.len() + self.data.len()
    }

    fn removed(job: &RenderedJob) -> Self {
        let data = serde_json::json!({ "id": job.job.id }).to_string().into();
        Self { change: Change::Removed, job: job.job.id.clone(), data }
    }
}

/// What happened between two snapshots of the same list.
#[must_use]
pub fn between(before: &Snapshot, after: &Snapshot) -> Vec<Event> {
    let gone = before.jobs.iter().filter(|job| after.job(&job.job.id).is_none());
    let left = gone.map(|job| match after.concluded(&job.job.id) {
        Some(completed) => Event::of(Change::Finished, completed),
        None => Event::removed(job),
    });
    let here = after.jobs.iter().filter_map(|job| match before.job(&job.job.id) {
        None => Some(Event::of(Change::Created, job)),
        Some(earlier) if earlier.content_hash == job.content_hash => None,
        Some(earlier) => Some(changed(earlier, job)),
    });
    left.chain(here).collect()
}

fn changed(before: &RenderedJob, after: &RenderedJob) -> Event {
    let status = before.job.status != after.job.status || before.job.actions != after.job.actions;
    let mut event = Event::of(if status { Change::Status } else { Change::Progress }, after);
    if is_restart(before, after) {
        let mut data = b"{\"restarted\":true,".to_vec();
        data.extend_from_slice(&event.data[1..]);
        event.data = data.into();
    }
    event
}

/// Whether IPS began the job anew: only then may its percent go back.
#[must_use]
pub fn is_restart(before: &RenderedJob, after: &RenderedJob) -> bool {
    let went_back = after.job.status == Status::Waiting && before.job.status == Status::Running;
    // While a job waits, its start is only expected: beginning to run moves it.
    let had_begun = before.job.status != Status::Waiting && before.job.start().is_some();
    went_back || (had_begun && after.job.start() != before.job.start())
}

/// The events of a list since it was first seen, as many as are kept: readers keep their own place in it.
#[derive(Debug)]
pub struct EventLog {
    /// Tells this history from those of other processes and of earlier times.
    epoch: u64,
    /// Where it was the history of other replicas, too: places up to there are good under that epoch as well.
    origin: Option<EventCursor>,
    /// The number of the event before the first that is kept.
    forgotten: u64,
    events: VecDeque<Arc<Event>>,
    /// What the events weigh together.
    weight: usize,
}

/// Enough for a reader who was away for some minutes.
const MOST_EVENTS: usize = 4096;
/// So many bytes of memory they may take: events hold on to the JSON of jobs.
const HEAVIEST: usize = 2 * 1024 * 1024;

/// A place in a history: after this event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventCursor {
    /// Which history.
    pub(super) epoch: u64,
    /// How many events it has had until there.
    pub(super) number: u64,
}

impl std::fmt::Display for EventCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:x}-{}", self.epoch, self.number)
    }
}

impl std::str::FromStr for EventCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (epoch, number) = text.split_once('-').ok_or(())?;
        let epoch = u64::from_str_radix(epoch, 16).map_err(drop)?;
        Ok(Self { epoch, number: number.parse().map_err(drop)? })
    }
}

impl EventLog {
    /// An empty history; `epoch` must be greater than that of every earlier one of the same list.
    #[must_use]
    pub fn new(epoch: u64) -> Self {
        Self::from(EventCursor { epoch, number: 0 })
    }

    /// An empty history that begins there.
    fn from(place: EventCursor) -> Self {
        Self { epoch: place.epoch, origin: None, forgotten: place.number, events: VecDeque::new(), weight: 0 }
    }

    /// Goes on under another epoch: what happens from now on, no other replica knows.
    pub fn fork(&mut self, epoch: u64) {
        self.origin = Some(self.end());
        self.epoch = epoch;
    }

    /// Becomes what another replica tells: up to `end`, with these events, each batch after the place that it begins with. Events that
    /// are missing are forgotten ones.
    pub fn follow(&mut self, end: EventCursor, batches: Vec<(EventCursor, Vec<Event>)>) {
        if self.epoch != end.epoch {
            *self = Self::from(end);
        }
        for (after, events) in batches.into_iter().filter(|(after, _)| after.epoch == end.epoch) {
            let last = after.number + u64::try_from(events.len()).unwrap_or(u64::MAX);
            let is_known = last <= self.end().number && after.number >= self.forgotten;
            if is_known || last > end.number {
                continue;
            }
            if after.number != self.end().number {
                *self = Self::from(after);
            }
            self.extend(events);
        }
        if self.end() != end {
            *self = Self::from(end);
        }
    }

    /// Adds what happened.
    pub fn extend(&mut self, events: Vec<Event>) {
        self.weight += events.iter().map(Event::weight).sum::<usize>();
        self.events.extend(events.into_iter().map(Arc::new));
        while self.events.len() > MOST_EVENTS || self.weight > HEAVIEST {
            let Some(oldest) = self.events.pop_front() else { break };
            self.weight -= oldest.weight();
            self.forgotten += 1;
        }
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// The place after the last event.
    #[must_use]
    pub fn end(&self) -> EventCursor {
        EventCursor { epoch: self.epoch, number: self.forgotten + u64::try_from(self.events.len()).unwrap_or(u64::MAX) }
    }

    /// The next event after `place` and its own place; `None` when `place` is the end, `Err` when `place` is not in this history (any
    /// more).
    ///
    /// # Errors
    /// The reader missed events, or comes from another history: only a whole snapshot helps.
    pub fn next(&self, place: EventCursor) -> Result<Option<(EventCursor, Arc<Event>)>, Missed> {
        let index = place.number.checked_sub(self.forgotten).and_then(|index| usize::try_from(index).ok());
        let is_shared = self.origin.is_some_and(|end| place.epoch == end.epoch && place.number <= end.number);
        match index {
            Some(index) if (place.epoch == self.epoch || is_shared) && index <= self.events.len() => {
                let after = EventCursor { epoch: self.epoch, number: place.number + 1 };
                Ok(self.events.get(index).map(|event| (after, Arc::clone(event))))
            }
            _ => Err(Missed),
        }
    }
}

/// A place that is not in the history (any more).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::{DateTime, TimeDelta, Utc};
    use proptest::prelude::*;

    use super::*;
    use crate::ips::types::{ActiveJob, ActiveJobState, Timestamp};
    use crate::jobs::Job;
    use crate::jobs::cache::merge::{Ended, Merge};

    /// One look at IPS: which of six jobs are active, how far each is, and which of the others are in the log.
    fn look() -> impl Strategy<Value = Vec<(bool, i64, bool, bool)>> {
        proptest::collection::vec((any::<bool>(), 0..100i64, any::<bool>(), any::<bool>()), 6)
    }

    fn active(number: usize, progress: i64, running: bool) -> Job {
        let state = if running { ActiveJobState::Running } else { ActiveJobState::WaitingCoordinator };
        Job::active(ActiveJob {
            company_handle: "c|1".into(),
            name: format!("job{number}_run"),
            original_name: format!("job{number}"),
            progress: Some(progress),
            state: Some(state),
            ..ActiveJob::default()
        })
    }

    fn logged(id: &str) -> Job {
        Job { id: id.to_owned(), status: Status::Completed, ..active(0, 100, true) }
    }

    fn as_list(snapshot: &Snapshot) -> BTreeMap<String, serde_json::Value> {
        snapshot.jobs.iter().map(|job| (job.job.id.clone(), meaning(&job.json))).collect()
    }

    fn meaning(json: &[u8]) -> serde_json::Value {
        let mut value: serde_json::Value = serde_json::from_slice(json).expect("JSON");
        let members = value.as_object_mut().expect("an object");
        members.remove("observedAt");
        members.remove("restarted");
        value
    }

    fn fold(list: &mut BTreeMap<String, serde_json::Value>, event: &Event) {
        if event.change.is_last() {
            assert!(list.remove(&event.job).is_some(), "{event:?} of a job that is not there");
        } else {
            let known = list.insert(event.job.clone(), meaning(&event.data)).is_some();
            assert_eq!(known, event.change != Change::Created, "{event:?}");
        }
    }

    fn percents(snapshot: &Snapshot) -> BTreeMap<String, Option<u8>> {
        snapshot.jobs.iter().map(|job| (job.job.id.clone(), job.job.percent)).collect()
    }

    proptest! {
        #[test]
        fn folding_the_events_gives_the_list_that_is_polled(looks in proptest::collection::vec(look(), 1..12)) {
            let mut now = DateTime::<Utc>::default();
            let mut before = Snapshot::new(Vec::new(), Vec::new(), now);
            let mut folded = as_list(&before);
            for look in looks {
                now += TimeDelta::seconds(90);
                let jobs = look.iter().enumerate().filter(|(_, job)| job.0).map(|(number, job)| active(number, job.1, job.2)).collect();
                let mut succession = Merge::new(jobs, Some(&before), now);
                let mut in_log = look.iter().map(|job| job.3).cycle();
                succession.conclude(|id| if in_log.next() == Some(true) { Ended::Logged(Box::new(logged(id))) } else { Ended::NotYet });
                let after = succession.finish(Vec::new());
                let events = between(&before, &after);
                for event in &events {
                    fold(&mut folded, event);
                }
                prop_assert_eq!(&folded, &as_list(&after));
                let earlier = percents(&before);
                for job in &after.jobs {
                    let restarted = events.iter().any(|event| event.job == job.job.id && event.data.starts_with(b"{\"restarted\":true"));
                    if let Some(percent) = earlier.get(&job.job.id) {
                        prop_assert!(restarted || job.job.percent >= *percent, "{:?} after {:?}", job.job, percent);
                    }
                }
                before = after;
            }
        }

        #[test]
        fn a_reader_sees_every_event_once_or_is_told_that_it_missed_some(batches in proptest::collection::vec(0usize..3000, 1..8), reads in 0usize..6000) {
            let mut history = EventLog::new(7);
            let mut place = history.end();
            let event = Event { change: Change::Created, job: "x".into(), data: Bytes::new() };
            let (mut written, mut seen) = (0, 0);
            for batch in batches {
                history.extend(vec![event.clone(); batch]);
                written += batch;
                for _ in 0..reads {
                    match history.next(place) {
                        Ok(Some((after, _))) => { place = after; seen += 1; }
                        Ok(None) => { prop_assert_eq!(seen, written); break; }
                        Err(Missed) => { prop_assert!(written - seen > MOST_EVENTS); place = history.end(); seen = written; }
                    }
                }
            }
        }
    }

    #[test]
    fn a_job_that_begins_to_run_later_than_expected_is_not_begun_anew() {
        let at = |minute| Some(Timestamp(DateTime::<Utc>::default().fixed_offset() + TimeDelta::minutes(minute)));
        let job = |state, start_date| {
            let record = ActiveJob { state: Some(state), start_date, ..ActiveJob::default() };
            RenderedJob::new(Job::active(record), DateTime::default())
        };
        let waiting = job(ActiveJobState::WaitingCoordinator, at(0));
        let running = job(ActiveJobState::Running, at(1));
        let again = job(ActiveJobState::Running, at(2));
        assert!(!is_restart(&waiting, &running), "it began");
        assert!(is_restart(&running, &again), "it began again");
        assert!(is_restart(&running, &waiting), "it went back to waiting");
    }

    #[test]
    fn a_place_reads_back_and_foreign_ones_are_refused() {
        let history = EventLog::new(0xab);
        assert_eq!(history.end().to_string().parse(), Ok(history.end()));
        assert_eq!(history.next(EventCursor { epoch: 1, number: 0 }).unwrap_err(), Missed);
        assert_eq!(history.next(EventCursor { epoch: 0xab, number: 5 }).unwrap_err(), Missed, "a place in the future");
        assert_eq!("nonsense".parse::<EventCursor>(), Err(()));
    }
}
