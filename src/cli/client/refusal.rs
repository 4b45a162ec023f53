//! Error answers of the gateway as text for people.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::text::printable;

/// Error answer: a problem document, or that of another server, such as a proxy.
#[derive(Debug)]
pub(super) struct Refusal {
    status: u16,
    /// Members of the problem document; `Null` of another answer.
    problem: Value,
    /// `Retry-After`.
    pub(super) retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn new(status: u16, body: &str, retry_after: Option<Duration>) -> Self {
        let problem: Value = serde_json::from_str(body).unwrap_or_default();
        let problem = if problem["code"].is_string() { problem } else { Value::Null };
        Self { status, problem, retry_after }
    }

    /// Stable code of the problem; empty for an answer that is no problem document.
    pub(super) fn code(&self) -> &str {
        self.problem["code"].as_str().unwrap_or_default()
    }

    /// Id of the job that the problem is about.
    pub(super) fn job(&self) -> Option<&str> {
        self.problem["job"].as_str()
    }

    /// Whether the request is the cause, as opposed to the gateway or IPS.
    pub(super) fn is_of_client(&self) -> bool {
        (300..500).contains(&self.status) && self.status != 429
    }

    pub(super) fn is_retryable(&self) -> bool {
        match self.problem["retryable"].as_bool() {
            Some(retryable) => retryable,
            None => matches!(self.status, 408 | 429 | 502 | 503 | 504),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = &self.problem;
        if problem.is_null() {
            let reason = match self.status {
                300..400 => "a redirect, which is not followed with credentials: use the address that it leads to",
                _ => "which is not an error of an ips-gateway: is the address right?",
            };
            return write!(f, "the server answered with HTTP status {}, {reason}", self.status);
        }
        let text = |value: &Value| printable(value.as_str().unwrap_or_default()).into_owned();
        // With a list of errors, the detail repeats them.
        let summary = if problem["errors"].is_array() { ["title", "detail"] } else { ["detail", "title"] };
        let summary = summary.into_iter().map(|name| text(&problem[name])).find(|summary| !summary.is_empty());
        write!(f, "{} [{}]", summary.unwrap_or_default(), text(&problem["code"]))?;
        let items = |name: &str| problem[name].as_array().map(Vec::as_slice).unwrap_or_default().iter();
        for error in items("errors") {
            let place = [&error["pointer"], &error["parameter"]].into_iter().find(|place| place.is_string());
            let place = place.map(text).filter(|place| !place.is_empty()).unwrap_or_else(|| "body".to_owned());
            write!(f, "\n  {place}: {}", text(&error["detail"]))?;
        }
        if let Some(more) = problem["moreErrors"].as_u64().filter(|more| *more > 0) {
            write!(f, "\n  and {more} more")?;
        }
        if let Some(reason) = problem["upstream"]["reason"].as_str() {
            write!(f, "\n  IPS says: {}", printable(reason))?;
        }
        for company in items("companies") {
            write!(f, "\n  --company-handle '{}'  {}", text(&company["companyHandle"]), text(&company["name"]))?;
        }
        for candidate in items("candidates") {
            write!(f, "\n  candidate: {}", text(candidate))?;
        }
        let actions: Vec<_> = items("actions").map(text).collect();
        if !actions.is_empty() {
            write!(f, "\n  possible now: {}", actions.join(", "))?;
        }
        if problem["outcome"] == "unknown" {
            f.write_str("\n  it is not known whether IPS carried this out: look at the job before you repeat it")?;
        }
        if let Some(id) = problem["requestId"].as_str() {
            write!(f, "\n  request id: {}", printable(id))?;
        }
        Ok(())
    }
}
