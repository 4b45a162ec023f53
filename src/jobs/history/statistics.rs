//! Statistics of the history: numbers, outcomes and durations of jobs by kind and submitter.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ips::types::Timestamp;
use crate::jobs::error::Result;
use crate::jobs::history::axis::Axis;
use crate::jobs::history::steps::MAX_ROWS;
use crate::jobs::history::walk::{HistorySource, HistorySpan, HistoryWalk, Place};
use crate::jobs::model::job::{Job, Outcome, Status, to_timestamp};
use crate::jobs::model::kind::JobKind;
use crate::jobs::queries::SortDirection;
use crate::upstream::Caller;

/// Maximum number of calls to IPS for statistics.
const MAX_CALLS: usize = 20;
/// Maximum number of groups.
const MAX_GROUPS: usize = 1000;

/// Statistics of the completed jobs that started within a span of time.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobStats {
    /// Earliest start of the jobs.
    pub from: Timestamp,
    /// Latest start of the jobs.
    pub to: Timestamp,
    /// Time at which IPS returned the last logs.
    pub observed_at: Timestamp,
    /// Number of completed jobs.
    pub jobs: u64,
    /// Whether all jobs of the span are counted. `false`: only those since `countedFrom`, since the gateway reads 20,000 logs at most, or IPS
    /// does not return all.
    pub complete: bool,
    /// Start of the oldest job that is counted, if there are older ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub counted_from: Option<Timestamp>,
    /// Jobs by kind and submitter; the groups with the most jobs first, at most 1,000.
    pub groups: Vec<JobStatsGroup>,
    /// Number of further groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub more_groups: Option<usize>,
}

/// Jobs of one kind that one user submitted.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JobStatsGroup {
    /// Kind of the jobs; absent if IPS does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<JobKind>,
    /// E-mail address of the submitter; absent if IPS does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submitted_by: Option<String>,
    /// Number of jobs.
    pub jobs: u64,
    /// Numbers of jobs by outcome.
    pub outcomes: OutcomeCounts,
    /// Durations of the jobs with a start and an end; absent if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub duration: Option<DurationStats>,
}

/// Numbers of jobs by outcome.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeCounts {
    /// No errors and no warnings.
    pub succeeded: u64,
    /// Warnings, or some files failed.
    pub succeeded_with_warnings: u64,
    /// A fatal error, or all files failed.
    pub failed: u64,
    /// Stopped.
    pub stopped: u64,
    /// The log does not say.
    pub unknown: u64,
}

/// Durations of jobs in seconds, from start to end (nearest rank).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DurationStats {
    /// Median.
    pub median: f64,
    /// 95th percentile.
    pub p95: f64,
}

#[derive(Debug, Default)]
struct Tally {
    jobs: u64,
    outcomes: OutcomeCounts,
    /// Durations in milliseconds.
    durations: Vec<u32>,
}

impl Tally {
    fn add(&mut self, job: &Job) {
        self.jobs += 1;
        let count = match job.outcome {
            Some(Outcome::Succeeded) => &mut self.outcomes.succeeded,
            Some(Outcome::SucceededWithWarnings) => &mut self.outcomes.succeeded_with_warnings,
            Some(Outcome::Failed) => &mut self.outcomes.failed,
            Some(Outcome::Stopped) => &mut self.outcomes.stopped,
            Some(Outcome::Unknown) | None => &mut self.outcomes.unknown,
        };
        *count += 1;
        if let (Some(start), Some(end)) = (job.common.started_at, job.common.ended_at) {
            let millis = (end.sort_micros() - start.sort_micros()) / 1000;
            self.durations.extend(u32::try_from(millis));
        }
    }
}

/// Returns the statistics of the jobs of `company` in a span, from the newest on.
///
/// # Errors
/// The errors of IPS.
pub async fn load(
    source: &HistorySource,
    caller: &Caller,
    company: &str,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    user_handle: Option<String>,
) -> Result<JobStats> {
    let (from, to) = (to_timestamp(from), to_timestamp(to));
    let span = HistorySpan { from: Some(from), to: Some(to), user_handle };
    let start = (Axis(SortDirection::Descending), Place::default());
    let mut walk = HistoryWalk::new(source, caller, company, span, start);
    let mut groups: HashMap<(Option<JobKind>, Option<String>), Tally> = HashMap::new();
    let (mut jobs, mut unreadable, mut oldest) = (0, 0, None);
    for _ in 0..MAX_CALLS {
        if walk.place().is_none() {
            break;
        }
        let batch = walk.next_batch(MAX_ROWS).await?;
        unreadable += batch.bad_items.len();
        for job in &batch.jobs {
            oldest = job.common.started_at.or(oldest);
            // IPS has a log of running jobs, too.
            if job.status == Status::Finalizing {
                continue;
            }
            jobs += 1;
            let submitted_by = job.common.submitted_by.as_ref().map(|email| email.to_lowercase());
            groups.entry((job.kind.clone(), submitted_by)).or_default().add(job);
        }
    }
    let has_all = walk.place().is_none();
    let mut groups: Vec<JobStatsGroup> = groups
        .into_iter()
        .map(|((kind, submitted_by), Tally { jobs, outcomes, durations })| {
            let duration = DurationStats::of(durations);
            JobStatsGroup { kind, submitted_by, jobs, outcomes, duration }
        })
        .collect();
    let rank = |group: &JobStatsGroup| {
        let kind = group.kind.as_ref().map(|kind| kind.as_str().to_owned());
        (std::cmp::Reverse(group.jobs), kind, group.submitted_by.clone())
    };
    groups.sort_by_cached_key(rank);
    let more_groups = groups.len().checked_sub(MAX_GROUPS).filter(|more| *more > 0);
    groups.truncate(MAX_GROUPS);
    Ok(JobStats {
        from,
        to,
        observed_at: to_timestamp(source.clock.now()),
        jobs,
        complete: has_all && !walk.has_gap() && unreadable == 0,
        counted_from: oldest.filter(|_| !has_all),
        groups,
        more_groups,
    })
}

impl DurationStats {
    fn of(mut millis: Vec<u32>) -> Option<Self> {
        millis.sort_unstable();
        let rank = |percent: usize| {
            let index = (millis.len() * percent).div_ceil(100).checked_sub(1)?;
            millis.get(index).map(|millis| f64::from(*millis) / 1000.0)
        };
        Some(Self { median: rank(50)?, p95: rank(95)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_nearest_rank() {
        let stats = |durations: &[u32]| DurationStats::of(durations.to_vec()).map(|stats| (stats.median, stats.p95));
        assert_eq!(stats(&[]), None);
        assert_eq!(stats(&[1500]), Some((1.5, 1.5)));
        assert_eq!(stats(&[3000, 1000, 2000]), Some((2.0, 3.0)));
        let hundred: Vec<u32> = (1..=100).map(|seconds| seconds * 1000).collect();
        assert_eq!(stats(&hundred), Some((50.0, 95.0)));
    }
}
