//! Jobs of IPS as the API presents them: cached lists, lookups, logs, event streams, submits and actions.
//!
//! No HTTP and no XML: callers are the handlers of `http`, and [`IpsApi`](crate::upstream::IpsApi) is the port to IPS. [`Jobs`] is the
//! facade, which delegates to:
//!
//! | part | task | types |
//! |---|---|---|
//! | `queries` | lists, single jobs, logs | [`JobRef`] → [`FoundJob`], [`LogQuery`] → [`LogPage`] |
//! | `history` | completed jobs of any span | [`ListQuery`] → [`JobListing`], [`JobLogsQuery`] → [`HistoryPage`] |
//! | `results` | links and assets in the log of a job, and the retry of failed ones | [`ResultQuery`] → [`ResultPage`], [`RetryPlan`] |
//! | `commands` | submits and actions, sent to IPS at most once | [`Submission`] → [`Job`], [`Action`] → [`FoundJob`] |
//! | `subscriptions` | event streams and long polls | [`Subscription`], [`ListWatchers`] |
//! | `company` | company of a request | [`CompanyChoice`], [`Companies`] |
//!
//! They share `cache`, the snapshot caches of the lists with their invalidation epochs and the recent mutations; `events`, the diff of
//! two snapshots and the event log; and `model`, a job with its id, status and JSON. Uses go one way: model ← error ← company ← events ← cache ←
//! queries ← history, results, subscriptions and commands ← facade.

mod cache;
mod commands;
mod company;
mod error;
mod events;
mod facade;
mod history;
mod model;
mod queries;
mod results;
mod subscriptions;

pub use cache::policy::{CacheDirective, CacheStatus, Freshness, Lookup};
pub use commands::{
    KeyStatus, NextRun, Preflight, Submission, SubmitMode, SubmitReceipt, UnsharedKeys, UrlPolicy, Warning,
};
pub use company::{Companies, CompanyChoice, may_submit, user_handle};
pub use error::{BodyErrors, Error, FieldLocation, InvalidField, Result, check_span};
pub use events::{ChangeKind, Event};
pub use facade::{Jobs, JobsConfig};
pub use history::{
    DurationStats, HistoryCursor, HistoryFilter, HistoryPage, HistoryStream, JOB_LOG_SORT_FIELDS, JobLogsQuery,
    JobLogsSort, JobStats, JobStatsGroup, OutcomeCounts, STATISTICS_LIFETIME, StatisticsQuery,
};
pub use model::id::{InvalidJobId, JobId, JobName, JobRef};
pub use model::job::{
    Action, Chain, ExpectedEnd, FollowOn, IpsRecord, Job, ObservedJob, Outcome, Phase, Status, SubmittedJob,
    to_timestamp,
};
pub use model::json::{ListBody, RenderedJob, etag_of, weak_etag};
pub use model::kind::JobKind;
pub use model::snapshot::Snapshot;
pub use model::status::StaleReason;
pub use queries::{
    FoundJob, InvalidPageCursor, InvalidSort, JOB_SORT_FIELDS, JobListing, JobPage, JobSort, JobSortField, ListQuery,
    LogEntry, LogLevel, LogPage, LogQueries, LogQuery, LogSort, LogSource, MAX_PER_PAGE, PageCursor, PublishQueue,
    QueuedPublish, SearchText, SortDirection,
};
pub use results::{
    JobResult, JobResults, ResultAsset, ResultCounts, ResultLink, ResultPage, ResultQuery, ResultRows, ResultStatus,
    RetryPlan, UnmappedItem,
};
pub use subscriptions::{ListWatchers, StreamEnd, StreamMessage, StreamPosition, Subscription};
