//! What operators see: log lines and metrics.
//!
//! Neither holds a body, credentials, or anything else by which a caller or a job could be known.

mod logs;
mod metrics;

pub use logs::begin as init;
pub use metrics::{Kind, METRICS, Metric, Metrics};
