//! History: completed jobs over any span of time, although IPS returns 1,000 logs at most and has no pages.

mod axis;
mod cursor;
mod list;
mod logs;
mod query;
mod statistics;
mod statistics_cache;
mod steps;
mod stream;
mod walk;

pub use cursor::HistoryCursor;
pub use list::JobLists;
pub use logs::HistoryQueries;
pub use query::{HistoryFilter, HistoryPage, JOB_LOG_SORT_FIELDS, JobLogsQuery, JobLogsSort};
pub use statistics::{DurationStats, JobStats, JobStatsGroup, OutcomeCounts};
pub use statistics_cache::{STATISTICS_LIFETIME, StatisticsQueries, StatisticsQuery};
pub use stream::HistoryStream;
pub use walk::HistorySource;
