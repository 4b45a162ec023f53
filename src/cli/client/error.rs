//! Errors of the client commands, and their exit status.

use std::io;
use std::process::ExitCode;

use super::refusal::Refusal;

/// Exit status of a job whose outcome is not known.
pub(super) const LOST: u8 = 4;
/// Exit status of invalid arguments and missing credentials, as in sysexits.h (`EX_USAGE`): 2, that of other commands, is an outcome.
pub(super) const USAGE: u8 = 64;
/// Exit status of a request that the gateway refused (`EX_DATAERR`).
const REFUSED: u8 = 65;
/// Exit status of a gateway that does not answer, or of an incomplete answer (`EX_UNAVAILABLE`).
const UNAVAILABLE: u8 = 69;
/// Exit status after `--timeout`, as of timeout(1).
const TIMED_OUT: u8 = 124;
/// Exit status after SIGINT, as of a shell.
const INTERRUPTED: u8 = 130;

/// Error of a client command.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    #[error("{0}")]
    Usage(String),
    /// The gateway answered with an error.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The gateway gave no answer.
    #[error("{0}")]
    Unreachable(String),
    /// The answer is not that of a gateway.
    #[error("{0}")]
    Unintelligible(String),
    #[error("incomplete: {0}")]
    Incomplete(String),
    /// The outcome of a job can't be found out.
    #[error("{0}")]
    Lost(String),
    #[error("{0}")]
    TimedOut(String),
    #[error("{0}")]
    Interrupted(String),
    #[error("{0}")]
    Output(#[from] io::Error),
}

impl ClientError {
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => USAGE.into(),
            Self::Refused(refusal) if refusal.is_of_client() => REFUSED.into(),
            Self::Refused(_) | Self::Unreachable(_) | Self::Unintelligible(_) | Self::Incomplete(_) => {
                UNAVAILABLE.into()
            }
            Self::Lost(_) => LOST.into(),
            Self::TimedOut(_) => TIMED_OUT.into(),
            Self::Interrupted(_) => INTERRUPTED.into(),
            Self::Output(_) => ExitCode::FAILURE,
        }
    }

    /// Whether the same request can succeed soon. A job that has to be completed first can run for hours.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable(_) => true,
            Self::Refused(refusal) => refusal.is_retryable() && refusal.code() != "job-not-completed",
            _ => false,
        }
    }

    /// Whether stdout was closed by its reader, such as `head`.
    pub(super) fn is_closed_stdout(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
