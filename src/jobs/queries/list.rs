//! The list of jobs: which phases, which of them, in which order, how many.

use std::cmp::Ordering;
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::jobs::Jobs;
use crate::jobs::cache::policy::{CacheDirective, CacheStatus, Lookup};
use crate::jobs::cache::snapshot_cache::SnapshotCache;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::{Job, Phase, RenderedJob, Status};
use crate::jobs::model::snapshot::StaleReason;
use crate::jobs::model::snapshot::{ListBody, etag_of};
use crate::upstream::{BadItem, Caller};

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// The phases to list; empty for the active ones.
    pub phases: Vec<Phase>,
    /// Only jobs in one of these; empty for any.
    pub statuses: Vec<Status>,
    /// Only jobs of one of these kinds, in the words of IPS and whatever the case; empty for any.
    pub types: Vec<String>,
    /// Only jobs submitted under exactly this name.
    pub original_name: Option<String>,
    /// Only jobs submitted by this e-mail address, whatever the case.
    pub submitted_by: Option<String>,
    /// Only jobs with this text in name, description or submitter, whatever the case.
    pub text: Option<String>,
    /// The order; that of IPS unless told.
    pub sort: Option<Sort>,
    /// At most this many.
    pub limit: Option<usize>,
    /// Go on after the job that this names.
    pub cursor: Option<Cursor>,
}

impl ListQuery {
    /// Whether it asks for all active jobs, as they come.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let everything = self.statuses.is_empty()
            && self.types.is_empty()
            && self.original_name.is_none()
            && self.submitted_by.is_none();
        let as_it_comes = self.sort.is_none() && self.limit.is_none() && self.cursor.is_none();
        everything && self.text.is_none() && as_it_comes && matches!(self.phases[..], [] | [Phase::Active])
    }

    /// The phases that it lists.
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

/// By what a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortField {
    /// When it started, or will.
    StartDate,
    /// Its name.
    Name,
    /// Its kind.
    Type,
    /// Its status.
    Status,
    /// How far it is.
    Percent,
    /// Who submitted it.
    SubmittedBy,
}

/// The fields to sort by, as clients write them.
pub const SORT_FIELDS: &[(&str, SortField)] = &[
    ("startDate", SortField::StartDate),
    ("name", SortField::Name),
    ("type", SortField::Type),
    ("status", SortField::Status),
    ("percent", SortField::Percent),
    ("submittedBy", SortField::SubmittedBy),
];

/// An order: a field, and whether the largest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    field: SortField,
    descending: bool,
}

impl Sort {
    /// The newest first: the order of pages unless another is asked for.
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

/// Where a page ended: the last job's place in the order, so that jobs coming and going move no page.
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

/// A page of the list of jobs.
#[derive(Debug, Clone)]
pub struct Page {
    /// Its JSON.
    pub body: bytes::Bytes,
    /// Its weak entity tag.
    pub etag: String,
    /// The cursor of the next page, when there is one.
    pub next: Option<String>,
    /// How the oldest part of it came about.
    pub source: CacheStatus,
    /// How old that part is.
    pub age: std::time::Duration,
}

/// The answer to a list request.
#[derive(Debug, Clone)]
pub enum Listed {
    /// All active jobs, as the snapshot has them ready.
    Whole(Lookup),
    /// A selection.
    Page(Page),
}

impl Jobs {
    /// Lists the jobs of `company`; `Ok(None)` only for [`Want::OnlyIfCached`].
    ///
    /// # Errors
    /// An invalid cursor, and whatever IPS answers.
    pub async fn list(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        want: CacheDirective,
    ) -> Result<Option<Listed>> {
        if query.is_plain() {
            return Ok(self.active.read(caller, company, want).await?.map(Listed::Whole));
        }
        let mut parts = Vec::new();
        for (phase, store) in self.stores() {
            if query.phases().contains(&phase) {
                let Some(read) = store.read(caller, company, want).await? else { return Ok(None) };
                parts.push(read);
            }
        }
        page(&parts, query).map(Listed::Page).map(Some)
    }

    /// What [`Jobs::list`] would give, when all of it is there and fresh: then nobody has to wait for anything.
    ///
    /// # Errors
    /// As those of [`Jobs::list`].
    #[must_use]
    pub fn list_at_hand(
        &self,
        caller: &Caller,
        company: &str,
        query: &ListQuery,
        want: CacheDirective,
    ) -> Option<Result<Listed>> {
        if want != CacheDirective::Any {
            return None;
        }
        let wanted = self.stores().into_iter().filter(|(phase, _)| query.phases().contains(phase));
        let mut parts: Vec<Lookup> = wanted.map(|(_, store)| store.at_hand(caller, company)).collect::<Option<_>>()?;
        if query.is_plain() {
            parts.pop().map(Listed::Whole).map(Ok)
        } else {
            Some(page(&parts, query).map(Listed::Page))
        }
    }

    /// Snapshot cache of each phase.
    pub fn stores(&self) -> [(Phase, &Arc<SnapshotCache>); 3] {
        [(Phase::Active, &self.active), (Phase::Scheduled, &self.scheduled), (Phase::Completed, &self.history)]
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

/// The matching jobs; one that is in two lists because it moved between two calls is shown where it went.
fn select(parts: &[Lookup], query: &ListQuery) -> Vec<Arc<RenderedJob>> {
    let mut jobs = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let moved_on =
            |job: &RenderedJob| parts[index + 1..].iter().any(|later| later.snapshot.job(&job.job.id).is_some());
        jobs.extend(part.snapshot.jobs.iter().filter(|job| query.matches(&job.job) && !moved_on(job)).cloned());
    }
    jobs
}

/// How far an answer is from a fresh one.
fn rank(source: CacheStatus) -> u8 {
    match source {
        CacheStatus::Hit => 0,
        CacheStatus::Loaded => 1,
        CacheStatus::Stale(StaleReason::Revalidating) => 2,
        CacheStatus::Stale(StaleReason::UpstreamFailed) => 3,
    }
}
