//! A job as clients see it: one shape for all three phases, the fields of IPS beside the verdict.

use bytes::Bytes;
use chrono::{DateTime, SubsecRound, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::ips::types::{ActiveJob, JobLog, JobType, ScheduledJob, SubmitJobParam, Timestamp};
use crate::jobs::model::id::{JobId, Name};
pub use crate::jobs::model::status::{Action, Outcome, Phase, Status};
use crate::jobs::model::{status, unique_name};

/// A job of IPS in whatever phase it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UnobservedJob)]
pub struct Job {
    /// The id of the job, the same from submit to log. Opaque; needs no escaping in a URL.
    #[schema(example = "MW9jfDEwMB9uaWdodGx5")]
    pub id: String,
    /// Which of the lists of IPS knows it.
    pub phase: Phase,
    /// What it is doing.
    pub status: Status,
    /// How it went; only when it is completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<Outcome>,
    /// How far it is, 0–100; absent when IPS doesn't tell. Never 100 while a task has work left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 100)]
    pub percent: Option<u8>,
    /// What can be asked of it now.
    pub actions: Vec<Action>,
    /// The id of the recurring schedule that this job is a run of.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub schedule: Option<String>,
    /// `true` when the answer of IPS to the submit was lost and the job was found by its unique name.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recovered: bool,
    /// What IPS says of it, field by field.
    #[serde(flatten)]
    pub record: Record,
}

/// The fields of IPS: those of the list that knows the job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Record {
    /// From `getActiveJobs`.
    Active(Box<ActiveJob>),
    /// From `getScheduledJobs`.
    Scheduled(Box<ScheduledJob>),
    /// From `getJobLogs` or `getJobLogDetails`; the entries are at `/jobs/{job}/log`.
    Completed(Box<JobLog>),
    /// Known from its submit, and in none of the lists (yet).
    Submitted(Box<SubmittedJob>),
}

/// What is known of a job that was submitted and is in none of the lists of IPS yet.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SubmittedJob {
    /// Handle of the company that the job belongs to.
    pub company_handle: String,
    /// The handle that `submitJob` answered. Later lists show the job under other handles: hold on to `id` instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub job_handle: Option<String>,
    /// The name that was sent to IPS.
    pub job_name: String,
    /// The name under which every list of IPS shows the job: the one that was sent.
    pub original_name: String,
    /// The description that was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// When it is to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exec_time: Option<Timestamp>,
    /// The schedule on which it is to run, cron-like, in the server's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub exec_schedule: Option<String>,
}

impl Job {
    /// A job from the active list.
    #[must_use]
    pub fn active(record: ActiveJob) -> Self {
        let status = status::status_of_active(&record);
        let id = id_of_run(&record.company_handle, &record.original_name, &record.name);
        let percent = status::percent_of(&record);
        Self { percent, ..Self::new(&id, Phase::Active, status, Record::Active(Box::new(record))) }
    }

    /// A job from the scheduled list.
    #[must_use]
    pub fn scheduled(record: ScheduledJob) -> Self {
        let name = match record.exec_schedule {
            Some(_) => Name::Schedule(record.original_name.clone()),
            None => Name::Original(record.original_name.clone()),
        };
        let id = JobId { company: record.company_handle.clone(), name };
        let status = status::status_of_scheduled(&record);
        Self::new(&id, Phase::Scheduled, status, Record::Scheduled(Box::new(record)))
    }

    /// A job from the log, without its entries: they have a resource of their own.
    #[must_use]
    pub fn completed(mut record: JobLog) -> Self {
        record.detail_array = None;
        let outcome = status::outcome_of(&record);
        let id = id_of_run(&record.company_handle, &record.original_job_name, &record.job_name);
        let status = status::status_of_logged(&record);
        let percent = (status == Status::Completed && outcome != Outcome::Failed).then_some(100);
        let job = Self::new(&id, Phase::Completed, status, Record::Completed(Box::new(record)));
        Self { outcome: Some(outcome), percent, ..job }
    }

    /// A job that was just submitted, as `request`.
    #[must_use]
    pub fn submitted(request: &SubmitJobParam, job_handle: Option<String>) -> Self {
        let name = match request.exec_schedule {
            Some(_) => Name::Schedule(request.job_name.clone()),
            None => Name::Original(request.job_name.clone()),
        };
        let later = request.exec_time.is_some() || request.exec_schedule.is_some();
        let (phase, status) =
            if later { (Phase::Scheduled, Status::Scheduled) } else { (Phase::Active, Status::Waiting) };
        let record = SubmittedJob {
            company_handle: request.company_handle.clone(),
            job_handle,
            job_name: request.job_name.clone(),
            original_name: request.job_name.clone(),
            description: request.description.clone(),
            exec_time: request.exec_time,
            exec_schedule: request.exec_schedule.clone(),
        };
        let id = JobId { company: request.company_handle.clone(), name };
        Self::new(&id, phase, status, Record::Submitted(Box::new(record)))
    }

    /// A job that IPS accepted and that is in none of its lists: between two of them, as far as anybody can tell.
    #[must_use]
    pub fn between_lists(id: &JobId, status: Status) -> Self {
        let original_name = id.name.original().to_owned();
        let company_handle = id.company.clone();
        let record =
            SubmittedJob { company_handle, job_name: original_name.clone(), original_name, ..SubmittedJob::default() };
        let job = Self::new(id, Phase::Active, status, Record::Submitted(Box::new(record)));
        Self { actions: Vec::new(), ..job }
    }

    /// The same job after it left the active list and before it is in the log.
    #[must_use]
    pub fn finalizing(self) -> Self {
        Self { phase: Phase::Active, status: Status::Finalizing, actions: Vec::new(), ..self }
    }

    fn new(id: &JobId, phase: Phase, status: Status, record: Record) -> Self {
        let actions = status::actions_of(phase, status);
        Self {
            id: id.encode(),
            phase,
            status,
            outcome: None,
            percent: None,
            actions,
            schedule: None,
            recovered: false,
            record,
        }
    }

    /// The handle of the company that it belongs to.
    #[must_use]
    pub fn company(&self) -> &str {
        match &self.record {
            Record::Active(job) => &job.company_handle,
            Record::Scheduled(job) => &job.company_handle,
            Record::Completed(job) => &job.company_handle,
            Record::Submitted(job) => &job.company_handle,
        }
    }

    /// The name as submitted.
    #[must_use]
    pub fn original_name(&self) -> &str {
        match &self.record {
            Record::Active(job) => &job.original_name,
            Record::Scheduled(job) => &job.original_name,
            Record::Completed(job) => &job.original_job_name,
            Record::Submitted(job) => &job.original_name,
        }
    }

    /// The name in the list that knows the job.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.record {
            Record::Active(job) => &job.name,
            Record::Scheduled(job) => &job.name,
            Record::Completed(job) => &job.job_name,
            Record::Submitted(job) => &job.job_name,
        }
    }

    /// The handle in the list that knows the job.
    #[must_use]
    pub fn handle(&self) -> Option<&str> {
        match &self.record {
            Record::Active(job) => Some(&job.job_handle),
            Record::Scheduled(job) => Some(&job.job_handle),
            Record::Completed(job) => Some(&job.job_handle),
            Record::Submitted(job) => job.job_handle.as_deref(),
        }
    }

    /// The kind of job in the words of IPS: `type`, in the log `logType` without its `Begin` or `End`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        match &self.record {
            Record::Active(job) => job.r#type.as_ref().map(JobType::as_str),
            Record::Scheduled(job) => job.r#type.as_ref().map(JobType::as_str),
            Record::Completed(job) => job.log_type.as_deref().map(without_edge),
            Record::Submitted(_) => None,
        }
    }

    /// The kind within the kind, which only the log tells: `jobSubType`.
    #[must_use]
    pub fn sub_kind(&self) -> Option<&str> {
        match &self.record {
            Record::Completed(job) => job.job_sub_type.as_deref(),
            _ => None,
        }
    }

    /// The e-mail address of who submitted it.
    #[must_use]
    pub fn submitted_by(&self) -> Option<&str> {
        match &self.record {
            Record::Active(job) => job.submit_user_email.as_deref(),
            Record::Scheduled(job) => job.submit_user_email.as_deref(),
            Record::Completed(job) => job.submit_user_email.as_deref(),
            Record::Submitted(_) => None,
        }
    }

    /// When it started, or will.
    #[must_use]
    pub fn start(&self) -> Option<Timestamp> {
        match &self.record {
            Record::Active(job) => job.start_date,
            Record::Scheduled(job) => job.next_fire_time,
            Record::Completed(job) => job.start_date,
            Record::Submitted(job) => job.exec_time,
        }
    }

    /// The description that its submitter gave it.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        match &self.record {
            Record::Active(job) => job.description.as_deref(),
            Record::Scheduled(job) => job.description.as_deref(),
            Record::Completed(job) => job.description.as_deref(),
            Record::Submitted(job) => job.description.as_deref(),
        }
    }

    /// Whether nothing about it will change any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status == Status::Completed
    }
}

/// `BeginUpload` and `EndUpload` tell of an upload.
fn without_edge(log_type: &str) -> &str {
    log_type.strip_prefix("Begin").or_else(|| log_type.strip_prefix("End")).unwrap_or(log_type)
}

/// A run is found by its original name if that is unique, else by its own.
fn id_of_run(company: &str, original: &str, run: &str) -> JobId {
    let name = if unique_name::is_unique(original) {
        Name::Original(original.into())
    } else {
        Name::Run { original: original.into(), run: run.into() }
    };
    JobId { company: company.into(), name }
}

/// A job and its JSON, made once for everybody who asks.
#[derive(Debug, Clone)]
pub struct RenderedJob {
    /// The job.
    pub job: Job,
    /// Its JSON object, `observedAt` included.
    pub json: Bytes,
    /// A hash of what the JSON means: everything but `observedAt`.
    pub meaning: [u8; 32],
}

impl RenderedJob {
    /// Writes the JSON of `job` as seen at `observed_at`.
    ///
    /// # Panics
    /// Never: a job can always be written as JSON.
    #[must_use]
    pub fn new(job: Job, observed_at: DateTime<Utc>) -> Self {
        let meaning = serde_json::to_vec(&job).expect("a job has string keys and finite numbers, which JSON can carry");
        let mut json = format!("{{\"observedAt\":\"{}\",", moment(observed_at)).into_bytes();
        json.extend_from_slice(&meaning[1..]);
        Self { meaning: Sha256::digest(&meaning).into(), json: json.into(), job }
    }
}

/// A moment of our own as JSON shows it: UTC, to the millisecond.
#[must_use]
pub fn moment(at: DateTime<Utc>) -> Timestamp {
    Timestamp(at.trunc_subsecs(3).fixed_offset())
}

/// A job as it stands in an answer: [`Job`] and when that was seen. Only describes; [`RenderedJob`] writes it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Job)]
pub struct ObservedJob {
    /// When IPS said so.
    pub observed_at: Timestamp,
    /// The job.
    #[serde(flatten)]
    pub job: Job,
}
