//! The documented members of a job that the commands show and decide by.
//!
//! A job is read as a JSON value, not into types of the gateway: the commands print what the gateway sent, members of later versions included, and need
//! a dozen members of hundreds.

use serde_json::Value;

use super::error::LOST;
use super::text::{local_time, printable};

/// End until which a job is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FollowedEnd {
    /// Of the job alone.
    Job,
    /// Of the job and the follow-on jobs that IPS runs after it.
    Chain,
}

/// A job of the API.
#[derive(Debug, Clone, Copy)]
pub(super) struct JobMembers<'a>(pub(super) &'a Value);

impl<'a> JobMembers<'a> {
    pub(super) fn text(self, name: &str) -> &'a str {
        self.0[name].as_str().unwrap_or_default()
    }

    pub(super) fn id(self) -> &'a str {
        self.text("id")
    }

    /// Title without control characters.
    pub(super) fn title(self) -> String {
        printable(self.text("title")).into_owned()
    }

    pub(super) fn time(self, name: &str) -> String {
        local_time(self.text(name))
    }

    /// Outcome of a completed job, else its status.
    pub(super) fn state(self) -> &'a str {
        state(self.0)
    }

    /// Says what a scheduled job waits for; `None` for a job in another phase.
    pub(super) fn waits_for_schedule(self) -> Option<String> {
        if self.text("phase") != "scheduled" {
            return None;
        }
        let next = match (self.text("status"), self.text("nextRunAt")) {
            ("paused", _) => "the schedule is paused".to_owned(),
            (_, "") => "the next run is not known".to_owned(),
            _ => format!("the next run is at {}", self.time("nextRunAt")),
        };
        Some(match self.text("execSchedule") {
            "" => format!("the job is scheduled: {next}"),
            schedule => format!(
                "this is a recurring schedule ({}), which has no end until it is deleted: {next}. Each run is a job of its own: jobs list shows it",
                printable(schedule)
            ),
        })
    }

    /// Progress in percent.
    pub(super) fn percent(self) -> Option<u64> {
        self.0["percent"].as_u64()
    }

    pub(super) fn percent_text(self) -> String {
        self.percent().map(|percent| format!("{percent}%")).unwrap_or_default()
    }

    /// Chain of a job that has follow-on jobs.
    pub(super) fn chain(self) -> Option<&'a Value> {
        self.0.get("chain").filter(|chain| chain.is_object())
    }

    /// State and percent of a chain.
    pub(super) fn chain_text(self) -> Option<String> {
        let chain = self.chain()?;
        Some(with_percent(state(chain), chain))
    }

    pub(super) fn follow_ons(self) -> impl Iterator<Item = &'a Value> {
        self.0["followOns"].as_array().into_iter().flatten()
    }

    /// Whether IPS fails, so that this is an earlier state.
    pub(super) fn is_stale(self) -> bool {
        self.0["stale"].as_bool().unwrap_or(false)
    }

    /// Outcome of the job, or of its chain, once it is completed.
    pub(super) fn outcome(self, end: FollowedEnd) -> Option<&'a str> {
        let ended = match (end, self.chain()) {
            (FollowedEnd::Chain, Some(chain)) => chain,
            _ => self.0,
        };
        (ended["status"] == "completed").then(|| ended["outcome"].as_str().unwrap_or("unknown"))
    }

    /// Row of a table: state, percent, kind, start (of a scheduled job its next run), submitter, title, id.
    pub(super) fn row(self) -> [String; 7] {
        let start = ["startedAt", "nextRunAt"].into_iter().find(|name| !self.text(name).is_empty());
        [
            self.state().to_owned(),
            self.percent_text(),
            self.text("kind").to_owned(),
            start.map(|name| self.time(name)).unwrap_or_default(),
            self.text("submittedBy").to_owned(),
            self.title(),
            self.id().to_owned(),
        ]
    }
}

/// Header of [`JobMembers::row`].
pub(super) const ROW_HEADER: [&str; 7] = ["STATE", "%", "KIND", "START", "SUBMITTED BY", "TITLE", "ID"];

/// Outcome of what is completed, else its status: the log of a running job has the outcome `unknown`.
fn state(value: &Value) -> &str {
    let text = |name: &str| value[name].as_str();
    let outcome = text("outcome").filter(|_| value["status"] == "completed");
    outcome.or_else(|| text("status")).unwrap_or("unknown")
}

/// State and percent of a job, a follow-on job or a chain.
pub(super) fn with_percent(state: &str, value: &Value) -> String {
    match value["percent"].as_u64() {
        Some(percent) => format!("{state} {percent}%"),
        None => state.to_owned(),
    }
}

/// Exit status of `wait` and `watch --exit-status`.
pub(super) fn exit_status(outcome: &str) -> u8 {
    match outcome {
        "succeeded" => 0,
        "failed" => 1,
        "succeededWithWarnings" => 2,
        "stopped" => 3,
        _ => LOST,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_outcome_of_a_chain_counts_unless_only_the_job_is_followed() {
        let job = json!({"status": "completed", "outcome": "succeeded", "chain": {"status": "running", "percent": 50}});
        assert_eq!(JobMembers(&job).outcome(FollowedEnd::Chain), None);
        assert_eq!(JobMembers(&job).outcome(FollowedEnd::Job), Some("succeeded"));

        let job = json!({"status": "completed", "outcome": "succeeded", "chain": {"status": "completed", "outcome": "failed"}});
        assert_eq!(JobMembers(&job).outcome(FollowedEnd::Chain), Some("failed"));
    }

    #[test]
    fn every_outcome_has_its_exit_status_and_unknown_ones_are_lost() {
        let outcomes = ["succeeded", "failed", "succeededWithWarnings", "stopped", "unknown", "a-later-one"];
        assert_eq!(outcomes.map(exit_status), [0, 1, 2, 3, 4, 4]);
    }
}
