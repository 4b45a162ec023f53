//! Decorators of [`IpsApi`](super::IpsApi).

mod adapt;
mod coalesce;
mod own_fields;

pub use adapt::{UnknownFields, VersionAdapter};
pub use coalesce::{CoalescingUpstream, Invalidations};
