//! Warnings about a submit: what IPS may refuse, or the caller may not intend. The submit is valid all the same.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ips::types::{SubmitJobParam, Timestamp, documented_values};
use crate::jobs::commands::body_texts::visit_texts;

/// Maximum number of warnings of a submit.
const MAX_WARNINGS: usize = 20;

/// Warning about a value of a submit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Warning {
    /// JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// Reason, to be read after the name of the field.
    pub detail: String,
}

/// Returns the warnings about a submit at a time, at most 20.
pub(super) fn warnings(request: &SubmitJobParam, now: DateTime<Utc>) -> Vec<Warning> {
    let mut found = Vec::new();
    if request.exec_time.and_then(Timestamp::instant).is_some_and(|time| time < now) {
        found.push(Warning::new("/execTime", "is in the past: IPS may refuse it, or run the job immediately"));
    }
    let mut urls = HashSet::new();
    let body = serde_json::to_value(request).unwrap_or_default();
    visit_texts(&body, &mut |parent, pointer, value| {
        if found.len() < MAX_WARNINGS
            && let Some(detail) = warning_about(parent, pointer, value, &mut urls)
        {
            found.push(Warning::new(pointer, detail));
        }
    });
    found
}

/// Returns the warning about a text; `parent` is the name of the object that contains it.
fn warning_about<'v>(parent: &str, pointer: &str, value: &'v str, urls: &mut HashSet<&'v str>) -> Option<String> {
    let member = pointer.rsplit('/').next().unwrap_or_default();
    if let Some(documented) = documented_values(parent, member)
        && !documented.contains(&value)
    {
        return Some(format!("is none of the documented values {}: it is sent unchanged", documented.join(", ")));
    }
    let is_url = member.ends_with("Url");
    if member == "sourceUrl" && !urls.insert(value) {
        return Some("is the source of an earlier item, too".into());
    }
    (is_url && value.starts_with("http:")).then(|| "is fetched without encryption".into())
}

impl Warning {
    /// Creates a warning.
    pub(super) fn new(pointer: &str, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}
