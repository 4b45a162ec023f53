//! JSON of jobs and of lists of jobs, and their entity tags. A job is rendered once, in the body of its list if it has one; other lists are put
//! together from rendered jobs.

mod serializer;

use std::io::Write;
use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_128;

use self::serializer::JsonSerializer;
use crate::jobs::model::job::{Job, Phase, to_timestamp};
use crate::jobs::model::status::StaleReason;
use crate::upstream::BadItem;

/// Initial capacity of the body of a list, in bytes: that of one usual job.
const INITIAL_BODY_BYTES: usize = 4096;

/// Hash of the content of a job (XXH3, 128 bits): equal for equal jobs on every replica. Not cryptographic, since a collision that a user
/// makes on purpose hides a change of a job of that user only.
pub type ContentHash = [u8; 16];

/// Job with its JSON, which is rendered once for all readers.
#[derive(Debug, Clone)]
pub struct RenderedJob {
    /// Job.
    pub job: Job,
    /// JSON object of the job, including `observedAt`.
    pub json: Bytes,
    /// Hash of the JSON without `observedAt`.
    pub content_hash: ContentHash,
    /// JSON marked as stale, rendered for its first reader.
    stale_json: OnceLock<Bytes>,
}

impl RenderedJob {
    /// Renders the JSON of `job` as observed at `observed_at`.
    #[must_use]
    pub fn new(job: Job, observed_at: DateTime<Utc>) -> Self {
        let mut json = Vec::new();
        let content_hash = JobWriter::new(observed_at).write(&job, &mut json);
        Self::with_json(job, json.into(), content_hash)
    }

    fn with_json(job: Job, json: Bytes, content_hash: ContentHash) -> Self {
        Self { job, json, content_hash, stale_json: OnceLock::new() }
    }

    /// Returns the JSON of the job, marked as stale for this reason.
    pub fn body(&self, stale: Option<StaleReason>) -> Bytes {
        let Some(reason) = stale else { return self.json.clone() };
        let with_mark = || {
            let mut json = format!("{{\"stale\":true,\"staleReason\":\"{}\",", reason.name()).into_bytes();
            json.extend_from_slice(&self.json[1..]);
            json.into()
        };
        match reason {
            StaleReason::UpstreamFailed => self.stale_json.get_or_init(with_mark).clone(),
            StaleReason::Revalidating => with_mark(),
        }
    }

    /// Returns the weak entity tag of the job (RFC 9110 §8.8.3), marked as stale for this reason.
    #[must_use]
    pub fn etag(&self, stale: Option<StaleReason>) -> String {
        etag_with_staleness(&weak_etag(&self.content_hash), stale)
    }
}

/// Writer of the JSON of jobs that were observed at the same time.
struct JobWriter {
    /// `{"observedAt":…`, with which each job begins.
    start: String,
}

impl JobWriter {
    fn new(observed_at: DateTime<Utc>) -> Self {
        Self { start: format!("{{\"observedAt\":\"{}\"", to_timestamp(observed_at)) }
    }

    /// Appends the JSON of a job and returns the hash of its members without `observedAt`.
    fn write(&self, job: &Job, json: &mut Vec<u8>) -> ContentHash {
        json.extend_from_slice(self.start.as_bytes());
        let content = json.len();
        write_content(job, json).expect("the keys of a job are strings and its numbers finite");
        // In place of the brace with which the content begins.
        json[content] = b',';
        xxh3_128(&json[content + 1..]).to_be_bytes()
    }
}

/// Appends the JSON of a job, without the values that IPS did not send.
fn write_content(job: &Job, to: &mut Vec<u8>) -> serde_json::Result<()> {
    if job.absent_fields.is_empty() {
        return job.serialize(JsonSerializer(to));
    }
    let mut json = serde_json::to_value(job)?;
    for pointer in &job.absent_fields {
        if let Some((parent, name)) = pointer.rsplit_once('/')
            && let Some(parent) = json.pointer_mut(parent).and_then(serde_json::Value::as_object_mut)
        {
            parent.shift_remove(name);
        }
    }
    json.serialize(JsonSerializer(to))
}

/// Renders the body of a list of jobs that IPS returned at `observed_at`, and its jobs: their JSON is that in the body.
#[must_use]
pub fn render_list(
    jobs: Vec<Job>,
    bad_items: &[BadItem],
    observed_at: DateTime<Utc>,
) -> (Vec<Arc<RenderedJob>>, Bytes) {
    let members = ListBody { bad_items, observed_at: Some(observed_at), ..ListBody::of(&[]) };
    let writer = JobWriter::new(observed_at);
    let mut body = Vec::with_capacity(INITIAL_BODY_BYTES);
    body.extend_from_slice(members.start().as_bytes());
    let mut parts = Vec::with_capacity(jobs.len());
    for job in &jobs {
        if parts.len() == 1 {
            // The other jobs are about as long as the first one.
            body.reserve(body.len() * jobs.len() * 9 / 8);
        }
        if !parts.is_empty() {
            body.push(b',');
        }
        let start = body.len();
        let content_hash = writer.write(job, &mut body);
        parts.push((start..body.len(), content_hash));
    }
    members.end(&mut body);
    let body = Bytes::from(body);
    let jobs = jobs
        .into_iter()
        .zip(parts)
        .map(|(job, (part, content_hash))| Arc::new(RenderedJob::with_json(job, body.slice(part), content_hash)));
    (jobs.collect(), body)
}

/// Members of the JSON object of a list.
pub struct ListBody<'a> {
    /// Name of the member with the jobs: `jobs` or `logs`.
    pub member: &'static str,
    /// Jobs of the list.
    pub jobs: &'a [Arc<RenderedJob>],
    /// Items of the IPS responses that could not be read; an empty list is left out.
    pub bad_items: &'a [BadItem],
    /// Observation time of the oldest part of the list.
    pub observed_at: Option<DateTime<Utc>>,
    /// Reason why the list is stale, if it is.
    pub stale: Option<StaleReason>,
    /// Cursor of the next page, if there is one.
    pub next: Option<&'a str>,
    /// Phases whose list the caller may not read; none is left out.
    pub denied: &'a [Phase],
    /// Whether IPS has, or may have, further jobs that the list can't reach.
    pub is_truncated: bool,
}

impl<'a> ListBody<'a> {
    /// Returns the members of a list `jobs` without any other member.
    #[must_use]
    pub fn of(jobs: &'a [Arc<RenderedJob>]) -> Self {
        Self {
            member: "jobs",
            jobs,
            bad_items: &[],
            observed_at: None,
            stale: None,
            next: None,
            denied: &[],
            is_truncated: false,
        }
    }

    /// Returns the JSON object.
    #[must_use]
    pub fn write(&self) -> Bytes {
        let size: usize = self.jobs.iter().map(|job| job.json.len() + 1).sum();
        let mut body = Vec::with_capacity(size + 256);
        body.extend_from_slice(self.start().as_bytes());
        for (index, job) in self.jobs.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&job.json);
        }
        self.end(&mut body);
        body.into()
    }

    /// Returns the JSON before the first job.
    fn start(&self) -> String {
        format!("{{\"{}\":[", self.member)
    }

    /// Appends the JSON after the last job.
    fn end(&self, body: &mut Vec<u8>) {
        body.push(b']');
        let mut member = |name: &str, value: serde_json::Value| {
            // Writing to memory does not fail.
            let _ = write!(body, ",\"{name}\":{value}");
        };
        if let Some(next) = self.next {
            member("next", next.into());
        }
        if self.is_truncated {
            member("truncated", true.into());
        }
        if let Some(observed_at) = self.observed_at {
            member("observedAt", to_timestamp(observed_at).to_string().into());
        }
        if let Some(reason) = self.stale {
            member("stale", true.into());
            member("staleReason", reason.name().into());
        }
        if !self.denied.is_empty() {
            member("denied", serde_json::to_value(self.denied).expect("unit variants are serialized as strings"));
        }
        if !self.bad_items.is_empty() {
            member("badItems", serde_json::to_value(self.bad_items).expect("a bad item has two strings"));
        }
        body.push(b'}');
    }
}

/// Returns the weak entity tag of a list (RFC 9110 §8.8.3): a hash of its jobs in their order, its bad items and `rest`, without
/// observation times.
#[must_use]
pub fn etag_of(jobs: &[Arc<RenderedJob>], bad_items: &[BadItem], rest: &[&str]) -> String {
    let mut hash = Sha256::new();
    for job in jobs {
        hash.update(job.content_hash);
    }
    for part in bad_items.iter().flat_map(|item| [item.path.as_str(), item.reason.as_str()]).chain(rest.iter().copied())
    {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    weak_etag(&hash.finalize())
}

/// Returns the weak entity tag of a list that states why it is stale: another than that of the same list without `staleReason`.
#[must_use]
pub fn etag_with_staleness(etag: &str, stale: Option<StaleReason>) -> String {
    match stale {
        None => etag.to_owned(),
        Some(reason) => weak_etag(&Sha256::digest(format!("{etag} {reason:?}"))),
    }
}

/// Returns the weak entity tag of a hash: its first 12 bytes as base64url.
#[must_use]
pub fn weak_etag(hash: &[u8]) -> String {
    format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&hash[..12]))
}
