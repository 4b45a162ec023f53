//! Log lines, to stderr.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{IsTerminal, stderr};
use std::panic;

use tracing_subscriber::filter::{LevelFilter, ParseError, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

use crate::config::LogFormat;

/// What is logged unless `RUST_LOG` says otherwise. The server libraries tell at level info that threads come and go, and call every head
/// that they can't read an error, which has its line among the requests; the one for traces tells of every export that fails twice.
const LEVELS: &str = "info,actix_server=warn,actix_http::h1::dispatcher=off,opentelemetry-otlp=error";

/// Begins to log.
///
/// # Errors
/// `RUST_LOG` can't be understood.
///
/// # Panics
/// It was called before.
pub fn begin(format: LogFormat) -> Result<(), ParseError> {
    let levels = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|levels| !levels.is_empty());
    let levels = EnvFilter::try_new(levels.as_deref().unwrap_or(LEVELS))?;
    let text = match format {
        LogFormat::Auto => stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let lines = fmt::layer().with_writer(stderr);
    let lines =
        if text { lines.with_ansi(stderr().is_terminal()).boxed() } else { lines.json().flatten_event(true).boxed() };
    tracing_subscriber::registry().with(lines).with(levels).with(discretion()).init();
    panic::set_hook(Box::new(tell_of_panic));
    Ok(())
}

/// What is told at most, whatever `RUST_LOG` says: at level trace libraries are free to show what passes through them, credentials and all.
fn discretion() -> Targets {
    Targets::new().with_default(LevelFilter::DEBUG).with_target(env!("CARGO_CRATE_NAME"), LevelFilter::TRACE)
}

/// A panic is counted, and told in one line without its message, which may hold anything.
fn tell_of_panic(info: &panic::PanicHookInfo<'_>) {
    metrics::counter!("ips_gateway_panics_total").increment(1);
    let at = info.location().map(ToString::to_string);
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then(|| backtrace.to_string());
    tracing::error!(at, backtrace, "panicked");
}
