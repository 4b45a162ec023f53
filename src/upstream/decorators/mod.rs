//! Decorators of [`IpsApi`](super::IpsApi).

mod adapt;
mod admission;
mod coalesce;
mod own_fields;

pub use adapt::{UnknownFields, VersionAdapter};
pub use admission::AdmissionControl;
pub use coalesce::{CoalescingUpstream, Invalidations};
