//! Chain: a job with the jobs that IPS runs after it, as one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::jobs::model::follow_on::FollowOn;
use crate::jobs::model::outcome::Outcome;
use crate::jobs::model::status::Status;

/// Job and the jobs that IPS runs after it, as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Chain {
    /// `completed` if all its jobs are; else the status of the first one that is not. `waiting` while the job is completed and its follow-on
    /// job is in no list yet, for 5 minutes after the end of the job.
    pub status: Status,
    /// The worst outcome of its jobs, from `failed`, `stopped`, `unknown`, `succeededWithWarnings` to `succeeded`; only of a completed chain.
    /// A follow-on job that did not appear counts as `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome: Option<Outcome>,
    /// Mean progress of its jobs in percent, 0 to 100; a job that waits or has not appeared yet counts as 0. Absent if the progress of one of
    /// them is unknown. At most 99 until the chain is completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, maximum = 100)]
    pub percent: Option<u8>,
}

/// Job of a chain.
#[derive(Debug, Clone, Copy)]
pub struct ChainMember {
    /// Status.
    pub status: Status,
    /// Outcome of a completed job.
    pub outcome: Option<Outcome>,
    /// Progress in percent.
    pub percent: Option<u8>,
}

impl From<&FollowOn> for ChainMember {
    fn from(follow_on: &FollowOn) -> Self {
        Self { status: follow_on.status, outcome: follow_on.outcome, percent: follow_on.percent }
    }
}

impl ChainMember {
    /// Returns the progress in percent; 0 of a job that has not started.
    fn percent(self) -> Option<u8> {
        let has_not_started = matches!(self.status, Status::Waiting | Status::Scheduled | Status::Paused);
        self.percent.or(has_not_started.then_some(0))
    }
}

/// Follow-on job that no list has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// None: all requested ones are known.
    Nothing,
    /// One that may appear yet.
    FollowOn,
    /// One that should have appeared: whether it ran is unknown.
    Overdue,
}

impl Chain {
    /// Returns the chain of these jobs, in the order in which they run.
    #[must_use]
    pub fn of(members: &[ChainMember], awaited: Awaited) -> Self {
        let unfinished = members.iter().map(|member| member.status).find(|status| *status != Status::Completed);
        let status = match (unfinished, awaited) {
            (Some(status), _) => status,
            (None, Awaited::FollowOn) => Status::Waiting,
            (None, Awaited::Nothing | Awaited::Overdue) => Status::Completed,
        };
        let outcomes = members.iter().map(|member| member.outcome.unwrap_or(Outcome::Unknown));
        let outcomes = outcomes.chain((awaited == Awaited::Overdue).then_some(Outcome::Unknown));
        let outcome =
            if status == Status::Completed { outcomes.max_by_key(|outcome| severity(*outcome)) } else { None };
        let percents = members.iter().map(|member| member.percent());
        let percents = match awaited {
            Awaited::Nothing => percents.collect::<Option<Vec<_>>>(),
            Awaited::FollowOn => percents.chain([Some(0)]).collect(),
            Awaited::Overdue => None,
        };
        let most = if status == Status::Completed { 100 } else { 99 };
        Self {
            status,
            outcome,
            percent: percents.and_then(|percents| mean(&percents)).map(|percent| percent.min(most)),
        }
    }

    /// Returns whether the chain can't change any more, unless an overdue follow-on job appears.
    #[must_use]
    pub fn is_completed(self) -> bool {
        self.status == Status::Completed
    }
}

fn mean(percents: &[u8]) -> Option<u8> {
    let sum: usize = percents.iter().copied().map(usize::from).sum();
    sum.checked_div(percents.len()).and_then(|mean| u8::try_from(mean).ok())
}

fn severity(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Succeeded => 0,
        Outcome::SucceededWithWarnings => 1,
        Outcome::Unknown => 2,
        Outcome::Stopped => 3,
        Outcome::Failed => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(percent: Option<u8>) -> ChainMember {
        ChainMember { status: Status::Running, outcome: None, percent }
    }

    fn completed(outcome: Outcome, percent: Option<u8>) -> ChainMember {
        ChainMember { status: Status::Completed, outcome: Some(outcome), percent }
    }

    fn chain(status: Status, outcome: Option<Outcome>, percent: Option<u8>) -> Chain {
        Chain { status, outcome, percent }
    }

    #[test]
    fn a_chain_is_completed_when_all_its_jobs_are() {
        let upload = completed(Outcome::Succeeded, Some(100));
        let waiting = ChainMember { status: Status::Waiting, outcome: None, percent: None };
        for (members, awaited, expected) in [
            (vec![running(Some(40))], Awaited::FollowOn, chain(Status::Running, None, Some(20))),
            (vec![running(None)], Awaited::FollowOn, chain(Status::Running, None, None)),
            (vec![upload], Awaited::FollowOn, chain(Status::Waiting, None, Some(50))),
            (vec![upload], Awaited::Overdue, chain(Status::Completed, Some(Outcome::Unknown), None)),
            (vec![upload, waiting], Awaited::Nothing, chain(Status::Waiting, None, Some(50))),
            (vec![upload, running(Some(100))], Awaited::Nothing, chain(Status::Running, None, Some(99))),
            (vec![upload; 2], Awaited::Nothing, chain(Status::Completed, Some(Outcome::Succeeded), Some(100))),
        ] {
            assert_eq!(Chain::of(&members, awaited), expected, "{members:?} {awaited:?}");
        }
    }

    #[test]
    fn the_outcome_of_a_chain_is_the_worst_of_its_jobs() {
        use Outcome::{Failed, Stopped, Succeeded, SucceededWithWarnings, Unknown};
        let ascending = [Succeeded, SucceededWithWarnings, Unknown, Stopped, Failed];
        for (index, worst) in ascending.into_iter().enumerate() {
            for other in &ascending[..=index] {
                let members = [worst, *other].map(|outcome| completed(outcome, Some(50)));
                let expected = chain(Status::Completed, Some(worst), Some(50));
                assert_eq!(Chain::of(&members, Awaited::Nothing), expected);
                let reverse = [members[1], members[0]];
                assert_eq!(Chain::of(&reverse, Awaited::Nothing), expected);
            }
        }
    }
}
