//! Jobs as the gateway promises them: ids, phases, snapshots, events, submit. [`Jobs`] is the facade; nothing here knows HTTP or XML.

mod cache;
mod commands;
mod company;
mod error;
mod events;
mod facade;
mod model;
mod queries;
mod wire;

pub use cache::policy::{CacheDirective, CacheStatus, Freshness, Lookup};
pub use commands::idempotency::IdempotencyKey;
pub use commands::submit::{Submission, SubmitMode};
pub use commands::url_policy::UrlRules;
pub use company::CompanyChoice;
pub use error::{Error, InvalidField, Location, Result};
pub use events::{Change, Event, EventCursor};
pub use facade::{Jobs, JobsConfig};
pub use model::id::{InvalidJobId, JobId, JobRef, Name};
pub use model::job::{Action, Job, ObservedJob, Outcome, Phase, Record, RenderedJob, Status, SubmittedJob, moment};
pub use model::snapshot::{ListBody, Snapshot, StaleReason, etag_of, weak_etag};
pub use queries::find::Found;
pub use queries::list::{Cursor, ListQuery, ListWatchers, Listed, Page, SORT_FIELDS, Sort};
pub use queries::logs::{
    Archive, JOB_LOG_SORT_FIELDS, JobLogsQuery, JobLogsSort, Level, LogEntry, LogPage, LogQuery, LogSort, MAX_PER_PAGE,
};
pub use queries::subscription::{HEARTBEAT, StreamMessage, Subscription};
