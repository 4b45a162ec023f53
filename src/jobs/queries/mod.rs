//! Queries: lists, single jobs, logs and subscriptions.

pub mod find;
pub mod list;
pub mod logs;
pub mod subscription;
