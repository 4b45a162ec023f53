//! JSON of jobs and of lists of jobs, and their entity tags. A job is rendered once; lists are put together from rendered jobs.

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::jobs::model::job::{Job, Phase, to_timestamp};
use crate::jobs::model::status::StaleReason;
use crate::upstream::BadItem;

/// Job with its JSON, which is rendered once for all readers.
#[derive(Debug, Clone)]
pub struct RenderedJob {
    /// Job.
    pub job: Job,
    /// JSON object of the job, including `observedAt`.
    pub json: Bytes,
    /// Hash of the JSON without `observedAt`.
    pub content_hash: [u8; 32],
    /// JSON marked as stale, rendered for its first reader.
    stale_json: OnceLock<Bytes>,
}

impl RenderedJob {
    /// Renders the JSON of `job` as observed at `observed_at`.
    ///
    /// # Panics
    /// Never: every job can be serialized as JSON.
    #[must_use]
    pub fn new(job: Job, observed_at: DateTime<Utc>) -> Self {
        let content = content_of(&job).expect("the keys of a job are strings and its numbers finite");
        let mut json = format!("{{\"observedAt\":\"{}\",", to_timestamp(observed_at)).into_bytes();
        json.extend_from_slice(&content[1..]);
        Self { content_hash: Sha256::digest(&content).into(), json: json.into(), stale_json: OnceLock::new(), job }
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

/// Returns the JSON of a job, without the values that IPS did not send.
fn content_of(job: &Job) -> serde_json::Result<Vec<u8>> {
    if job.absent_fields.is_empty() {
        return serde_json::to_vec(job);
    }
    let mut json = serde_json::to_value(job)?;
    for pointer in &job.absent_fields {
        if let Some((parent, name)) = pointer.rsplit_once('/')
            && let Some(parent) = json.pointer_mut(parent).and_then(serde_json::Value::as_object_mut)
        {
            parent.shift_remove(name);
        }
    }
    serde_json::to_vec(&json)
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

impl ListBody<'_> {
    /// Returns the JSON object.
    ///
    /// # Panics
    /// Never: strings and numbers can always be serialized.
    #[must_use]
    pub fn write(&self) -> Bytes {
        let size: usize = self.jobs.iter().map(|job| job.json.len() + 1).sum();
        let mut body = BytesMut::with_capacity(size + 256);
        body.put_slice(format!("{{\"{}\":[", self.member).as_bytes());
        for (index, job) in self.jobs.iter().enumerate() {
            if index > 0 {
                body.put_u8(b',');
            }
            body.put_slice(&job.json);
        }
        body.put_u8(b']');
        let mut member = |name: &str, value: serde_json::Value| {
            body.put_slice(format!(",\"{name}\":{value}").as_bytes());
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
        body.put_u8(b'}');
        body.freeze()
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
