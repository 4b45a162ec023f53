//! Logs: format, levels, and the panic hook. Lines go to stderr.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal, stderr};
use std::panic;

use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;
use crate::telemetry::access_log;
use crate::telemetry::log_writer::{self, FlushOnDrop};
use crate::telemetry::metrics::names;

/// Environment variable with the filter: a level, or levels by target, such as `info,ips_gateway=debug`.
const FILTER_VARIABLE: &str = "RUST_LOG";
/// Filter in the absence of `RUST_LOG`. actix-server logs its threads at level info; actix-http logs every malformed head as an error, which
/// is in the access log already; the exporter of traces logs each export that fails.
const DEFAULT_FILTER: &str = "info,actix_server=warn,actix_http::h1::dispatcher=off,opentelemetry-otlp=error";

/// Installs the subscriber for log lines and the panic hook. The guard writes the remaining lines when it is dropped.
///
/// # Errors
/// `RUST_LOG` can't be parsed.
///
/// # Panics
/// At the second call in a process.
pub fn init(format: LogFormat) -> Result<FlushOnDrop, ParseError> {
    let filter = std::env::var(FILTER_VARIABLE).ok().filter(|filter| !filter.is_empty());
    let filter: Targets = filter.as_deref().unwrap_or(DEFAULT_FILTER).parse()?;
    let text = match format {
        LogFormat::Auto => stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let (writer, guard) = log_writer::start();
    if !text {
        access_log::write_json(writer.clone());
    }
    let lines = fmt::layer().with_writer(writer);
    let lines =
        if text { lines.with_ansi(stderr().is_terminal()).boxed() } else { lines.json().flatten_event(true).boxed() };
    tracing_subscriber::registry().with(lines).with(filter).with(library_limit()).init();
    panic::set_hook(Box::new(log_panic));
    Ok(guard)
}

/// Limits libraries to level debug, whatever `RUST_LOG` says: at level trace they log data that passes through them, credentials included.
fn library_limit() -> Targets {
    Targets::new().with_default(LevelFilter::DEBUG).with_target(env!("CARGO_CRATE_NAME"), LevelFilter::TRACE)
}

/// Counts a panic and logs its location, without its message: that may hold any data.
fn log_panic(info: &panic::PanicHookInfo<'_>) {
    metrics::counter!(names::PANICS).increment(1);
    let at = info.location().map(ToString::to_string);
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(at, backtrace, "panicked");
}
