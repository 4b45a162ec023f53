//! Jobs that only their submit or their id tells of.

use chrono::{DateTime, Utc};

use super::{IpsRecord, Job, Phase, Status, SubmittedJob, to_timestamp};
use crate::ips::types::SubmitJobParam;
use crate::jobs::model::follow_on::RequestsFollowOn;
use crate::jobs::model::id::{JobId, JobName};
use crate::jobs::model::kind::JobKind;

impl Job {
    /// Returns the job of the submit `request` by `user`, an e-mail address.
    #[must_use]
    pub fn submitted(request: &SubmitJobParam, job_handle: Option<String>, user: Option<&str>) -> Self {
        let kind = JobKind::of_submitted(request);
        let name = match request.exec_schedule {
            Some(_) => JobName::Schedule(request.job_name.clone()),
            None => JobName::of_submitted(request.job_name.clone(), kind.as_ref()),
        };
        let is_scheduled = request.exec_time.is_some() || request.exec_schedule.is_some();
        let (phase, status) =
            if is_scheduled { (Phase::Scheduled, Status::Scheduled) } else { (Phase::Active, Status::Waiting) };
        let record = SubmittedJob {
            company_handle: request.company_handle.clone(),
            job_handle,
            job_name: request.job_name.clone(),
            original_name: request.job_name.clone(),
            // A job for another user has the address of that user.
            submit_user_email: user.filter(|_| request.user_handle.is_none()).map(str::to_owned),
            description: request.description.clone(),
            exec_time: request.exec_time,
            exec_schedule: request.exec_schedule.clone(),
        };
        let id = JobId { company: request.company_handle.clone(), name };
        let job = Self::new(&id, phase, status, IpsRecord::Submitted(Box::new(record)));
        Self { kind, ..job }.with_request(request.exec_schedule.is_none() && request.requests_follow_on())
    }

    /// Returns the job of a submit that was sent at `sent_at` and may not have been accepted; without its description, which can be long.
    #[must_use]
    pub fn unconfirmed(mut self, sent_at: DateTime<Utc>) -> Self {
        if let IpsRecord::Submitted(record) = &mut self.record {
            record.description = None;
        }
        let sent_at = Some(to_timestamp(sent_at));
        Self { status: Status::Unknown, percent: None, actions: Vec::new(), unconfirmed: true, sent_at, ..self }
    }

    /// Returns what an id tells of a job that is in no list of IPS.
    #[must_use]
    pub fn of_id(id: &JobId) -> Self {
        let original_name = id.name.original().to_owned();
        let company_handle = id.company.clone();
        let record =
            SubmittedJob { company_handle, job_name: original_name.clone(), original_name, ..SubmittedJob::default() };
        let job = Self::new(id, Phase::Active, Status::Unknown, IpsRecord::Submitted(Box::new(record)));
        Self { kind: id.name.kind(), ..job }.with_request(false)
    }
}
