//! Walk through the history of a company over any span of time, one call of `getJobLogs` after the other.

use std::sync::Arc;

use crate::ips::types::{GetJobLogsParam, Timestamp};
use crate::jobs::error::{Error, Result};
use crate::jobs::history::axis::{Axis, start_of, timestamp_of};
use crate::jobs::history::steps::{MAX_ROWS, Steps};
use crate::jobs::model::distinct::jobs_of_records;
use crate::jobs::model::job::Job;
use crate::jobs::queries::JobLookup;
use crate::runtime::clock::Clock;
use crate::upstream::{BadItem, Caller, IpsApi};

/// Start of the year 2000 in seconds since 1970: IPS has no older jobs.
const OLDEST: i64 = 946_684_800;
/// Seconds after the current time in which a job can have started by another clock, or in another time zone.
const LEAD: i64 = 86_400;
/// Seconds by which the dates of a request are extended once IPS sent a start without an offset, which can be in any time zone.
const ZONELESS_MARGIN: i64 = 14 * 3600;

/// Source of the history.
#[derive(Clone)]
pub struct HistorySource {
    /// Port to IPS.
    pub upstream: Arc<dyn IpsApi>,
    /// What the gateway knows of the jobs beside their logs.
    pub lookup: Arc<JobLookup>,
    /// Wall clock.
    pub clock: Clock,
}

/// Jobs of which a walk lists the history.
#[derive(Debug, Clone, Default)]
pub struct HistorySpan {
    /// Earliest start.
    pub from: Option<Timestamp>,
    /// Latest start.
    pub to: Option<Timestamp>,
    /// IPS handle of the user who submitted the jobs.
    pub user_handle: Option<String>,
}

/// Place at which a walk begins.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place {
    /// First second of the axis whose jobs are outstanding; `None` for the beginning of the span.
    pub second: Option<i64>,
    /// Length of the window of the first call in seconds, if the walk goes by windows.
    pub window: Option<i64>,
}

/// Jobs that one call of a walk completed, in its order: by start, then by id; those without a start at the end.
#[derive(Debug, Default)]
pub struct Batch {
    /// The jobs; none if the call completed none.
    pub jobs: Vec<Job>,
    /// Items of the answer that could not be read.
    pub bad_items: Vec<BadItem>,
}

/// Walk through the history.
pub struct HistoryWalk {
    source: HistorySource,
    caller: Caller,
    company: String,
    span: HistorySpan,
    axis: Axis,
    steps: Steps,
}

impl HistoryWalk {
    /// Begins a walk at a place of the axis.
    pub fn new(
        source: &HistorySource,
        caller: &Caller,
        company: &str,
        span: HistorySpan,
        (axis, place): (Axis, Place),
    ) -> Self {
        let latest = source.clock.now().timestamp().saturating_add(LEAD);
        let second = |time: Option<Timestamp>, or: i64| {
            time.map_or_else(|| axis.second(timestamp_of(or * 1000)), |time| axis.second(time))
        };
        let (oldest, newest) = (second(span.from, OLDEST), second(span.to, latest));
        let steps = Steps {
            next: place.second,
            window: place.window,
            near: oldest.min(newest),
            far: oldest.max(newest),
            margin: 0,
            is_strict: false,
            is_wide: false,
            has_ended: false,
            has_gap: false,
        };
        let (source, caller, company) = (source.clone(), caller.clone(), company.to_owned());
        Self { source, caller, company, span, axis, steps }
    }

    /// Returns where the walk goes on; `None` at its end.
    pub fn place(&self) -> Option<Place> {
        (!self.steps.has_ended).then_some(Place { second: self.steps.next, window: self.steps.window })
    }

    /// Returns whether jobs are missing that IPS can't be asked for: more than 1,000 started in one second, or it does not filter by dates.
    pub fn has_gap(&self) -> bool {
        self.steps.has_gap
    }

    /// Makes one call for at most `rows` rows and returns the jobs that it completed.
    ///
    /// # Errors
    /// The errors of IPS.
    pub async fn next_batch(&mut self, rows: usize) -> Result<Batch> {
        let is_wide = self.steps.is_wide || self.steps.window.is_some();
        let rows = if is_wide { MAX_ROWS } else { rows.clamp(1, MAX_ROWS) };
        let Some(request) = self.request(rows) else {
            self.steps.has_ended = true;
            return Ok(Batch::default());
        };
        let answer =
            self.source.upstream.get_job_logs(&self.caller, &request).await.map_err(Error::of_call(&self.caller))?;
        let count = answer.value.job_log_array.len() + answer.bad_items.len();
        let (mut jobs, bad_items) =
            jobs_of_records("jobLogArray", answer.value.job_log_array, answer.bad_items, None, |record| {
                Job::completed(&self.company, record)
            });
        let starts: Vec<Timestamp> = jobs.iter().filter_map(start_of).collect();
        if starts.iter().any(|start| start.instant().is_none()) {
            self.steps.margin = ZONELESS_MARGIN;
        }
        let starts: Vec<i64> = starts.into_iter().map(|start| self.axis.second(start)).collect();
        let Some((first, last)) = self.steps.advance(&starts, count, rows) else { return Ok(Batch::default()) };
        let is_last = self.steps.has_ended;
        jobs.retain(|job| match start_of(job) {
            Some(start) => (first..=last).contains(&self.axis.second(start)),
            None => is_last,
        });
        self.source.lookup.enrich(&self.caller, &self.company, &mut jobs).await;
        jobs.sort_by(|one, other| {
            let keys = [one, other].map(|job| (start_of(job).map(|start| self.axis.micros(start)), job));
            match keys {
                [(Some(start), job), (Some(later), next)] => (start, &job.id).cmp(&(later, &next.id)),
                [(start, _), (later, _)] => start.is_none().cmp(&later.is_none()),
            }
        });
        Ok(Batch { jobs, bad_items })
    }

    /// Returns the next request; `None` if no job can be left.
    fn request(&self, rows: usize) -> Option<GetJobLogsParam> {
        let (first, last) = self.steps.range();
        let (low, high) = self.axis.seconds(first, last);
        // Whether IPS compares fractions of a second is not documented.
        let tolerance = if self.steps.is_strict { 999 } else { 1000 };
        let low = low.map(|low| timestamp_of((low - self.steps.margin) * 1000));
        let high = high.map(|high| timestamp_of((high + self.steps.margin) * 1000 + tolerance));
        let start_date = low.into_iter().chain(self.span.from).max();
        let end_date = high.into_iter().chain(self.span.to).min();
        if start_date.zip(end_date).is_some_and(|(start, end)| start > end) {
            return None;
        }
        Some(GetJobLogsParam {
            company_handle: Some(self.company.clone()),
            user_handle: self.span.user_handle.clone(),
            sort_by: Some("StartDate".into()),
            sort_direction: Some(self.axis.0.ips_name().into()),
            start_date,
            end_date,
            num_rows: i32::try_from(rows).ok(),
        })
    }
}
