//! Telemetry: logs, metrics and traces.
//!
//! None of them holds a body, credentials, or anything else that identifies a caller or a job, but the name of the principal (in logs and
//! traces) and the id of the job (in the audit log).

pub mod access_log;
pub mod audit;
pub mod gauge;
mod log_writer;
mod logs;
pub mod metrics;
mod otlp;
pub mod span;

use tracing_subscriber::filter::ParseError;

use crate::config::LogFormat;
use crate::telemetry::log_writer::FlushOnDrop;
pub use crate::telemetry::log_writer::print_error;
use crate::telemetry::otlp::TraceExporter;

/// Guard of the telemetry: exports the remaining spans and writes the remaining log lines when it is dropped.
pub struct Telemetry {
    _traces: TraceExporter,
    // Dropped last: the export may log.
    _logs: FlushOnDrop,
}

/// Starts logging to stderr and, if the `OTEL_` variables ask for it, the export of traces.
///
/// # Errors
/// `RUST_LOG` can't be parsed.
///
/// # Panics
/// At the second call in a process.
pub fn init(format: LogFormat) -> Result<Telemetry, ParseError> {
    let logs = logs::init(format)?;
    Ok(Telemetry { _traces: TraceExporter::start(), _logs: logs })
}
