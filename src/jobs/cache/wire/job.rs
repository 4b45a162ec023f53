//! Wire format of jobs.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ips::types::Timestamp;
use crate::ips::types::{ActiveJob, JobLog, ScheduledJob};
use crate::jobs::model::id::JobId;
use crate::jobs::model::job::{
    Action, Chain, CommonMembers, ExpectedEnd, FollowOn, IpsRecord, Job, Outcome, Phase, Status, SubmittedJob,
};
use crate::jobs::model::kind::JobKind;

/// Wire format of a job, with its derived fields.
#[derive(Serialize, Deserialize)]
pub struct WireJob<'a> {
    id: Cow<'a, str>,
    phase: Phase,
    status: Status,
    outcome: Option<Outcome>,
    percent: Option<u8>,
    actions: Cow<'a, [Action]>,
    schedule: Option<Cow<'a, str>>,
    recovered: bool,
    // Replicas of version 0.1.0 have none of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    follow_ons: Cow<'a, [FollowOn]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<Chain>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    requests_follow_on: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<Cow<'a, JobKind>>,
    #[serde(default)]
    company: Cow<'a, str>,
    #[serde(default)]
    absent_fields: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unconfirmed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_end: Option<ExpectedEnd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waits_for: Option<Cow<'a, str>>,
    record: WireRecord<'a>,
}

#[derive(Serialize, Deserialize)]
enum WireRecord<'a> {
    Active(Cow<'a, ActiveJob>),
    Scheduled(Cow<'a, ScheduledJob>),
    Completed(Cow<'a, JobLog>),
    Submitted(Cow<'a, SubmittedJob>),
}

impl<'a> From<&'a Job> for WireJob<'a> {
    fn from(job: &'a Job) -> Self {
        Self {
            id: Cow::Borrowed(&job.id),
            phase: job.phase,
            status: job.status,
            outcome: job.outcome,
            percent: job.percent,
            actions: Cow::Borrowed(&job.actions),
            schedule: job.schedule.as_deref().map(Cow::Borrowed),
            recovered: job.recovered,
            parent: job.parent.as_deref().map(Cow::Borrowed),
            follow_ons: Cow::Borrowed(&job.follow_ons),
            chain: job.chain,
            requests_follow_on: job.requests_follow_on,
            kind: job.kind.as_ref().map(Cow::Borrowed),
            company: Cow::Borrowed(&job.company),
            absent_fields: Cow::Borrowed(&job.absent_fields),
            unconfirmed: job.unconfirmed,
            sent_at: job.sent_at,
            expected_end: job.expected_end,
            waits_for: job.waits_for.as_deref().map(Cow::Borrowed),
            record: match &job.record {
                IpsRecord::Active(record) => WireRecord::Active(Cow::Borrowed(record)),
                IpsRecord::Scheduled(record) => WireRecord::Scheduled(Cow::Borrowed(record)),
                IpsRecord::Completed(record) => WireRecord::Completed(Cow::Borrowed(record)),
                IpsRecord::Submitted(record) => WireRecord::Submitted(Cow::Borrowed(record)),
            },
        }
    }
}

impl From<WireJob<'_>> for Job {
    fn from(job: WireJob<'_>) -> Self {
        let company = match &*job.company {
            "" => JobId::decode(&job.id).map(|id| id.company).unwrap_or_default(),
            company => company.to_owned(),
        };
        let record = match job.record {
            WireRecord::Active(record) => IpsRecord::Active(Box::new(record.into_owned())),
            WireRecord::Scheduled(record) => IpsRecord::Scheduled(Box::new(record.into_owned())),
            WireRecord::Completed(record) => IpsRecord::Completed(Box::new(record.into_owned())),
            WireRecord::Submitted(record) => IpsRecord::Submitted(Box::new(record.into_owned())),
        };
        Self {
            id: job.id.into_owned(),
            phase: job.phase,
            status: job.status,
            outcome: job.outcome,
            percent: job.percent,
            actions: job.actions.into_owned(),
            schedule: job.schedule.map(Cow::into_owned),
            recovered: job.recovered,
            parent: job.parent.map(Cow::into_owned),
            follow_ons: job.follow_ons.into_owned(),
            chain: job.chain,
            requests_follow_on: job.requests_follow_on,
            kind: job.kind.map(Cow::into_owned),
            company,
            absent_fields: job.absent_fields.into_owned(),
            unconfirmed: job.unconfirmed,
            sent_at: job.sent_at,
            expected_end: job.expected_end,
            waits_for: job.waits_for.map(Cow::into_owned),
            common: CommonMembers::of(&record),
            record,
        }
    }
}
