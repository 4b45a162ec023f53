//! What the tests stand on: a gateway, an upstream behind it, and clients that show what they got.

mod answer;
pub mod certificate_authority;
pub mod event_stream;
mod gateway;
mod http_client;
pub mod process;
mod raw_connection;
mod scripted_history;
mod upstream;
mod world;

pub use answer::Answer;
pub use gateway::{Gateway, Request};
pub use http_client::{http_client, http_client_builder};
pub use raw_connection::{Heard, Socket};
pub use scripted_history::{LoggedJob, Quirk, answer, answer_of, date, millis};
pub use upstream::{Reply, ScriptedUpstream, active_job, envelope, fault, job_log};
pub use world::{START, World, any_job, id, names, upload};
