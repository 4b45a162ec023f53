//! Expected end of a running job, from the durations of the last jobs of its kind.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::Timestamp;
use crate::jobs::model::kind::JobKind;

/// Minimum number of durations.
const MIN_RUNS: usize = 3;
/// Maximum number of durations of a kind: those of its last jobs.
const MAX_RUNS: usize = 20;
/// Approximate memory of a kind, in bytes.
const KIND_BYTES: usize = 64 + MAX_RUNS * size_of::<u32>();

/// Time at which a running job is expected to end, from the durations of the last jobs of its kind in the company. It does not change while the
/// job runs: a job that takes longer than usual has one in the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedEnd {
    /// `startedAt` plus the median of the durations.
    pub at: Timestamp,
    /// `startedAt` plus the 10th percentile of the durations.
    pub from: Timestamp,
    /// `startedAt` plus the 90th percentile of the durations.
    pub to: Timestamp,
    /// Number of durations: those of the last jobs of this kind that were neither stopped nor failed, 20 at most.
    #[schema(minimum = 3, maximum = 20, example = 12)]
    pub based_on: u32,
}

/// Durations of the last completed jobs of a company, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunDurations(HashMap<JobKind, Vec<u32>>);

impl RunDurations {
    /// Returns the durations of runs: their kind, start and duration in milliseconds, in any order.
    #[must_use]
    pub fn of(runs: impl Iterator<Item = (JobKind, Timestamp, u32)>) -> Self {
        let mut by_kind: HashMap<JobKind, Vec<(i64, u32)>> = HashMap::new();
        for (kind, start, duration) in runs {
            by_kind.entry(kind).or_default().push((start.sort_micros(), duration));
        }
        let last = |mut runs: Vec<(i64, u32)>| {
            runs.sort_unstable_by(|a, b| b.cmp(a));
            runs.truncate(MAX_RUNS);
            let mut durations: Vec<u32> = runs.into_iter().map(|(_, duration)| duration).collect();
            durations.sort_unstable();
            durations
        };
        Self(by_kind.into_iter().map(|(kind, runs)| (kind, last(runs))).collect())
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the approximate memory, in bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.0.len() * KIND_BYTES
    }

    /// Returns the expected end of a job of a kind that started at a time; `None` without at least three durations.
    #[must_use]
    pub fn expected_end(&self, kind: &JobKind, started_at: Timestamp) -> Option<ExpectedEnd> {
        let durations = self.0.get(kind).filter(|durations| durations.len() >= MIN_RUNS)?;
        let after = |percent: usize| {
            let index = (durations.len() * percent).div_ceil(100).saturating_sub(1);
            started_at.checked_add(TimeDelta::milliseconds((*durations.get(index)?).into()))
        };
        let based_on = u32::try_from(durations.len()).ok()?;
        Some(ExpectedEnd { at: after(50)?, from: after(10)?, to: after(90)?, based_on })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn durations(seconds: impl IntoIterator<Item = u32>) -> RunDurations {
        let start: Timestamp = "2026-03-01T00:00:00Z".parse().expect("a time");
        let run = |(index, seconds): (usize, u32)| {
            let start = start.checked_add(TimeDelta::days(index.try_into().expect("a number"))).expect("a time");
            (JobKind::named("export"), start, seconds * 1000)
        };
        RunDurations::of(seconds.into_iter().enumerate().map(run))
    }

    fn expected(durations: &RunDurations) -> Option<(String, String, String, u32)> {
        let start = "2026-03-02T12:00:00-06:00".parse().expect("a time");
        let end = durations.expected_end(&JobKind::named("export"), start)?;
        Some((end.from.to_string(), end.at.to_string(), end.to.to_string(), end.based_on))
    }

    #[test]
    fn the_expected_end_is_the_start_and_the_median_duration() {
        let time = |clock: &str| format!("2026-03-02T{clock}-06:00");
        assert_eq!(expected(&durations([10, 20])), None, "too few");
        let three = (time("12:00:10"), time("12:00:20"), time("12:01:00"), 3);
        assert_eq!(expected(&durations([20, 60, 10])), Some(three));
        // The first ten are older than the last twenty.
        let last = (time("12:00:02"), time("12:00:10"), time("12:00:18"), 20);
        assert_eq!(expected(&durations([1000; 10].into_iter().chain(1..=20))), Some(last));
        assert!(durations([1, 2, 3]).expected_end(&JobKind::named("ripPdfs"), Timestamp::default()).is_none());
    }
}
