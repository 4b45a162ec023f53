//! Pauses of an active job, during which its run makes no progress.

use chrono::{DateTime, TimeDelta, Utc};

/// Length of a pause that has not ended: longer than any sandbox runs.
const OPEN: TimeDelta = TimeDelta::days(36_500);

#[derive(Debug, Clone)]
struct Pause {
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
}

/// Pauses of a job, in order; at most the last one is open.
#[derive(Debug, Clone, Default)]
pub(in crate::sandbox) struct Pauses(Vec<Pause>);

impl Pauses {
    /// Returns whether the job is paused.
    pub fn is_open(&self) -> bool {
        self.0.last().is_some_and(|pause| pause.until.is_none())
    }

    /// Begins a pause, unless the job is paused.
    pub fn begin(&mut self, at: DateTime<Utc>) {
        if !self.is_open() {
            self.0.push(Pause { from: at, until: None });
        }
    }

    /// Ends the open pause, if there is one.
    pub fn end(&mut self, at: DateTime<Utc>) {
        if let Some(pause) = self.0.last_mut() {
            pause.until.get_or_insert(at);
        }
    }

    /// Returns when a planned event happens: later by all pauses that begin before it.
    pub fn delayed(&self, planned: DateTime<Utc>) -> DateTime<Utc> {
        self.0.iter().fold(planned, |time, pause| {
            if pause.from < time { time + pause.until.map_or(OPEN, |until| until - pause.from) } else { time }
        })
    }

    /// Returns the planned time that has been reached at `now`: the inverse of [`Self::delayed`].
    pub fn planned(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let begun = self.0.iter().filter(|pause| pause.from < now);
        begun.fold(now, |time, pause| time - (pause.until.map_or(now, |until| until.min(now)) - pause.from))
    }
}
