//! Handlers of the API routes: extract the request, call `jobs`, build the response.

pub mod companies;
pub mod events;
pub mod health;
pub mod history;
pub mod job_actions;
pub mod jobs;
pub mod logs;
pub mod openapi;
pub mod publish_queue;
pub mod results;
pub mod retry;
pub mod session;
pub mod submit;
