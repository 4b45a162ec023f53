//! Commands: submit and job actions, sent to IPS once.

pub mod actions;
pub mod idempotency;
pub mod submit;
pub mod url_policy;
