//! Log lines, to stderr.
//!
//! What is logged never holds bodies or credentials; stdout stays free for the address in use and for documents.

use std::io::{IsTerminal, stderr};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::FromEnvError;

use crate::config::LogFormat;

/// Begins to log, at level info unless `RUST_LOG` says otherwise. To be called once in a process.
///
/// # Errors
/// `RUST_LOG` can't be understood.
///
/// # Panics
/// It was called before.
pub fn init(format: LogFormat) -> Result<(), FromEnvError> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env()?;
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
