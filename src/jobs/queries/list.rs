//! List query: jobs of the asked phases, filtered, sorted and paged.

use std::cmp::Ordering;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Lookup};
use crate::jobs::cache::refresh::Watcher;
use crate::jobs::cache::snapshot_cache::SnapshotCache;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::{Job, Phase, RenderedJob, Status};
use crate::jobs::model::snapshot::StaleReason;
use crate::jobs::model::snapshot::{ListBody, etag_of};
use crate::upstream::{BadItem, Caller};

/// Filters, order and page of a list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// Phases to list; empty: active.
    pub phases: Vec<Phase>,
    /// Filter by status; empty: any.
    pub statuses: Vec<Status>,
    /// Filter by kind, as IPS names it, ignoring case; empty: any.
    pub types: Vec<String>,
    /// Filter by exact original name.
    pub original_name: Option<String>,
    /// Filter by the submitter's e-mail address, ignoring case.
    pub submitted_by: Option<String>,
    /// Filter by a text in name, description or submitter, ignoring case.
    pub text: Option<String>,
    /// Order; `None`: the order of IPS.
    pub sort: Option<Sort>,
    /// Maximum number of jobs.
    pub limit: Option<usize>,
    /// Start after the job of this cursor.
    pub cursor: Option<Cursor>,
}

impl ListQuery {
    /// Whether it asks for all active jobs in the order of IPS: the whole snapshot.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let is_unfiltered = self.statuses.is_empty()
            && self.types.is_empty()
            && self.original_name.is_none()
            && self.submitted_by.is_none();
        let is_unpaged = self.sort.is_none() && self.limit.is_none() && self.cursor.is_none();
        is_unfiltered && self.text.is_none() && is_unpaged && matches!(self.phases[..], [] | [Phase::Active])
    }

    /// Returns the phases to list.
    #[must_use]
    pub fn phases(&self) -> &[Phase] {
        if self.phases.is_empty() { &[Phase::Active] } else { &self.phases }
    }

    fn matches(&self, job: &Job) -> bool {
        let own = [job.kind(), job.sub_kind()];
        let among =
            |kinds: &[String]| kinds.iter().any(|kind| own.iter().flatten().any(|own| own.eq_ignore_ascii_case(kind)));
        let contains = |text: &str, field: Option<&str>| field.is_some_and(|field| field.to_lowercase().contains(text));
        (self.statuses.is_empty() || self.statuses.contains(&job.status))
            && (self.types.is_empty() || among(&self.types))
            && self.original_name.as_deref().is_none_or(|name| job.original_name() == name)
            && self
                .submitted_by
                .as_deref()
                .is_none_or(|who| job.submitted_by().is_some_and(|own| own.eq_ignore_ascii_case(who)))
            && self.text.as_deref().map(str::to_lowercase).is_none_or(|text| {
                contains(&text, Some(job.name()))
                    || contains(&text, job.description())
                    || contains(&text, job.submitted_by())
            })
    }
}

/// Field to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortField {
    /// Start, or next start.
    StartDate,
    /// Name, ignoring case.
    Name,
    /// Kind, ignoring case.
    Type,
    /// Status.
    Status,
    /// Percent.
    Percent,
    /// Submitter, ignoring case.
    SubmittedBy,
}

/// Names of the fields to sort by.
pub const SORT_FIELDS: &[(&str, SortField)] = &[
    ("startDate", SortField::StartDate),
    ("name", SortField::Name),
    ("type", SortField::Type),
    ("status", SortField::Status),
    ("percent", SortField::Percent),
    ("submittedBy", SortField::SubmittedBy),
];

/// Order: a field, ascending or descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    field: SortField,
    descending: bool,
}

impl Sort {
    /// Newest first: the default order of pages.
    pub const NEWEST_FIRST: Self = Self { field: SortField::StartDate, descending: true };

    fn key(self, job: &Job) -> SortKey {
        let key = match self.field {
            SortField::StartDate => job.start().map(|start| SortKey::Number(start.0.timestamp_micros())),
            SortField::Name => Some(SortKey::Text(job.name().to_lowercase())),
            SortField::Type => job.kind().map(|kind| SortKey::Text(kind.to_lowercase())),
            SortField::Status => Some(SortKey::Number(job.status as i64)),
            SortField::Percent => job.percent.map(|percent| SortKey::Number(percent.into())),
            SortField::SubmittedBy => job.submitted_by().map(|who| SortKey::Text(who.to_lowercase())),
        };
        key.unwrap_or(SortKey::Absent)
    }

    fn compare(self, a: (&SortKey, &str), b: (&SortKey, &str)) -> Ordering {
        let by_key = a.0.cmp(b.0);
        let by_key = if self.descending { by_key.reverse() } else { by_key };
        by_key.then_with(|| a.1.cmp(b.1))
    }

    fn as_text(self) -> String {
        let name = SORT_FIELDS.iter().find(|(_, field)| *field == self.field).map_or("", |(name, _)| name);
        format!("{}{name}", if self.descending { "-" } else { "" })
    }
}

impl FromStr for Sort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (descending, name) = text.strip_prefix('-').map_or((false, text), |name| (true, name));
        let field = SORT_FIELDS.iter().find(|(known, _)| *known == name);
        field.map(|(_, field)| Self { field: *field, descending }).ok_or_else(|| {
            let known: Vec<_> = SORT_FIELDS.iter().map(|(name, _)| *name).collect();
            format!("expected one of {}, with `-` before it for the reverse order", known.join(", "))
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
enum SortKey {
    Number(i64),
    Text(String),
    Absent,
}

/// Keyset cursor: sort key and id of the last job of a page, so that new and finished jobs don't shift pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    #[serde(rename = "s")]
    sort: String,
    #[serde(rename = "k")]
    key: SortKey,
    #[serde(rename = "i")]
    id: String,
}

impl Cursor {
    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).expect("strings and numbers"))
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| "expected the `next` of an earlier answer".into())
    }
}

/// Filtered, sorted or paged part of a list.
#[derive(Debug, Clone)]
pub struct Page {
    /// JSON body.
    pub body: bytes::Bytes,
    /// Weak entity tag (RFC 9110 §8.8.3).
    pub etag: String,
    /// Cursor of the next page, if there is one.
    pub next: Option<String>,
    /// Cache status of the stalest part.
    pub source: CacheStatus,
    /// Age of the oldest part.
    pub age: std::time::Duration,
}

/// Result of a list query.
#[derive(Debug, Clone)]
pub enum Listed {
    /// All active jobs: the snapshot with its prepared body.
    Whole(Lookup),
    /// Filtered, sorted or paged part.
    Page(Page),
}

/// The snapshot caches of the three job lists of IPS.
pub struct JobLists {
    /// Active jobs (`getActiveJobs`).
    pub active: Arc<SnapshotCache>,
    /// Scheduled jobs (`getScheduledJobs`).
    pub scheduled: Arc<SnapshotCache>,
    /// Newest completed jobs (`getJobLogs`).
    pub history: Arc<SnapshotCache>,
}

impl JobLists {
    /// Lists the jobs of `company`; `Ok(None)` only for [`CacheDirective::OnlyIfCached`].
    ///
    /// # Errors
    /// An invalid cursor, or a failed call of IPS.
    pub async fn list(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Result<Option<Listed>> {
        if query.is_plain() {
            return Ok(self.active.read(caller, company, directive).await?.map(Listed::Whole));
        }
        let mut parts = Vec::new();
        for (phase, cache) in self.by_phase() {
            if query.phases().contains(&phase) {
                let Some(lookup) = cache.read(caller, company, directive).await? else { return Ok(None) };
                parts.push(lookup);
            }
        }
        page(&parts, query).map(Listed::Page).map(Some)
    }

    /// Fast path of [`JobLists::list`]: the result if every snapshot is fresh, without waiting for anything.
    ///
    /// # Errors
    /// An invalid cursor.
    #[must_use]
    pub fn list_fresh(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        directive: CacheDirective,
    ) -> Option<Result<Listed>> {
        if directive != CacheDirective::Any {
            return None;
        }
        let caches = self.by_phase().into_iter().filter(|(phase, _)| query.phases().contains(phase));
        let mut parts: Vec<Lookup> = caches.map(|(_, cache)| cache.at_hand(caller, company)).collect::<Option<_>>()?;
        if query.is_plain() {
            parts.pop().map(Listed::Whole).map(Ok)
        } else {
            Some(page(&parts, query).map(Listed::Page))
        }
    }

    /// Watches the lists of `phases` for changes.
    #[must_use]
    pub fn watch(&self, caller: &Caller, company: &str, phases: &[Phase]) -> ListWatchers {
        let caches = self.by_phase().into_iter().filter(|(phase, _)| phases.contains(phase));
        ListWatchers(caches.map(|(_, cache)| cache.watch(caller, company)).collect())
    }

    /// Returns the snapshot cache of each phase.
    #[must_use]
    pub fn by_phase(&self) -> [(Phase, &Arc<SnapshotCache>); 3] {
        [(Phase::Active, &self.active), (Phase::Scheduled, &self.scheduled), (Phase::Completed, &self.history)]
    }

    /// Returns the number of cached snapshots.
    #[must_use]
    pub fn snapshots(&self) -> u64 {
        self.by_phase().iter().map(|(_, cache)| cache.count()).sum()
    }

    /// Updates the gauges of the caches.
    pub fn report(&self) {
        for (_, cache) in self.by_phase() {
            cache.report();
        }
    }
}

/// Watchers of several lists.
pub struct ListWatchers(Vec<Watcher>);

impl ListWatchers {
    /// Waits until one of the lists changes its meaning; forever if there is none.
    pub async fn changed(&mut self) {
        if self.0.is_empty() {
            return std::future::pending().await;
        }
        let changes = self.0.iter_mut().map(|watcher| Box::pin(watcher.changed()));
        futures_util::future::select_all(changes).await;
    }
}

fn page(parts: &[Lookup], query: &ListQuery) -> Result<Page> {
    let mut jobs = select(parts, query);
    let sort = query.sort.or_else(|| (query.limit.is_some() || query.cursor.is_some()).then_some(Sort::NEWEST_FIRST));
    let mut next = None;
    if let Some(sort) = sort {
        let mut keyed: Vec<_> = jobs.into_iter().map(|job| (sort.key(&job.job), job)).collect();
        keyed.sort_by(|a, b| sort.compare((&a.0, &a.1.job.id), (&b.0, &b.1.job.id)));
        if let Some(cursor) = &query.cursor {
            if cursor.sort != sort.as_text() {
                return Err(Error::invalid_parameter("cursor", "this cursor belongs to another `sort`"));
            }
            keyed.retain(|(key, job)| sort.compare((key, &job.job.id), (&cursor.key, &cursor.id)).is_gt());
        }
        if let Some(limit) = query.limit.filter(|limit| *limit < keyed.len()) {
            keyed.truncate(limit);
            next = keyed
                .last()
                .map(|(key, job)| Cursor { sort: sort.as_text(), key: key.clone(), id: job.job.id.clone() }.encode());
        }
        jobs = keyed.into_iter().map(|(_, job)| job).collect();
    }
    let bad_items: Vec<BadItem> = parts.iter().flat_map(|part| part.snapshot.bad_items.iter().cloned()).collect();
    let oldest = parts.iter().max_by_key(|part| part.age);
    let source = parts.iter().map(|part| part.source).max_by_key(|source| rank(*source)).unwrap_or(CacheStatus::Hit);
    let stale = match source {
        CacheStatus::Stale(StaleReason::UpstreamFailed) => Some(StaleReason::UpstreamFailed),
        _ => None,
    };
    let frame = ListBody {
        member: "jobs",
        jobs: &jobs,
        bad_items: &bad_items,
        observed_at: oldest.map(|part| part.snapshot.observed_at),
        stale,
        next: next.as_deref(),
    };
    let etag = etag_of(&jobs, &bad_items, &[next.as_deref().unwrap_or_default()]);
    Ok(Page { body: frame.write(), etag, next, source, age: oldest.map(|part| part.age).unwrap_or_default() })
}

/// Selects the matching jobs. A job that moved between two calls, and so is in two lists, is taken from the later phase.
fn select(parts: &[Lookup], query: &ListQuery) -> Vec<Arc<RenderedJob>> {
    let mut jobs = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let moved_on =
            |job: &RenderedJob| parts[index + 1..].iter().any(|later| later.snapshot.job(&job.job.id).is_some());
        jobs.extend(part.snapshot.jobs.iter().filter(|job| query.matches(&job.job) && !moved_on(job)).cloned());
    }
    jobs
}

/// Staleness rank of a cache status.
fn rank(source: CacheStatus) -> u8 {
    match source {
        CacheStatus::Hit => 0,
        CacheStatus::Loaded => 1,
        CacheStatus::Stale(StaleReason::Revalidating) => 2,
        CacheStatus::Stale(StaleReason::UpstreamFailed) => 3,
    }
}
