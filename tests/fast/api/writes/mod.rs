//! Submits and job actions.

mod actions;
mod idempotency;
mod lifecycle;
mod submit;
mod url_policy;
