//! A snapshot: the active jobs of a company as IPS told them once, made ready for everybody who asks.

use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::jobs::model::job::{Job, RenderedJob, to_timestamp};
use crate::upstream::BadItem;

/// A list of jobs and its JSON, in the order of IPS.
#[derive(Debug)]
pub struct Snapshot {
    /// When IPS said so.
    pub observed_at: DateTime<Utc>,
    /// The jobs, each with its JSON.
    pub jobs: Vec<Arc<RenderedJob>>,
    /// What of the answer could not be read.
    pub bad_items: Vec<BadItem>,
    /// The whole list as JSON.
    pub body: Bytes,
    /// The weak entity tag of the whole list (RFC 9110 §8.8.3).
    pub etag: String,
    gzip: OnceLock<Bytes>,
    by_id: HashMap<String, usize>,
    departures: HashMap<String, DateTime<Utc>>,
    /// Jobs that left the list and are in the log, and since when that is known.
    pub concluded: HashMap<String, (Arc<RenderedJob>, DateTime<Utc>)>,
}

impl Snapshot {
    /// Makes a snapshot of what IPS said at `observed_at`.
    #[must_use]
    pub fn new(jobs: Vec<Job>, bad_items: Vec<BadItem>, observed_at: DateTime<Utc>) -> Self {
        let jobs = jobs.into_iter().map(|job| Arc::new(RenderedJob::new(job, observed_at))).collect();
        Self::of(jobs, bad_items, observed_at, HashMap::new(), HashMap::new())
    }

    /// Makes a snapshot of jobs that have their JSON already, with what is known of those that left.
    #[must_use]
    pub fn of(
        jobs: Vec<Arc<RenderedJob>>,
        bad_items: Vec<BadItem>,
        observed_at: DateTime<Utc>,
        departures: HashMap<String, DateTime<Utc>>,
        concluded: HashMap<String, (Arc<RenderedJob>, DateTime<Utc>)>,
    ) -> Self {
        let by_id = jobs.iter().enumerate().map(|(index, job)| (job.job.id.clone(), index)).collect();
        let etag = etag_of(&jobs, &bad_items, &[]);
        let frame = ListBody {
            member: "jobs",
            jobs: &jobs,
            bad_items: &bad_items,
            observed_at: Some(observed_at),
            stale: None,
            next: None,
        };
        let body = frame.write();
        Self { observed_at, body, etag, gzip: OnceLock::new(), by_id, departures, concluded, jobs, bad_items }
    }

    /// When a job that is finalizing was first missing from the list of IPS.
    #[must_use]
    pub fn departed_at(&self, id: &str) -> Option<DateTime<Utc>> {
        self.departures.get(id).copied()
    }

    /// Since when the jobs are missing that are finalizing.
    #[must_use]
    pub fn departures(&self) -> &HashMap<String, DateTime<Utc>> {
        &self.departures
    }

    /// A job that left the list and is in the log now, as it is there.
    #[must_use]
    pub fn concluded(&self, id: &str) -> Option<&Arc<RenderedJob>> {
        self.concluded.get(id).map(|(job, _)| job)
    }

    /// The job with this id.
    #[must_use]
    pub fn job(&self, id: &str) -> Option<&Arc<RenderedJob>> {
        self.by_id.get(id).map(|index| &self.jobs[*index])
    }

    /// The whole list as JSON, compressed (RFC 1952), once for everybody.
    pub fn gzip(&self) -> Bytes {
        self.gzip.get_or_init(|| gzip(&self.body)).clone()
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        // The parsed jobs take about as much as their JSON; the list holds it once more, and compressed.
        let concluded: usize = self.concluded.values().map(|(job, _)| 2 * job.json.len()).sum();
        3 * self.body.len() + concluded + 1024
    }
}

fn gzip(body: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("writing to memory does not fail").into()
}

/// Marks an answer whose data is older than it should be, and tells why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum StaleReason {
    /// A fresh look at IPS is under way.
    Revalidating,
    /// IPS could not be reached or refused the last look.
    UpstreamFailed,
}

/// The pieces of a list's JSON. The jobs are there already: only the frame is written.
pub struct ListBody<'a> {
    /// The member that holds the jobs: `jobs` or `logs`.
    pub member: &'static str,
    /// The jobs to list.
    pub jobs: &'a [Arc<RenderedJob>],
    /// What of the answers of IPS could not be read.
    pub bad_items: &'a [BadItem],
    /// When the oldest part of it was seen.
    pub observed_at: Option<DateTime<Utc>>,
    /// Set when it is older than it should be.
    pub stale: Option<StaleReason>,
    /// The cursor of the next page.
    pub next: Option<&'a str>,
}

impl ListBody<'_> {
    /// Writes the JSON.
    ///
    /// # Panics
    /// Never: strings and numbers can always be written.
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
        if let Some(observed_at) = self.observed_at {
            member("observedAt", to_timestamp(observed_at).to_string().into());
        }
        if let Some(reason) = self.stale {
            member("stale", true.into());
            member("staleReason", serde_json::to_value(reason).expect("a unit variant is a string"));
        }
        if !self.bad_items.is_empty() {
            member("badItems", serde_json::to_value(self.bad_items).expect("two strings"));
        }
        body.put_u8(b'}');
        body.freeze()
    }
}

/// A weak entity tag over what a list means: its jobs in their order and whatever else tells answers apart, but no ages.
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

/// A weak entity tag from a hash.
#[must_use]
pub fn weak_etag(hash: &[u8]) -> String {
    use base64::Engine;
    format!("W/\"{}\"", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&hash[..12]))
}
