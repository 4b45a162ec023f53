//! Model of the sandbox: jobs, their schedules, their logs and the simulation of their runs. All of it is a function of time.

mod follow_on;
mod fractions;
mod job;
mod job_log;
mod kinds;
mod pauses;
mod publish_slot;
mod rng;
mod schedule;
mod simulation;

pub(super) use job::{Job, JobSpec, Phase, Retention, StopRequest};
pub(super) use kinds::JobDetails;
pub(super) use publish_slot::plan as plan_publishes;
pub(super) use rng::Rng;
pub(super) use schedule::{Schedule, Trigger};
pub(super) use simulation::{OutcomeProfile, Simulation};
