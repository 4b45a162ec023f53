//! What a run found: deviations, observations, values of enumerations and UTC offsets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::redaction::{enumeration, form};
use crate::ips::types::{ActiveJobState, JobType, TaskState, TriggerState};
use crate::upstream::{Deviation, DeviationKind};

/// Maximum number of different deviations, and of different values of a field, that are kept.
const MAX_ENTRIES: usize = 500;
/// Maximum length of the path of a deviation, in bytes.
const MAX_PATH: usize = 200;

/// Fields with enumerations, by operation and path, and their documented values.
const ENUMERATIONS: &[(&str, Option<&[&str]>)] = &[
    ("getActiveJobs/jobArray/type", Some(JobType::KNOWN)),
    ("getActiveJobs/jobArray/state", Some(ActiveJobState::KNOWN)),
    ("getActiveJobs/jobArray/taskProgressArray/taskState", Some(TaskState::KNOWN)),
    ("getScheduledJobs/jobArray/type", Some(JobType::KNOWN)),
    ("getScheduledJobs/jobArray/triggerState", Some(TriggerState::KNOWN)),
    ("getJobLogs/jobLogArray/logType", None),
    ("getJobLogDetails/jobLogArray/logType", None),
    ("getJobLogDetails/jobLogArray/detailArray/logType", None),
    ("getJobLogDetails/jobLogArray/detailArray/auxArray/logType", None),
    ("getCompanyMembership/membershipArray/role", None),
];
/// Fields with dates.
const DATES: &[&str] = &[
    "startDate",
    "endDate",
    "triggerTime",
    "lastProgressUpdate",
    "dateCreated",
    "logDate",
    "nextFireTime",
    "expires",
    "passwordExpires",
];

/// What identifies a deviation: operation, kind, path and detail.
type DeviationId = (&'static str, DeviationKind, String, String);

/// How often a deviation was found, and the form of one value.
#[derive(Default)]
pub(super) struct Occurrences {
    pub(super) count: usize,
    pub(super) value_form: Option<String>,
}

/// What a run found.
#[derive(Default)]
pub(super) struct Findings {
    pub(super) deviations: BTreeMap<DeviationId, Occurrences>,
    pub(super) observations: BTreeMap<&'static str, String>,
    pub(super) enumerations: BTreeMap<&'static str, BTreeSet<String>>,
    pub(super) offsets: BTreeSet<String>,
}

impl Findings {
    /// Answers an open question; a later answer is ignored.
    pub(super) fn observe(&mut self, question: &'static str, observed: impl Into<String>) {
        self.observations.entry(question).or_insert_with(|| observed.into());
    }

    /// Adds a deviation of the answer of an operation.
    pub(super) fn deviate(&mut self, operation: &'static str, deviation: Deviation) {
        let Deviation { kind, mut path, detail, value } = deviation;
        path.truncate(path.floor_char_boundary(MAX_PATH));
        let id = (operation, kind, path, detail);
        if self.deviations.len() == MAX_ENTRIES && !self.deviations.contains_key(&id) {
            return;
        }
        let occurrences = self.deviations.entry(id).or_default();
        occurrences.count += 1;
        if occurrences.value_form.is_none() {
            occurrences.value_form = value.as_deref().map(form);
        }
    }

    /// Notes the enumerations and the UTC offsets of an answer.
    pub(super) fn note(&mut self, operation: &str, answer: &Value) {
        self.note_at(operation, "", answer);
    }

    fn note_at(&mut self, path: &str, key: &str, value: &Value) {
        match value {
            Value::Object(members) => {
                for (key, value) in members {
                    self.note_at(&format!("{path}/{key}"), key, value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.note_at(path, key, item)),
            Value::String(text) => self.note_text(path, key, text),
            _ => {}
        }
    }

    fn note_text(&mut self, path: &str, key: &str, text: &str) {
        if DATES.contains(&key) {
            self.offsets.insert(offset(text));
        } else if let Some((field, _)) = ENUMERATIONS.iter().find(|(field, _)| *field == path) {
            let values = self.enumerations.entry(field).or_default();
            if values.len() < MAX_ENTRIES {
                values.insert(enumeration(text));
            }
        }
    }
}

/// Returns the documented values of a field of [`Findings::enumerations`]; `None` if the gateway knows none.
pub(super) fn documented(field: &str) -> Option<&'static [&'static str]> {
    ENUMERATIONS.iter().find(|(name, _)| *name == field)?.1
}

/// Returns the UTC offset of a date in RFC 3339.
fn offset(date: &str) -> String {
    let end = date.len().checked_sub("+00:00".len()).and_then(|start| date.get(start..));
    match end {
        _ if date.ends_with('Z') => "Z".to_owned(),
        Some(offset) if offset.starts_with(['+', '-']) && offset.as_bytes()[3] == b':' => offset.to_owned(),
        _ => "none".to_owned(),
    }
}
