//! What every test stands on: a gateway, something behind it, and a client that shows what it got.

mod answer;
mod gateway;
mod upstream;
mod world;

pub use answer::Answer;
pub use gateway::{Gateway, Request};
pub use upstream::{Reply, ScriptedUpstream, active_job, envelope, fault, job_log};
pub use world::{START, World, any_job, id, names, upload};
