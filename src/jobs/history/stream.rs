//! The whole history of a span, part by part.

use std::sync::Arc;

use crate::jobs::error::Result;
use crate::jobs::history::axis::Axis;
use crate::jobs::history::logs::{HistoryQueries, matches};
use crate::jobs::history::query::HistoryFilter;
use crate::jobs::history::walk::{HistoryWalk, Place};
use crate::jobs::model::json::RenderedJob;
use crate::jobs::queries::{ListQuery, SortDirection};
use crate::runtime::clock::Clock;
use crate::upstream::Caller;

/// Number of logs that one call asks for: what a stream holds at a time.
const ROWS: usize = 100;

/// Stream of the jobs of a span. It holds the jobs of one call to IPS; its calls are not coalesced with others, whose answers would be kept.
pub struct HistoryStream {
    walk: HistoryWalk,
    conditions: Option<ListQuery>,
    clock: Clock,
    unreadable: usize,
}

impl HistoryStream {
    pub(super) fn new(walk: HistoryWalk, conditions: Option<ListQuery>, clock: Clock) -> Self {
        Self { walk, conditions, clock, unreadable: 0 }
    }

    /// Makes the next call to IPS and returns the jobs that it completed, maybe none; `None` at the end.
    ///
    /// # Errors
    /// The errors of IPS.
    pub async fn next_jobs(&mut self) -> Result<Option<Vec<Arc<RenderedJob>>>> {
        if self.walk.place().is_none() {
            return Ok(None);
        }
        let batch = self.walk.next_batch(ROWS).await?;
        self.unreadable += batch.bad_items.len();
        let now = self.clock.now();
        let matching = batch.jobs.into_iter().filter(|job| matches(self.conditions.as_ref(), job));
        Ok(Some(matching.map(|job| Arc::new(RenderedJob::new(job, now))).collect()))
    }

    /// Returns the reason why jobs of the span are missing, at its end.
    #[must_use]
    pub fn incompleteness(&self) -> Option<String> {
        if self.walk.has_gap() {
            return Some("IPS returns 1,000 logs at most, and more jobs started in one second".into());
        }
        (self.unreadable > 0).then(|| format!("{} logs could not be read", self.unreadable))
    }
}

impl HistoryQueries {
    /// Returns the stream of the jobs of `company` that fulfil the filter.
    #[must_use]
    pub fn stream(
        &self,
        caller: &Caller,
        company: &str,
        filter: &HistoryFilter,
        direction: SortDirection,
    ) -> HistoryStream {
        let start = (Axis(direction), Place::default());
        let walk = HistoryWalk::new(self.uncoalesced(), caller, company, filter.span(), start);
        HistoryStream::new(walk, filter.conditions(), self.uncoalesced().clock.clone())
    }
}
