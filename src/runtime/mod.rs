//! Clocks, back-off, intervals, and the phases of a graceful shutdown: used by every room.

pub mod backoff;
pub mod clock;
pub mod lifecycle;
pub mod timing;
