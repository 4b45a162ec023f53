//! Queries: lists, single jobs, logs and event subscriptions.

pub mod find;
pub mod list;
pub mod logs;
pub mod subscription;
