//! Queries: lists of jobs, single jobs, and logs.

mod by_handle;
mod completed;
mod cursor;
mod found;
mod list;
mod list_query;
mod log_query;
mod logs;
mod lookup;
mod page;
mod publish_queue;
mod search_text;
mod sort;

pub use cursor::{InvalidPageCursor, PageCursor};
pub use found::FoundJob;
pub(in crate::jobs) use list::is_open_log;
pub use list::{JobListing, ListQueries};
pub use list_query::ListQuery;
pub use log_query::{LogEntry, LogLevel, LogPage, LogQuery, LogSort, LogSource, MAX_PER_PAGE};
pub use logs::LogQueries;
pub use lookup::JobLookup;
pub(in crate::jobs) use page::jobs_of_page;
pub use page::{JobPage, LoadedLists, OlderJobs};
pub use publish_queue::{PublishQueue, QueuedPublish, publish_queue};
pub use search_text::SearchText;
pub use sort::{InvalidSort, JOB_SORT_FIELDS, JobSort, JobSortField, SortDirection};
