//! Log lines, to stderr.
//!
//! What is logged never holds bodies or credentials; stdout stays free for the address in use and for documents.

use std::io::{IsTerminal, stderr};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::LogFormat;

/// What is logged unless `RUST_LOG` says otherwise. The server library tells at level info that its threads come and go.
const LEVELS: &str = "info,actix_server=warn";

/// Begins to log. To be called once in a process.
///
/// # Errors
/// `RUST_LOG` can't be understood.
///
/// # Panics
/// It was called before.
pub fn init(format: LogFormat) -> Result<(), ParseError> {
    let levels = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|levels| !levels.is_empty());
    let filter = EnvFilter::try_new(levels.as_deref().unwrap_or(LEVELS))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(stderr);
    let text = match format {
        LogFormat::Auto => stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    if text {
        lines.with_ansi(stderr().is_terminal()).init();
    } else {
        lines.json().flatten_event(true).init();
    }
    Ok(())
}
