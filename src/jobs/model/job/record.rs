//! Fields of IPS in a job, and the members that have the same name in every phase.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ips::types::{ActiveJob, JobLog, JobType, ScheduledJob, Timestamp};
use crate::jobs::model::identity::{RecordNames, original_of_run};
use crate::jobs::model::kind::strip_log_type_prefix;
use crate::jobs::model::status::{self, Status};
use crate::jobs::model::unique_name;

/// Fields of IPS, from the list that contains the job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Record)]
pub enum IpsRecord {
    /// From `getActiveJobs`.
    Active(Box<ActiveJob>),
    /// From `getScheduledJobs`.
    Scheduled(Box<ScheduledJob>),
    /// From `getJobLogs` or `getJobLogDetails`, without the log entries, which are at `/jobs/{job}/log`.
    Completed(Box<JobLog>),
    /// From the submit, as long as no list of IPS contains the job.
    Submitted(Box<SubmittedJob>),
}

/// Submitted job that is not in any list of IPS yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmittedJob {
    /// Handle of the company of the job.
    pub company_handle: String,
    /// Handle returned by `submitJob`. The lists of IPS have other handles for the same job; `id` does not change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_handle: Option<String>,
    /// Name that was sent to IPS.
    pub job_name: String,
    /// Original name in every list of IPS: the name that was sent.
    pub original_name: String,
    /// E-mail address of the user whose credentials the submit has; absent if they are a token, or if the job is for another user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub submit_user_email: Option<String>,
    /// Description that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// Time of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exec_time: Option<Timestamp>,
    /// Cron expression of the recurring schedule, in the time zone of the IPS server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exec_schedule: Option<String>,
}

/// Members that have the same name and meaning in every phase, from the fields of IPS. A value that IPS did not send is absent.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommonMembers {
    /// Name as submitted, without the suffix that makes it unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "hello")]
    pub title: Option<String>,
    /// E-mail address of the user who submitted the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "katlyn@example.com")]
    pub submitted_by: Option<String>,
    /// Time of the start; absent while the job is scheduled or waits, although IPS may send an expected `startDate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub started_at: Option<Timestamp>,
    /// Time of the end; only of a job whose log has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ended_at: Option<Timestamp>,
    /// Time of the next run; only of a scheduled job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub next_run_at: Option<Timestamp>,
}

impl CommonMembers {
    /// Returns the members of a record.
    #[must_use]
    pub fn of(record: &IpsRecord) -> Self {
        let (started_at, ended_at, next_run_at) = match record {
            IpsRecord::Active(job) if status::status_of_active(job) == Status::Waiting => (None, None, None),
            IpsRecord::Active(job) => (job.start_date, None, None),
            IpsRecord::Scheduled(job) => (None, None, job.next_fire_time),
            IpsRecord::Completed(job) => (job.start_date, job.end_date, None),
            IpsRecord::Submitted(job) => (None, None, job.exec_time),
        };
        let owned = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        Self {
            title: owned(record.title()),
            submitted_by: owned(record.submitted_by()),
            started_at,
            ended_at,
            next_run_at,
        }
    }
}

impl IpsRecord {
    /// Returns the names by which the job of a list of `company` is identified; `None` if it has none.
    pub(super) fn names<'a>(&'a self, company: &'a str) -> Option<RecordNames<'a>> {
        RecordNames::of(company, self.original_name(), self.name(), self.handle())
    }

    /// Returns the name as submitted, if it is known.
    pub fn original_name(&self) -> Option<&str> {
        match self {
            IpsRecord::Active(job) => job.original_name.as_deref(),
            IpsRecord::Scheduled(job) => job.original_name.as_deref(),
            IpsRecord::Completed(job) => job.original_job_name.as_deref(),
            IpsRecord::Submitted(job) => Some(&job.original_name),
        }
    }

    /// Returns the name in the list that contains the job, if it has one.
    pub fn name(&self) -> Option<&str> {
        match self {
            IpsRecord::Active(job) => job.name.as_deref(),
            IpsRecord::Scheduled(job) => job.name.as_deref(),
            IpsRecord::Completed(job) => job.job_name.as_deref(),
            IpsRecord::Submitted(job) => Some(&job.job_name),
        }
    }

    /// Returns the handle in the list that contains the job.
    pub fn handle(&self) -> Option<&str> {
        match self {
            IpsRecord::Active(job) => job.job_handle.as_deref(),
            IpsRecord::Scheduled(job) => job.job_handle.as_deref(),
            IpsRecord::Completed(job) => job.job_handle.as_deref(),
            IpsRecord::Submitted(job) => job.job_handle.as_deref(),
        }
    }

    /// Returns the name as submitted, without the suffix that makes it unique. Where IPS leaves the original name out, it is what the
    /// name of the run begins with.
    fn title(&self) -> Option<&str> {
        let run = || self.name().map(original_of_run);
        self.original_name().filter(|name| !name.is_empty()).or_else(run).map(unique_name::without_unique_suffix)
    }

    /// Returns the type of the job in IPS terms: `type`, or in the job log `logType` without its prefix `Begin` or `End`.
    pub fn job_type(&self) -> Option<&str> {
        match self {
            IpsRecord::Active(job) => job.r#type.as_ref().map(JobType::as_str),
            IpsRecord::Scheduled(job) => job.r#type.as_ref().map(JobType::as_str),
            IpsRecord::Completed(job) => job.log_type.as_deref().map(strip_log_type_prefix),
            IpsRecord::Submitted(_) => None,
        }
    }

    /// Returns the e-mail address of the user who submitted the job.
    fn submitted_by(&self) -> Option<&str> {
        match self {
            IpsRecord::Active(job) => job.submit_user_email.as_deref(),
            IpsRecord::Scheduled(job) => job.submit_user_email.as_deref(),
            IpsRecord::Completed(job) => job.submit_user_email.as_deref(),
            IpsRecord::Submitted(job) => job.submit_user_email.as_deref(),
        }
    }

    /// Returns the time of the start, or the planned one.
    pub fn start(&self) -> Option<Timestamp> {
        match self {
            IpsRecord::Active(job) => job.start_date,
            IpsRecord::Scheduled(job) => job.next_fire_time,
            IpsRecord::Completed(job) => job.start_date,
            IpsRecord::Submitted(job) => job.exec_time,
        }
    }

    /// Returns the description.
    pub fn description(&self) -> Option<&str> {
        match self {
            IpsRecord::Active(job) => job.description.as_deref(),
            IpsRecord::Scheduled(job) => job.description.as_deref(),
            IpsRecord::Completed(job) => job.description.as_deref(),
            IpsRecord::Submitted(job) => job.description.as_deref(),
        }
    }
}
