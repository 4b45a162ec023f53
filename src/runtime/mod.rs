//! Clocks, time zones, Quartz schedules, back-off, intervals, combinators of futures, single-flight, and the phases of a graceful shutdown: used by every folder.

pub mod backoff;
pub mod clock;
pub mod futures;
pub mod lifecycle;
pub mod named_zone;
pub mod quartz;
pub mod single_flight;
pub mod timing;
