//! Events of a job list: the differences between two snapshots, and the log of the latest ones.

mod diff;
mod event;
mod log;

pub use diff::{diff, is_restart};
pub use event::{ChangeKind, Event};
pub use log::{EventCursor, EventLog};
