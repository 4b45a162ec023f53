//! Report of a run. It names no user, company, job or address: the JSON is fit for a bug report.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::findings::{self, Findings};
use super::questions::QUESTIONS;
use super::session::{MAX_CALLS, Session, Stop};
use crate::ips::types::ApiVersion;
use crate::upstream::DeviationKind;

/// Version of the format of the report.
const FORMAT: u32 = 1;

/// Report of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    /// Version of this format.
    format: u32,
    /// Name and version of the program.
    pub(super) program: String,
    /// When the run began.
    pub(super) started_at: String,
    pub(super) duration_ms: u128,
    /// API version; empty for the one without a name.
    pub(super) api_version: String,
    /// Pseudonyms of the address, the company and the user.
    pub(super) upstream: String,
    pub(super) company: String,
    pub(super) user: String,
    /// Whether no deviation was found.
    pub(super) conforms: bool,
    pub(super) calls: CallSummary,
    pub(super) operations: Vec<OperationReport>,
    pub(super) deviations: Vec<DeviationReport>,
    pub(super) questions: Vec<QuestionReport>,
    pub(super) values: Vec<ValueReport>,
}

/// Calls of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CallSummary {
    pub(super) number: usize,
    limit: usize,
    pub(super) bytes: usize,
    /// Why the run ended early: a limit, or the code of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stopped: Option<String>,
    /// Whether a submitted job may still be scheduled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) submitted_job: Option<&'static str>,
}

/// What was seen of an operation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OperationReport {
    pub(super) operation: &'static str,
    pub(super) calls: usize,
    pub(super) answers: usize,
    pub(super) faults: Vec<FaultReport>,
    pub(super) slowest_ms: u128,
}

/// Fault of an operation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FaultReport {
    /// Name and code.
    pub(super) fault: String,
    pub(super) count: usize,
}

/// Deviation from the schema of the API version, or from the documentation.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeviationReport {
    pub(super) operation: &'static str,
    pub(super) kind: DeviationKind,
    /// Path of the element within the answer, without indices; empty for the answer as a whole.
    pub(super) path: String,
    pub(super) detail: String,
    pub(super) count: usize,
    /// Form of one value: `9` for each digit, `a` for each letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value_form: Option<String>,
}

/// Open question and its answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QuestionReport {
    id: &'static str,
    pub(super) question: &'static str,
    /// What was observed; `null` if the data of the company or the API version does not allow it.
    pub(super) observed: Option<String>,
}

/// Values of an enumeration.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ValueReport {
    /// Operation and path of the field.
    pub(super) field: &'static str,
    pub(super) seen: Vec<String>,
    /// Those of them that the reference of IPS does not have; absent where it lists none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) undocumented: Option<Vec<String>>,
}

/// What a report is about, beside the findings.
pub(super) struct Subject<'s> {
    pub(super) url: &'s str,
    pub(super) company: &'s str,
    pub(super) version: &'s ApiVersion,
    pub(super) started: DateTime<Utc>,
    pub(super) duration: Duration,
    /// State of the submitted job; `None` without one.
    pub(super) submitted_job: Option<&'static str>,
}

impl Report {
    /// Returns the report of a session.
    pub(super) fn of(session: &Session, subject: &Subject<'_>) -> Self {
        let Findings { deviations, observations, enumerations, .. } = &session.findings;
        let pseudonyms = &session.pseudonyms;
        let [_, user, secret] = session.caller.credential_parts();
        let deviations: Vec<_> = deviations
            .iter()
            .map(|((operation, kind, path, detail), occurrences)| DeviationReport {
                operation,
                kind: *kind,
                path: path.clone(),
                detail: detail.clone(),
                count: occurrences.count,
                value_form: occurrences.value_form.clone(),
            })
            .collect();
        Self {
            format: FORMAT,
            program: format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
            started_at: subject.started.to_rfc3339_opts(SecondsFormat::Secs, true),
            duration_ms: subject.duration.as_millis(),
            api_version: subject.version.to_string(),
            upstream: pseudonyms.of("url", subject.url),
            company: pseudonyms.of("company", subject.company),
            user: pseudonyms.of("user", if user.is_empty() { secret } else { user }),
            conforms: deviations.is_empty(),
            calls: CallSummary {
                number: session.calls(),
                limit: MAX_CALLS,
                bytes: session.bytes,
                stopped: session.stopped.as_ref().map(describe),
                submitted_job: subject.submitted_job,
            },
            operations: operations(session),
            deviations,
            questions: QUESTIONS
                .iter()
                .map(|(id, question)| QuestionReport { id, question, observed: observations.get(id).cloned() })
                .collect(),
            values: enumerations
                .iter()
                .map(|(field, seen)| ValueReport {
                    field,
                    seen: seen.iter().cloned().collect(),
                    undocumented: findings::documented(field).map(|documented| {
                        seen.iter().filter(|value| !documented.contains(&value.as_str())).cloned().collect()
                    }),
                })
                .collect(),
        }
    }
}

fn operations(session: &Session) -> Vec<OperationReport> {
    let sent = session.operations.iter().filter(|(_, record)| record.calls > 0);
    let report = sent.map(|(operation, record)| OperationReport {
        operation,
        calls: record.calls,
        answers: record.answers,
        faults: record
            .faults
            .iter()
            .map(|(fault, count)| FaultReport { fault: fault.clone(), count: *count })
            .collect(),
        slowest_ms: record.slowest.as_millis(),
    });
    report.collect()
}

/// Describes the early end of a run without texts of IPS.
fn describe(stop: &Stop) -> String {
    match stop {
        Stop::Limit(limit) => format!("limit of {limit}"),
        Stop::Credentials(fault) => format!("credentials rejected: {fault}"),
        Stop::NoAnswer { code, .. } => format!("no answer: {code}"),
    }
}
