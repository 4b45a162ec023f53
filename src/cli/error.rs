//! Errors of the commands, and their exit status.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use tracing_subscriber::filter::ParseError;

use crate::app::StartError;
use crate::config::ConfigErrors;
use crate::server::ShutdownIncomplete;

/// Error of a command.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error("invalid settings:\n{0}")]
    Config(#[from] ConfigErrors),
    #[error("RUST_LOG is invalid: {0}")]
    LogFilter(#[from] ParseError),
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    ShutdownIncomplete(#[from] ShutdownIncomplete),
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    #[error("invalid script {path}:\n{errors}", path = .path.display())]
    Script { path: PathBuf, errors: String },
    #[error("the check failed:\n{}", .0.join("\n"))]
    Check(Vec<String>),
    #[error("can't verify: {0}")]
    Verify(String),
    #[error("IPS does not conform: {0} deviations")]
    Deviations(usize),
    #[error("not healthy: {0}")]
    Unhealthy(#[source] Box<dyn Error + Send + Sync>),
}

impl CliError {
    /// Returns the exit status: 2 for errors in the settings or the script, and for a check of IPS that could not be made; else 1.
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) | Self::Script { .. } | Self::Verify(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }

    /// Returns a hint how to correct the error; empty for most errors.
    pub(super) fn hint(&self) -> &'static str {
        let mut causes = std::iter::successors(self.source(), |error| (*error).source());
        let is_address_in_use = causes.any(|cause| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::AddrInUse)
        });
        if is_address_in_use { "; choose another address with --listen, or port 0 for any free one" } else { "" }
    }
}
