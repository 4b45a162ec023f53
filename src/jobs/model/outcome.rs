//! Outcome of a completed job and the part of its files that it handled, from its log.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::JobLog;
use crate::jobs::model::status::has_ended;

/// Type of the log entries of files that a stopped job did not handle.
const CANCEL_LOG_TYPE: &str = "FileCancel";

/// Outcome of a completed job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// No errors and no warnings.
    Succeeded,
    /// Some files were processed; there were warnings, or some files failed.
    SucceededWithWarnings,
    /// A fatal error, or all files failed.
    Failed,
    /// The job was stopped before it had handled all files.
    Stopped,
    /// The job log does not say, or a value in it could not be read.
    Unknown,
}

/// Outcome and percent of a logged job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// Outcome.
    pub outcome: Outcome,
    /// Handled files of all files in percent; `None` if the log does not say. 100 only if the job was not stopped.
    pub percent: Option<u8>,
}

impl Verdict {
    /// Returns the verdict on a log, from its counts, `fatalError`, and the log entries that it has. It is unknown if the log has no end or a
    /// value that could not be read.
    #[must_use]
    pub fn of(log: &JobLog) -> Self {
        let count = |field: Option<i64>| field.unwrap_or_default();
        let errors = count(log.file_error_count) + count(log.transfer_error_count);
        let warnings = count(log.file_warning_count) + count(log.transfer_warning_count);
        let successes =
            count(log.file_success_count) + count(log.transfer_success_count) + count(log.file_update_count);
        let handled = HandledFiles::of(log);
        let is_stopped = has_canceled_files(log) || handled.is_some_and(|handled| !handled.is_all());
        let outcome = match log.fatal_error {
            Some(true) => Outcome::Failed,
            _ if !has_ended(log) || !log.unreadable.is_empty() => Outcome::Unknown,
            _ if is_stopped => Outcome::Stopped,
            _ if errors > 0 && successes == 0 => Outcome::Failed,
            _ if errors > 0 || warnings > 0 => Outcome::SucceededWithWarnings,
            Some(false) => Outcome::Succeeded,
            None => Outcome::Unknown,
        };
        let percent = match outcome {
            _ if !has_ended(log) || !log.unreadable.is_empty() => None,
            Outcome::Succeeded | Outcome::SucceededWithWarnings => Some(100),
            Outcome::Failed | Outcome::Stopped => handled.and_then(HandledFiles::percent),
            Outcome::Unknown => None,
        };
        let is_complete = log.fatal_error != Some(true) && outcome != Outcome::Stopped;
        Self { outcome, percent: percent.filter(|percent| is_complete || *percent < 100) }
    }
}

/// Returns whether the log has an entry of a file that was not handled because the job was stopped.
fn has_canceled_files(log: &JobLog) -> bool {
    let entries = log.detail_array.iter().flatten();
    entries.filter_map(|entry| entry.log_type.as_deref()).any(|log_type| log_type.eq_ignore_ascii_case(CANCEL_LOG_TYPE))
}

/// Files that a job handled, whether with success or not.
#[derive(Debug, Clone, Copy)]
struct HandledFiles {
    /// The most that the counts can mean.
    at_most: i64,
    /// The least that the counts can mean.
    at_least: i64,
    total: i64,
}

impl HandledFiles {
    /// Returns the handled files of a log; `None` if it does not have their counts, or the job has no files.
    ///
    /// IPS does not document whether files with a warning and updated files are among the successful ones. A sum of counts that is greater than
    /// the number of files shows that they are.
    fn of(log: &JobLog) -> Option<Self> {
        let files = [log.file_success_count, log.file_error_count, log.file_duplicate_count];
        let others = [log.file_warning_count, log.file_update_count];
        let transfers = [log.transfer_success_count, log.transfer_error_count, log.transfer_warning_count];
        let total = log.total_file_count.filter(|total| *total > 0)?;
        files.iter().chain(&others).flatten().next()?;
        let sum = |counts: &[Option<i64>]| {
            counts.iter().flatten().fold(0_i64, |sum, count| sum.saturating_add((*count).max(0)))
        };
        let (files, [warnings, updates]) = (sum(&files), others.map(|count| sum(&[count])));
        let at_least = files.max(warnings).max(updates).min(total);
        if at_least == 0 {
            // A job that only transfers files.
            let transferred = sum(&transfers).min(total);
            return Some(Self { at_most: transferred, at_least: transferred, total });
        }
        let readings = [files, files.saturating_add(warnings), files.saturating_add(updates)];
        let readings = readings.into_iter().chain([files.saturating_add(warnings).saturating_add(updates)]);
        let at_most = readings.filter(|handled| *handled <= total).max().map_or(at_least, |most| most.max(at_least));
        Some(Self { at_most, at_least, total })
    }

    fn is_all(self) -> bool {
        self.at_most >= self.total
    }

    /// Returns the handled files of all in percent, rounded down; `None` if the counts do not say.
    fn percent(self) -> Option<u8> {
        let percent = |handled: i64| u8::try_from(i128::from(handled) * 100 / i128::from(self.total)).ok();
        percent(self.at_most).filter(|most| self.is_all() || Some(*most) == percent(self.at_least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ips::types::{JobLogDetail, Timestamp, UnreadableValue};
    use proptest::prelude::*;

    fn verdict(log: &JobLog) -> (Outcome, Option<u8>) {
        let Verdict { outcome, percent } = Verdict::of(log);
        (outcome, percent)
    }

    /// An ended log without a fatal error, with these counts: all files, successes, errors, warnings, updates.
    fn ended([total, success, error, warning, update]: [i64; 5]) -> JobLog {
        JobLog {
            end_date: Some(Timestamp::default()),
            fatal_error: Some(false),
            total_file_count: Some(total),
            file_success_count: Some(success),
            file_error_count: Some(error),
            file_warning_count: Some(warning),
            file_update_count: Some(update),
            ..JobLog::default()
        }
    }

    #[test]
    fn a_verdict_is_derived_from_counts_end_and_fatal_error() {
        let cases = [
            ([3, 3, 0, 0, 0], (Outcome::Succeeded, Some(100))),
            ([0, 0, 0, 0, 0], (Outcome::Succeeded, Some(100))),
            ([4, 3, 0, 1, 0], (Outcome::SucceededWithWarnings, Some(100))),
            ([4, 3, 1, 0, 0], (Outcome::SucceededWithWarnings, Some(100))),
            ([2, 0, 2, 0, 0], (Outcome::Failed, Some(100))),
        ];
        for (counts, expected) in cases {
            assert_eq!(verdict(&ended(counts)), expected, "{counts:?}");
        }
        let open = JobLog { end_date: None, ..ended([3, 3, 0, 0, 0]) };
        assert_eq!(verdict(&open), (Outcome::Unknown, None), "a log without an end is incomplete");
        let fatal = |counts| JobLog { fatal_error: Some(true), ..ended(counts) };
        assert_eq!(verdict(&fatal([4, 1, 0, 0, 0])), (Outcome::Failed, Some(25)));
        assert_eq!(verdict(&fatal([4, 4, 0, 0, 0])), (Outcome::Failed, None));
        assert_eq!(verdict(&JobLog { end_date: Some(Timestamp::default()), ..JobLog::default() }).0, Outcome::Unknown);
        let unreadable =
            vec![UnreadableValue { path: "fileErrorCount".into(), value: "x".into(), reason: "no".into() }];
        assert_eq!(verdict(&JobLog { unreadable, ..ended([3, 3, 0, 0, 0]) }), (Outcome::Unknown, None));
    }

    #[test]
    fn a_job_with_fewer_handled_files_than_counted_is_stopped() {
        for (counts, percent) in [
            ([11, 0, 0, 0, 0], Some(0)),
            ([11, 4, 0, 0, 0], Some(36)),
            ([11, 4, 1, 0, 0], Some(45)),
            ([11, 0, 1, 0, 0], Some(9)),
            ([1000, 999, 0, 0, 0], Some(99)),
            // Warnings and updates are among the successes, or are not.
            ([30, 6, 0, 2, 0], None),
            // Here they are: the sum is greater than the number of files.
            ([30, 16, 0, 0, 16], Some(53)),
        ] {
            assert_eq!(verdict(&ended(counts)), (Outcome::Stopped, percent), "{counts:?}");
        }
    }

    #[test]
    fn counts_that_include_warnings_and_updates_or_do_not_are_both_complete() {
        for counts in [[30, 30, 0, 4, 12], [30, 14, 0, 4, 12], [30, 18, 0, 4, 12], [30, 26, 0, 4, 12]] {
            assert_eq!(verdict(&ended(counts)), (Outcome::SucceededWithWarnings, Some(100)), "{counts:?}");
        }
        let transfers = JobLog { transfer_success_count: Some(5), ..ended([5, 0, 0, 0, 0]) };
        assert_eq!(verdict(&transfers), (Outcome::Succeeded, Some(100)), "a job that only transfers files");
        let half = JobLog { transfer_success_count: Some(5), ..ended([5, 2, 0, 0, 0]) };
        assert_eq!(verdict(&half), (Outcome::Stopped, Some(40)), "transferred, and not all of them processed");
    }

    #[test]
    fn a_log_with_a_canceled_file_is_that_of_a_stopped_job() {
        let entries =
            |log_type: &str| Some(vec![JobLogDetail { log_type: Some(log_type.into()), ..JobLogDetail::default() }]);
        let log = JobLog { detail_array: entries("FileCancel"), ..ended([3, 3, 0, 0, 0]) };
        assert_eq!(verdict(&log), (Outcome::Stopped, None), "all counted files are handled, and yet it was stopped");
        let uncounted = JobLog { total_file_count: None, ..log.clone() };
        assert_eq!(verdict(&uncounted), (Outcome::Stopped, None));
        assert_eq!(verdict(&JobLog { fatal_error: Some(true), ..log.clone() }).0, Outcome::Failed);
        assert_eq!(verdict(&JobLog { detail_array: entries("UploadSuccess"), ..log }).0, Outcome::Succeeded);
    }

    proptest! {
        #[test]
        fn a_stopped_job_never_has_100_percent(counts: [u8; 5], transfers: u8) {
            let log = JobLog { transfer_success_count: Some(transfers.into()), ..ended(counts.map(i64::from)) };
            let (outcome, percent) = verdict(&log);
            prop_assert!(percent.is_none_or(|percent| percent < 100 || (percent == 100 && outcome != Outcome::Stopped)));
        }
    }
}
