//! How snapshots, events, failures and jobs travel between replicas: as JSON, compressed. JSON redacts the secrets that jobs carry.
//!
//! A change here that older replicas can't read, or would misread, needs another format version of the store's keys.

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
use crate::jobs::model::job::{Action, IpsRecord, Job, Outcome, Phase, RenderedJob, Status, SubmittedJob};
use crate::jobs::model::snapshot::Snapshot;
use crate::upstream::{BadItem, CredentialSource, Delivery, Failure, UpstreamError};

/// Decompressed, a value may have so many bytes.
const LARGEST: u64 = 256 << 20;

/// Writes a value.
pub fn write(value: &impl Serialize) -> Option<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    serde_json::to_writer(&mut encoder, value).ok()?;
    encoder.flush().ok()?;
    encoder.finish().ok()
}

/// Reads what [`write()`] wrote; nothing else.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    // Whole, and not from the stream: the JSON reader asks for single bytes.
    let mut json = Vec::new();
    DeflateDecoder::new(bytes).take(LARGEST).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

/// A job with its verdict.
#[derive(Serialize, Deserialize)]
pub struct JobForm<'a> {
    id: Cow<'a, str>,
    phase: Phase,
    status: Status,
    outcome: Option<Outcome>,
    percent: Option<u8>,
    actions: Cow<'a, [Action]>,
    schedule: Option<Cow<'a, str>>,
    recovered: bool,
    record: RecordForm<'a>,
}

#[derive(Serialize, Deserialize)]
enum RecordForm<'a> {
    Active(Cow<'a, ActiveJob>),
    Scheduled(Cow<'a, ScheduledJob>),
    Completed(Cow<'a, JobLog>),
    Submitted(Cow<'a, SubmittedJob>),
}

impl<'a> From<&'a Job> for JobForm<'a> {
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
                IpsRecord::Active(record) => RecordForm::Active(Cow::Borrowed(record)),
                IpsRecord::Scheduled(record) => RecordForm::Scheduled(Cow::Borrowed(record)),
                IpsRecord::Completed(record) => RecordForm::Completed(Cow::Borrowed(record)),
                IpsRecord::Submitted(record) => RecordForm::Submitted(Cow::Borrowed(record)),
            },
        }
    }
}

impl From<JobForm<'_>> for Job {
    fn from(form: JobForm<'_>) -> Self {
        Self {
            id: form.id.into_owned(),
            phase: form.phase,
            status: form.status,
            outcome: form.outcome,
            percent: form.percent,
            actions: form.actions.into_owned(),
            schedule: form.schedule.map(Cow::into_owned),
            recovered: form.recovered,
            record: match form.record {
                RecordForm::Active(record) => IpsRecord::Active(Box::new(record.into_owned())),
                RecordForm::Scheduled(record) => IpsRecord::Scheduled(Box::new(record.into_owned())),
                RecordForm::Completed(record) => IpsRecord::Completed(Box::new(record.into_owned())),
                RecordForm::Submitted(record) => IpsRecord::Submitted(Box::new(record.into_owned())),
            },
        }
    }
}

/// A snapshot, the generation under which it was loaded, and the place in the history that belongs to it.
#[derive(Serialize, Deserialize)]
pub struct SnapshotForm<'a> {
    generation: u64,
    place: EventCursor,
    observed_at: DateTime<Utc>,
    jobs: Vec<JobForm<'a>>,
    bad_items: Cow<'a, [BadItem]>,
    departures: Cow<'a, HashMap<String, DateTime<Utc>>>,
    concluded: Vec<(Cow<'a, str>, JobForm<'a>, DateTime<Utc>)>,
}

/// A snapshot that another replica loaded.
pub struct Received {
    /// What it is.
    pub snapshot: Snapshot,
    /// The generation under which it was loaded.
    pub generation: u64,
    /// The place in the history after it.
    pub place: EventCursor,
}

impl<'a> SnapshotForm<'a> {
    /// The form of a snapshot.
    pub fn of(snapshot: &'a Snapshot, generation: u64, place: EventCursor) -> Self {
        let concluded = snapshot.concluded.iter();
        Self {
            generation,
            place,
            observed_at: snapshot.observed_at,
            jobs: snapshot.jobs.iter().map(|job| (&job.job).into()).collect(),
            bad_items: Cow::Borrowed(&snapshot.bad_items),
            departures: Cow::Borrowed(snapshot.departures()),
            concluded: concluded.map(|(id, (job, at))| (Cow::Borrowed(&**id), (&job.job).into(), *at)).collect(),
        }
    }

    /// The snapshot of a form, byte by byte as it was.
    pub fn receive(self) -> Received {
        let rendered = |job: JobForm<'_>, at| Arc::new(RenderedJob::new(job.into(), at));
        let jobs = self.jobs.into_iter().map(|job| rendered(job, self.observed_at)).collect();
        let concluded = self.concluded.into_iter();
        let concluded = concluded.map(|(id, job, at)| (id.into_owned(), (rendered(job, at), at))).collect();
        let (bad_items, departures) = (self.bad_items.into_owned(), self.departures.into_owned());
        Received {
            snapshot: Snapshot::of(jobs, bad_items, self.observed_at, departures, concluded),
            generation: self.generation,
            place: self.place,
        }
    }
}

/// Events in a row.
#[derive(Serialize, Deserialize)]
pub struct BatchForm {
    /// The history that they belong to, and the place before them.
    pub after: EventCursor,
    /// What happened.
    pub events: Vec<EventForm>,
}

/// An event.
#[derive(Serialize, Deserialize)]
pub struct EventForm {
    change: Change,
    job: String,
    data: String,
}

impl From<&Event> for EventForm {
    fn from(event: &Event) -> Self {
        let data = String::from_utf8_lossy(&event.data).into_owned();
        Self { change: event.change, job: event.job.clone(), data }
    }
}

impl From<EventForm> for Event {
    fn from(form: EventForm) -> Self {
        Self { change: form.change, job: form.job, data: Bytes::from(form.data) }
    }
}

/// A failed load: what every other replica would have got.
#[derive(Serialize, Deserialize)]
pub struct FailureForm {
    /// The generation under which it was tried.
    pub generation: u64,
    /// Nobody tries again before.
    pub until: DateTime<Utc>,
    /// How many failed in a row, this one included.
    pub in_a_row: u32,
    /// What went wrong.
    pub error: ErrorForm,
}

/// What IPS said, or didn't.
#[derive(Serialize, Deserialize)]
pub struct ErrorForm {
    operation: String,
    by_gateway: bool,
    sent: bool,
    cause: Cause,
}

#[derive(Serialize, Deserialize)]
enum Cause {
    Fault { name: String, code: Option<i32>, reason: String },
    Connect(String),
    Tls(String),
    Timeout(Duration),
    Cut(String),
    Malformed { status: Option<u16>, reason: String },
    TooLarge(usize),
}

impl ErrorForm {
    /// The form of an error; `None` for what is this replica's own affair.
    pub fn of(error: &Error) -> Option<Self> {
        let Error::Upstream { error, credentials } = error else { return None };
        let cause = match error.failure.clone() {
            Failure::Fault(fault) => {
                Cause::Fault { name: fault.name.as_str().to_owned(), code: fault.code, reason: fault.reason }
            }
            Failure::Connect(why) => Cause::Connect(why),
            Failure::Tls(why) => Cause::Tls(why),
            Failure::Timeout(after) => Cause::Timeout(after),
            Failure::Incomplete(why) => Cause::Cut(why),
            Failure::Malformed { status, reason } => Cause::Malformed { status, reason },
            Failure::TooLarge(limit) => Cause::TooLarge(limit),
            Failure::Unwritable { .. } | Failure::Overloaded { .. } | Failure::CircuitOpen { .. } => return None,
        };
        Some(Self {
            operation: error.operation.to_owned(),
            by_gateway: *credentials == CredentialSource::Gateway,
            sent: error.delivery != Delivery::NotSent,
            cause,
        })
    }

    /// The error of a form.
    pub fn receive(self) -> Option<Error> {
        let (operation, effect) = operation_named(&self.operation)?;
        let delivery = match (&self.cause, self.sent) {
            (Cause::Fault { .. }, _) => Delivery::Rejected,
            (_, true) => Delivery::Unknown,
            (_, false) => Delivery::NotSent,
        };
        let failure = match self.cause {
            Cause::Fault { name, code, reason } => {
                let documented = [FaultName::Authentication, FaultName::Authorization, FaultName::IpsApi];
                let known = documented.into_iter().find(|known| known.as_str() == name);
                Failure::Fault(Fault { name: known.unwrap_or(FaultName::Other(name)), code, reason })
            }
            Cause::Connect(why) => Failure::Connect(why),
            Cause::Tls(why) => Failure::Tls(why),
            Cause::Timeout(after) => Failure::Timeout(after),
            Cause::Cut(why) => Failure::Incomplete(why),
            Cause::Malformed { status, reason } => Failure::Malformed { status, reason },
            Cause::TooLarge(limit) => Failure::TooLarge(limit),
        };
        let credentials = if self.by_gateway { CredentialSource::Gateway } else { CredentialSource::Caller };
        Some(Error::Upstream { error: UpstreamError { operation, effect, failure, delivery }, credentials })
    }
}
