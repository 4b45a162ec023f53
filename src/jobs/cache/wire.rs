//! Wire format of the replicas: snapshots, events, failures and jobs as compressed JSON, without the secrets in jobs.
//!
//! The serialized names stay as in version 1 of the store's format. A change that older replicas can't decode, or would misinterpret, needs
//! another version.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ips::types::{ActiveJob, Fault, FaultName, JobLog, ScheduledJob, operation_named};
use crate::jobs::error::Error;
use crate::jobs::events::{Change, Event, EventCursor};
use crate::jobs::model::job::{Action, IpsRecord, Job, Outcome, Phase, Status, SubmittedJob};
use crate::jobs::model::json::RenderedJob;
use crate::jobs::model::snapshot::{DepartedJobs, Snapshot};
use crate::upstream::{BadItem, CredentialSource, Delivery, Failure, UpstreamError};

/// Maximum decompressed size of a value, in bytes; a larger one can't be decoded.
const MAX_DECOMPRESSED_BYTES: u64 = 256 << 20;

/// Encodes a value as JSON, compressed with DEFLATE (RFC 1951); `None` if it can't be serialized.
pub fn encode(value: &impl Serialize) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut encoder, value).ok()?;
    encoder.flush().ok()?;
    encoder.finish().ok()
}

/// Decodes the output of [`encode()`]; `None` for anything else.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    // Decompressed before it is parsed, because the JSON reader reads a stream byte by byte.
    let mut json = Vec::new();
    DeflateDecoder::new(bytes).take(MAX_DECOMPRESSED_BYTES).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

/// Wire format of a job, with its derived fields.
#[derive(Serialize, Deserialize)]
pub struct WireJob<'a> {
    id: Cow<'a, str>,
    phase: Phase,
    status: Status,
    outcome: Option<Outcome>,
    percent: Option<u8>,
    actions: Cow<'a, [Action]>,
    schedule: Option<Cow<'a, str>>,
    recovered: bool,
    record: WireRecord<'a>,
}

#[derive(Serialize, Deserialize)]
enum WireRecord<'a> {
    Active(Cow<'a, ActiveJob>),
    Scheduled(Cow<'a, ScheduledJob>),
    Completed(Cow<'a, JobLog>),
    Submitted(Cow<'a, SubmittedJob>),
}

impl<'a> From<&'a Job> for WireJob<'a> {
    fn from(job: &'a Job) -> Self {
        Self {
            id: Cow::Borrowed(&job.id),
            phase: job.phase,
            status: job.status,
            outcome: job.outcome,
            percent: job.percent,
            actions: Cow::Borrowed(&job.actions),
            schedule: job.schedule.as_deref().map(Cow::Borrowed),
            recovered: job.recovered,
            record: match &job.record {
                IpsRecord::Active(record) => WireRecord::Active(Cow::Borrowed(record)),
                IpsRecord::Scheduled(record) => WireRecord::Scheduled(Cow::Borrowed(record)),
                IpsRecord::Completed(record) => WireRecord::Completed(Cow::Borrowed(record)),
                IpsRecord::Submitted(record) => WireRecord::Submitted(Cow::Borrowed(record)),
            },
        }
    }
}

impl From<WireJob<'_>> for Job {
    fn from(job: WireJob<'_>) -> Self {
        Self {
            id: job.id.into_owned(),
            phase: job.phase,
            status: job.status,
            outcome: job.outcome,
            percent: job.percent,
            actions: job.actions.into_owned(),
            schedule: job.schedule.map(Cow::into_owned),
            recovered: job.recovered,
            record: match job.record {
                WireRecord::Active(record) => IpsRecord::Active(Box::new(record.into_owned())),
                WireRecord::Scheduled(record) => IpsRecord::Scheduled(Box::new(record.into_owned())),
                WireRecord::Completed(record) => IpsRecord::Completed(Box::new(record.into_owned())),
                WireRecord::Submitted(record) => IpsRecord::Submitted(Box::new(record.into_owned())),
            },
        }
    }
}

/// Wire format of a snapshot, with its invalidation epoch and its cursor in the event log.
#[derive(Serialize, Deserialize)]
pub struct WireSnapshot<'a> {
    #[serde(rename = "generation")]
    epoch: u64,
    #[serde(rename = "place")]
    cursor: EventCursor,
    observed_at: DateTime<Utc>,
    jobs: Vec<WireJob<'a>>,
    bad_items: Cow<'a, [BadItem]>,
    #[serde(rename = "departures")]
    finalizing: Cow<'a, HashMap<String, DateTime<Utc>>>,
    #[serde(rename = "concluded")]
    completed: Vec<(Cow<'a, str>, WireJob<'a>, DateTime<Utc>)>,
}

/// Snapshot that another replica published.
pub struct ReceivedSnapshot {
    /// Snapshot.
    pub snapshot: Snapshot,
    /// Invalidation epoch under which it was loaded.
    pub epoch: u64,
    /// Cursor after the snapshot in the event log of the other replica.
    pub cursor: EventCursor,
}

impl<'a> WireSnapshot<'a> {
    /// Returns the wire format of a snapshot.
    pub fn new(snapshot: &'a Snapshot, epoch: u64, cursor: EventCursor) -> Self {
        let DepartedJobs { finalizing, completed } = snapshot.departed();
        let completed = completed.iter().map(|(id, (job, at))| (Cow::Borrowed(&**id), (&job.job).into(), *at));
        Self {
            epoch,
            cursor,
            observed_at: snapshot.observed_at,
            jobs: snapshot.jobs.iter().map(|job| (&job.job).into()).collect(),
            bad_items: Cow::Borrowed(&snapshot.bad_items),
            finalizing: Cow::Borrowed(finalizing),
            completed: completed.collect(),
        }
    }

    /// Returns the snapshot, rendered to the same bytes as on the replica that published it.
    pub fn into_received(self) -> ReceivedSnapshot {
        let render = |job: WireJob<'_>, at| Arc::new(RenderedJob::new(job.into(), at));
        let jobs = self.jobs.into_iter().map(|job| render(job, self.observed_at)).collect();
        let completed = self.completed.into_iter();
        let completed = completed.map(|(id, job, at)| (id.into_owned(), (render(job, at), at))).collect();
        let departed = DepartedJobs { finalizing: self.finalizing.into_owned(), completed };
        ReceivedSnapshot {
            snapshot: Snapshot::of_rendered(jobs, self.bad_items.into_owned(), self.observed_at, departed),
            epoch: self.epoch,
            cursor: self.cursor,
        }
    }
}

/// Wire format of consecutive events.
#[derive(Serialize, Deserialize)]
pub struct WireEventBatch {
    /// Cursor before the first event.
    after: EventCursor,
    events: Vec<WireEvent>,
}

#[derive(Serialize, Deserialize)]
struct WireEvent {
    change: Change,
    job: String,
    data: String,
}

impl WireEventBatch {
    /// Returns the wire format of the events after `start`.
    pub fn new(start: EventCursor, events: &[Event]) -> Self {
        let events = events.iter().map(|event| WireEvent {
            change: event.change,
            job: event.job.clone(),
            data: String::from_utf8_lossy(&event.data).into_owned(),
        });
        Self { after: start, events: events.collect() }
    }

    /// Returns the cursor before the first event, and the events.
    pub fn into_events(self) -> (EventCursor, Vec<Event>) {
        let events = self.events.into_iter().map(|WireEvent { change, job, data }| Event {
            change,
            job,
            data: Bytes::from(data),
        });
        (self.after, events.collect())
    }
}

/// Wire format of a failed load.
#[derive(Serialize, Deserialize)]
pub struct WireFailure {
    /// Invalidation epoch under which the list was loaded.
    #[serde(rename = "generation")]
    pub epoch: u64,
    /// End of the back-off.
    #[serde(rename = "until")]
    pub retry_at: DateTime<Utc>,
    /// Number of failed loads in a row, including this one.
    #[serde(rename = "in_a_row")]
    pub count: u32,
    /// Error of the load.
    pub error: WireError,
}

/// Wire format of the error of a call to IPS.
#[derive(Serialize, Deserialize)]
pub struct WireError {
    operation: String,
    by_gateway: bool,
    sent: bool,
    cause: WireCause,
}

#[derive(Serialize, Deserialize)]
enum WireCause {
    Fault {
        name: String,
        code: Option<i32>,
        reason: String,
    },
    Connect(String),
    Tls(String),
    Timeout(Duration),
    #[serde(rename = "Cut")]
    Incomplete(String),
    Malformed {
        status: Option<u16>,
        reason: String,
    },
    TooLarge(usize),
}

impl WireError {
    /// Returns the wire format of an error; `None` if the error concerns only this replica, such as its concurrency limit.
    pub fn of(error: &Error) -> Option<Self> {
        let Error::Upstream { error, credentials } = error else { return None };
        let cause = match error.failure.clone() {
            Failure::Fault(fault) => {
                WireCause::Fault { name: fault.name.as_str().to_owned(), code: fault.code, reason: fault.reason }
            }
            Failure::Connect(reason) => WireCause::Connect(reason),
            Failure::Tls(reason) => WireCause::Tls(reason),
            Failure::Timeout(after) => WireCause::Timeout(after),
            Failure::Incomplete(reason) => WireCause::Incomplete(reason),
            Failure::Malformed { status, reason } => WireCause::Malformed { status, reason },
            Failure::TooLarge(limit) => WireCause::TooLarge(limit),
            Failure::Unwritable { .. } | Failure::Overloaded { .. } | Failure::CircuitOpen { .. } => return None,
        };
        Some(Self {
            operation: error.operation.to_owned(),
            by_gateway: *credentials == CredentialSource::Gateway,
            sent: error.delivery != Delivery::NotSent,
            cause,
        })
    }

    /// Returns the error; `None` if this version has no such operation.
    pub fn into_error(self) -> Option<Error> {
        let (operation, effect) = operation_named(&self.operation)?;
        let delivery = match (&self.cause, self.sent) {
            (WireCause::Fault { .. }, _) => Delivery::Rejected,
            (_, true) => Delivery::Unknown,
            (_, false) => Delivery::NotSent,
        };
        let failure = match self.cause {
            WireCause::Fault { name, code, reason } => {
                let documented = [FaultName::Authentication, FaultName::Authorization, FaultName::IpsApi];
                let known = documented.into_iter().find(|known| known.as_str() == name);
                Failure::Fault(Fault { name: known.unwrap_or(FaultName::Other(name)), code, reason })
            }
            WireCause::Connect(reason) => Failure::Connect(reason),
            WireCause::Tls(reason) => Failure::Tls(reason),
            WireCause::Timeout(after) => Failure::Timeout(after),
            WireCause::Incomplete(reason) => Failure::Incomplete(reason),
            WireCause::Malformed { status, reason } => Failure::Malformed { status, reason },
            WireCause::TooLarge(limit) => Failure::TooLarge(limit),
        };
        let credentials = if self.by_gateway { CredentialSource::Gateway } else { CredentialSource::Caller };
        Some(Error::Upstream { error: UpstreamError { operation, effect, failure, delivery }, credentials })
    }
}
