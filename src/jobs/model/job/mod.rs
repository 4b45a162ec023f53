//! Job representation of the API: one structure for all three phases, with derived fields and the fields of IPS.

mod expected_end;
mod record;
mod submitted;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::expected_end::{ExpectedEnd, RunDurations};
pub use self::record::{CommonMembers, IpsRecord, SubmittedJob};
use crate::ips::types::{ActiveJob, JobLog, ScheduledJob, Timestamp};
use crate::jobs::model::follow_on::{Awaited, ChainMember, RequestsFollowOn};
pub use crate::jobs::model::follow_on::{Chain, FollowOn};
use crate::jobs::model::id::{JobId, JobName};
use crate::jobs::model::identity::{JobRole, RunId};
use crate::jobs::model::kind::JobKind;
pub use crate::jobs::model::outcome::{Outcome, Verdict};
use crate::jobs::model::status;
use crate::jobs::model::status::StaleReason;
pub use crate::jobs::model::status::{Action, Phase, Status};
use crate::jobs::model::unique_name;

/// Time after the end of a job within which a follow-on job that it requested has to appear in a list.
const FOLLOW_ON_APPEARS_WITHIN: TimeDelta = TimeDelta::minutes(5);

/// Job of IPS in any phase.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UnobservedJob)]
pub struct Job {
    /// Id of the job, the same from submit to log. Opaque; needs no escaping in a URL.
    #[schema(example = "MW9jfDEwMB9uaWdodGx5")]
    pub id: String,
    /// What the job does, in the same words in every phase: the name of the element with its details without `Job`. Absent if IPS does not
    /// say: several kinds of job share some values of `logType`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<JobKind>,
    /// List of IPS that contains the job.
    pub phase: Phase,
    /// Status of the job.
    pub status: Status,
    /// Outcome; only of a completed job.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<Outcome>,
    /// Progress in percent, 0 to 100; absent if IPS reports none. At most 99 while a task has unprocessed items. Of a completed job the handled
    /// files of all files: 100 only if it was not stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 100)]
    pub percent: Option<u8>,
    /// Time at which a running job is expected to end; absent if the gateway knows fewer than three durations of jobs of its kind in the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub expected_end: Option<ExpectedEnd>,
    /// Id of the publish of the company that runs while this one waits, see `GET /publish-queue`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub waits_for: Option<String>,
    /// Actions that the phase and status suggest. Others can be requested unless the job is completed: IPS decides.
    pub actions: Vec<Action>,
    /// Id of the recurring schedule of which this job is a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub schedule: Option<String>,
    /// Id of the job after which IPS ran this one: an upload with a member `post…PublishJob`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub parent: Option<String>,
    /// Jobs that IPS ran after this one, as far as the list of active jobs and the newest logs show; absent if they show none. A follow-on
    /// job has its own id, status and outcome.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub follow_ons: Vec<FollowOn>,
    /// The job and its follow-on jobs as one; absent of a job that has none and did not request one with a member `post…PublishJob`, as far
    /// as the gateway knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub chain: Option<Chain>,
    /// Whether the job requested a follow-on job, as far as its details or its unique name say.
    #[serde(skip)]
    pub requests_follow_on: bool,
    /// `true` if the response of IPS to the submit was lost and the job was found by its unique name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recovered: bool,
    /// `true` if the response of IPS to the submit was lost and no list of IPS contains the job yet: IPS may have accepted it or not. Its `status`
    /// is `unknown`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unconfirmed: bool,
    /// Time at which the gateway sent the submit; only of a job that is `unconfirmed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sent_at: Option<Timestamp>,
    /// Handle of the company of the list that contains the job.
    #[serde(skip)]
    pub company: String,
    /// JSON pointers of required values in the job details that IPS did not send; the JSON does not have their defaults.
    #[serde(skip)]
    pub absent_fields: Vec<String>,
    /// Members that have the same name in every phase.
    #[serde(flatten)]
    pub common: CommonMembers,
    /// Fields of IPS.
    #[serde(flatten)]
    pub record: IpsRecord,
}

impl Job {
    /// Returns a job of the active list of `company`; `None` if the record has neither a name nor a handle.
    #[must_use]
    pub fn active(company: &str, mut record: ActiveJob) -> Option<Self> {
        let (status, percent) = (status::status_of_active(&record), status::percent_of(&record));
        let absent_fields = std::mem::take(&mut record.absent_fields);
        let kind = JobKind::of_active(&record);
        let requests_follow_on = record.requests_follow_on();
        let record = IpsRecord::Active(Box::new(record));
        let RunId { id, parent } = record.names(company)?.id_of_run(kind.as_ref());
        let job = Self::new(&id, Phase::Active, status, record);
        Some(Self { kind, percent, parent, absent_fields, ..job }.with_request(requests_follow_on))
    }

    /// Returns a job of the scheduled list of `company`; `None` if the record has neither a name nor a handle.
    #[must_use]
    pub fn scheduled(company: &str, mut record: ScheduledJob) -> Option<Self> {
        let is_recurring = record.exec_schedule.is_some();
        let status = status::status_of_scheduled(&record);
        let absent_fields = std::mem::take(&mut record.absent_fields);
        let kind = JobKind::of_scheduled(&record);
        // Each run of a recurring schedule has its own follow-on job.
        let requests_follow_on = !is_recurring && record.requests_follow_on();
        let record = IpsRecord::Scheduled(Box::new(record));
        let names = record.names(company)?;
        let name = names.original_or_run().to_owned();
        let name = if is_recurring { JobName::Schedule(name) } else { JobName::of_submitted(name, kind.as_ref()) };
        let job = Self::new(&JobId { company: company.into(), name }, Phase::Scheduled, status, record);
        Some(Self { kind, absent_fields, ..job }.with_request(requests_follow_on))
    }

    /// Returns a job of the job log of `company`, without the log entries; `None` if the record has neither a name nor a handle.
    #[must_use]
    pub fn completed(company: &str, mut record: JobLog) -> Option<Self> {
        record.unreadable.retain(|value| !value.path.starts_with("detailArray"));
        let (status, Verdict { outcome, percent }) = (status::status_of_logged(&record), Verdict::of(&record));
        record.detail_array = None;
        let kind = JobKind::of_logged(&record);
        let record = IpsRecord::Completed(Box::new(record));
        let RunId { id, parent } = record.names(company)?.id_of_run(kind.as_ref());
        let job = Self::new(&id, Phase::Completed, status, record);
        Some(Self { kind, outcome: Some(outcome), percent, parent, ..job }.with_request(false))
    }

    /// Returns the job with the request for a follow-on job in its details, or in its unique name.
    fn with_request(self, requests_follow_on: bool) -> Self {
        let is_in_name =
            || self.phase != Phase::Scheduled && self.original_name().is_some_and(unique_name::requests_follow_on);
        let requests_follow_on = self.parent.is_none() && (requests_follow_on || is_in_name());
        let mut job = Self { requests_follow_on, ..self };
        // Of a completed job, whose chain depends on the time, it is set with its links.
        if !job.is_final() {
            job.set_chain(DateTime::UNIX_EPOCH);
        }
        job
    }

    /// Sets the chain of the job and its follow-on jobs at a time.
    pub fn set_chain(&mut self, now: DateTime<Utc>) {
        let is_overdue = || {
            let end = self.common.ended_at.and_then(Timestamp::instant);
            self.is_final() && end.is_none_or(|end| now - end.to_utc() > FOLLOW_ON_APPEARS_WITHIN)
        };
        let awaited = match (self.follow_ons.is_empty(), self.requests_follow_on) {
            (false, _) => Awaited::Nothing,
            (true, true) if is_overdue() => Awaited::Overdue,
            (true, true) => Awaited::FollowOn,
            (true, false) => {
                self.chain = None;
                return;
            }
        };
        let own = ChainMember { status: self.status, outcome: self.outcome, percent: self.percent };
        let members: Vec<_> = std::iter::once(own).chain(self.follow_ons.iter().map(ChainMember::from)).collect();
        self.chain = Some(Chain::of(&members, awaited));
    }

    /// Sets the outcome of a completed job that was stopped. No change of another job, or of one whose log has no end yet.
    pub fn set_stopped(&mut self) {
        if self.phase == Phase::Completed && self.is_final() {
            self.outcome = Some(Outcome::Stopped);
            self.percent = self.percent.filter(|percent| *percent < 100);
        }
    }

    /// Returns whether the active list last showed the job as stopping.
    #[must_use]
    pub fn was_stopping(&self) -> bool {
        matches!(&self.record, IpsRecord::Active(job) if status::status_of_active(job) == Status::Stopping)
    }

    /// Returns the job as it is after it left the active list and before it is in the job log.
    #[must_use]
    pub fn finalizing(self) -> Self {
        let (status, actions) = (Status::Finalizing, Vec::new());
        Self { phase: Phase::Active, status, actions, expected_end: None, waits_for: None, ..self }
    }

    fn new(id: &JobId, phase: Phase, status: Status, record: IpsRecord) -> Self {
        let actions = status::actions_of(phase, status);
        Self {
            id: id.encode(),
            kind: None,
            phase,
            status,
            outcome: None,
            percent: None,
            expected_end: None,
            waits_for: None,
            actions,
            schedule: None,
            parent: None,
            follow_ons: Vec::new(),
            chain: None,
            requests_follow_on: false,
            recovered: false,
            unconfirmed: false,
            sent_at: None,
            company: id.company.clone(),
            absent_fields: Vec::new(),
            common: CommonMembers::of(&record),
            record,
        }
    }

    /// Returns the name as submitted, if it is known.
    #[must_use]
    pub fn original_name(&self) -> Option<&str> {
        self.record.original_name()
    }

    /// Returns the role of the job among those with its original name, if that is unique; `None` if it is not, or the role is unknown.
    #[must_use]
    pub fn role(&self) -> Option<JobRole> {
        self.record.names(&self.company)?.role_of_unique(self.kind.as_ref())
    }

    /// Returns the name in the list that contains the job, if it has one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.record.name()
    }

    /// Returns the handle in the list that contains the job.
    #[must_use]
    pub fn handle(&self) -> Option<&str> {
        self.record.handle()
    }

    /// Returns the type of the job in IPS terms: `type`, or in the job log `logType` without its prefix `Begin` or `End`.
    #[must_use]
    pub fn job_type(&self) -> Option<&str> {
        self.record.job_type()
    }

    /// Returns the subtype, which only the job log has: `jobSubType`.
    #[must_use]
    pub fn job_sub_type(&self) -> Option<&str> {
        match &self.record {
            IpsRecord::Completed(job) => job.job_sub_type.as_deref(),
            _ => None,
        }
    }

    /// Returns the time of the start, or the planned one.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        self.record.start()
    }

    /// Returns the time by which jobs are filtered: the start, else the planned one, else that of the trigger.
    #[must_use]
    pub fn filter_time(&self) -> Option<Timestamp> {
        let trigger_time = match &self.record {
            IpsRecord::Active(job) => job.trigger_time,
            _ => None,
        };
        self.start().or(trigger_time)
    }

    /// Returns the description.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.record.description()
    }

    /// Returns the rank of the job among those with the same id in other lists. IPS may log a job while it runs: without an end in its log, a
    /// job of the active list is active.
    #[must_use]
    pub fn progress_rank(&self) -> u8 {
        match self.phase {
            Phase::Scheduled => 0,
            Phase::Completed if !self.is_final() => 1,
            Phase::Active => 2,
            Phase::Completed => 3,
        }
    }

    /// Returns whether the job can't change any more, except for its follow-on jobs.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status == Status::Completed
    }

    /// Returns whether the job is completed, and its chain, if it has one.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.is_final() && self.chain.is_none_or(Chain::is_completed)
    }
}

/// Returns a time of the gateway's clock as a timestamp of the API: UTC, in milliseconds.
#[must_use]
pub fn to_timestamp(at: DateTime<Utc>) -> Timestamp {
    Timestamp::new(at.trunc_subsecs(3).fixed_offset())
}

impl ObservedJob {
    /// Returns a job as observed at `observed_at`.
    #[must_use]
    pub fn new(job: Job, observed_at: DateTime<Utc>) -> Self {
        Self { observed_at: to_timestamp(observed_at), stale: None, stale_reason: None, job }
    }
}

/// Job with the time of its observation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Job)]
pub struct ObservedJob {
    /// Time at which IPS returned this.
    pub observed_at: Timestamp,
    /// `true` if this is out of date because calls to IPS fail. A job in a list has this member in the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale: Option<bool>,
    /// Reason why this is out of date.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub stale_reason: Option<StaleReason>,
    /// Job.
    #[serde(flatten)]
    pub job: Job,
}
