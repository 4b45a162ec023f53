//! Audit log: one line of JSON for each request that changes jobs, to a file or to stderr.

use std::fs::{File, OpenOptions};
use std::io::{self, Write, stderr};
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::config::AuditTarget;
use crate::telemetry::metrics::names;

/// Maximum number of lines that wait for a slow reader of stderr; more are lost.
const MAX_WAITING: usize = 10_000;

/// Destination of the lines.
#[derive(Debug)]
enum Sink {
    /// File, which lines are appended to, and that is opened again after its rotation.
    File(PathBuf, Mutex<File>),
    /// Thread that writes to stderr: a reader that stopped reading must not stop requests.
    Stderr(SyncSender<String>),
}

/// Audit log.
#[derive(Debug)]
pub struct AuditLog(Sink);

impl AuditLog {
    /// Opens the audit log.
    ///
    /// # Errors
    /// The file can't be opened for appending, or there is no thread.
    pub fn open(target: &AuditTarget) -> io::Result<Self> {
        Ok(Self(match target {
            AuditTarget::File(path) => Sink::File(path.clone(), Mutex::new(open(path)?)),
            AuditTarget::Stderr => {
                let (sender, lines) = sync_channel::<String>(MAX_WAITING);
                thread::Builder::new().name("audit".into()).spawn(move || {
                    for line in lines {
                        count_lost(stderr().write_all(line.as_bytes()));
                    }
                })?;
                Sink::Stderr(sender)
            }
        }))
    }

    /// Opens the file again, for example after it was renamed by its rotation. If that fails, the open file stays in use.
    pub fn reopen(&self) {
        let Sink::File(path, file) = &self.0 else { return };
        match open(path) {
            Ok(new) => *file.lock().unwrap_or_else(PoisonError::into_inner) = new,
            Err(error) => tracing::error!(%error, "the audit log can't be opened again"),
        }
    }

    fn write(&self, entry: &AuditEntry) {
        // Strings and numbers can always be serialized.
        let line = serde_json::to_string(entry).unwrap_or_default() + "\n";
        count_lost(match &self.0 {
            Sink::File(_, file) => file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes()),
            Sink::Stderr(sender) => sender.try_send(line).map_err(|_| io::ErrorKind::WouldBlock.into()),
        });
    }
}

fn open(path: &PathBuf) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn count_lost(result: io::Result<()>) {
    if let Err(error) = result {
        metrics::counter!(names::AUDIT_LOST).increment(1);
        tracing::error!(%error, "a line of the audit log was not written");
    }
}

/// What became of a request that changes jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditOutcome {
    /// IPS accepted the change, or had before in a request with the same idempotency key.
    Accepted,
    /// Nothing was sent to IPS.
    NotSent,
    /// IPS may or may not have carried out the change.
    Unknown,
    /// IPS rejected the change.
    Rejected,
}

/// Line of the audit log.
#[derive(Debug, Serialize)]
struct AuditEntry {
    time: String,
    request_id: String,
    principal: String,
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<String>,
    outcome: AuditOutcome,
    /// Absent if the client disconnected before the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

/// Record of a request that changes jobs; its outcome is `not_sent` until another is noted. It is written when its last clone is dropped: after the response, and after the change, which goes
/// on without a client that disconnects.
#[derive(Debug, Clone)]
pub struct AuditRecord(Arc<OpenRecord>);

#[derive(Debug)]
struct OpenRecord {
    log: Arc<AuditLog>,
    entry: Mutex<AuditEntry>,
}

impl AuditRecord {
    /// Starts the record of a request of `principal` that was received at `time` and asks for `action`, for the job in its path.
    pub fn start(
        log: Arc<AuditLog>,
        time: DateTime<Utc>,
        request_id: String,
        principal: Arc<str>,
        action: &'static str,
        job: Option<String>,
    ) -> Self {
        let time = time.to_rfc3339_opts(SecondsFormat::Millis, true);
        let outcome = AuditOutcome::NotSent;
        let entry = Mutex::new(AuditEntry {
            time,
            request_id,
            principal: principal.to_string(),
            action,
            job,
            outcome,
            status: None,
        });
        Self(Arc::new(OpenRecord { log, entry }))
    }

    /// Notes the status of the response.
    pub fn set_status(&self, status: u16) {
        self.entry().status = Some(status);
    }

    /// Notes what became of the change, and the id of its job if it is known.
    pub fn conclude(&self, outcome: AuditOutcome, job: Option<&str>) {
        let mut entry = self.entry();
        entry.outcome = outcome;
        if let Some(job) = job {
            entry.job = Some(job.to_owned());
        }
    }

    fn entry(&self) -> MutexGuard<'_, AuditEntry> {
        self.0.entry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenRecord {
    fn drop(&mut self) {
        let entry = self.entry.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.log.write(entry);
    }
}
