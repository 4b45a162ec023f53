//! Jobs of the history as rows of CSV and NDJSON.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::web::{Bytes, Data};
use futures_util::stream::{self, Stream};
use serde::Serialize;

use crate::http::AppState;
use crate::http::auth::AccessWatch;
use crate::http::problem::Problem;
use crate::http::request_context::Role;
use crate::http::response::rows::{Cell, Row, RowPage};
use crate::http::response::viewer;
use crate::ips::types::{JobLog, Timestamp};
use crate::jobs::{HistoryStream, IpsRecord, RenderedJob};

/// Rows of a stream of the history.
pub struct JobRows {
    /// State of the app.
    pub state: Data<AppState>,
    /// Role of the caller.
    pub role: Role,
    /// Access of the caller; the rows end with it.
    pub access: AccessWatch,
    /// Jobs.
    pub stream: HistoryStream,
}

impl JobRows {
    /// Returns the pages of rows, one for each call to IPS.
    pub fn pages(self) -> impl Stream<Item = Result<RowPage<JobRow>, Problem>> {
        stream::unfold(Some(self), |rows| async { rows?.next_page().await })
    }

    async fn next_page(mut self) -> Option<(Result<RowPage<JobRow>, Problem>, Option<Self>)> {
        let Self { state, role, mut stream, .. } = self;
        // A client that leaves drops this future; the call that is in flight then is the last one.
        let read = state.run_in_background(async move {
            let jobs = stream.next_jobs().await?;
            Ok((jobs, stream))
        });
        let ended = |reason: &str| Some((Ok(RowPage { rows: Vec::new(), incomplete: Some(reason.to_owned()) }), None));
        let (jobs, stream) = tokio::select! {
            read = read => match read {
                Ok(read) => read,
                Err(problem) => return Some((Err(problem), None)),
            },
            () = state.lifecycle.stopping() => return ended("the gateway is shutting down"),
            () = self.access.ended() => return ended("the access of the caller has ended"),
        };
        let Some(jobs) = jobs else {
            return stream.incompleteness().and_then(|reason| ended(&reason));
        };
        let rows = jobs.into_iter().map(|job| JobRow::new(job, role)).collect();
        Some((Ok(RowPage { rows, incomplete: None }), Some(Self { state, role, access: self.access, stream })))
    }
}

/// Job as a row.
pub struct JobRow {
    job: Arc<RenderedJob>,
    /// JSON as the role of the caller may see it.
    json: Bytes,
}

impl JobRow {
    fn new(job: Arc<RenderedJob>, role: Role) -> Self {
        Self { json: viewer::visible_to(role, job.json.clone()), job }
    }
}

impl Row for JobRow {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "kind",
        "title",
        "status",
        "outcome",
        "percent",
        "submittedBy",
        "startedAt",
        "endedAt",
        "jobName",
        "jobHandle",
        "logType",
        "jobSubType",
        "description",
        "totalFileCount",
        "fileSuccessCount",
        "fileErrorCount",
        "fileWarningCount",
        "fileDuplicateCount",
        "fileUpdateCount",
        "transferSuccessCount",
        "transferErrorCount",
        "transferWarningCount",
        "fatalError",
        "parent",
        "schedule",
    ];

    fn write_json(&self, line: &mut Vec<u8>) {
        line.extend_from_slice(&self.json);
    }

    fn cells(&self) -> Vec<Cell<'_>> {
        let job = &self.job.job;
        let absent = JobLog::default();
        let log = match &job.record {
            IpsRecord::Completed(log) => log,
            _ => &absent,
        };
        let optional =
            |value: Option<&'_ str>| value.map_or(Cell::Absent, |value| Cell::Verbatim(Cow::Owned(value.to_owned())));
        let text = |value: &Option<String>| value.clone().map_or(Cell::Absent, |value| Cell::Text(Cow::Owned(value)));
        let number = |value: Option<i64>| value.map_or(Cell::Absent, Cell::Number);
        vec![
            Cell::verbatim(&job.id),
            job.kind.as_ref().map_or(Cell::Absent, |kind| Cell::Text(Cow::Owned(kind.as_str().to_owned()))),
            Cell::text(job.common.title.as_deref()),
            word(&job.status),
            job.outcome.as_ref().map_or(Cell::Absent, word),
            number(job.percent.map(i64::from)),
            Cell::text(job.common.submitted_by.as_deref()),
            date(job.common.started_at),
            date(job.common.ended_at),
            text(&log.job_name),
            text(&log.job_handle),
            text(&log.log_type),
            text(&log.job_sub_type),
            text(&log.description),
            number(log.total_file_count),
            number(log.file_success_count),
            number(log.file_error_count),
            number(log.file_warning_count),
            number(log.file_duplicate_count),
            number(log.file_update_count),
            number(log.transfer_success_count),
            number(log.transfer_error_count),
            number(log.transfer_warning_count),
            optional(log.fatal_error.map(|fatal| if fatal { "true" } else { "false" })),
            optional(job.parent.as_deref()),
            optional(job.schedule.as_deref()),
        ]
    }
}

fn date<'a>(date: Option<Timestamp>) -> Cell<'a> {
    date.map_or(Cell::Absent, |date| Cell::Verbatim(Cow::Owned(date.to_string())))
}

/// Returns the cell of a value of an enumeration, in the word of JSON.
fn word<'a>(value: &impl Serialize) -> Cell<'a> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Cell::Verbatim(Cow::Owned(word)),
        _ => Cell::Absent,
    }
}
