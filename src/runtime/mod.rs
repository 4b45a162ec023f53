//! What every room may use: clocks, back-off and the phases of a graceful shutdown.

pub mod backoff;
pub mod clock;
pub mod lifecycle;
