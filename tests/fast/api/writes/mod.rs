//! Submits and job actions.

mod actions;
mod idempotency;
mod lifecycle;
mod preconditions;
mod preflight;
mod publish_queue;
mod submit;
mod url_policy;
