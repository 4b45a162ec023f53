//! Preflight of a submit: its warnings, the next runs of its schedule, and what would be sent.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::jobs::cache::policy::CacheDirective;
use crate::jobs::commands::next_runs::{NextRun, ServerZone, next_runs};
use crate::jobs::commands::submission::Submission;
use crate::jobs::commands::submit::SubmitCommand;
use crate::jobs::commands::warnings::{Warning, warnings};
use crate::jobs::company::check_permitted;
use crate::jobs::error::{Error, Result};
use crate::jobs::model::job::Phase;
use crate::jobs::model::snapshot::Snapshot;
use crate::runtime::quartz::InvalidSchedule;
use crate::upstream::Caller;

/// Maximum age of the list of scheduled jobs.
const MAX_SCHEDULES_AGE: Duration = Duration::from_mins(1);

/// Preflight of a valid submit.
#[derive(Debug, Clone)]
pub struct Preflight {
    /// What IPS may refuse, or the caller may not intend.
    pub warnings: Vec<Warning>,
    /// Next runs of its schedule; empty without one, or if they are unknown.
    pub next_runs: Vec<NextRun>,
    /// Time zone of the schedule, by its name in IPS.
    pub time_zone: Option<String>,
    /// JSON of the request that a submit would send, with secrets redacted. It has no `companyHandle` if the company is unknown.
    pub request: Value,
}

impl SubmitCommand {
    /// Validates a submission as [`SubmitCommand::submit`] does, without sending it. Of a schedule it reads the list of scheduled jobs, at most a
    /// minute old; of other submits it makes no call to IPS. What can't be read is left out.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all invalid fields, and [`Error::CompanyNotFound`] if the caller may not see the company.
    pub async fn preflight(&self, caller: &Caller, submission: &Submission) -> Result<Preflight> {
        self.check(submission)?;
        let mut request = submission.request.clone();
        let is_schedule = request.exec_schedule.is_some();
        if request.company_handle.is_empty() {
            let choice = &submission.company;
            let company = match self.dependencies().companies.resolve_cached(caller, choice) {
                None if is_schedule => self.dependencies().companies.resolve(caller, choice).await.ok(),
                company => company,
            };
            request.company_handle = company.unwrap_or_default();
        } else {
            check_permitted(caller, &request.company_handle, &request.company_handle)?;
        }
        request.job_name = self.name_to_send(caller, &request, submission.mode, None)?;
        let schedules = self.schedules(caller, &request.company_handle, is_schedule).await;

        let now = self.dependencies().clock.server_time();
        let mut found = Vec::new();
        if schedules.as_deref().is_some_and(|schedules| has_schedule(schedules, &request.job_name)) {
            found.push(Warning::new("/jobName", "is the name of a scheduled job of the company: IPS may refuse it"));
        }
        let zone = schedules.as_deref().map(ServerZone::of).unwrap_or_default();
        let runs = request.exec_schedule.as_deref().map(|expression| next_runs(expression, &zone, now));
        let is_unknown_zone = matches!(runs, Some(Ok(_))) && !zone.is_known();
        let next_runs = match runs.transpose() {
            Ok(runs) => runs.unwrap_or_default(),
            Err(error) => {
                found.push(Warning::new("/execSchedule", detail(&error)));
                Vec::new()
            }
        };
        if is_unknown_zone {
            let detail = match &zone.name {
                Some(name) => format!(
                    "is in the time zone `{name}` of the IPS server, whose rules the gateway does not know: its runs have no time in UTC"
                ),
                None => "is in the time zone of the IPS server, which is unknown, since the scheduled jobs of the company that can be \
                         read do not name one: its runs have no time in UTC"
                    .into(),
            };
            found.push(Warning::new("/execSchedule", detail));
        }
        found.extend(warnings(&request, now));
        let mut json = serde_json::to_value(&request).map_err(|_| Error::Internal("a submit can't be serialized"))?;
        if request.company_handle.is_empty()
            && let Some(members) = json.as_object_mut()
        {
            members.shift_remove("companyHandle");
        }
        let time_zone = zone.name.filter(|_| is_schedule);
        Ok(Preflight { warnings: found, next_runs, time_zone, request: json })
    }

    /// Returns the scheduled jobs of a company: of a schedule loaded if necessary, else if they are cached.
    async fn schedules(&self, caller: &Caller, company: &str, is_schedule: bool) -> Option<Arc<Snapshot>> {
        let cache = &self.dependencies().caches.scheduled;
        if !is_schedule {
            return cache.cached(caller, company);
        }
        if company.is_empty() {
            return None;
        }
        let lookup = cache.read(caller, company, CacheDirective::MaxAge(MAX_SCHEDULES_AGE)).await;
        lookup.ok().map(|lookup| lookup.snapshot)
    }
}

/// Returns whether a scheduled job has this name.
fn has_schedule(schedules: &Snapshot, name: &str) -> bool {
    let mut jobs = schedules.jobs.iter().map(|job| &job.job);
    jobs.any(|job| job.phase == Phase::Scheduled && job.original_name().or(job.name()) == Some(name))
}

/// Returns the warning about a schedule.
fn detail(error: &InvalidSchedule) -> &'static str {
    match error {
        InvalidSchedule::NeverFires(_) => "never fires: IPS may refuse it",
        InvalidSchedule::TwoDays(_) => {
            "has `?` for both days or for none: Quartz requires it for either the day of the month or the day of the week"
        }
        InvalidSchedule::Unparsable(..) | InvalidSchedule::FieldCount(..) => {
            "is not a cron expression that the gateway can read: IPS may refuse it, and its next runs are unknown"
        }
    }
}
