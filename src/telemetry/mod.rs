//! What operators see: log lines, metrics and traces.
//!
//! None holds a body, credentials, or anything else by which a caller or a job could be known.

mod logs;
mod metrics;
mod otlp;
pub mod span;

use tracing_subscriber::filter::ParseError;

pub use crate::telemetry::metrics::{Kind, METRICS, Metric, Metrics};
use crate::telemetry::otlp::Traces;

use crate::config::LogFormat;

/// Logs and exports as long as it lives.
pub struct Telemetry {
    _traces: Traces,
}

/// Begins to log and to export.
///
/// # Errors
/// `RUST_LOG` can't be understood.
///
/// # Panics
/// It was called before.
pub fn init(format: LogFormat) -> Result<Telemetry, ParseError> {
    logs::begin(format)?;
    Ok(Telemetry { _traces: Traces::begin() })
}
